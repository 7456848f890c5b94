"""One memory-mapped device has two endpoint nodes that say different things.

What it finds: two MMIO endpoint nodes with the same base address, and another endpoint ID or IOMMU.
Why it matters: Linux takes the last of the table; another system may take the first. With the wrong
one the device is attached under an ID that its DMA does not come with: every access faults.
What to do: keep one node for each device.
References: ACPI specification 6.5, 5.2.34, Single MMIO Endpoint; Linux, drivers/acpi/viot.c,
viot_parse_node() (list_add() puts the newest in front), viot_mmio_dev_iommu_init().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.viot import MmioEndpoint
from dtlink.rules.model import Finding, Severity, Tables, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    bad=Tables(
        """
        VIOT
          iommu: virtio-iommu-mmio base=0x1d000000
          mmio-endpoint base=0x1c000000 endpoint=1 output=iommu
          two: mmio-endpoint base=0x1c000000 endpoint=2 output=iommu
        """,
        finds=("two",),
    ),
    good=Tables(
        """
        VIOT
          iommu: virtio-iommu-mmio base=0x1d000000
          mmio-endpoint base=0x1c000000 endpoint=1 output=iommu
          two: mmio-endpoint base=0x1c010000 endpoint=2 output=iommu
        """
    ),
    needs=("VIOT",),
)
def duplicate_endpoint(board: TablesBoard) -> Iterator[Finding]:
    """One finding for each node behind the first."""
    table = board.machine.viot
    first: dict[int, MmioEndpoint] = {}
    for node in table.mmio_endpoints if table else ():
        earlier = first.setdefault(node.base, node)
        if (earlier.endpoint, earlier.output) != (node.endpoint, node.output):
            yield _finding(earlier, node)


def _finding(earlier: MmioEndpoint, node: MmioEndpoint) -> Finding:
    return duplicate_endpoint.finding(
        node,
        f"{node.name}, {_says(node)}, is the device of {earlier.name}, {_says(earlier)}",
        consequence="Linux takes the last such node that names an IOMMU, another system perhaps "
        "the first: with the wrong one the device's DMA faults",
        fix="one node for the device, or the base address of the other device",
        related=[earlier],
    )


def _says(node: MmioEndpoint) -> str:
    return f"endpoint {node.endpoint:#x} at the IOMMU {node.output:#x}"
