"""Devices not covered by any DRHD.

What it finds: a PCI segment in the MCFG that no DRHD is for; a segment with several units of which
none has INCLUDE_PCI_ALL; a segment whose units have neither a PCI device nor INCLUDE_PCI_ALL (a
note); a device of an RMRR, ATSR or SATC structure that is under no unit. One unit that names
devices and has no INCLUDE_PCI_ALL is what QEMU writes, which knows all devices. With --lspci: the
functions that exist and are under no unit.
Why it matters: Linux has no IOMMU for such a device: its DMA reaches all memory, it cannot be given
to a guest, and what the other structures say of it is void. A hypervisor may mean a segment to be
left out (QEMU: default_bus_bypass_iommu).
What to do: add a DRHD for the segment, name the device in a DRHD, or set INCLUDE_PCI_ALL in the
last unit of the segment.
References: Intel VT-d, 8.3 (each segment has a unit) and 8.4 (an RMRR's devices are under a unit);
Linux, drivers/iommu/intel/iommu.c, device_lookup_iommu().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.dmar import AcpiScope, Dmar, Drhd, PciScope, Remapping, Scope
from dtlink.links.acpi.dmar import OTHER_ROWS
from dtlink.links.acpi.dmar_functions import FunctionUnits, function_of
from dtlink.links.acpi.dmar_units import Units
from dtlink.rules.dmar._words import is_whole, listed
from dtlink.rules.model import Finding, Severity, Tables, rule
from dtlink.wording import noun

_NO_IOMMU = "Linux has no IOMMU for"


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    bad=Tables(
        """
        DMAR
          drhd base=0xfed90000 flags=1
        MCFG
          allocation base=0xe0000000 segment=0
          allocation base=0xd0000000 segment=1
        """,
        finds=("DMAR",),
    ),
    good=Tables(
        """
        DMAR
          drhd base=0xfed90000 segment=1 flags=1
          drhd base=0xfed91000 flags=1
        MCFG
          allocation base=0xe0000000 segment=0
          allocation base=0xd0000000 segment=1
        """
    ),
    needs=("DMAR",),
)
def uncovered(board: TablesBoard) -> Iterator[Finding]:
    """One finding for all segments, one for each whose units have nothing, one a structure."""
    table = board.machine.dmar
    if table is None or not table.units or not is_whole(table):
        return
    units, pci = Units(table), board.seen.pci
    told = board.machine.mcfg.segments if board.machine.mcfg else frozenset()
    missing = sorted(told - {unit.segment for unit in table.units})
    if pci is not None:
        yield from _of_functions(table, FunctionUnits(units, pci))
    else:
        if missing:
            yield _segments(table, missing)
        yield from _empty(table)
    functions = None if pci is None else FunctionUnits(units, pci)
    for structure in table.remappings:
        lost = [each for each in _devices(structure) if _is_lost(each, units, functions)]
        if lost and (functions is not None or lost[0].segment not in missing):
            yield _lost(structure, lost, sure=functions is not None)


def _is_lost(scope: Scope, units: Units, functions: FunctionUnits | None) -> bool:
    """Whether a device has no unit; one that the machine does not have needs none."""
    if functions is None or not isinstance(scope, PciScope):
        return units.of(scope) is None
    found = function_of(functions.hierarchy, scope)
    return found is not None and functions.of(found) is None


def _devices(structure: Remapping) -> Iterator[Scope]:
    if type(structure) in OTHER_ROWS:
        for scope in structure.scopes:
            if isinstance(scope, PciScope | AcpiScope) and scope.hops:
                yield scope


def _of_functions(table: Dmar, units: FunctionUnits) -> Iterator[Finding]:
    """The functions that exist and have no unit, for each segment."""
    pci = units.hierarchy
    for segment in sorted(pci.segments):
        lost = [each for each in pci.requesters(segment) if units.of(each) is None]
        if lost:
            alone = segment not in {unit.segment for unit in table.units}
            yield uncovered.finding(
                table,
                f"no DRHD covers {listed(each.name for each in lost)}, which the machine has",
                effect=f"{_NO_IOMMU} {noun(len(lost), 'it: its', 'them: their')} DMA reaches all "
                f"memory, and {noun(len(lost), 'it', 'they')} cannot be given to a guest",
                fix=f"Add a DRHD structure with segment={segment} and INCLUDE_PCI_ALL."
                if alone
                else "Add the devices to the scopes of their unit, or set INCLUDE_PCI_ALL in the "
                "last unit of the segment.",
            )


def _segments(table: Dmar, missing: list[int]) -> Finding:
    return uncovered.finding(
        table,
        f"the MCFG has segment(s) {listed(missing)}, which no DRHD covers",
        effect=f"{_NO_IOMMU} their devices: DMA from there reaches all memory, and none of "
        "them can be given to a guest",
        fix=f"Add a DRHD structure with segment={missing[0]} and INCLUDE_PCI_ALL.",
    )


def _empty(table: Dmar) -> Iterator[Finding]:
    """Segments of which no unit has the devices that are named nowhere."""
    segments: dict[int, list[Drhd]] = {}
    for unit in table.units:
        segments.setdefault(unit.segment, []).append(unit)
    for segment, units in segments.items():
        scopes = (scope for unit in units for scope in unit.scopes)
        named = any(isinstance(each, PciScope | AcpiScope) for each in scopes)
        # A single unit may list all devices that there are, as QEMU's does.
        lists_all = named and len(units) == 1
        if not lists_all and not any(unit.include_all for unit in units):
            which = "has INCLUDE_PCI_ALL" if named else "names a PCI device or has INCLUDE_PCI_ALL"
            ignored = [
                unit.name
                for unit in units
                if unit.scopes
                and not any(isinstance(each, PciScope | AcpiScope) for each in unit.scopes)
            ]
            only = (
                f"; {listed(ignored)} {noun(len(ignored), 'names', 'name')} interrupt sources only"
            )
            whose = "the devices that none names: their" if named else "the segment: its"
            yield uncovered.finding(
                units[0 if not named else -1],
                f"no unit of segment {segment} {which}" + (only if named and ignored else ""),
                property_name="flags",
                effect=f"{_NO_IOMMU} {whose} DMA is not translated, and no message says so",
                fix="Set INCLUDE_PCI_ALL (flags=1) in the last unit of the segment"
                + ("." if named else ", unless bypass is intended."),
                severity=Severity.WARNING if named else Severity.INFO,
            )


def _lost(structure: Remapping, lost: list[Scope], *, sure: bool) -> Finding:
    return uncovered.finding(
        structure,
        f"{structure.name} refers to {listed(each.identity for each in lost)}, which no DRHD "
        f"covers",
        effect=f"{_NO_IOMMU} it: the structure has no effect on it, and its DMA reaches all memory",
        fix="Add the device to the scopes of its unit, by its path from a root bus.",
        # Linux also finds a device by its own bus number, which only enumeration assigns.
        likely=not sure,
    )
