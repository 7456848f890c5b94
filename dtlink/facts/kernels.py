"""What of a kernel decides its device links: the version, and how it was started."""

from __future__ import annotations

import re
from enum import Enum
from typing import NamedTuple, TypeVar

from dtlink.facts.binding import Version
from dtlink.facts.cmdline import CommandLine, OptionError

_T = TypeVar("_T")

#: The first version that dtlink knows anything of, and the newest that was looked at.
OLDEST: Version = (5, 4)
LATEST: Version = (6, 18)


class Mode(Enum):
    """The parameter ``fw_devlink``."""

    OFF = "off"
    """Nothing is linked."""
    PERMISSIVE = "permissive"
    """Links order sync_state() callbacks only; nobody waits."""
    ON = "on"
    """Suppliers probe first."""
    RPM = "rpm"
    """Runtime power management is ordered too."""


_ORDERING = (Mode.ON, Mode.RPM)

#: The default of ``fw_devlink`` by the version that brought it (drivers/base/core.c).
_DEFAULT_MODE: tuple[tuple[Version, Mode], ...] = (
    ((6, 9), Mode.RPM),
    ((5, 13), Mode.ON),
    ((5, 8), Mode.PERMISSIVE),
    (OLDEST, Mode.OFF),
)
#: The default of ``deferred_probe_timeout``, with modules (drivers/base/dd.c).
_DEFAULT_TIMEOUT: tuple[tuple[Version, int], ...] = (
    ((6, 0), 10),
    ((5, 8), 0),
    ((5, 7), 30),
    (OLDEST, -1),
)


class KernelProfile(NamedTuple):
    """A kernel as fw_devlink sees it."""

    version: Version
    fw_devlink: Mode
    strict: bool = False
    """Whether IOMMUs and DMA controllers are suppliers too (``fw_devlink.strict``).

    The kernel takes it together with any mode; it has an effect where consumers wait.
    """
    sync_state: str = "strict"
    """After the timeout: ``strict`` waits on for all consumers, ``timeout`` does not."""
    deferred_probe_timeout: int = 10
    """Seconds from the last driver registration; negative: never."""

    @classmethod
    def of(
        cls, version: str = "6.12", cmdline: str | CommandLine = "", *, modules: bool = True
    ) -> KernelProfile:
        """The profile of a kernel version with a command line.

        ``modules`` says whether the kernel has CONFIG_MODULES. Raises :class:`OptionError`.
        """
        number = parse_version(version)
        line = CommandLine.parse(cmdline) if isinstance(cmdline, str) else cmdline
        timeout = line.deferred_probe_timeout
        if timeout is None:
            timeout = _since(_DEFAULT_TIMEOUT, number)
            timeout = timeout if modules or timeout < 0 else 0
        mode = Mode(line.fw_devlink) if line.fw_devlink else _since(_DEFAULT_MODE, number)
        return cls(
            version=number,
            fw_devlink=mode,
            strict=bool(line.fw_devlink_strict) and mode in _ORDERING,
            sync_state=line.fw_devlink_sync_state or "strict",
            deferred_probe_timeout=timeout,
        )

    @property
    def release(self) -> str:
        """The version as text, such as ``6.12``."""
        return ".".join(map(str, self.version))

    @property
    def parses(self) -> bool:
        """Whether supplier properties are read at all."""
        return self.fw_devlink is not Mode.OFF

    @property
    def orders_probing(self) -> bool:
        """Whether a consumer's probe waits for its suppliers."""
        return self.fw_devlink in _ORDERING

    @property
    def orders_runtime_pm(self) -> bool:
        """Whether a device link keeps the supplier awake as long as the consumer is."""
        return self.fw_devlink is Mode.RPM

    @property
    def follows_optional(self) -> bool:
        """Whether IOMMUs and DMA controllers are linked."""
        return self.strict and self.orders_probing

    @property
    def links_nodes(self) -> bool:
        """Whether any node can be a supplier: before, only nodes with ``compatible`` could.

        (6.3, and 6.1 by backport)
        """
        return self.version >= (6, 1)

    @property
    def assumes_cells(self) -> bool:
        """Whether a missing ``#…-cells`` is taken for 0: 6.1 and 5.10 end the list instead."""
        return self.version not in ((5, 10), (6, 1))


def parse_version(text: str) -> Version:
    """``6.12``, ``6.12.117``, ``6.12.117-amd64`` or ``latest`` as ``(6, 12)``.

    Raises :class:`OptionError` for anything else, and for kernels before 5.4.
    """
    if text == "latest":
        return LATEST
    found = re.match(r"v?(\d{1,3})\.(\d{1,4})(?![\d])", text.strip())
    if not found:
        raise OptionError("kernel version", text, ("6.12", "6.12.117", "latest"))
    version = int(found[1]), int(found[2])
    if version < OLDEST:
        raise OptionError("kernel version", text, ("5.4 or newer",))
    return version


def _since(table: tuple[tuple[Version, _T], ...], version: Version) -> _T:
    return next(value for since, value in table if version >= since)
