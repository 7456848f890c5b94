"""The order of the blocks makes Linux take the wrong type.

What it finds: a table whose first block describes no IOMMU; a later block that describes none, but
names the first IOMMU's own device ID; and a first IOMMU with an older block after a newer one.
Why it matters: Linux takes the type of the last block that names the same device as the first block
does, whatever the two are. If that is no type of an IOMMU, it sets none up: "Unsupported IVHD type
0x21". If it is an older type, it does without what the newer block says: extended features, x2APIC
mode, devices of the namespace.
What to do: begin with the first IOMMU, its blocks by rising type, and put memory blocks last; an
IOMMU's own device ID needs no reserved memory.
References: AMD 48882, IVRS; Linux, drivers/iommu/amd/init.c, get_highest_supported_ivhd_type(),
get_ivhd_header_size().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.ivrs import MAX_TYPE, Ivrs
from dtlink.rules.ivrs._linux import NO_IOMMU, type_name
from dtlink.rules.model import Finding, Severity, Tables, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    bad=Tables(
        """
        IVRS
          memory: ivmd-select device=0x300 flags=7 range_start=0x70000000 range_length=0x1000
          ivhd-11 base=0xfeb80000
            all
            special handle=33 source=0xa0
        """,
        finds=("memory",),
    ),
    good=Tables(
        """
        IVRS
          ivhd-11 base=0xfeb80000
            all
            special handle=33 source=0xa0
          memory: ivmd-select device=0x300 flags=7 range_start=0x70000000 range_length=0x1000
        """
    ),
    needs=("IVRS",),
)
def block_order(board: TablesBoard) -> Iterator[Finding]:
    """One finding a table."""
    table = board.machine.ivrs
    if table and table.hardware and table.taken:
        yield from _older(table)
    elif table and table.hardware:
        block = next(block for block in table.blocks if block.type == table.taken_type)
        kind = type_name(block.type)
        yield block_order.finding(
            block,
            f"Linux looks for IOMMUs in blocks of type {kind} only, because of {block.name}",
            effect=f'"AMD-Vi: Unsupported IVHD type {block.type:#x}"; {NO_IOMMU}',
            fix="Move the blocks of the first IOMMU to the beginning, and let no other block "
            "use its device ID.",
            related=table.hardware[:1],
        )


def _older(table: Ivrs) -> Iterator[Finding]:
    """The first IOMMU's newest block, if Linux does not take it."""
    main = table.taken[0]
    rivals = [block for block in table.hardware if block.device == table.blocks[0].device]
    newest = max(rivals, key=lambda block: block.type, default=main)
    if main.type < newest.type <= MAX_TYPE:
        yield block_order.finding(
            newest,
            f"{newest.name} precedes a block of type {type_name(main.type)}, which is older",
            effect=f"Linux takes the blocks of type {type_name(main.type)}, and none of what "
            f"those of type {type_name(newest.type)} say",
            fix="Sort the blocks of an IOMMU by rising type.",
            related=[main],
            severity=Severity.WARNING,
        )
