"""Two PCI ranges have functions in common, and say different things of them.

What it finds: ranges that share functions, and give them different endpoint IDs or IOMMUs. Ranges
that agree on them are left alone.
Why it matters: the specification does not say which range counts. Linux takes the last of the
table; other systems may take the first. With the wrong one a device is attached to an IOMMU, or
under an endpoint ID, that its DMA does not come from: every access faults.
What to do: let each function be in one range only.
References: ACPI specification 6.5, 5.2.34, PCI Range; Linux, drivers/acpi/viot.c, viot_parse_node()
(list_add() puts the newest range in front), viot_pci_dev_iommu_init().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.facts.pci import bdf
from dtlink.firmware.acpi.viot import PciRange, Viot
from dtlink.links.acpi.viot import agree, overlaps
from dtlink.rules.model import Finding, Severity, Tables, rule
from dtlink.wording import counted


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    bad=Tables(
        """
        VIOT
          iommu: virtio-iommu-pci function=0x8
          all: pci-range bdf_end=0xffff output=iommu
          part: pci-range bdf_start=0x1000 bdf_end=0x10ff endpoint_start=0x20000 output=iommu
        """,
        finds=("part",),
    ),
    good=Tables(
        """
        VIOT
          iommu: virtio-iommu-pci function=0x8
          all: pci-range bdf_end=0xfff output=iommu
          part: pci-range bdf_start=0x1000 bdf_end=0x10ff endpoint_start=0x20000 output=iommu
        """
    ),
    needs=("VIOT",),
)
def range_overlap(board: TablesBoard) -> Iterator[Finding]:
    """One finding for each range that takes functions from earlier ones."""
    table = board.machine.viot
    if table is None:
        return
    earlier: dict[PciRange, list[PciRange]] = {}
    for early, late in overlaps(table):
        if not agree(table, early, late):
            earlier.setdefault(late, []).append(early)
    for late, others in earlier.items():
        yield _finding(table, late, others)


def _finding(table: Viot, late: PciRange, others: list[PciRange]) -> Finding:
    early = others[0]
    segment = max(early.segment_start, late.segment_start)
    first, last = max(early.bdf_start, late.bdf_start), min(early.bdf_end, late.bdf_end)
    rest = len(others) - 1
    more = f", and functions with {counted(rest, 'more range')}" if rest else ""
    told = [
        f"{node.endpoint_id(segment, first):#x} at {iommu.name}"
        for node in (late, early)
        if (iommu := table.iommu_of(node))
    ]
    return range_overlap.finding(
        late,
        f"{late.name} shares {bdf(first)} to {bdf(last)} of segment {segment} with "
        f"{early.name}{more}",
        effect=f"Linux takes the later range: {bdf(first)} is endpoint {told[0]}; "
        f"another system may take the earlier, where it is endpoint {told[-1]}",
        fix="Make the ranges disjoint: cut the wider one in two around the other.",
        related=others[:4],
    )
