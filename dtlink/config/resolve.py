"""From an input's path to what holds for it: the file, its folders, the command line."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from functools import lru_cache

from dtlink import reading
from dtlink.config import file as files
from dtlink.config.file import Configuration
from dtlink.config.model import FIELDS, FindingPattern, LintSettings, ValueOrigin
from dtlink.firmware.errors import InputError
from dtlink.firmware.inputs import Input
from dtlink.firmware.read import STDIN
from dtlink.records import NamedTuple
from dtlink.stamps import look_anew
from dtlink.typed import Any

#: What belongs to one kernel: where another is named, these of the last one do not hold.
_OF_A_KERNEL = ("initramfs", "kernel_index")
#: What says which version a kernel is; of no kernel, it is the one to model.
_VERSION = "kernel_version"
#: Tables to which the user of a command, or of the library, adds.
_GIVEN_TABLES = ("expect", "severity")
COMMAND_LINE = ValueOrigin("command line")
#: How many paths are looked at once only.
_PATHS = 1 << 12

Given = tuple[tuple[str, Any], ...]


class EffectiveSettings(NamedTuple):
    """What holds for one input, and why."""

    settings: LintSettings
    origins: Mapping[str, ValueOrigin]
    """By field of :class:`LintSettings`; entries name their source themselves."""
    configuration: Configuration | None
    """The file, where there is one."""


class _Matched(NamedTuple):
    """What of a configuration is for one input."""

    folders: tuple[int, ...] = ()
    allow: tuple[FindingPattern, ...] = ()
    expect: tuple[FindingPattern, ...] = ()


def settings_of(
    path: str, given: Mapping[str, Any], *, file: str | None = None, isolated: bool = False
) -> LintSettings:
    """What holds for one input, whichever others are linted with it.

    ``given`` has what the command line names, by field of the settings, as text or as a lint takes
    it; ``expect`` as ``RULE`` or ``RULE:NODE``. It wins over the file, except that what it
    expects is added. ``file`` is a configuration for all inputs; ``isolated`` reads none.

    Files are read once in a process (see :func:`forget`). Raises :class:`InputError`, with the file
    and the key, for a configuration that can't be read.
    """
    return effective(path, given, file=file, isolated=isolated).settings


def effective(
    path: str, given: Mapping[str, Any], *, file: str | None = None, isolated: bool = False
) -> EffectiveSettings:
    """As :func:`settings_of`, with where each value comes from."""
    whole = _whole(path)
    found = None if isolated else _file_for(path, whole, file)
    if given.get("schema_dir"):
        given = {"schema": True, **given}
    asked = tuple((name, _hashable(value)) for name, value in given.items())
    if found is None:
        return _merged(None, _Matched(), asked)
    configuration = files.load(found)
    inside = STDIN if path == STDIN else _seen_from(configuration.base, whole)
    return _merged(configuration, _matched(configuration, inside), asked)


def variants_of(path: str, *, file: str | None = None, isolated: bool = False) -> list[Input]:
    """The variants that the configuration has of an input. Raises :class:`InputError`."""
    if path == STDIN or isolated:
        return []
    whole = _whole(path)
    found = _file_for(path, whole, file)
    rows = files.load(found).variants if found else ()
    return [
        Input(path, variant=row.name).with_overlays(row.overlays)
        for row in rows
        if _absolute(row.base) == whole
    ]


def forget() -> None:
    """Look at the files anew: at configurations, and at what is named once for many inputs."""
    look_anew()
    files.forget()
    for kept in (_merged, _nearest, _absolute_from):
        kept.cache_clear()


def _file_for(path: str, whole: str, file: str | None) -> str | None:
    if file is None:
        return _nearest(whole, is_folder=path == STDIN)
    named = _absolute(file)
    reading.allow(named)
    return named


@lru_cache(maxsize=_PATHS)
def _nearest(whole: str, *, is_folder: bool) -> str | None:
    """The file for a path. A lint asks three times for each input."""
    is_folder = is_folder or os.path.isdir(whole)  # noqa: PTH112 - paths stay text
    return files.nearest(whole if is_folder else os.path.dirname(whole))  # noqa: PTH120 - paths stay text


def _whole(path: str) -> str:
    """The absolute path of an input; of standard input the working folder."""
    if path == STDIN:
        return _absolute("")
    try:
        return _absolute_from("" if os.path.isabs(path) else os.getcwd(), path)  # noqa: PTH109, PTH117
    except OSError:
        return _absolute(path)


@lru_cache(maxsize=_PATHS)
def _absolute_from(folder: str, path: str) -> str:
    del folder  # of another one the path means another file
    return _absolute(path)


def _absolute(path: str) -> str:
    try:
        return os.path.abspath(path)  # noqa: PTH100 - as in files.nearest
    except OSError as error:
        raise InputError("the working folder is gone", path=path or STDIN) from error


def _hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _seen_from(base: str, whole: str) -> str:
    """An input's path from the folder of the configuration, with ``/``."""
    below = os.path.join(base, "")  # noqa: PTH118 - as in files.nearest
    if whole.startswith(below):
        return whole[len(below) :].replace(os.sep, "/")
    try:
        return os.path.relpath(whole, base).replace(os.sep, "/")
    except ValueError:  # another drive
        return whole.replace(os.sep, "/")


