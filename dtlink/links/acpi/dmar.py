"""The links of a DMAR: devices to the VT-d units that translate their DMA, or remap interrupts.

A device is identified by its scope. The consumer of all links of a device is the first scope that
names it, of a unit where there is one. Sources: Intel VT-d, chapter 8; Linux 6.12,
drivers/iommu/intel/dmar.c, iommu.c and irq_remapping.c.
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.facts.behaviours import DMAR_OPTS_OUT, READS_SATC
from dtlink.facts.binding import SupplierBinding
from dtlink.facts.kernels import DEFAULT, KernelVersion
from dtlink.firmware.acpi.dmar import (
    AcpiScope,
    Atsr,
    Bridge,
    Dmar,
    Drhd,
    Endpoint,
    HpetScope,
    IoApicScope,
    PciScope,
    Remapping,
    Rmrr,
    Satc,
    Scope,
    Sidp,
)
from dtlink.links.acpi.dmar_units import Units
from dtlink.links.acpi.link import TableLink, row
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.firmware.acpi.machine import Machine

IOMMU = row("dmar-iommu", "IOMMU")
INCLUDE_ALL = row("dmar-include-all", "IOMMU of what no other unit names")
REMAPPING = row("dmar-interrupts", "interrupt remapping")

#: What a unit gives to the device of its scopes.
BINDINGS: dict[type, SupplierBinding] = {
    Endpoint: IOMMU,
    Bridge: IOMMU,
    AcpiScope: IOMMU,
    IoApicScope: REMAPPING,
    HpetScope: REMAPPING,
}

#: What a scope in these structures says of its device; the unit is the device's.
OTHER_ROWS: dict[type, SupplierBinding] = {
    Rmrr: row("dmar-reservation", "IOMMU at which the region is reserved", orders=False),
    Atsr: row("dmar-ats-port", "IOMMU for the ATS requests below the root port", orders=False),
    Satc: row("dmar-ats-cache", "IOMMU whose translations it caches", orders=False),
    Sidp: row("dmar-properties", "IOMMU that it has properties for", orders=False),
}

# Why Linux does not use an entry.
ANOTHER = "another unit names the device, and Linux finds it there first"
TAKEN = "Linux gives all other devices of the segment to the first unit with INCLUDE_PCI_ALL"
REPEATED = "an earlier scope of the unit names it already"
NO_REMAPPING = "the table says that the platform has no interrupt remapping"
NAMELESS = "no ANDD structure names the device"
NO_ACPI = "Linux finds devices of the namespace for units only (dmar_acpi_insert_dev_scope())"
NO_SIDP = "Linux does not read SIDP structures"
NO_SATC = f"Linux reads SATC structures since {READS_SATC.since} only"
OPTED_OUT = "the table opts out of DMA remapping"


def links(machine: Machine, version: KernelVersion = DEFAULT) -> Iterator[TableLink]:
    """The links of a machine's DMAR."""
    table = machine.dmar
    if table is None:
        return
    opted_out = DMAR_OPTS_OUT.on(version) and bool(table.flags & Dmar.OPT_OUT)
    for link in _links(table, version):
        if opted_out and not link.why_not and link.binding is not REMAPPING:
            yield link._replace(why_not=OPTED_OUT)
        else:
            yield link


def _links(table: Dmar, version: KernelVersion) -> Iterator[TableLink]:
    units = Units(table)
    for unit in table.units:
        for scope in unit.scopes:
            yield from _explicit(units, unit, scope)
        if unit.others:
            taken = "" if units.including(unit.segment) is unit else TAKEN
            why_not = units.why_not(unit) or taken
            yield TableLink(unit.others, unit, INCLUDE_ALL, unit.others, why_not=why_not)
    yield from _others(table, units, version)


def _explicit(units: Units, unit: Drhd, scope: Scope) -> Iterator[TableLink]:
    """The link of a unit's own scope."""
    binding = BINDINGS.get(type(scope))
    if binding is not None:
        why_not = units.why_not(unit) or _why_not_by(units, unit, scope)
        yield TableLink(units.device(scope), unit, binding, scope, why_not=why_not)


def _why_not_by(units: Units, unit: Drhd, scope: Scope) -> str:
    """Why Linux does not use a scope of a unit that it uses."""
    if units.finds(scope) is not unit:
        return ANOTHER
    if isinstance(scope, IoApicScope | HpetScope) and not units.table.remaps_interrupts:
        return NO_REMAPPING
    if isinstance(scope, AcpiScope) and not scope.object_name:
        return NAMELESS
    first = units.device(scope)
    return REPEATED if first is not scope and first.owner is unit else ""


def _others(table: Dmar, units: Units, version: KernelVersion) -> Iterator[TableLink]:
    """The links of scopes that no unit has."""
    for structure in table.remappings:
        binding = OTHER_ROWS.get(type(structure))
        if binding is None:
            continue
        for scope in structure.scopes:
            unit = units.of(scope) if isinstance(scope, PciScope | AcpiScope) else None
            if unit is None:
                continue
            device = units.device(scope)
            why_not = units.why_not(unit)
            if device is scope:
                yield _implicit(units, scope, unit, why_not)
            reason = why_not or _unread(structure, scope, version)
            yield TableLink(device, unit, binding, scope, why_not=reason)


def _unread(structure: Remapping, scope: Scope, version: KernelVersion) -> str:
    """Why a kernel does not read a scope of a structure; empty if it does."""
    if isinstance(structure, Sidp):
        return NO_SIDP
    if isinstance(structure, Satc) and not READS_SATC.on(version):
        return NO_SATC
    return NO_ACPI if isinstance(scope, AcpiScope) else ""


def _implicit(units: Units, scope: Scope, unit: Drhd, why_not: str) -> TableLink:
    """The link of a device that no unit names, to the unit that has it all the same."""
    bridge = units.bridge(scope)
    if bridge is not None:
        return TableLink(scope, unit, IOMMU, bridge, why_not=why_not)
    return TableLink(scope, unit, INCLUDE_ALL, unit.others or scope, why_not=why_not)
