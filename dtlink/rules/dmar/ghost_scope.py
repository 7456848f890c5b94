"""A device scope names a function that the machine does not have.

What it finds: with --lspci, scopes of PCI devices at whose path there is no function, unless a
device may be plugged in there. A warning where Linux could not find any device by the path: it
begins on a bus behind a bridge, or leads through a function that is not a bridge. Else a note:
devices that are off or not fitted are often named.
Why it matters: Linux says nothing. If the device is there and the path is wrong, it goes to the
unit with INCLUDE_PCI_ALL or to none, its reserved memory (RMRR) is not mapped, and its DMA is
refused by the unit that it is really behind.
What to do: write the path from a root bus, with the bus numbers that the machine has; remove scopes
of devices that it never has.
References: Intel VT-d, 8.3.1; Linux, drivers/iommu/intel/dmar.c, dmar_match_pci_path(),
dmar_insert_dev_scope().
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.dmar import PciScope, Remapping, Rmrr
from dtlink.links.acpi.dmar_functions import function_of, why_never
from dtlink.links.pci.hierarchy import PciHierarchy
from dtlink.rules.dmar._words import listed
from dtlink.rules.model import Finding, Severity, Tables, rule
from dtlink.wording import noun

_GENERAL = "Linux finds no device by it, without a message"


@rule(
    __name__,
    __doc__,
    severity=Severity.INFO,
    since="0.2",
    bad=Tables(
        """
        DMAR
          drhd base=0xfed90000
            device: endpoint hops="02.0"
          drhd base=0xfed91000 flags=1
        """,
        finds=("device",),
        lspci="""
        00:00.0 Host bridge [0600]: Intel Corporation Device [8086:0100]
        00:1f.2 SATA controller [0106]: Intel Corporation Device [8086:1e03]
        """,
    ),
    good=Tables(
        """
        DMAR
          drhd base=0xfed90000
            endpoint hops="02.0"
          drhd base=0xfed91000 flags=1
        """,
        lspci="""
        00:00.0 Host bridge [0600]: Intel Corporation Device [8086:0100]
        00:02.0 VGA compatible controller [0300]: Intel Corporation Device [8086:0162]
        00:1f.2 SATA controller [0106]: Intel Corporation Device [8086:1e03]
        """,
    ),
    needs=("DMAR",),
)
def ghost_scope(board: TablesBoard) -> Iterator[Finding]:
    """One finding a structure for paths that lead nowhere, one for devices that are not there."""
    table, pci = board.machine.dmar, board.seen.pci
    if table is None or pci is None:
        return
    for structure in table.remappings:
        never: list[tuple[PciScope, str]] = []
        absent: list[PciScope] = []
        for scope in structure.scopes:
            if isinstance(scope, PciScope) and scope.hops and function_of(pci, scope) is None:
                why = why_never(pci, scope)
                if why:
                    never.append((scope, why))
                elif not _may_appear(pci, scope):
                    absent.append(scope)
        if never:
            yield _impossible(never)
        if absent:
            yield _absent(structure, absent)


def _may_appear(pci: PciHierarchy, scope: PciScope) -> bool:
    """Whether a device may be plugged in at a path; without bridges' numbers all may be there."""
    (device, function), *behind = scope.hops
    if behind and not pci.functions.has_bridges:
        return True
    rid = scope.bus << 8 | (device & 0x1F) << 3 | function & 7
    first = pci.functions.find(scope.segment, rid)
    plugged = bool(behind) and first is not None and first.hotplug
    return plugged or scope.bus in pci.hotplug_buses(scope.segment)


def _impossible(those: Sequence[tuple[PciScope, str]]) -> Finding:
    first, why = those[0]
    more = f"; {len(those) - 1} more of {first.owner.name}" if first.owner and those[1:] else ""
    return ghost_scope.finding(
        first,
        f"the path {first.place} leads to no function: {why}{more}",
        property_name="hops",
        severity=Severity.WARNING,
        effect=f"{_GENERAL}, whatever is plugged in: the device that is meant has the IOMMU of "
        "all others, or none, and its DMA may be refused",
        fix="Write the path from a root bus: a device and a function for each bridge on the way, "
        "and for the device.",
        related=[scope for scope, _ in those[1:4]],
    )


def _absent(structure: Remapping, those: Sequence[PciScope]) -> Finding:
    places = listed(scope.place for scope in those)
    region = "; the region is mapped for no device" if isinstance(structure, Rmrr) else ""
    return ghost_scope.finding(
        those[0],
        f"{structure.name} is for {places}, where the machine has no function",
        effect=f"{_GENERAL}{region}; harmless if {noun(len(those), 'the device is', 'they are')} "
        "off or not fitted",
        fix="Correct the path if the device is there (lspci -D), else remove the scope.",
        related=those[1:4],
    )
