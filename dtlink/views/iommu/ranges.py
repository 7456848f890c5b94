"""All requester IDs that an input describes, by their IOMMU and MSI controller."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import lru_cache, partial
from itertools import islice

from dtlink.facts.behaviours import READS_RIMT, READS_VIOT
from dtlink.firmware.acpi.dmar import Drhd
from dtlink.firmware.acpi.iort import RootComplex
from dtlink.firmware.acpi.ivrs import Ivhd
from dtlink.firmware.acpi.rimt import RimtRootComplex
from dtlink.firmware.acpi.viot import PciRange
from dtlink.firmware.errors import InputError
from dtlink.links import hosts as pci_hosts
from dtlink.links.acpi.rimt import NOT_READ
from dtlink.links.acpi.translation import holder, of_machine
from dtlink.links.acpi.units import INCLUDE_ALL, bridges_above
from dtlink.links.acpi.viot import NOT_READ as VIOT_NOT_READ
from dtlink.links.id_ranges import REQUESTER_IDS, IdRange, side_by_side
from dtlink.links.translation import SupplierKind, Translation, of_tree
from dtlink.typed import TYPE_CHECKING
from dtlink.views.iommu.of_tree import hosts
from dtlink.views.iommu.rows import RangeRow

if TYPE_CHECKING:
    from dtlink.facts.kernels import KernelVersion
    from dtlink.firmware.acpi.machine import Machine
    from dtlink.firmware.tree import Tree
    from dtlink.links.translation import IdTranslation

#: Upper bound on segments; the largest machines have a few dozen.
MAX_SEGMENTS = 256
#: Upper bound on rows; the largest boards have 64. A mask of IDs may ask for one for each ID.
MAX_RANGES = 1000
#: Upper bound on the pieces of maps that are read for them: an IOMMU may have many in one row.
_MAX_PIECES = 16_384
#: MSI controllers that do not distinguish devices.
_WITHOUT_IDS = (SupplierKind.FRAME, SupplierKind.MSI)


def first_rows(pieces: Iterator[RangeRow]) -> tuple[tuple[RangeRow, ...], bool]:
    """The first rows of pieces, neighbours as one, and whether there are more."""
    rows = tuple(islice(_joined(islice(pieces, _MAX_PIECES)), MAX_RANGES + 1))
    return rows[:MAX_RANGES], len(rows) > MAX_RANGES or next(pieces, None) is not None


def of_tables(machine: Machine, version: KernelVersion) -> Iterator[RangeRow]:
    """The pieces of each segment that the tables know."""
    for segment in segments(machine):
        node = holder(machine, segment)
        host = node.path if node else None
        above = lru_cache(maxsize=None)(partial(bridges_above, machine, segment))
        noted = partial(_note, machine, version, above)
        yield from _rows(of_machine(machine, segment), segment, host, REQUESTER_IDS, noted)


def _note(
    machine: Machine,
    version: KernelVersion,
    bridges: Callable[[int], str],
    entry: str | None,
    last: int,
) -> str | None:
    """What is to be said of the IOMMU that an entry gives to the IDs up to ``last``."""
    if entry is None or entry == INCLUDE_ALL:
        above = bridges(last >> 8)
        return f"unless behind {above}" if above else None
    if entry == "mappings" and machine.rimt is not None and not READS_RIMT.on(version):
        return NOT_READ
    if entry == PciRange.WORD and not READS_VIOT.on(version):
        return VIOT_NOT_READ
    return None


def of_hosts(tree: Tree) -> Iterator[RangeRow]:
    """The pieces of each PCI host of a devicetree."""
    there = hosts(tree)
    known = pci_hosts.segments(there)
    for host in there:
        ways = of_tree(tree, host.node, known)
        yield from _rows(ways, host.segment, host.path, host.ids)


def segments(machine: Machine) -> list[int]:
    """The PCI segments that the tables describe.

    Raises :class:`InputError` if there are more than :data:`MAX_SEGMENTS`.
    """
    found = set(machine.mcfg.segments) if machine.mcfg else set()
    nodes = (
        *(machine.iort.nodes if machine.iort else ()),
        *(machine.rimt.nodes if machine.rimt else ()),
        *(machine.dmar.units if machine.dmar else ()),
        *(machine.ivrs.taken if machine.ivrs else ()),
    )
    for each in nodes:
        if isinstance(each, RootComplex | RimtRootComplex | Drhd | Ivhd):
            found.add(each.segment)
    for each in machine.viot.ranges if machine.viot else ():
        found.update(each.segments[: MAX_SEGMENTS + 1])
    if len(found) > MAX_SEGMENTS:
        raise InputError(
            f"cannot list {len(found)} segments (limit {MAX_SEGMENTS}): name a function"
        )
    return sorted(found)


def _rows(
    ways: Translation,
    segment: int,
    host: str | None,
    ids: IdRange,
    noted: Callable[[str | None, int], str | None] = lambda _entry, _last: None,
) -> Iterator[RangeRow]:
    """One row for each pair of entries; ``noted`` makes its note of the IOMMU's entry."""
    for span, (iommu, msi) in side_by_side(ways.iommu, ways.msi, ids):
        first, count = _ids(iommu, span)
        device, devices = _ids(msi, span)
        yield RangeRow(
            segment=segment,
            first=span.first,
            last=span.last,
            host=host,
            iommu=iommu.supplier.path if iommu else None,
            iommu_id=first,
            iommu_ids=count,
            msi=msi.supplier.path if msi else None,
            msi_id=device,
            msi_ids=devices,
            note=noted(iommu.entry.name if iommu else None, span.last),
        )


def _ids(way: IdTranslation | None, span: IdRange) -> tuple[int | None, int]:
    if way is None or way.supplier.kind in _WITHOUT_IDS:
        return None, 0
    return way.ids.at(span.first), span.size if way.ids.step else 1


def _joined(rows: Iterable[RangeRow]) -> Iterator[RangeRow]:
    """Neighbours as one row where their IDs go on."""
    run: _Run | None = None
    for row in rows:
        if run is not None and _goes_on(run, row):
            run.add(row)
            continue
        if run is not None:
            yield run.row
        run = _Run(row)
    if run is not None:
        yield run.row


class _Run:
    """Rows that go on, so far."""

    def __init__(self, first: RangeRow) -> None:
        self.first = first
        self.last, self.iommu_ids, self.msi_ids = first.last, first.iommu_ids, first.msi_ids

    def add(self, row: RangeRow) -> None:
        """Go on with a row."""
        self.last = row.last
        self.iommu_ids += row.iommu_ids
        self.msi_ids += row.msi_ids

    @property
    def row(self) -> RangeRow:
        """The rows as one."""
        if self.last == self.first.last:
            return self.first
        return replace(self.first, last=self.last, iommu_ids=self.iommu_ids, msi_ids=self.msi_ids)


def _goes_on(run: _Run, other: RangeRow) -> bool:
    """Whether two ranges have the same suppliers and note, and the IDs of the second follow."""
    one = run.first
    if (one.segment, one.host, run.last + 1) != (other.segment, other.host, other.first):
        return False
    sides = (
        (one.iommu, one.iommu_id, run.iommu_ids, other.iommu, other.iommu_id, other.iommu_ids),
        (one.msi, one.msi_id, run.msi_ids, other.msi, other.msi_id, other.msi_ids),
    )
    sizes = run.last - one.first + 1, other.last - other.first + 1
    return one.note == other.note and all(
        supplier == following
        and (
            supplier is None
            or (first is None and ident is None)
            or ((count, counts) == sizes and first is not None and ident == first + count)
        )
        for supplier, first, count, following, ident, counts in sides
    )
