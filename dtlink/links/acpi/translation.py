"""What tables give to the requesters of a PCI segment: IORT first, VIOT for whom it has no IOMMU.

Sources: Linux 6.12, drivers/acpi/arm64/iort.c, iort_node_map_id() and iort_get_device_domain();
drivers/acpi/viot.c, viot_pci_dev_iommu_init(); drivers/acpi/scan.c, acpi_iommu_configure_id();
drivers/irqchip/irq-gic-v2m.c, gicv2m_get_fwnode().
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from dtlink.firmware.acpi.iort import Iort, IortNode, ItsGroup, Mapping, RootComplex, Smmu, SmmuV3
from dtlink.firmware.acpi.madt import GicIts, GicMsiFrame
from dtlink.links.acpi.iort_walk import SMMUS, supplier, usable
from dtlink.links.pieces import Ids, Piece, Span, filled, first_match, within
from dtlink.links.translation import (
    REQUESTER_IDS,
    Entry,
    Kind,
    Supplier,
    Translation,
    Way,
    else_from,
)

if TYPE_CHECKING:
    from dtlink.firmware.acpi.machine import Machine

_ALL = Span(0, 0xFFFFFFFF)
#: A correct table has no way longer than three nodes; this ends those that go round for ever.
_LONGEST = 16


class _Way(NamedTuple):
    """Requester IDs on their way through an IORT."""

    span: Span
    ids: Ids
    node: IortNode | None
    entry: Mapping | None
    """The entry of the root complex by which they went."""
    steps: int


def of_machine(machine: Machine, segment: int) -> Translation:
    """What the tables of a machine give to the requesters of a segment."""
    return Translation(
        else_from(list(_smmus(machine, segment)), _virtio(machine, segment)),
        else_from(list(_services(machine, segment)), list(_frame(machine))),
    )


def root_complex(machine: Machine, segment: int) -> RootComplex | None:
    """The node of a segment: Linux takes the first."""
    nodes = machine.iort.nodes if machine.iort else ()
    found = (node for node in nodes if isinstance(node, RootComplex) and node.segment == segment)
    return next(found, None)


def _smmus(machine: Machine, segment: int) -> Iterator[Piece[Way]]:
    for way in _ways(machine, segment, SMMUS):
        node = way.node
        if isinstance(node, Smmu | SmmuV3):
            kind = Kind.SMMU_V3 if isinstance(node, SmmuV3) else Kind.SMMU
            yield _piece(way, Supplier(("mmio", node.base), kind, node.path))


def _services(machine: Machine, segment: int) -> Iterator[Piece[Way]]:
    """The ITS of each ID: the first of its group, if the MADT has it."""
    entries = machine.madt.entries if machine.madt else ()
    there = {entry.id: entry for entry in reversed(entries) if isinstance(entry, GicIts)}
    for way in _ways(machine, segment, (ItsGroup,)):
        ids = way.node.ids if isinstance(way.node, ItsGroup) else ()
        its = there.get(ids[0]) if ids else None
        if its is not None:
            yield _piece(way, Supplier(("mmio", its.base), Kind.ITS, its.path))


def _piece(way: _Way, found: Supplier) -> Piece[Way]:
    entry = way.entry
    holder = entry.owner if entry is not None else None
    path = holder.path if holder is not None else ""
    said = Entry(path, "mappings", entry.entry if entry is not None else None)
    return Piece(way.span, Way(found, way.ids, said))


def _frame(machine: Machine) -> Iterator[Piece[Way]]:
    """The first GICv2m frame takes the MSIs of all that no ITS serves."""
    for entry in machine.madt.entries if machine.madt else ():
        if isinstance(entry, GicMsiFrame):
            found = Supplier(("mmio", entry.base), Kind.FRAME, entry.path)
            yield Piece(REQUESTER_IDS, Way(found, Ids(0), Entry("APIC", "msi-frame")))
            return


def _ways(machine: Machine, segment: int, kinds: tuple[type[IortNode], ...]) -> list[_Way]:
    """All requester IDs of a segment on their ways to nodes of some kinds."""
    table, start = machine.iort, root_complex(machine, segment)
    found: list[_Way] = []
    todo = [] if start is None else [_Way(REQUESTER_IDS, Ids(0), start, None, 0)]
    known: dict[int, Sequence[Piece[Mapping]]] = {}
    while todo and table is not None:
        way = todo.pop()
        if way.node is None or way.steps > _LONGEST:
            continue
        if isinstance(way.node, kinds):
            found.append(way)
            continue
        if way.node.start not in known:
            known[way.node.start] = node_pieces(way.node)
        todo += _onward(table, way, known[way.node.start])
    return sorted(found, key=lambda way: way.span)


def _onward(table: Iort, way: _Way, pieces: Sequence[Piece[Mapping]]) -> Iterator[_Way]:
    """A way through the entries of the node that it has come to."""
    for span, mapping in within(pieces, way.ids.of(way.span)):
        there = Ids.line(mapping.input_base, mapping.output_base)
        if mapping.single:
            there = Ids(mapping.output_base, 0)
        back = way.ids.offset
        here = Span(span.first - back, span.last - back) if way.ids.step else way.span
        yield _Way(
            here,
            there.after(way.ids),
            supplier(table, mapping),
            way.entry or mapping,
            way.steps + 1,
        )


def node_pieces(node: IortNode) -> list[Piece[Mapping]]:
    """Which entry of a node takes which IDs, as Linux looks them up.

    The first that has an ID takes it, but the last ID of a range goes to a later range that begins
    there, or to a single mapping: firmware is known to count one ID too many.
    """
    entries: list[tuple[Span, Mapping]] = []
    single: Mapping | None = None
    for mapping in usable(node):
        if mapping.single:
            single = mapping
            break
        first = mapping.input_base
        entries.append((Span(first, first + mapping.count), mapping))
    pieces = first_match([*_slips(entries, single), *entries])
    if single is None:
        return pieces
    return [Piece(span, single if value is None else value) for span, value in filled(pieces, _ALL)]


def _slips(
    entries: Sequence[tuple[Span, Mapping]], single: Mapping | None
) -> Iterator[tuple[Span, Mapping]]:
    """The last IDs of ranges that another entry takes over."""
    begins: dict[int, list[int]] = {}
    for number, (span, _) in enumerate(entries):
        begins.setdefault(span.first, []).append(number)
    first = first_match([(span, number) for number, (span, _) in enumerate(entries)])
    for number, (span, mapping) in enumerate(entries):
        last = Span(span.last, span.last)
        if mapping.count and [piece.value for piece in within(first, last)] == [number]:
            there = begins.get(span.last, ())
            later = bisect_right(there, number)
            if later < len(there):
                yield last, entries[there[later]][1]
            elif single is not None:
                yield last, single


def _virtio(machine: Machine, segment: int) -> list[Piece[Way]]:
    del machine, segment
    return []
