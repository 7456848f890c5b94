"""A kernel as fw_devlink depends on it: the version, and how it was started."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple, TypeVar

from dtlink.facts.cmdline import CommandLine
from dtlink.facts.kernels import DEFAULT, OLDEST, KernelVersion

_T = TypeVar("_T")


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
_DEFAULT_MODE: tuple[tuple[KernelVersion, Mode], ...] = (
    (KernelVersion(6, 9), Mode.RPM),
    (KernelVersion(5, 13), Mode.ON),
    (KernelVersion(5, 8), Mode.PERMISSIVE),
    (OLDEST, Mode.OFF),
)
#: The default of ``deferred_probe_timeout``, with modules (drivers/base/dd.c).
_DEFAULT_TIMEOUT: tuple[tuple[KernelVersion, int], ...] = (
    (KernelVersion(6, 0), 10),
    (KernelVersion(5, 8), 0),
    (KernelVersion(5, 7), 30),
    (OLDEST, -1),
)


class KernelProfile(NamedTuple):
    """A kernel as fw_devlink sees it."""

    version: KernelVersion
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
        cls,
        version: KernelVersion | str = DEFAULT,
        cmdline: str | CommandLine = "",
        *,
        modules: bool = True,
    ) -> KernelProfile:
        """The profile of a kernel version with a command line.

        ``modules`` says whether the kernel has CONFIG_MODULES. Raises :class:`OptionError`.
        """
        number = KernelVersion.of(version)
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
        return str(self.version)

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


def _since(table: tuple[tuple[KernelVersion, _T], ...], version: KernelVersion) -> _T:
    return next(value for since, value in table if version >= since)
