"""Two root complex nodes are of one PCI segment.

What it finds: a root complex node of a segment that an earlier node is of.
Why it matters: the specification allows it, if their source IDs differ. Linux takes the first node
of a segment only: IDs that the later ones map get no IOMMU.
What to do: put all mappings of a segment into one node.
References: RISC-V IO Mapping Table specification, PCIe root complex node; Linux,
drivers/acpi/riscv/rimt.c, rimt_match_node_callback().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.rimt import RootComplex
from dtlink.rules.model import Finding, Severity, Tables, rule
from dtlink.rules.rimt._nodes import SINCE, nodes


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    bad=Tables(
        """
        RIMT
          iommu: iommu id=0 base=0x3010000 hardware_id="RSCV0004"
          root-complex id=1 segment=0
            map count=0x8000 output=iommu
          second: root-complex id=2 segment=0
            map source_base=0x8000 count=0x8000 output_base=0x8000 output=iommu
        """,
        finds=("second",),
    ),
    good=Tables(
        """
        RIMT
          iommu: iommu id=0 base=0x3010000 hardware_id="RSCV0004"
          root-complex id=1 segment=0
            map count=0x8000 output=iommu
            map source_base=0x8000 count=0x8000 output_base=0x8000 output=iommu
        """
    ),
    needs=("RIMT",),
)
def duplicate_root_complex(board: TablesBoard) -> Iterator[Finding]:
    """One finding for each but the first of a segment."""
    first: dict[int, RootComplex] = {}
    for node in nodes(board, RootComplex):
        known = first.setdefault(node.segment, node)
        if known is not node:
            yield duplicate_root_complex.finding(
                node,
                f"{node.name} is of the same segment as {known.name}",
                consequence=f"{SINCE} takes {known.name} for all devices of the segment: "
                "IDs that only this node maps get no IOMMU",
                fix=f"its mappings ({len(node.mappings)}) in {known.name}",
                related=[known],
            )
