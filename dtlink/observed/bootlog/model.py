"""What is said of a log: causes, and whom they take down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dtlink.enums import Enum
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.board.tree import TreeBoard
    from dtlink.facts.profile import KernelProfile


class DeviceEffect(Enum):
    """What became of a device."""

    WAITS = "does not probe"
    PENDING = "had not probed when the timeout ran out"
    """The same in a log that does not report bindings: it may have probed since."""
    LOST = "is lost: its probe failed with -110 and is not tried again"
    UNTRANSLATED = "runs without its IOMMU"
    WENT_ON = "went on without a supplier"
    KEPT_ON = "keeps what the boot loader switched on"
    REFUSED = "has its DMA refused"
    BLOCKED = "has its interrupts blocked"
    STUCK = "is in error"
    NO_GUEST = "is not given to a guest"
    NO_MSI = "gets no MSIs"
    UNUSED = "is not used"
    MISDESCRIBED = "is described wrongly"
    NO_ROOT = "no root file system"

    @property
    def is_mild(self) -> bool:
        """Whether the device runs, if not as it should."""
        return self in (
            DeviceEffect.UNTRANSLATED,
            DeviceEffect.WENT_ON,
            DeviceEffect.KEPT_ON,
            DeviceEffect.NO_GUEST,
            DeviceEffect.MISDESCRIBED,
        )


class CauseKind(Enum):
    """Kind of a root cause."""

    NO_DRIVER = "no driver"
    """A device that no driver has taken, as far as the log shows."""
    FAILED = "probe failed"
    DECLINED = "driver declined"
    LATE = "driver late"
    """Its driver came after the kernel had given it up."""
    NOT_SERVED = "bound, not served"
    """It has its driver, which does not hand out what is asked for."""
    NO_DEVICE = "no device"
    """A node that nothing can make a device of."""
    NOT_IN_TREE = "not in the tree"
    SWITCHED_OFF = "switched off"
    NO_IDENTITY = "no identity"
    """An AMBA device whose registers do not say what it is."""
    LOOP = "waits for itself"
    IOMMU = "IOMMU"
    """The device's IOMMU; neither the log nor a tree names it."""
    NAMED = "named by the log"
    """The log names it; without a tree nothing more is known."""
    UNCLEAR = "unclear"
    """Neither the log nor the tree shows it."""
    FAULT = "IOMMU fault"
    DESCRIPTION = "firmware"
    SYSTEM = "system"

    @property
    def is_known(self) -> bool:
        """Whether this is an answer."""
        return self is not CauseKind.UNCLEAR


class CauseOrigin(NamedTuple):
    """A root cause: ``subject`` is a node's path, a device's name, or a phrase."""

    root: CauseKind
    subject: str
    detail: str = ""
    """What is known of it, as a sentence."""
    sure: bool = True
    candidates: tuple[str, ...] = ()
    """If it is unclear: the possible suppliers."""
    rule: str = ""
    cure: str = ""
    is_absent: bool = False
    """Whether the kernel that was named cannot have had its driver in the time of the log."""
    group: str = ""
    """What makes origins one: all nodes that lack the driver of one compatible."""

    @property
    def key(self) -> tuple[CauseKind, str]:
        """The same for origins that are one."""
        return self.root, self.group or self.subject


class Victim(NamedTuple):
    """A device that a cause takes down."""

    device: str
    """As the log names it."""
    node: str | None
    effect: DeviceEffect
    words: str
    """What the log says of it; empty if it does not word it."""
    line: int
    """The line that says so, from 1."""
    time: float | None
    via: tuple[str, ...] = ()
    """The devices between it and the cause, the nearest first."""
    lines: int = 1
    """Number of lines of the log about it; 0 if only another device's line names it."""
    note: str = ""
    """What is to be said beside the log's words."""
    driver: str = ""
    bus: str = ""
    sure: bool = True
    """Whether the log, or the tree, leaves no other cause."""


@dataclass(slots=True)
class RootCause:
    """A root cause, and all that it takes down."""

    origin: CauseOrigin
    victims: list[Victim] = field(default_factory=list)
    also: list[str] = field(default_factory=list)
    """Other nodes that the same holds for."""

    @property
    def sure(self) -> bool:
        """Whether there is a device of which nothing else can be the cause."""
        return any(victim.sure for victim in self.victims)


class HiddenLines(NamedTuple):
    """Lines of one kind that do no harm."""

    kind: str
    meaning: str
    lines: tuple[int, ...]
    clusters: int = 0
    """Of cycle lines: how many cycles they are about."""


class UndecidedDevice(NamedTuple):
    """Something whose outcome the log does not show; mostly a device."""

    device: str
    node: str | None
    words: str
    line: int
    time: float | None
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """All that is said of a log."""

    profile: KernelProfile
    """The kernel that was assumed: that of the log, if it is in it."""
    kernel: str
    command_line: str
    model: str
    lines: int
    causes: Sequence[RootCause]
    open: Sequence[UndecidedDevice]
    own_failures: Sequence[UndecidedDevice]
    """Probes that failed for reasons of their own, as far as the log shows."""
    put_away: Sequence[HiddenLines]
    notes: Sequence[str]
    look_at: Sequence[str]
    """Hints where to find more."""
    told: Mapping[str, int]
    """How many lines are harmful and explained, harmful and unclear, harmless, open."""
    board: TreeBoard | None = None
    """The tree with what the log says of its kernel; ``None`` without a tree."""

    @property
    def harmful(self) -> bool:
        """Whether anything is."""
        return bool(self.causes)
