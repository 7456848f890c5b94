"""The kernel's command line, read as the kernel reads it (Linux, kernel/params.c).

Only the parameters that decide when devices probe are kept; all others are none of our business.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_ORDERING = ("on", "rpm")


class OptionError(ValueError):
    """A value that an option does not take; names the option and what it allows."""

    def __init__(self, option: str, value: str, allowed: tuple[str, ...], why: str = "") -> None:
        super().__init__(
            f"{option}: {value!r} {why or 'is not a value of it'}; allowed: {', '.join(allowed)}"
        )
        self.option = option
        self.value = value
        self.allowed = allowed


@dataclass(frozen=True, slots=True)
class CommandLine:
    """The parameters that matter here; ``None`` where the line does not say."""

    fw_devlink: str | None = None
    fw_devlink_strict: bool | None = None
    fw_devlink_sync_state: str | None = None
    deferred_probe_timeout: int | None = None
    driver_async_probe: tuple[str, ...] = ()
    """Drivers that probe asynchronously; ``*`` turns the list into one of exceptions."""
    initcall_blacklist: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> CommandLine:
        """Read a command line. Raises :class:`OptionError` for values the kernel would refuse."""
        last: dict[str, str] = {}
        blacklist: list[str] = []
        for name, value in words(text):
            key = name.replace("-", "_")
            if key == "initcall_blacklist":
                blacklist += filter(None, value.split(","))  # the one that adds up
            else:
                last[key] = value
        line = cls(
            fw_devlink=_choice(last, "fw_devlink", ("off", "permissive", "on", "rpm")),
            fw_devlink_strict=_truth(last, "fw_devlink.strict"),
            fw_devlink_sync_state=_choice(last, "fw_devlink.sync_state", ("strict", "timeout")),
            deferred_probe_timeout=_number(last, "deferred_probe_timeout"),
            driver_async_probe=tuple(filter(None, last.get("driver_async_probe", "").split(","))),
            initcall_blacklist=tuple(blacklist),
        )
        if line.fw_devlink_strict and line.fw_devlink not in (None, *_ORDERING):
            why = "has no effect together with fw_devlink.strict=1"
            raise OptionError("fw_devlink", str(line.fw_devlink), _ORDERING, why)
        return line


def words(text: str) -> Iterator[tuple[str, str]]:
    """Parameters with their values, up to ``--``: what follows that goes to init.

    Quotes keep spaces together, around a value or around the whole word (next_arg()).
    """
    for word in re.findall(r'(?:[^\s"]|"[^"]*"?)+', text):
        if word == "--":
            return
        bare = word.removeprefix('"')
        name, _, value = bare.partition("=")
        if word.startswith('"') or value.startswith('"'):
            value = value.removeprefix('"').removesuffix('"')
        yield name.removesuffix('"'), value


def _choice(values: dict[str, str], option: str, allowed: tuple[str, ...]) -> str | None:
    value = values.get(option)
    if value is not None and value not in allowed:
        raise OptionError(option, value, allowed)
    return value


def _truth(values: dict[str, str], option: str) -> bool | None:
    """A boolean; the kernel looks at the first letter, or two (lib/kstrtox.c, kstrtobool())."""
    value = values.get(option)
    if value is None:
        return None
    if value[:1] in tuple("yYtT1") or value[:2].lower() == "on":
        return True
    if value[:1] in tuple("nNfF0") or value[:2].lower() == "of":
        return False
    raise OptionError(option, value, ("1", "0", "y", "n", "on", "off"))


def _number(values: dict[str, str], option: str) -> int | None:
    value = values.get(option)
    if value is None:
        return None
    if not re.fullmatch(r"[+-]?\d+", value) or abs(int(value)) >= 1 << 31:
        raise OptionError(option, value, ("a number of seconds", "a negative number for never"))
    return int(value)
