"""A node is of a type that Linux does not know.

What it finds: nodes of another type than 1 to 4.
Why it matters: Linux passes over them: what they describe is as if it were not there.
What to do: write one of the four types of the specification; for what is newer, look whether the
guest's kernel knows it.
References: ACPI specification 6.5, 5.2.34; Linux 6.12, drivers/acpi/viot.c, viot_parse_node().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.viot import ViotNode
from dtlink.rules.model import Finding, Severity, Tables, rule
from dtlink.rules.viot._words import PREFIX


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    bad=Tables(
        """
        VIOT
          iommu: virtio-iommu-pci function=0x8
          pci-range bdf_end=0xff output=iommu
          other: node type=9 size=16 length=16
        """,
        finds=("other:type",),
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
def unknown_type(board: TablesBoard) -> Iterator[Finding]:
    """One finding for each type, at the first node that has it."""
    table = board.machine.viot
    alike: dict[int, list[ViotNode]] = {}
    for node in table.nodes if table else ():
        if type(node) is ViotNode:
            alike.setdefault(node.type, []).append(node)
    for number, nodes in alike.items():
        more = f", and {len(nodes) - 1} more nodes are" if len(nodes) > 1 else ""
        yield unknown_type.finding(
            nodes[0],
            f"{nodes[0].name} is of type {number}{more}; the types are 1 to 4",
            property_name="type",
            consequence=f'"{PREFIX}Unsupported node {number:x}": Linux passes over it',
            fix="1 for a PCI range, 2 for an MMIO endpoint, 3 for a virtio-iommu that is a PCI "
            "function, 4 for one with MMIO registers",
            related=nodes[1:5],
        )
