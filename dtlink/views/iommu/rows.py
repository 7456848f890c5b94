"""The rows of ``dtlink iommu``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dtlink.facts.assignment import Outcome
from dtlink.links.reserved import RegionKind
from dtlink.typed import TYPE_CHECKING
from dtlink.views.data import ABSENT, Absent, JsonRow
from dtlink.views.iort_walks import TranslationWalk

if TYPE_CHECKING:
    from dtlink.links.reserved import Region
    from dtlink.links.translation import EntryRef

#: Upper bound on the regions of one requester; real ones have fewer than ten.
MOST_REGIONS = 256


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class EntryRow(JsonRow):
    """The entry of a property, or of a table, that says something."""

    node: str
    name: str
    """``mappings`` or a property, with ``index``; else an entry that is a node, or a flag of it."""
    index: int | None


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class IommuRow(JsonRow):
    """An IOMMU of a requester."""

    found: str | None
    """``None``: there is none, and ``end`` says why."""
    id: int | None
    """The requester's ID there; ``None``: it has none, or it is not known."""
    id_kind: str
    """``stream ID``, ``device ID``, ``endpoint ID`` or ``source ID``."""
    entry: EntryRow | None
    end: str | None
    note: str | None
    """What the input leaves open."""


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class InterruptsRow(JsonRow):
    """Who takes the MSIs of a requester."""

    controller: str | None
    """An ITS or a frame; the IOMMU, where that remaps interrupts; ``None``: neither."""
    id: int | None
    """The device ID at an ITS."""
    isolated: bool | None
    """Whether it can raise only its own interrupts; ``None``: not known."""
    reason: str | None
    """Why they are not isolated, or that this is not known."""


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class RegionRow(JsonRow):
    """Memory that is reserved for a requester at its IOMMU."""

    first: int
    last: int
    kind: RegionKind
    entry: EntryRow
    note: str | None


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class GroupRow(JsonRow):
    """The IOMMU group of a PCI function, by the functions that there are."""

    number: int | None
    """The number that the machine reports."""
    others: tuple[str, ...]
    """The other functions in it."""
    reasons: tuple[str, ...]
    """Why they are together."""


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class ObstacleRow(JsonRow):
    """Why a device cannot be given to a guest, or not alone, or not for certain."""

    reason: str
    outcome: Outcome
    text: str
    log: str | None
    """What the kernel prints."""
    source: str
    """The kernel's file and function."""


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class RequesterRow(JsonRow):
    """All that the input says of one requester."""

    requester: str
    """A PCI function as ``lspci -D`` prints it, or the path of a device."""
    id: int | None
    """The requester ID of a PCI function."""
    dma_ids: tuple[int, ...]
    """The requester IDs of its DMA, where bridges change it; from ``--lspci``."""
    node: str | None
    """The host bridge or root complex that has its mappings; the device's own node."""
    iommus: tuple[IommuRow, ...]
    interrupts: InterruptsRow
    reserved: tuple[RegionRow, ...]
    group: GroupRow | None
    """``None``: not known without the functions of the machine."""
    assignment: Outcome | None
    """The worst of the obstacles; ``None``: there is none in the input."""
    obstacles: tuple[ObstacleRow, ...]
    walks: tuple[TranslationWalk, ...] = ()
    """How tables translate its ID, entry by entry."""
    more_reserved: bool | Absent = ABSENT
    """Whether there may be more regions than are listed; absent if there are not."""


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class RangeRow(JsonRow):
    """Requester IDs that have one IOMMU and one MSI controller."""

    segment: int
    first: int
    last: int
    host: str | None
    iommu: str | None
    iommu_id: int | None
    """The ID of the first requester at the IOMMU."""
    iommu_ids: int
    """How many IDs they have there: 1, or one for each requester."""
    msi: str | None
    msi_id: int | None
    msi_ids: int
    note: str | None
    """What the input leaves open."""


def entry_row(said: EntryRef) -> EntryRow:
    """An entry as a row."""
    return EntryRow(node=said.path, name=said.name, index=said.number)


def region_rows(regions: Iterable[Region]) -> tuple[RegionRow, ...]:
    """Regions as rows."""
    return tuple(
        RegionRow(
            first=each.first,
            last=each.last,
            kind=each.kind,
            entry=entry_row(each.entry),
            note=each.note or None,
        )
        for each in regions
    )
