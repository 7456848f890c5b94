"""The table tells of no IOMMU.

What it finds: an IVRS without any block of types 10h, 11h or 40h.
Why it matters: Linux takes the table as the sign that there is an AMD IOMMU, looks for its blocks,
the first of them behind the table's end if it is empty, and sets none up.
What to do: write a block for each IOMMU, or leave the table out while the IOMMU is switched off.
References: AMD 48882, IVRS; Linux, drivers/iommu/amd/init.c, detect_ivrs(),
get_highest_supported_ivhd_type().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.rules.ivrs._linux import NO_IOMMU
from dtlink.rules.model import Finding, Severity, Tables, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    bad=Tables(
        """
        IVRS
          ivmd-all flags=7 range_start=0x70000000 range_length=0x1000
        """,
        finds=("IVRS",),
    ),
    good=Tables(
        """
        IVRS
          ivhd-10 base=0xfeb80000
            all
            special handle=33 source=0xa0
          ivmd-all flags=7 range_start=0x70000000 range_length=0x1000
        """
    ),
    needs=("IVRS",),
)
def no_iommu(board: TablesBoard) -> Iterator[Finding]:
    """One finding a table."""
    table = board.machine.ivrs
    # Where reading ended early, the block may be behind.
    if table and not table.hardware and not table.frame_faults:
        has = ", ".join(dict.fromkeys(f"{block.type:02x}h" for block in table.blocks[:8]))
        yield no_iommu.finding(
            table,
            "the IVRS has no block that tells of an IOMMU"
            + (f", only blocks of type {has}" if has else ": it ends with its header"),
            consequence=NO_IOMMU,
            fix="a block of type 11h (10h for old systems, 40h for devices of the namespace) for "
            "each IOMMU, or no IVRS",
        )
