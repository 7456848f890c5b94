"""Reading the files of a kernel within bounds: bytes, text, configurations, modules' names."""

# Paths are text here: there may be thousands, and pathlib is slow.
# ruff: noqa: PTH116, PTH208

from __future__ import annotations

import os
import stat

from dtlink import reading
from dtlink.firmware.errors import InputError
from dtlink.late import pattern
from dtlink.records import NamedTuple

#: No text that belongs to a kernel comes near this size.
MAX_SIZE = 64 << 20

_SET = pattern(r"(?m)^CONFIG_(\w+)=(.*?)\r?$")
_UNSET = pattern(r"(?m)^# CONFIG_(\w+) is not set")
#: Symbols without a prompt that are in every whole configuration, and so in no savedefconfig
#: (init/Kconfig: the one since 2.6, the other since 5.8).
_ALWAYS = ("INIT_ENV_ARG_LIMIT", "CC_VERSION_TEXT")
#: The second line of a configuration (scripts/kconfig, the main menu of the top Kconfig).
_TITLE = pattern(r"(?m)^# Linux/(\S+) (\d\S*) Kernel Configuration")
#: What else says of which version a part of a configuration is: the first line of Armbian's
#: (lib/functions/compilation/kernel-config.sh), and the name of OpenWrt's (target/linux/).
_MADE_FOR = pattern(r"(?m)^# \w+ defconfig generated with (\d\S*)")
_NAMED = pattern(r"config-(\d+\.\d+[\w.+-]*)")
_ESCAPED = pattern(r"\\(.)")

#: A file that depmod takes for a module, and a module's name.
_MODULE_FILE = pattern(r"[A-Za-z0-9_-]{1,255}(?:\.[\w.-]{0,255})?\.ko(?:\.(?:gz|xz|zst))?")
_MODULE = pattern(r"[A-Za-z0-9_-]{1,255}")


def read_bytes(path: str, limit: int = MAX_SIZE) -> bytes:
    """A file's bytes. Raises :class:`InputError` if it cannot be read, or is too large."""
    try:
        with open(path, "rb", opener=reading.regular) as file:
            # What has no size (/proc, a pipe) is read up to the limit; what has one is not asked
            # for more than that, as Python would find memory for it.
            size = os.fstat(file.fileno()).st_size
            data = file.read((min(size, limit) or limit) + 1)
    except OSError as error:
        raise InputError(error.strerror or str(error), path=path) from error
    if len(data) > limit:
        raise InputError(f"more than {limit} bytes", offset=limit, path=path)
    return data


def read_text(path: str) -> str:
    """A text's characters, one for each byte (latin-1). Raises as read_bytes()."""
    return read_bytes(path).decode("latin-1")


def is_file(path: str) -> bool:
    """Whether there is a regular file, which can be opened without waiting for anyone."""
    try:
        return stat.S_ISREG(os.stat(path).st_mode)
    except (OSError, ValueError):
        return False


def names_in(folder: str) -> list[str]:
    """The names in a folder, sorted; none if it is not a folder."""
    try:
        return sorted(os.listdir(folder))
    except (OSError, ValueError):
        return []


class Config(NamedTuple):
    """What a configuration says. ``arch`` and ``version`` are empty where nothing says it."""

    values: dict[str, str]
    """By symbol; ``n`` where a line says that it is not set."""
    arch: str
    version: str
    has_title: bool = False
    """Whether kconfig wrote it, with its title."""

    @property
    def whole(self) -> bool:
        """Whether a symbol that it lacks is off: not in a savedefconfig, nor in a fragment.

        What kconfig writes has a title, which is sometimes cut off.
        """
        return self.has_title or any(name in self.values for name in _ALWAYS)


def read_config(path: str) -> Config:
    """The configuration in a file, compressed or not.

    Raises :class:`InputError` if it cannot be read, or is not a configuration.
    """
    from dtlink.firmware.packing import unpacked

    data = read_bytes(path)
    try:
        config = parse_config(unpacked(data, MAX_SIZE).decode("latin-1"))
    except InputError as error:
        error.path = path
        raise
    named = _NAMED.match(path.rpartition("/")[2])
    return config if config.version or not named else config._replace(version=named[1])


def parse_config(text: str) -> Config:
    """The configuration in a text: 'y', 'm' or the value, strings without their quotes.

    Raises :class:`InputError` if no line of it is one of a configuration.
    """
    values = dict.fromkeys(_UNSET.findall(text), "n")
    values |= {name: _value(value) for name, value in _SET.findall(text)}
    if not values or "\0" in text:
        raise InputError("no kernel configuration: no line CONFIG_…= in it", offset=0)
    if title := _TITLE.search(text[:4096]):
        return Config(values, title[1], title[2], has_title=True)
    made_for = _MADE_FOR.search(text[:4096])
    return Config(values, "", made_for[1] if made_for else "")


def _value(value: str) -> str:
    if value[:1] != '"':
        return value.strip()
    return _ESCAPED.sub(r"\1", value.rstrip()[1:].removesuffix('"'))


def module_name(path: str) -> str:
    """The name of a module, from its file: ``kernel/fs/nls/nls-foo.ko.xz`` is ``nls_foo``.

    (kmod, libkmod-util.c, path_to_modname(): up to the first dot, ``-`` is ``_``)
    """
    return path.rpartition("/")[2].partition(".")[0].replace("-", "_")


def module_of_file(path: str) -> str | None:
    """The name of the module in a file; ``None`` if the file is not a module."""
    base = path.rpartition("/")[2]
    return module_name(base) if _MODULE_FILE.fullmatch(base) else None


def named_module(word: str) -> str | None:
    """The module that a list names: by its name, its file, or its file's path."""
    if (module := module_of_file(word)) is not None:
        return module
    return word.replace("-", "_") if _MODULE.fullmatch(word) else None
