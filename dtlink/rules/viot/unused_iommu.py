"""No endpoint refers to this virtio-iommu.

What it finds: a virtio-iommu that no PCI range and no MMIO endpoint names.
Why it matters: the machine has the IOMMU, and its driver binds, but no device is behind it: nothing
is translated, and VFIO finds no groups. Monitors write such a table if every bus is configured to
bypass the IOMMU.
What to do: nothing, if that is meant; else add the range (with QEMU: no default_bus_bypass_iommu).
References: ACPI specification 6.5, 5.2.34; Linux, drivers/acpi/viot.c, viot_parse_node(), which
looks at an IOMMU only when a range or an endpoint names it.
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.rules.model import Finding, Severity, Tables, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.INFO,
    bad=Tables(
        """
        VIOT
          iommu: virtio-iommu-pci function=0x8
        """,
        finds=("iommu",),
    ),
    good=Tables(
        """
        VIOT
          iommu: virtio-iommu-pci function=0x8
          pci-range bdf_end=0xff output=iommu
        """
    ),
    needs=("VIOT",),
)
def unused_iommu(board: TablesBoard) -> Iterator[Finding]:
    """One finding an IOMMU; none while a node names what is no IOMMU, which explains it."""
    table = board.machine.viot
    if table is None or table.frame_faults or not all(map(table.iommu_of, table.endpoints)):
        return
    named = {(node.type, node.identity) for node in map(table.iommu_of, table.endpoints) if node}
    for node in table.iommus:
        if (node.type, node.identity) not in named:
            yield unused_iommu.finding(
                node,
                f"no PCI range and no MMIO endpoint refers to {node.name}",
                effect="it translates no DMA",
                fix=f"Add a range with output {node.start:#x}; no change is needed if all "
                f"devices are to bypass it.",
            )
