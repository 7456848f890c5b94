"""A kernel as fw_devlink depends on it: the version, and how it was started."""

from __future__ import annotations

from dtlink.enums import Enum
from dtlink.facts.behaviours import (
    DEFERRED_PROBE_TIMEOUT,
    FW_DEVLINK,
    FW_DEVLINK_STRICT,
    FW_DEVLINK_SYNC_STATE,
    LINKS_NODES,
    MISSING_CELLS_ARE_ZERO,
    REGISTRATION_RESTARTS_TIMEOUT,
    TIMEOUT_HOLDS_REQUESTS,
    TIMEOUT_IS_CONFIGURED,
)
from dtlink.facts.cmdline import CommandLine
from dtlink.facts.kernels import DEFAULT, KernelVersion
from dtlink.records import NamedTuple


class Mode(Enum):
    """The parameter ``fw_devlink``."""

    OFF = "off"
    """Nothing is linked."""
    PERMISSIVE = "permissive"
    """Links order sync_state() callbacks only; no probe waits."""
    ON = "on"
    """Suppliers probe first."""
    RPM = "rpm"
    """Runtime power management is ordered too."""


_ORDERING = (Mode.ON, Mode.RPM)


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
    """Seconds from the last driver registration (see :attr:`registration_restarts_timeout`);
    negative: never."""

    @classmethod
    def of(
        cls,
        version: KernelVersion | str = DEFAULT,
        cmdline: str | CommandLine = "",
        *,
        modules: bool = True,
        configured: int | None = None,
    ) -> KernelProfile:
        """The profile of a kernel version with a command line.

        ``modules`` says whether the kernel has CONFIG_MODULES; ``configured`` is the value of
        CONFIG_DRIVER_DEFERRED_PROBE_TIMEOUT, if it is known. Raises :class:`OptionError`.
        """
        number = KernelVersion.of(version)
        line = CommandLine.parse(cmdline) if isinstance(cmdline, str) else cmdline
        timeout = line.deferred_probe_timeout
        if timeout is None and TIMEOUT_IS_CONFIGURED.on(number):
            timeout = configured
        if timeout is None:
            timeout = DEFERRED_PROBE_TIMEOUT.on(number)
            timeout = timeout if modules or timeout < 0 else 0
        mode = Mode(line.fw_devlink or FW_DEVLINK.on(number))
        strict = line.fw_devlink_strict
        return cls(
            version=number,
            fw_devlink=mode,
            strict=(FW_DEVLINK_STRICT.on(number) if strict is None else strict)
            and mode in _ORDERING,
            sync_state=line.fw_devlink_sync_state or FW_DEVLINK_SYNC_STATE.on(number),
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
        """Whether any node can be a supplier, not only nodes with ``compatible``."""
        return LINKS_NODES.on(self.version)

    @property
    def assumes_cells(self) -> bool:
        """Whether a missing ``#…-cells`` counts as 0."""
        return MISSING_CELLS_ARE_ZERO.on(self.version)

    @property
    def timeout_holds_requests(self) -> bool:
        """Whether requests for power domains and IOMMUs wait until the timeout expires."""
        return TIMEOUT_HOLDS_REQUESTS.on(self.version)

    @property
    def registration_restarts_timeout(self) -> bool:
        """Whether the timeout counts from the last driver registration."""
        return REGISTRATION_RESTARTS_TIMEOUT.on(self.version)
