"""The rows that are compared, and those of a comparison."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from dtlink.rules.model import Severity
from dtlink.typed import TYPE_CHECKING, Any, Generic, TypeVar
from dtlink.views.bounds import Room, left_out, texts_of
from dtlink.views.data import ABSENT, Absent, JsonRow, plain

if TYPE_CHECKING:
    from dtlink.report.entries import Json
    from dtlink.rules.entries import EditEntry, FindingEntry, LocationEntry
    from dtlink.views.cycles import CycleRow
    from dtlink.views.links import LinkRow, PropertyRow

RowT = TypeVar("RowT")
ChangedT = TypeVar("ChangedT")

#: Upper bound on the rows of each list; two boards of Linux differ in at most as many links as the
#: largest has.
_ROWS = 5000
#: The fields that older reports may lack.
_OPTIONAL = ("index", "supplier", "location", "offset", "edits")


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class FindingRow(JsonRow):
    """A finding, as a report has it."""

    rule: str
    severity: Severity
    confidence: str
    subject: str
    property_name: str | None
    index: int | Absent | None = ABSENT
    message: str
    consequence: str
    fix: str
    related: tuple[str, ...]
    supplier: str | Absent | None = ABSENT
    location: LocationEntry | Absent | None = ABSENT
    offset: int | Absent | None = ABSENT
    fingerprint: str
    edits: list[EditEntry] | Absent = ABSENT

    @classmethod
    def of(cls, entry: FindingEntry | Mapping[str, Any]) -> FindingRow:
        """The row of a finding in a report whose form is checked."""
        members: dict[str, Any] = dict(entry)
        return cls(
            rule=members["rule"],
            severity=Severity(members["severity"]),
            confidence=members["confidence"],
            subject=members["subject"],
            property_name=members["property"],
            message=members["message"],
            consequence=members["consequence"],
            fix=members["fix"],
            related=tuple(members["related"]),
            fingerprint=members["fingerprint"],
            **{name: members.get(name, ABSENT) for name in _OPTIONAL},
        )


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class WaitRow(JsonRow):
    """A device that waits for a supplier, or has to do without."""

    device: str
    supplier: str
    why: str
    """``no device``, ``supplier waits`` or, by what one kernel holds, ``driver``."""
    binding: str | None = None
    outcome: str | None = None
    sure: bool = True
    if_in_time: str | Absent = ABSENT
    """The outcome if the root filesystem is mounted in time, where that is not known."""


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class PairRow(JsonRow):
    """Two nodes that a line of the kernel's log names."""

    consumer: str
    supplier: str


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class LinkEvent(JsonRow):
    """A link that came or went, and the node that brought it or took it along."""

    link: LinkRow
    because: str | None
    at: str | None

    def to_json(self) -> Json:
        """The link's own members, and two more."""
        link = plain(self.link)
        if not isinstance(link, dict):
            raise TypeError("a link is not an object")
        return {**link, "because": self.because, "at": self.at}


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class LinkChange(JsonRow):
    """A link that is read in another way."""

    because: str | None
    at: str | None
    old: LinkRow
    new: LinkRow


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class CycleChange(JsonRow):
    """A cycle that shares devices with some of the other side."""

    old: tuple[CycleRow, ...]
    new: CycleRow


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class FindingChange(JsonRow):
    """A finding whose severity is not the same."""

    old: FindingRow
    new: FindingRow


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class WaitChange(JsonRow):
    """A wait that ends in another way."""

    old: WaitRow
    new: WaitRow


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class PropertyChange(JsonRow):
    """A property of a table that has another value."""

    old: PropertyRow
    new: PropertyRow


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class KindChanges(JsonRow, Generic[RowT, ChangedT]):
    """What changed of one kind of thing."""

    gained: tuple[RowT, ...] = ()
    lost: tuple[RowT, ...] = ()
    changed: tuple[ChangedT, ...] = ()
    left_out: Mapping[str, int] | Absent = ABSENT
    """How many each list lacks, since there are too many; absent of a comparison."""

    def bounded(self) -> KindChanges[RowT, ChangedT]:
        """What is printed: the first rows of each list, and how many more there are."""
        gained = tuple(Room(_ROWS).first(self.gained, texts_of))
        lost = tuple(Room(_ROWS).first(self.lost, texts_of))
        changed = tuple(Room(_ROWS).first(self.changed, texts_of))
        more = left_out(
            gained=(self.gained, gained), lost=(self.lost, lost), changed=(self.changed, changed)
        )
        return replace(self, gained=gained, lost=lost, changed=changed, left_out=more)

    def to_json(self) -> Json:
        """The lists, each up to its bound."""
        first = self.bounded()
        lists = {name: plain(getattr(first, name)) for name in ("gained", "lost", "changed")}
        return lists if first.left_out is ABSENT else {**lists, "left_out": first.left_out}

    @property
    def counts(self) -> Mapping[str, int]:
        """How many there are of each."""
        return {
            "gained": len(self.gained),
            "lost": len(self.lost),
            "changed": len(self.changed),
        }

    def __bool__(self) -> bool:
        return any(self.counts.values())


FindingChanges = KindChanges[FindingRow, FindingChange]
WaitChanges = KindChanges[WaitRow, WaitChange]
CycleChanges = KindChanges["CycleRow", CycleChange]
PairChanges = KindChanges[PairRow, PairRow]
LinkChanges = KindChanges[LinkEvent, LinkChange]
PropertyChanges = KindChanges["PropertyRow", PropertyChange]


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class IdentityRow(JsonRow):
    """What a side is."""

    path: str
    sha256: str | None
    form: str | None
    model: str | None
    compatible: tuple[str, ...]
    dtlink: str | None = None
    """The version that wrote a saved report; ``None`` for firmware."""
    kernel_version: str | None = None
    """The one that a saved report holds for."""


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class LackingRow(JsonRow):
    """A kind that only one of two sides has."""

    what: str
    lacks: str
    """``old`` or ``new``."""
