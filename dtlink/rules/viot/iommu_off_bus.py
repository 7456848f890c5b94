"""A virtio-iommu is on a PCI bus that the machine does not have.

What it finds: a virtio-iommu's node whose segment the MCFG does not name, or whose bus is outside
of the buses that it gives the segment.
Why it matters: Linux looks the function up among the devices that it has found. It is not there
("Could not find PCI IOMMU"), and every range that names the node is dropped: the devices have no
IOMMU.
What to do: write the segment and the BDF as the guest sees them, with the bus numbers that the
firmware programs.
References: ACPI specification 6.5, 5.2.34; PCI Firmware specification, 4.1.2; Linux,
drivers/acpi/viot.c, viot_get_pci_iommu_fwnode().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.machine import Machine
from dtlink.firmware.acpi.viot import VirtioIommuPci
from dtlink.rules.model import Finding, Fix, Safety, Severity, Tables, rule
from dtlink.rules.viot._words import NO_IOMMU, PREFIX, UNTRANSLATED


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    fix=Safety(False, "a host bridge without an entry of the MCFG may have it"),
    bad=Tables(
        """
        MCFG
          allocation base=0x4010000000 segment=0
        VIOT
          iommu: virtio-iommu-pci segment=1 function=0x8
          pci-range bdf_end=0xff output=iommu
        """,
        finds=("iommu:segment",),
    ),
    good=Tables(
        """
        MCFG
          allocation base=0x4010000000 segment=0
        VIOT
          iommu: virtio-iommu-pci segment=0 function=0x8
          pci-range bdf_end=0xff output=iommu
        """
    ),
    needs=("VIOT",),
)
def iommu_off_bus(board: TablesBoard) -> Iterator[Finding]:
    """One finding an IOMMU. Only likely: a host bridge may come without an entry of the MCFG."""
    machine = board.machine
    buses = _buses(machine)
    for node in machine.viot.iommus if machine.viot and buses else ():
        if isinstance(node, VirtioIommuPci) and not _is_there(machine, buses, node):
            yield _finding(buses, node)


def _buses(machine: Machine) -> dict[int, int]:
    """The buses of each segment, a bit each."""
    found: dict[int, int] = {}
    for entry in machine.mcfg.allocations if machine.mcfg else ():
        bits = (1 << len(entry.buses)) - 1 << entry.start_bus
        found[entry.segment] = found.get(entry.segment, 0) | bits
    return found


def _is_there(machine: Machine, buses: dict[int, int], node: VirtioIommuPci) -> bool:
    """Whether Linux can reach its bus: a PC reaches all of segment 0 through I/O ports as well."""
    if node.segment == 0 and machine.madt and machine.madt.ioapics:
        return True
    return bool(buses.get(node.segment, 0) >> (node.function >> 8) & 1)


def _finding(buses: dict[int, int], node: VirtioIommuPci) -> Finding:
    bits = buses.get(node.segment, 0)
    if node.segment in buses:
        what = f"bus {node.function >> 8:#x}, and the MCFG gives segment {node.segment} no bus"
        if bits:
            what += f" but {(bits & -bits).bit_length() - 1:#x} to {bits.bit_length() - 1:#x}"
    else:
        segments = ", ".join(map(str, sorted(buses)[:8]))
        what = f"segment {node.segment}, which the MCFG does not name (it has {segments})"
    return iommu_off_bus.finding(
        node,
        f"{node.name} is on {what}",
        property_name="function" if node.segment in buses else "segment",
        effect=f'"{PREFIX}Could not find PCI IOMMU", {NO_IOMMU}: the devices behind it have '
        f"{UNTRANSLATED}",
        fix=_fix(buses, node),
        likely=True,
    )


def _fix(buses: dict[int, int], node: VirtioIommuPci) -> Fix | str:
    """With an edit where there is one segment, with the bus."""
    text = "Set the segment and the BDF at which the guest finds the virtio-iommu (lspci -D)."
    (segment, bits), *more = buses.items()
    if more or segment == node.segment or not bits >> (node.function >> 8) & 1:
        return text
    return Fix.setting(text, (node, "segment", segment))
