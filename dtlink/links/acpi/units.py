"""What RIMT, IVRS and DMAR give to the requesters of a PCI segment.

Sources: Linux 7.2, drivers/acpi/riscv/rimt.c, rimt_node_map_id(); drivers/iommu/amd/init.c,
set_dev_entry_from_acpi(), of several entries for a device the last; drivers/iommu/intel/iommu.c,
device_lookup_iommu().
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dtlink.firmware.acpi.dmar import Bridge, Drhd, PciScope
from dtlink.firmware.acpi.ivrs import Alias, AliasRange
from dtlink.firmware.acpi.rimt import Iommu, RimtRootComplex
from dtlink.links.acpi.dmar_units import units_of
from dtlink.links.acpi.ivrs import spans
from dtlink.links.id_ranges import REQUESTER_IDS, IdRange, Ids, MappedRange
from dtlink.links.translation import EntryRef, IdTranslation, Key, Supplier, SupplierKind, given
from dtlink.typed import TYPE_CHECKING
from dtlink.wording import listed

if TYPE_CHECKING:
    from dtlink.firmware.acpi.dmar import Dmar
    from dtlink.firmware.acpi.ivrs import Ivhd, Ivrs
    from dtlink.firmware.acpi.machine import Machine
    from dtlink.firmware.acpi.rimt import Rimt

#: The entry of a unit that has all devices that no other names.
INCLUDE_ALL = "INCLUDE_PCI_ALL"
_Entries = Iterator[tuple[IdRange, IdTranslation | None]]


def served(machine: Machine, segment: int) -> list[MappedRange[IdTranslation]]:
    """The IOMMU of each requester ID of a segment; a machine has one of these tables."""
    entries = [
        *(_riscv(machine.rimt, segment) if machine.rimt else ()),
        *(_amd(machine.ivrs, segment) if machine.ivrs else ()),
        *(_intel(machine.dmar, segment) if machine.dmar else ()),
    ]
    return given(entries)


def keys(machine: Machine) -> Iterator[Key]:
    """The IOMMUs that the tables describe, whoever is given them."""
    for node in machine.rimt.nodes if machine.rimt else ():
        if isinstance(node, Iommu):
            yield riscv_supplier(node).key
    for block in machine.ivrs.iommus.values() if machine.ivrs else ():
        yield amd_supplier(block).key
    for unit in machine.dmar.units if machine.dmar else ():
        yield "mmio", unit.base


def riscv_root(machine: Machine, segment: int) -> RimtRootComplex | None:
    """The RIMT's root complex of a segment: Linux takes the first."""
    nodes = machine.rimt.nodes if machine.rimt else ()
    found = (each for each in nodes if isinstance(each, RimtRootComplex))
    return next((each for each in found if each.segment == segment), None)


def unsure(machine: Machine, segment: int) -> Sequence[Bridge]:
    """Bridges that units of a DMAR name: what is behind them is known at run time only."""
    return units_of(machine.dmar).bridges.get(segment, ()) if machine.dmar else ()


def bridges_above(machine: Machine, segment: int, bus: int) -> str:
    """The bridges that units name and that a bus may be behind, by unit; empty if there are none.

    A bus has a higher number than the bridges above it.
    """
    places: dict[str, list[str]] = {}
    for each in unsure(machine, segment):
        if each.bus < bus and each.owner:
            places.setdefault(each.owner.name, []).append(each.place)
    return listed(f"{listed(some)} ({unit})" for unit, some in places.items())


def _riscv(table: Rimt, segment: int) -> _Entries:
    """The first entry that has an ID counts; Linux takes the ID after the last as well."""
    nodes = (each for each in table.nodes if isinstance(each, RimtRootComplex))
    root = next((each for each in nodes if each.segment == segment), None)
    for mapping in root.mappings if root else ():
        target = table.by_offset.get(mapping.output)
        last = mapping.source_base + mapping.count
        span = IdRange(mapping.source_base, last) & REQUESTER_IDS
        if root and span and isinstance(target, Iommu):
            ids = Ids.line(mapping.source_base, mapping.output_base)
            said = EntryRef(root.path, "mappings", mapping.entry)
            yield span, IdTranslation(riscv_supplier(target), ids, said)


def riscv_supplier(node: Iommu) -> Supplier:
    """A RISC-V IOMMU as a supplier."""
    key: Key = ("pci", node.segment, node.function) if node.is_pcie else ("mmio", node.base)
    return Supplier(key, SupplierKind.IOMMU, node.path)


def _amd(table: Ivrs, segment: int) -> _Entries:
    """The last entry that has a device counts, and none gives an IOMMU to itself."""
    blocks = [block for block in table.taken if block.segment == segment]
    for block in blocks:
        yield IdRange(block.device, block.device), None
    same = Ids(0)
    for block in reversed(blocks):
        supplier = amd_supplier(block)
        for first, last, entry in reversed(spans(block)):
            ids = Ids(entry.alias, 0) if isinstance(entry, (Alias, AliasRange)) else same
            said = EntryRef(entry.path, entry.WORD)
            yield IdRange(first, last), IdTranslation(supplier, ids, said)


def amd_supplier(block: Ivhd) -> Supplier:
    """An IOMMU of an IVRS as a supplier."""
    return Supplier(("pci", block.segment, block.device), SupplierKind.IOMMU, block.path)


def _intel(table: Dmar, segment: int) -> _Entries:
    """The functions that units name on the bus of the scope itself, then all others."""
    if units_of(table).refused:
        return
    units = units_of(table)
    for unit in units.by_segment.get(segment, ()):
        for scope in unit.scopes:
            if isinstance(scope, PciScope) and len(scope.hops) == 1:
                ((device, function),) = scope.hops
                ident = scope.bus << 8 | device << 3 | function
                yield IdRange(ident, ident), _intel_way(unit, EntryRef(scope.path, scope.WORD))
    rest = units.including(segment)
    if rest is not None:
        yield REQUESTER_IDS, _intel_way(rest, EntryRef(rest.path, INCLUDE_ALL))


def _intel_way(unit: Drhd, said: EntryRef) -> IdTranslation:
    return IdTranslation(intel_supplier(unit), Ids(0), said)


def intel_supplier(unit: Drhd) -> Supplier:
    """A unit of a DMAR as a supplier."""
    return Supplier(("mmio", unit.base), SupplierKind.IOMMU, unit.path)
