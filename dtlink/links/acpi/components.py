"""The devices that tables refer to by a name, and the IOMMUs of those that are in no IORT.

Sources: Linux 7.2, drivers/acpi/riscv/rimt.c, rimt_plat_iommu_map(); drivers/iommu/amd/init.c,
add_acpi_hid_device(); drivers/iommu/intel/dmar.c, dmar_acpi_dev_scope_init().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.firmware.acpi.dmar import AcpiScope
from dtlink.firmware.acpi.iort import NamedComponent
from dtlink.firmware.acpi.ivrs import AcpiHid, Ivhd
from dtlink.firmware.acpi.rimt import Iommu, PlatformDevice
from dtlink.links.acpi.dmar_units import units_of
from dtlink.links.acpi.units import amd_supplier, intel_supplier, riscv_supplier
from dtlink.links.id_ranges import Ids
from dtlink.links.translation import EntryRef, IdTranslation
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TypeAlias

    from dtlink.firmware.acpi.machine import Machine

Component: TypeAlias = NamedComponent | PlatformDevice | AcpiHid | AcpiScope


def components(machine: Machine) -> list[Component]:
    """The devices that the tables of a machine refer to by a name."""
    found: list[Component] = []
    for table in (machine.iort, machine.rimt):
        nodes = table.nodes if table else ()
        found += [each for each in nodes if isinstance(each, NamedComponent | PlatformDevice)]
    for block in machine.ivrs.taken if machine.ivrs else ():
        found += [each for each in block.entries if isinstance(each, AcpiHid)]
    for unit in machine.dmar.units if machine.dmar else ():
        found += [each for each in unit.scopes if isinstance(each, AcpiScope)]
    return found


def component_name(node: Component) -> str:
    """The path of a device; its hardware ID and unique ID in an IVRS."""
    return node.identity if isinstance(node, AcpiHid | AcpiScope) else node.object_name


def component_ways(machine: Machine, node: Component) -> Iterator[IdTranslation]:
    """The IOMMUs of a device that no IORT has, and its IDs there: ``Ids(id, 0)``."""
    if isinstance(node, PlatformDevice):
        for mapping in node.mappings:
            target = machine.rimt.by_offset.get(mapping.output) if machine.rimt else None
            if isinstance(target, Iommu):
                said = EntryRef(node.path, "mappings", mapping.entry)
                ids = Ids(mapping.output_base, 0)
                yield IdTranslation(riscv_supplier(target), ids, said)
    elif isinstance(node, AcpiHid) and isinstance(node.owner, Ivhd):
        said = EntryRef(node.path, node.WORD)
        yield IdTranslation(amd_supplier(node.owner), Ids(node.device, 0), said)
    elif isinstance(node, AcpiScope) and machine.dmar and not units_of(machine.dmar).refused:
        unit = units_of(machine.dmar).finds(node)
        if unit is not None and node.hops:
            device, function = node.hops[-1]
            ids = Ids(node.bus << 8 | device << 3 | function, 0)
            yield IdTranslation(intel_supplier(unit), ids, EntryRef(node.path, node.WORD))