def _matched(configuration: Configuration, path: str) -> _Matched:
    from dtlink.config.globs import covers

    def concerning(name: str) -> tuple[FindingPattern, ...]:
        entries = configuration.values.get(name, ())
        return tuple(each for each in entries if not each.file or covers(each.file, path))

    folders = enumerate(configuration.folders)
    return _Matched(
        tuple(number for number, folder in folders if covers(folder.path, path)),
        concerning("allow"),
        concerning("expect"),
    )


@lru_cache(maxsize=1024)
def _merged(
    configuration: Configuration | None, matched: _Matched, given: Given
) -> EffectiveSettings:
    """Each value from the last layer that has it."""
    values: dict[str, Any] = {}
    origins = dict.fromkeys(FIELDS, ValueOrigin())
    for origin, layer in _layers(configuration, matched, given):
        if "kernel" in layer:
            for name in (*_OF_A_KERNEL, *((_VERSION,) if layer["kernel"] else ())):
                values.pop(name, None)
                origins[name] = ValueOrigin()
        before = {name: values.get(name, ()) for name in _GIVEN_TABLES}
        values |= layer
        origins |= dict.fromkeys(layer, origin)
        values |= {name: (*before[name], *layer.get(name, ())) for name in _GIVEN_TABLES}
    settings = LintSettings.of(values)
    _need_a_kernel(settings, origins)
    return EffectiveSettings(settings, origins, configuration)


def _layers(
    configuration: Configuration | None, matched: _Matched, given: Given
) -> Iterator[tuple[ValueOrigin, Mapping[str, Any]]]:
    if configuration is not None:
        name = configuration.file
        entries = {"allow": matched.allow, "expect": matched.expect}
        yield ValueOrigin("file", name), {**configuration.values, **entries}
        for number in matched.folders:
            folder = configuration.folders[number]
            yield ValueOrigin("folder", name, folder.path), folder.values
    if given:
        yield COMMAND_LINE, read_given(dict(given))


def read_given(given: Mapping[str, Any]) -> dict[str, Any]:
    """The values of the command line, by field, read by the same rows as a file.

    Raises :class:`InputError`, with "command line" as its path, for what no row takes.
    """
    from dtlink.config.keys import KEYS, TABLES, read_table
    from dtlink.config.readers import ConfigPlace

    keys = (*KEYS, *(key for key in TABLES if key.name in _GIVEN_TABLES))
    table = {name.replace("_", "-"): value for name, value in given.items() if value is not None}
    return read_table(table, keys, ConfigPlace(COMMAND_LINE.kind, dashes="--"))


def _need_a_kernel(settings: LintSettings, origins: Mapping[str, ValueOrigin]) -> None:
    for name in _OF_A_KERNEL:
        if settings.value(name) and not settings.board.kernel:
            from dtlink.rules.words import short

            origin = origins[name]
            begin = "--" if origin is COMMAND_LINE else ""
            begin += f"[[folder]] {short(origin.folder)}: " if origin.folder else ""
            message = f"{begin}{name.replace('_', '-')}: needs a kernel beside it"
            raise InputError(message, path=origin.file or origin.kind)
