"""Whether a requester may be given to a guest, as far as firmware decides it.

Each obstacle is a row of :mod:`dtlink.facts.assignment`, with the place in the kernel.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dtlink.facts import assignment as facts
from dtlink.facts.assignment import Obstacle, Outcome
from dtlink.facts.behaviours import (
    ISOLATES_BY_DEVICE,
    REFUSES_DIRECT_REGIONS,
    SMMU_COHERENCE_IS_DECLARED,
    VFIO_DENIES,
    VFIO_NEEDS_COHERENCE,
)
from dtlink.facts.iommus import Coherence
from dtlink.links.reserved import Region, RegionKind
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING
from dtlink.views.iommu.rows import ObstacleRow
from dtlink.wording import listed

if TYPE_CHECKING:
    from dtlink.facts.kernels import KernelVersion
    from dtlink.views.iommu.rows import InterruptsRow

#: From the worst on.
_ORDER = tuple(Outcome)


class Served(NamedTuple):
    """What an IOMMU does for a requester, as far as it matters here."""

    coherence: Coherence | None
    """``None``: the driver is not known."""
    is_coherent: bool | None = True
    """Whether firmware says that it is, where that decides; ``None``: not known."""
    is_vtd: bool = False


class Partner(NamedTuple):
    """Another function of the IOMMU group. A bridge in it needs not be given to the guest."""

    name: str
    is_bridge: bool
    regions: Sequence[Region]


class Asked(NamedTuple):
    """A requester, and all that decides."""

    version: KernelVersion
    served: Sequence[Served]
    """Empty: no IOMMU translates it."""
    interrupts: InterruptsRow
    regions: Sequence[Region]
    is_pci: bool = True
    is_iommu: bool = False
    is_bridge: bool | None = None
    chip: tuple[int | None, int | None] = (None, None)
    """Its vendor and its device ID."""
    partners: Sequence[Partner] | None = None
    """``None``: its IOMMU group is not known."""
    aliased: str = ""
    """The stream ID that another function has, and which; empty: none."""
    unless: str = ""
    """What may give it an IOMMU all the same, where none is known."""


def obstacles(asked: Asked) -> tuple[ObstacleRow, ...]:
    """What is in the way, the worst first; what is not known only where nothing refuses it."""
    found = list(_found(asked))
    if any(row.outcome is Outcome.REFUSED for row in found):
        found = [row for row in found if row.outcome is not Outcome.UNKNOWN]
    return tuple(sorted(found, key=lambda row: _ORDER.index(row.outcome)))


def worst(rows: Sequence[ObstacleRow]) -> Outcome | None:
    """The outcome of all obstacles."""
    return rows[0].outcome if rows else None


def _found(asked: Asked) -> Iterator[ObstacleRow]:
    if asked.is_bridge:
        yield _row(facts.IS_BRIDGE)
        return
    if asked.is_iommu:
        yield _row(facts.IS_IOMMU)
        return
    if not asked.served:
        outcome = Outcome.MAY_BE_REFUSED if asked.unless else Outcome.REFUSED
        yield _row(facts.NO_IOMMU._replace(outcome=outcome), asked.unless)
        return
    if asked.aliased:
        yield _row(facts.ALIASED, asked.aliased)
        return
    yield from _regions(asked)
    yield from _coherence(asked)
    yield from _interrupts(asked)
    if asked.chip in facts.DENIED and VFIO_DENIES.on(asked.version):
        yield _row(facts.DENYLIST)
    if not asked.is_pci:
        yield _row(facts.PLATFORM)
    elif asked.partners is None:
        yield _row(facts.GROUP_UNKNOWN)
    elif others := [each.name for each in asked.partners if not each.is_bridge]:
        yield _row(facts.SHARED_GROUP, listed(others))


def _regions(asked: Asked) -> Iterator[ObstacleRow]:
    """Regions that must stay mapped 1:1, also for another function of the group.

    Before 6.6 only VT-d asked for them, when the first device of a group was attached.
    """
    of_all = REFUSES_DIRECT_REGIONS.on(asked.version)
    if not of_all and not any(each.is_vtd for each in asked.served):
        return
    row = facts.DIRECT_REGION if of_all else facts.LOCKED_RMRR
    found = [("", each) for each in asked.regions]
    found += [(each.name, region) for each in asked.partners or () for region in each.regions]
    direct = [(name, each) for name, each in found if each.kind is RegionKind.DIRECT]
    for regions, outcome in (
        ([each for each in direct if not each[1].note], Outcome.REFUSED),
        ([each for each in direct if each[1].note], Outcome.MAY_BE_REFUSED),
    ):
        if regions:
            spans = (_span(name, each) for name, each in regions)
            yield _row(row._replace(outcome=outcome), listed(spans))


def _span(partner: str, region: Region) -> str:
    notes = [f"of {partner}, which shares its group"] if partner else []
    notes += [region.note] if region.note else []
    note = f" ({'; '.join(notes)})" if notes else ""
    return f"{region.first:#x}-{region.last:#x}{note}"


def _coherence(asked: Asked) -> Iterator[ObstacleRow]:
    if not VFIO_NEEDS_COHERENCE.on(asked.version):
        return
    kinds = {each.coherence for each in asked.served}
    if Coherence.NEVER in kinds:
        yield _row(facts.NEVER_COHERENT)
    elif None in kinds:
        yield _row(facts.IOMMU_UNKNOWN)
    elif SMMU_COHERENCE_IS_DECLARED.on(asked.version):
        declared = [each.is_coherent for each in asked.served]
        if False in declared:
            yield _row(facts.NOT_COHERENT)
        elif None in declared:
            yield _row(facts.COHERENCE_UNKNOWN)


def _interrupts(asked: Asked) -> Iterator[ObstacleRow]:
    said = asked.interrupts
    by_device = ISOLATES_BY_DEVICE.on(asked.version)
    if said.isolated is False and (by_device or asked.is_pci):
        yield _row(facts.NOT_ISOLATED, said.reason or "")
    elif said.isolated is None:
        yield _row(facts.NOT_ISOLATED._replace(outcome=Outcome.MAY_BE_REFUSED), said.reason or "")


def _row(obstacle: Obstacle, detail: str = "") -> ObstacleRow:
    text = f"{obstacle.meaning}: {detail}" if detail else obstacle.meaning
    return ObstacleRow(
        reason=obstacle.name,
        outcome=obstacle.outcome,
        text=text,
        log=obstacle.log or None,
        source=obstacle.source,
    )
