"""What tables give to the requesters of a PCI segment: IORT first, VIOT for whom it has no IOMMU;
for RIMT, IVRS and DMAR see :mod:`dtlink.links.acpi.units`.

Sources: Linux 6.12, drivers/acpi/arm64/iort.c, iort_node_map_id() and iort_get_device_domain();
drivers/acpi/viot.c, viot_pci_dev_iommu_init(); drivers/acpi/scan.c, acpi_iommu_configure_id();
drivers/irqchip/irq-gic-v2m.c, gicv2m_get_fwnode().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.firmware.acpi.iort import IdMapping, Iort, IortNode, ItsGroup, RootComplex, Smmu, SmmuV3
from dtlink.firmware.acpi.madt import GicIts, GicMsiFrame, GicTranslateFrame
from dtlink.firmware.acpi.viot import VirtioIommu, VirtioIommuPci
from dtlink.links.acpi import units
from dtlink.links.acpi.iort_pieces import pieces
from dtlink.links.acpi.iort_walk import MAX_STEPS, SMMUS, supplier
from dtlink.links.acpi.viot import stops_at
from dtlink.links.id_ranges import REQUESTER_IDS, IdRange, Ids, MappedRange, within
from dtlink.links.translation import (
    EntryRef,
    IdTranslation,
    Key,
    Supplier,
    SupplierKind,
    Translation,
    else_from,
    given,
)
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.firmware.acpi.layout import Struct
    from dtlink.firmware.acpi.machine import Machine


class _Way(NamedTuple):
    """Requester IDs on their way through an IORT."""

    span: IdRange
    ids: Ids
    node: IortNode | None
    entry: IdMapping | None
    """The entry of the root complex by which they went."""
    steps: int


def of_machine(machine: Machine, segment: int) -> Translation:
    """What the tables of a machine give to the requesters of a segment."""
    iommus = else_from(list(_smmus(machine, segment)), _virtio(machine, segment))
    return Translation(
        else_from(iommus, units.served(machine, segment)),
        else_from(list(_services(machine, segment)), list(_frame(machine))),
    )


def root_complex(machine: Machine, segment: int) -> RootComplex | None:
    """The node of a segment: Linux takes the first."""
    nodes = machine.iort.nodes if machine.iort else ()
    found = (node for node in nodes if isinstance(node, RootComplex) and node.segment == segment)
    return next(found, None)


def holder(machine: Machine, segment: int) -> Struct | None:
    """The node that has the mappings of a segment: in an IORT, else in a RIMT."""
    return root_complex(machine, segment) or units.riscv_root(machine, segment)


def iommu_keys(machine: Machine) -> frozenset[Key]:
    """The IOMMUs that the tables describe, whoever is given them."""
    found: set[Key] = set()
    for node in machine.iort.nodes if machine.iort else ():
        if isinstance(node, Smmu | SmmuV3):
            found.add(("mmio", node.base))
    for iommu in machine.viot.iommus if machine.viot else ():
        found.add(_virtio_key(iommu))
    return frozenset((*found, *units.keys(machine)))


def _smmus(machine: Machine, segment: int) -> Iterator[MappedRange[IdTranslation]]:
    for way in _ways(machine, segment, SMMUS):
        node = way.node
        if isinstance(node, Smmu | SmmuV3):
            kind = SupplierKind.SMMU_V3 if isinstance(node, SmmuV3) else SupplierKind.SMMU
            yield _piece(way, Supplier(("mmio", node.base), kind, node.path))


def _services(machine: Machine, segment: int) -> Iterator[MappedRange[IdTranslation]]:
    """The ITS of each ID: the first of its group, if the MADT has it."""
    entries = machine.madt.entries if machine.madt else ()
    there = {
        entry.id: entry
        for entry in reversed(entries)
        if isinstance(entry, GicIts | GicTranslateFrame)
    }
    for way in _ways(machine, segment, (ItsGroup,)):
        ids = way.node.first_ids(1) if isinstance(way.node, ItsGroup) else ()
        its = there.get(ids[0]) if ids else None
        if its is not None:
            yield _piece(way, Supplier(("mmio", its.base), SupplierKind.ITS, its.path))


def _piece(way: _Way, found: Supplier) -> MappedRange[IdTranslation]:
    entry = way.entry
    holder = entry.owner if entry is not None else None
    path = holder.path if holder is not None else ""
    said = EntryRef(path, "mappings", entry.entry if entry is not None else None)
    return MappedRange(way.span, IdTranslation(found, way.ids, said))


def _frame(machine: Machine) -> Iterator[MappedRange[IdTranslation]]:
    """The first GICv2m frame takes the MSIs of all that no ITS serves."""
    for entry in machine.madt.entries if machine.madt else ():
        if isinstance(entry, GicMsiFrame):
            found = Supplier(("mmio", entry.base), SupplierKind.FRAME, entry.path)
            yield MappedRange(
                REQUESTER_IDS, IdTranslation(found, Ids(0), EntryRef("APIC", "msi-frame"))
            )
            return


def _ways(machine: Machine, segment: int, kinds: tuple[type[IortNode], ...]) -> list[_Way]:
    """All requester IDs of a segment on their ways to nodes of some kinds."""
    table, start = machine.iort, root_complex(machine, segment)
    found: list[_Way] = []
    todo = [] if start is None else [_Way(REQUESTER_IDS, Ids(0), start, None, 0)]
    while todo and table is not None:
        way = todo.pop()
        if isinstance(way.node, kinds):
            found.append(way)
        elif way.node is not None and way.steps < MAX_STEPS:
            todo += _onward(table, way, way.node)
    return sorted(found, key=lambda way: way.span)


def _onward(table: Iort, way: _Way, node: IortNode) -> Iterator[_Way]:
    """A way through the entries of the node that it has come to."""
    for span, mapping in within(pieces(node), way.ids.of(way.span)):
        ids = Ids.line(mapping.input_base, mapping.output_base)
        if mapping.single:
            ids = Ids(mapping.output_base, 0)
        back = way.ids.offset
        here = IdRange(span.first - back, span.last - back)
        yield _Way(
            here if way.ids.step else way.span,
            ids.after(way.ids),
            supplier(table, mapping),
            way.entry or mapping,
            way.steps + 1,
        )


def _virtio(machine: Machine, segment: int) -> list[MappedRange[IdTranslation]]:
    """What the VIOT gives. Of several ranges that have a function Linux takes the last."""
    table = machine.viot
    if table is None:
        return []
    stop = stops_at(table)
    entries: list[tuple[IdRange, IdTranslation | None]] = []
    for node in reversed(table.ranges):
        iommu, span = table.iommu_of(node), IdRange(node.bdf_start, node.bdf_end)
        if iommu is None or node.start >= stop or segment not in node.segments or not span:
            continue
        if isinstance(iommu, VirtioIommuPci) and iommu.segment == segment:
            # It is not translated by itself (viot_dev_iommu_init()).
            own = IdRange(iommu.function, iommu.function) & span
            entries += [(own, None)] if own else []
        ids = Ids.line(span.first, node.endpoint_id(segment, span.first))
        found = Supplier(_virtio_key(iommu), SupplierKind.VIRTIO, iommu.path)
        entries.append((span, IdTranslation(found, ids, EntryRef(node.path, node.WORD))))
    return given(entries)


def _virtio_key(iommu: VirtioIommu) -> Key:
    if isinstance(iommu, VirtioIommuPci):
        return "pci", iommu.segment, iommu.function
    return "mmio", iommu.base
