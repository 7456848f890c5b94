"""The form of a row in the table of resources: what is known of one kind of supplier."""

from __future__ import annotations

from dtlink.enums import Enum, IntEnum
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.facts.behaviours import Behaviour
    from dtlink.facts.kernels import KernelVersion


class Outcome(Enum):
    """How a consumer ends whose supplier comes late or not at all; the worst is last."""

    OK = "ok"
    LATE = "late"
    """It probes, later than it could."""
    RECOVERS = "recovers"
    """It is given up on, or keeps waiting, and probes when the supplier comes."""
    DEGRADED = "degraded"
    """It works without: untranslated, without DMA, polled."""
    LOST = "lost until rebound"
    """Its probe has failed for good, and nothing tries again."""
    NEVER = "never"
    UNKNOWN = "unknown"


class Asker(Enum):
    """What asks for a resource when a device is probed, in the kernel's order."""

    PINS = "the driver core, first of all (drivers/base/pinctrl.c, pinctrl_bind_pins())"
    DMA = "the driver core, when it configures DMA (drivers/base/dd.c, really_probe())"
    BUS = "the bus or the subsystem, before or beside the driver"
    DRIVER = "the device's driver, if it makes use of the resource"
    UNKNOWN = "not known"

    @property
    def is_before_probe(self) -> bool:
        """Whether it asks before the bus's and the driver's probe are called."""
        return self in (Asker.PINS, Asker.DMA)


class Patience(Enum):
    """How long a request is answered with -EPROBE_DEFER."""

    ENDLESS = "until the supplier has bound"
    TIMEOUT = "until the deferred-probe timeout (driver_deferred_probe_check_state())"
    NONE = "not at all: the driver continues without"


class Requested(Enum):
    """Whether a driver asks for a resource while it probes; the strongest is first."""

    REQUIRED = "required"
    """Without it the probe is deferred, or fails."""
    OPTIONAL = "optional"
    """It may be absent from the node; for one that the node names the probe is deferred."""
    UNKNOWN = "unknown"
    IGNORED = "not waited for"
    """The driver asks, and continues whatever the answer is."""
    NO = "not requested"

    @property
    def is_waited_for(self) -> bool:
        """Whether the probe is deferred until it is there."""
        return self in (Requested.REQUIRED, Requested.OPTIONAL)

    @property
    def holds_nothing(self) -> bool:
        """Whether the driver probes without it, whatever becomes of it."""
        return self in (Requested.IGNORED, Requested.NO)


class Request(NamedTuple):
    """What becomes of a request for a resource whose supplier is late or missing.

    It applies once fw_devlink no longer holds the consumer. Sources are those of Linux 6.12.
    """

    asker: Asker
    patience: Patience
    without: Outcome
    """How the consumer ends if the request is not met in that time."""
    without_modules: Outcome | None = None
    """The same on a kernel without CONFIG_MODULES, where that differs."""
    loss: str = ""
    """What is lost for good if ``without`` is ``DEGRADED``, as a clause; empty: speed alone."""


#: Drivers differ, or it was not looked up: an outcome is not predicted.
UNKNOWN_REQUEST = Request(asker=Asker.UNKNOWN, patience=Patience.ENDLESS, without=Outcome.UNKNOWN)


class IfDisabled(NamedTuple):
    """What the consumer of a disabled supplier does; ``{kind}`` is the resource's."""

    effect: str
    own_status: str = ""
    """The same where the supplier's own status is the reason, if it fails at once for that."""
    own_status_from: Behaviour[bool] | None = None
    """The kernels in which ``own_status`` is true; ``None``: all."""
    own_status_of_parts: bool = False
    """``own_status`` is true only of a part of a provider, without ``compatible``."""
    optional: bool = False
    """Drivers mostly continue without."""

    def fails(self, version: KernelVersion, *, own: bool, is_part: bool) -> bool:
        """Whether a request fails at once, so that one that is optional goes on without.

        ``own``: the supplier's own status is the reason; ``is_part``: it is a part of a provider.
        """
        known = self.own_status_from is None or self.own_status_from.on(version)
        whom = is_part or not self.own_status_of_parts
        return bool(self.own_status) and own and known and whom


