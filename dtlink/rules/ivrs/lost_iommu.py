"""An IOMMU has no block of the type that Linux takes.

What it finds: an IOMMU whose blocks are all of other types than the one that Linux chooses. It
chooses one type for the whole table: that of the last block for the table's first IOMMU.
Why it matters: Linux does not see the IOMMU. Its devices have none, and what the table says of them
is not read. I/O APICs that only this IOMMU's block names stop all interrupt remapping.
What to do: write blocks of the same types for all IOMMUs.
References: AMD 48882, IVHD; Linux, drivers/iommu/amd/init.c, get_highest_supported_ivhd_type(),
init_iommu_all().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.rules.ivrs._linux import type_name
from dtlink.rules.model import Finding, Severity, Tables, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    bad=Tables(
        """
        IVRS
          ivhd-11 device=2 base=0xfd000000
            range device=0x8
            range-end device=0x3fff
            special handle=33 source=0xa0
          lost: ivhd-10 device=0x4002 base=0xfd100000
            range device=0x4008
            range-end device=0xffff
        """,
        finds=("lost",),
    ),
    good=Tables(
        """
        IVRS
          ivhd-11 device=2 base=0xfd000000
            range device=0x8
            range-end device=0x3fff
            special handle=33 source=0xa0
          ivhd-11 device=0x4002 base=0xfd100000
            range device=0x4008
            range-end device=0xffff
        """
    ),
    needs=("IVRS",),
)
def lost_iommu(board: TablesBoard) -> Iterator[Finding]:
    """One finding an IOMMU."""
    table = board.machine.ivrs
    if table is None or not table.taken:
        return
    kind = type_name(table.taken_type)
    for block in table.iommus.values():
        if block.type != table.taken_type:
            yield lost_iommu.finding(
                block,
                f"the IOMMU {block.bdf} has no block of type {kind}, only {block.name}",
                effect=f"Linux takes the blocks of type {kind}, as the first IOMMU has them, "
                "and does not see this one: its devices have no IOMMU",
                fix=f"Add a block of type {kind} for {block.bdf}.",
                related=table.taken[:1],
            )
