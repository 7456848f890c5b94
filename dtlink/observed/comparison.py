"""What a comparison of a prediction with a running board holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from dtlink.enums import Enum
from dtlink.records import NamedTuple


class DifferenceReason(Enum):
    """Why prediction and board differ."""

    NO_CONSUMER = "the consumer is not a device on the board"
    NO_SUPPLIER = "the supplier is not a device on the board"
    UNBOUND_SUPPLIER = "the supplier has no driver, so links to its children were not moved to it"
    RELAXED = "it exists, but orders sync_state() only"
    TIGHTER = "it exists, and orders probing too"
    NOT_LINKED = 'the kernel dropped it ("Not linking"): the supplier needs no driver'
    GONE = "the log shows that it was made; it is gone again"
    ENDED = "the consumer has its driver: links for sync_state() only end then"
    BOUND_WITHOUT = "the consumer has its driver: the link was dropped, or came too late"

    BY_DRIVER = "a driver made it"
    NOT_IN_TREE = "this tree has no such node"
    MADE_DEVICE = "one end is a device that a driver made from a node"
    NOT_BOUND_YET = "the consumer has no driver: links for sync_state() only last until it has"
    SPOKEN_FOR = "the supplier's driver provides a child node"
    NODES_ONLY = (
        "predicted between the nodes; which devices it joins depends on which one binds first"
    )

    BOUND = "it has its driver on the board"
    NO_DRIVER = "it has no driver that could probe"
    DRIVER_DEFERS = "its driver deferred its probe"
    NO_REASON = "its probe is deferred, and the board does not report why"
    NO_NODE = "a supplier is not a device, and no driver provides it yet"
    NOT_READY = "its supplier has no driver on the board"

    SERVED_EARLY = "links to one end were dropped before a cycle was looked for"
    OTHER_ORDER = "which links of a cycle are named depends on the order in which devices come"

    NOT_LOGGED = "the log does not mention it"
    SINCE_ENDED = "the log mentions it; links for sync_state() only end when the consumer binds"

    UNKNOWN = "the reason is unknown"


class ComparedPair(NamedTuple):
    """A link, a cycle's two ends, or a device that is held back and its supplier."""

    consumer: str
    supplier: str
    """Empty if the supplier is unknown."""
    why: DifferenceReason | None = None
    """``None`` where prediction and board agree."""
    detail: str = ""
    """What the board said of it."""


@dataclass(frozen=True, slots=True)
class ComparedPairs:
    """One sort of thing, compared."""

    agreed: Sequence[ComparedPair] = ()
    missing: Sequence[ComparedPair] = ()
    """Predicted, and not there on the board."""
    unforeseen: Sequence[ComparedPair] = ()
    """There on the board, and not predicted."""
    observed: bool = True
    """Whether the board has reported all such things: else nothing is reported as missing."""

    @property
    def predicted(self) -> int:
        """How many things were predicted."""
        return len(self.agreed) + len(self.missing)

    @property
    def reported(self) -> int:
        """How many things the board has."""
        return len(self.agreed) + len(self.unforeseen)


@dataclass(frozen=True, slots=True)
class BoardComparison:
    """All that was compared."""

    links: ComparedPairs
    """Device links that order probing."""
    sync_state_links: ComparedPairs
    """Device links that order sync_state() alone."""
    cycles: ComparedPairs
    """Unordered pairs that the kernel names in its log."""
    held_back: ComparedPairs
    """Devices that wait for a supplier, or whose probe is deferred."""
    by_driver: int
    """Device links that drivers asked for: fw_devlink has no part in them."""
    unmapped: Sequence[str]
    """Names of devices whose node is unknown."""
    notes: Sequence[str] = field(default=())
    """What makes the comparison doubtful: another kernel, another board."""