class Effort(IntEnum):
    """How hard it is for a driver to probe without a resource, easiest first.

    The order in which links of a cycle are proposed for removal.
    """

    ORPHAN = 0
    """An input of a provider that registers without its inputs."""
    DATA = 1
    """Read when it is used."""
    INPUT = 2
    """Regulators resolve their inputs after they have registered."""
    RESET = 3
    """Needed for use, not for registration."""
    CLOCK = 4
    FUNCTION = 5
    """The device does its work by it."""
    INTERRUPT = 6
    """Asked for at the start of most probes."""
    OTHER = 7
    """Drivers differ."""
    BEFORE_PROBE = 8
    """The kernel asks before it calls the driver (drivers/base/dd.c)."""
    NEVER = 9
    """Not a link to remove: fw_devlink orders nothing by it."""


class Resource(NamedTuple):
    """One kind of supplier. Write every column by name.

    A binding that differs in a column has its own copy of the row: ``CLOCK._replace(…)``.
    """

    kind: str
    """What the supplier gives, as a noun: ``clock``, ``power domain``, ``IOMMU`` …"""
    cells: str | None
    """The supplier's property with the number of argument cells; ``None``: it has none."""
    names: str | None
    """The consumer's property that names the entries; ``None``: entries have no names."""
    may_be_empty: bool | None
    """Whether entries of the list may be 0. ``False``: a last 0 is an argument too many. ``None``:
    no binding is known to have such entries; not every driver was read."""
    request: Request
    if_disabled: IfDisabled | None
    """What the consumer of a disabled supplier does; ``None``: not known, or usual and harmless."""
    if_itself: str | None
    """What a device does that is its own supplier; ``None``: not known, or usual and harmless."""
    log_words: tuple[str, ...]
    """How drivers refer to it in log lines, in lower case."""
    effort: Effort
    kept_by: str
    """The kernel parameter that keeps unused ones on; empty: the kernel turns none off."""
    source: str
    """Where the kernel answers a request: file and function."""
    missing_cells: int | None = None
    """How many argument cells a supplier without ``cells`` takes; ``None``: it is a fault."""
    if_several: Asker | None = None
    """What asks for the entries of a device with more than one, where that differs."""
    if_pci_host: Request | None = None
    """The request of a PCI host bridge, where that differs: the PCI core makes it."""
    itself_at_times: bool = False
    """``if_itself`` depends on when the driver asks."""
    is_part: bool = False
    """The provider serves its child nodes whatever their own status is."""
    may_be_orphan: bool = False
    """A provider may list all inputs that it could have, and registers without them."""
    starts_by_path: bool = False
    """Code of one machine can start a supplier by its path, without ``compatible``."""
    identifies_amba: bool = False
    """The AMBA bus needs it to read a device's identity (amba/bus.c, amba_read_periphid())."""
    cycle_order: int = 3
    """Cycles through it are reported in this order, 0 first."""
    is_registered: bool = False
    """Providers register it by one of few functions: a driver that calls none provides none."""
    unknown: str = ""
    """Why the request, ``if_disabled`` or ``log_words`` are not known."""

    @property
    def is_iommu(self) -> bool:
        """Whether it translates the consumer's DMA."""
        return self.request.asker is Asker.DMA


def other(
    kind: str,
    unknown: str,
    cells: str | None = None,
    *,
    missing_cells: int | None = None,
    names: str | None = None,
    may_be_empty: bool | None = None,
    if_disabled: IfDisabled | None = None,
    log_words: tuple[str, ...] = (),
    effort: Effort = Effort.OTHER,
    kept_by: str = "",
) -> Resource:
    """A row of a resource for which no request is known; ``unknown`` says why."""
    return Resource(
        kind=kind,
        cells=cells,
        names=names,
        may_be_empty=may_be_empty,
        request=UNKNOWN_REQUEST,
        if_disabled=if_disabled,
        if_itself=None,
        log_words=log_words,
        effort=effort,
        kept_by=kept_by,
        source="",
        missing_cells=missing_cells,
        unknown=unknown,
    )
