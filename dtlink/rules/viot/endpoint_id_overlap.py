"""Two devices have one endpoint ID at one virtio-iommu.

What it finds: ranges or endpoints that give an endpoint ID of one IOMMU to several devices. Two
ranges that give a function the same ID agree, and are left alone, and so is the ID of the IOMMU
itself, which is never used.
Why it matters: the IOMMU knows its endpoints by these IDs alone. Attaching the second device to its
domain takes the first out of its own: the first device's DMA faults, or lands in the memory of the
second.
What to do: give every range an endpoint_start of its own, far enough from the others.
References: ACPI specification 6.5, 5.2.34; Virtual I/O Device (VIRTIO) specification 1.2, 5.13,
endpoint ID, ATTACH; Linux, drivers/acpi/viot.c, viot_pci_dev_iommu_init().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.viot import Endpoint, MmioEndpoint, PciRange, Viot
from dtlink.links.acpi.viot import agree, exempt, ids_overlap
from dtlink.records import NamedTuple
from dtlink.rules.model import Finding, Severity, Tables, rule
from dtlink.wording import noun


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    bad=Tables(
        """
        VIOT
          iommu: virtio-iommu-pci function=0x8
          pci-range bdf_end=0xff output=iommu
          second: pci-range segment_start=1 segment_end=1 bdf_end=0xff output=iommu
        """,
        finds=("second",),
    ),
    good=Tables(
        """
        VIOT
          iommu: virtio-iommu-pci function=0x8
          pci-range bdf_end=0xff output=iommu
          second: pci-range segment_start=1 segment_end=1 bdf_end=0xff endpoint_start=0x10000 \
output=iommu
        """
    ),
    needs=("VIOT",),
)
def endpoint_id_overlap(board: TablesBoard) -> Iterator[Finding]:
    """One finding an IOMMU: one cause, as a missing endpoint_start, mostly makes many."""
    table = board.machine.viot
    if table is None:
        return
    groups: dict[tuple[int, str], list[Endpoint]] = {}
    for node in table.endpoints:
        if iommu := table.iommu_of(node):
            groups.setdefault((iommu.type, iommu.identity), []).append(node)
    for nodes in groups.values():
        pairs = [_Pair(*each) for each in ids_overlap(nodes)]
        faults = [pair for pair in pairs if not _is_fine(table, *pair)]
        if faults:
            yield _finding(table, faults)


class _Pair(NamedTuple):
    """Two nodes, by their order in the table, and the IDs that both have."""

    early: Endpoint
    late: Endpoint
    ids: range


def _is_fine(table: Viot, early: Endpoint, late: Endpoint, ids: range) -> bool:
    """Whether the IDs are of the same devices, or of one that never uses its own."""
    if isinstance(early, PciRange) and isinstance(late, PciRange) and agree(table, early, late):
        return True
    if isinstance(early, MmioEndpoint) and isinstance(late, MmioEndpoint):
        return early.base == late.base
    iommu = table.iommu_of(early)
    unused = {exempt(node, iommu) for node in (early, late)} if iommu else set()
    return len(ids) == 1 and ids[0] in unused


def _finding(table: Viot, pairs: list[_Pair]) -> Finding:
    early, late, ids = pairs[0]
    iommu = table.iommu_of(late)
    which = f"endpoint ID {ids[0]:#x}"
    if len(ids) > 1:
        which = f"endpoint IDs {ids[0]:#x} to {ids[-1]:#x}"
    rest = len(pairs) - 1
    more = f"; {rest} more {noun(rest, 'node shares', 'nodes share')} IDs" if rest else ""
    return endpoint_id_overlap.finding(
        late,
        f"{late.name} and {early.name} both have the {which} of {iommu.name if iommu else 'it'}"
        f"{more}",
        property_name="endpoint_start" if isinstance(late, PciRange) else "endpoint",
        effect="the IOMMU takes both for one endpoint: attaching one device to a domain "
        "detaches the other from its own, and the DMA of the other faults or goes astray",
        fix="Give each device its own endpoint ID, as the monitor numbers them: for PCI usually "
        "the segment in the upper and the BDF in the lower 16 bits.",
        related=[early, *(pair.late for pair in pairs[1:4])],
        supplier=iommu,
    )
