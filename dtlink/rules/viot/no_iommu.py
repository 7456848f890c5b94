"""There are devices, and no virtio-iommu.

What it finds: a table with PCI ranges or MMIO endpoints in which no node is a virtio-iommu.
Why it matters: Linux drops every one of them ("No IOMMU node found"). It has asked for ACS on all
PCI ports by then, which alone comes of the table.
What to do: add the virtio-iommu's node, and its offset to the ranges; or leave the table out of a
machine that has none.
References: ACPI specification 6.5, 5.2.34; Linux, drivers/acpi/viot.c, viot_parse_node(),
acpi_viot_early_init().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.rules.model import Finding, Severity, Tables, rule
from dtlink.rules.viot._words import NO_IOMMU, UNTRANSLATED, devices, iommu_nodes


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    bad=Tables(
        """
        VIOT
          pci-range bdf_end=0xffff output=0x48
        """,
        finds=("VIOT",),
    ),
    good=Tables(
        """
        VIOT
          iommu: virtio-iommu-pci function=0x8
          pci-range bdf_end=0xffff output=iommu
        """
    ),
    needs=("VIOT",),
)
def no_iommu(board: TablesBoard) -> Iterator[Finding]:
    """One finding a table."""
    table = board.machine.viot
    if table is None or not table.endpoints or iommu_nodes(table):
        return
    nodes = table.endpoints
    more = f" and of {len(nodes) - 1} more nodes" if len(nodes) > 1 else ""
    yield no_iommu.finding(
        table,
        f"the table has no virtio-iommu for {devices(nodes[0])}{more}",
        consequence=f"{NO_IOMMU}, for every node: the devices have {UNTRANSLATED}",
        fix="a virtio-iommu node (type 3 or 4), and its byte offset as their output node",
        related=nodes[:4],
    )
