"""One virtio-iommu has two nodes.

What it finds: two nodes with the same PCI function, or the same base address.
Why it matters: Linux takes both for the one device that is there. If another was meant, the devices
of one of the two are attached to the wrong IOMMU, and their DMA faults.
What to do: write the other's address; or drop the second node, and let the output nodes name the
first.
References: ACPI specification 6.5, 5.2.34; Linux, drivers/acpi/viot.c, viot_get_iommu() (which
tells nodes apart by their offset).
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.viot import VirtioIommu
from dtlink.rules.model import Finding, Severity, Tables, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    bad=Tables(
        """
        VIOT
          one: virtio-iommu-pci function=0x8
          two: virtio-iommu-pci function=0x8
          pci-range bdf_end=0xff output=one
          pci-range bdf_start=0x1000 bdf_end=0x10ff endpoint_start=0x1000 output=two
        """,
        finds=("two",),
    ),
    good=Tables(
        """
        VIOT
          one: virtio-iommu-pci function=0x8
          two: virtio-iommu-pci function=0x1008
          pci-range bdf_end=0xff output=one
          pci-range bdf_start=0x1000 bdf_end=0x10ff endpoint_start=0x1000 output=two
        """
    ),
    needs=("VIOT",),
)
def duplicate_iommu(board: TablesBoard) -> Iterator[Finding]:
    """One finding for each node behind the first."""
    table = board.machine.viot
    first: dict[tuple[int, str], VirtioIommu] = {}
    for node in table.iommus if table else ():
        earlier = first.setdefault((node.type, node.identity), node)
        if earlier is not node:
            yield _finding(earlier, node)


def _finding(earlier: VirtioIommu, node: VirtioIommu) -> Finding:
    return duplicate_iommu.finding(
        node,
        f"{node.name} is the same virtio-iommu as {earlier.name}",
        consequence="Linux takes both for one device; if two were meant, the devices behind one of "
        "them are attached to the wrong IOMMU, and their DMA faults",
        fix=f"the address of the other virtio-iommu; or one node only, at {earlier.start:#x}",
        related=[earlier],
    )
