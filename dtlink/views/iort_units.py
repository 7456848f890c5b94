"""What a RIMT, an IVRS or a DMAR gives to one requester, for ``dtlink iort``."""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.facts.behaviours import READS_RIMT
from dtlink.links.acpi.components import component_ways
from dtlink.links.acpi.dmar_units import units_of
from dtlink.links.acpi.rimt import NOT_READ
from dtlink.links.acpi.units import INCLUDE_ALL, bridges_above
from dtlink.links.id_ranges import IdRange, within
from dtlink.typed import TYPE_CHECKING
from dtlink.views.iort_walks import TranslationStep, TranslationWalk

if TYPE_CHECKING:
    from dtlink.board.tables import TablesBoard
    from dtlink.links.acpi.components import Component
    from dtlink.links.translation import IdTranslation

_IOMMU = "IOMMU"
#: Why a requester has no IOMMU, by table.
_NONE = {
    "RIMT": "no mapping of the root complex has the ID",
    "IVRS": "no entry names the function, or it is an IOMMU",
    "DMAR": "no unit names the function, and none of the segment has INCLUDE_PCI_ALL",
}


def unit_walks(board: TablesBoard, segment: int, requester: int) -> Iterator[TranslationWalk]:
    """The walk of a PCI function to its IOMMU, if there is a table of these."""
    tables = [name for name in _NONE if name in board.machine.tables]
    if not tables:
        return
    ways = board.served(segment)
    way = next((each.value for each in within(ways, IdRange(requester, requester))), None)
    yield from _read(board, tables[0], _walk(board, tables[0], segment, requester, way))


def unit_component(board: TablesBoard, node: Component) -> Iterator[TranslationWalk]:
    """The walks of a device that a RIMT, an IVRS or a DMAR names."""
    for way in component_ways(board.machine, node):
        step = _step(way, None, way.ids.offset)
        yield from _read(board, node.TABLE, _found(step, way, None))


def _read(board: TablesBoard, table: str, walk: TranslationWalk) -> Iterator[TranslationWalk]:
    """A walk as Linux does it; where it does not read the table, as specified."""
    if table != "RIMT" or READS_RIMT.on(board.version):
        yield walk
        return
    yield TranslationWalk(
        sought=_IOMMU, reading="linux", steps=(), found=None, id=None, end=NOT_READ
    )
    if walk.found:
        yield TranslationWalk(
            sought=_IOMMU,
            reading="specification",
            steps=walk.steps,
            found=walk.found,
            id=walk.id,
            end=None,
        )


def _walk(
    board: TablesBoard, table: str, segment: int, requester: int, way: IdTranslation | None
) -> TranslationWalk:
    is_open = way is None or way.entry.name == INCLUDE_ALL
    above = bridges_above(board.machine, segment, requester >> 8) if is_open else ""
    what = "a unit" if way is None else "another unit"
    note = f"unless it is behind a bridge that {what} names: {above}" if above else None
    if way is None:
        off = units_of(board.machine.dmar).refused if board.machine.dmar else ""
        return TranslationWalk(
            sought=_IOMMU,
            reading="linux",
            steps=(),
            found=None,
            id=None,
            end=off or _NONE[table],
            note=None if off else note,
        )
    return _found(_step(way, requester, way.ids.at(requester)), way, note)


def _step(way: IdTranslation, requester: int | None, ident: int) -> TranslationStep:
    return TranslationStep(
        node=way.entry.path,
        index=way.entry.number or 0,
        id_in=requester,
        id_out=ident,
        target=way.supplier.path,
        entry=way.entry.name,
    )


def _found(step: TranslationStep, way: IdTranslation, note: str | None) -> TranslationWalk:
    return TranslationWalk(
        sought=_IOMMU,
        reading="linux",
        steps=(step,),
        found=way.supplier.path,
        id=step.id_out,
        end=None,
        note=note,
    )
