"""A range of devices ends before it starts.

What it finds: in the blocks that Linux takes, ranges whose last device lies below the first.
Why it matters: the range is empty. Its devices have no IOMMU.
What to do: write the lower device ID (bus, device, function) in the start, the higher in the end.
References: AMD 48882, IVHD device entries; Linux, drivers/iommu/amd/init.c, init_iommu_from_acpi().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.ivrs import Range, bdf
from dtlink.rules.ivrs._linux import NOT_SERVED, more, taken
from dtlink.rules.model import Finding, Severity, Tables, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    bad=Tables(
        """
        IVRS
          ivhd-11 base=0xfeb80000
            special handle=33 source=0xa0
            wrong: range device=0x1ff
            range-end device=0x100
        """,
        finds=("wrong",),
    ),
    good=Tables(
        """
        IVRS
          ivhd-11 base=0xfeb80000
            special handle=33 source=0xa0
            range device=0x100
            range-end device=0x1ff
        """
    ),
    needs=("IVRS",),
)
def reversed_range(board: TablesBoard) -> Iterator[Finding]:
    """One finding a block, at its first empty range."""
    for block in taken(board):
        found = [
            entry
            for entry in block.entries
            if isinstance(entry, Range) and 0 <= entry.last < entry.device
        ]
        for entry in found[:1]:
            first, last = bdf(entry.segment, entry.device), bdf(entry.segment, entry.last)
            yield reversed_range.finding(
                entry,
                f"{entry.WORD}@{entry.start:#x} of {block.name} runs from {first} to {last}, "
                f"which is lower{more(found)}",
                consequence=NOT_SERVED,
                fix=f"a start with {last}, and an end with {first}",
                related=[block],
            )
