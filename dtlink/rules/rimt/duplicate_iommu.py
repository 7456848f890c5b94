"""Two IOMMU nodes are one IOMMU.

What it finds: a platform IOMMU at an address, or a PCIe IOMMU at a segment, bus, device and
function, that an earlier node has.
Why it matters: Linux finds the first node when the IOMMU's driver registers. Devices that are
mapped to another node wait for an IOMMU that never comes.
What to do: name each IOMMU once, and let all mappings name that node.
References: RISC-V IO Mapping Table specification, IOMMU node; Linux, drivers/acpi/riscv/rimt.c,
rimt_iommu_register(), rimt_iommu_xlate().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.rimt import Iommu
from dtlink.rules.model import Finding, Severity, Tables, rule
from dtlink.rules.rimt._nodes import SINCE, nodes


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    bad=Tables(
        """
        RIMT
          iommu: iommu id=0 base=0x3010000 hardware_id="RSCV0004"
          again: iommu id=1 base=0x3010000 hardware_id="RSCV0004"
          root-complex id=2 segment=0
            map count=0x10000 output=again
        """,
        finds=("again",),
    ),
    good=Tables(
        """
        RIMT
          iommu: iommu id=0 base=0x3010000 hardware_id="RSCV0004"
          other: iommu id=1 base=0x3020000 hardware_id="RSCV0004"
          root-complex id=2 segment=0
            map count=0x10000 output=other
        """
    ),
    needs=("RIMT",),
)
def duplicate_iommu(board: TablesBoard) -> Iterator[Finding]:
    """One finding for each but the first node."""
    first: dict[tuple[bool, int, int], Iommu] = {}
    for node in nodes(board, Iommu):
        place = (node.segment, node.function) if node.is_pcie else (node.base, 0)
        known = first.setdefault((node.is_pcie, *place), node)
        if known is not node:
            yield duplicate_iommu.finding(
                node,
                f"{node.name} is the IOMMU that {known.name} is",
                consequence=f"{SINCE} knows it as {known.name}: devices that are mapped to "
                f"{node.name} wait for ever (-EPROBE_DEFER)",
                fix=f"no second node; mappings to {known.start:#x} instead of {node.start:#x}",
                related=[known],
            )
