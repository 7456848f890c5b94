"""The kernel's command line, read as the kernel reads it (Linux, kernel/params.c).

Only the parameters that decide when devices probe, or what becomes of one, are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from dtlink.facts.bindings import BINDINGS
from dtlink.facts.errors import OptionError
from dtlink.facts.root_layers import PREFIXES, WORDS
from dtlink.late import pattern
from dtlink.records import NamedTuple
from dtlink.typed import Any

#: What keeps resources on that no driver uses (drivers/clk/clk.c, clk_ignore_unused_setup();
#: drivers/pmdomain/core.c, pd_ignore_unused_setup(); drivers/regulator/core.c,
#: regulator_ignore_unused_setup()).
IGNORE_UNUSED = frozenset(row.resource.kept_by for row in BINDINGS) - {""}

#: From a parameter and its value to what it means; raises :class:`OptionError`.
Reader = Callable[[str, str], Any]


class CommandLine(NamedTuple):
    """The parameters that matter here; ``None`` where the line does not say."""

    fw_devlink: str | None = None
    fw_devlink_strict: bool | None = None
    fw_devlink_sync_state: str | None = None
    deferred_probe_timeout: int | None = None
    driver_async_probe: tuple[str, ...] = ()
    """Drivers that probe asynchronously; ``*`` turns the list into one of exceptions."""
    initcall_blacklist: tuple[str, ...] = ()
    root: str = ""
    """The device of the root file system, as ``root=`` names it."""
    ignore_unused: tuple[str, ...] = ()
    """The parameters given of :data:`IGNORE_UNUSED`."""
    rootdelay: int | None = None
    """Seconds before the kernel looks for the root device, if it mounts the root filesystem."""
    root_words: tuple[str, ...] = ()
    """What says where the root filesystem is, as ``parameter=value`` (:mod:`root_layers`)."""

    @classmethod
    def parse(cls, text: str) -> CommandLine:
        """Read a command line. Raises :class:`OptionError` for values the kernel would refuse."""
        line, refused = cls.read(text)
        if refused:
            raise refused[0]
        return line

    @classmethod
    def read(cls, text: str) -> tuple[CommandLine, list[OptionError]]:
        """Read a command line as a booting kernel does: what it refuses has no effect.

        The last value that is none of the refused ones counts; those are returned beside it.
        """
        values: dict[str, Any] = {"initcall_blacklist": (), "ignore_unused": (), "root_words": ()}
        refused = []
        for name, value in words(text):
            option = name.replace("-", "_")
            field = option.replace(".", "_")
            if name in WORDS or name.startswith(PREFIXES):
                values["root_words"] += (f"{name}={value}" if value else name,)
            try:
                if option == "initcall_blacklist":
                    values[field] += _names(option, value)
                elif option in IGNORE_UNUSED:
                    values["ignore_unused"] += (option,)
                elif option in _READERS:
                    values[field] = _READERS[option](option, value)
            except OptionError as error:
                refused.append(error)
        return cls(**values), refused


def mistyped(text: str) -> Iterator[tuple[str, str]]:
    """Parameters that the kernel would pass over, each with the one that is probably meant."""
    from difflib import get_close_matches

    known = [*_READERS, "initcall_blacklist"]
    for name, _ in words(text):
        option = name.replace("-", "_")
        if option not in known and (near := get_close_matches(option, known, 1, _ALIKE)):
            yield name, near[0]


#: How alike a parameter is to the one that it is taken for; rootwait and rootdelay are less.
_ALIKE = 0.85

_WORD = pattern(r'(?:[^\s"]|"[^"]*"?)+')
_NUMBER = pattern(r"[+-]?[0-9]{1,10}")
_LEADING = pattern(r"0[xX](?P<hex>[0-9a-fA-F]{1,8})|(?P<octal>0[0-7]{0,9})|[1-9][0-9]{0,8}")


def words(text: str) -> Iterator[tuple[str, str]]:
    """Parameters with their values, up to ``--``: what follows that goes to init.

    Quotes keep spaces together, around a value or around the whole word (next_arg()).
    """
    for word in _WORD.findall(text) if '"' in text else text.split():
        if word == "--":
            return
        bare = word.removeprefix('"')
        name, _, value = bare.partition("=")
        if word.startswith('"') or value.startswith('"'):
            value = value.removeprefix('"').removesuffix('"')
        yield name.removesuffix('"'), value


def _choice(*allowed: str) -> Reader:
    def read(option: str, value: str) -> str:
        if value not in allowed:
            raise OptionError(option, value, allowed)
        return value

    return read


def _truth(option: str, value: str) -> bool:
    """A boolean; the kernel looks at the first letter, or two (lib/kstrtox.c, kstrtobool())."""
    if value[:1] in tuple("yYtT1") or value[:2].lower() == "on":
        return True
    if value[:1] in tuple("nNfF0") or value[:2].lower() == "of":
        return False
    raise OptionError(option, value, ("1", "0", "y", "n", "on", "off"))


def _number(option: str, value: str) -> int:
    if not _NUMBER.fullmatch(value) or abs(int(value)) >= 1 << 31:
        raise OptionError(option, value, ("a number of seconds", "a negative number for never"))
    return int(value)


def _leading_number(option: str, value: str) -> int:  # noqa: ARG001 - no value is refused
    """A number of any base, with what follows ignored (lib/vsprintf.c, simple_strtoul())."""
    found = _LEADING.match(value)
    if found is None:
        return 0
    if found["hex"]:
        return int(found["hex"], 16)
    return int(found[0], 8 if found["octal"] else 10)


def _text(option: str, value: str) -> str:  # noqa: ARG001 - any value will do
    return value


def _names(option: str, value: str) -> tuple[str, ...]:  # noqa: ARG001 - any name will do
    return tuple(filter(None, value.split(",")))


#: How the value of each parameter is read, but for those that add up.
_READERS: dict[str, Reader] = {
    "fw_devlink": _choice("off", "permissive", "on", "rpm"),
    "fw_devlink.strict": _truth,
    "fw_devlink.sync_state": _choice("strict", "timeout"),
    "deferred_probe_timeout": _number,
    "driver_async_probe": _names,
    "root": _text,
    "rootdelay": _leading_number,
}
