"""A block or a device entry does not end where it should.

What it finds: a block of length 0, one that is shorter than its kind is or longer than what is left
of the table, bytes behind the last block, and device entries that run out of their block.
Why it matters: Linux steps from block to block by these lengths, and checks none. At a length of 0
it steps for ever and the boot hangs without a message. Any other wrong length makes it read the
bytes of something else as a block or an entry: it finds no IOMMU, or a wrong one.
What to do: write the length that the block has with all its entries, and end the table where its
last block ends.
References: AMD 48882, IVRS; Linux, drivers/iommu/amd/init.c, find_last_devid_acpi(),
find_last_devid_from_ivhd(), init_iommu_all().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.ivrs import Entry, Ivhd, Ivrs
from dtlink.firmware.acpi.table import Trouble, TroubleKind
from dtlink.rules.ivrs._linux import NO_IOMMU
from dtlink.rules.model import Finding, Severity, Tables, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    bad=Tables(
        """
        IVRS
          iommu: ivhd-11 base=0xfeb80000
            all
            special handle=33 source=0xa0
          memory: ivmd-all flags=7 length=64 range_start=0x70000000 range_length=0x1000
        """,
        finds=("memory",),
    ),
    good=Tables(
        """
        IVRS
          iommu: ivhd-11 base=0xfeb80000
            all
            special handle=33 source=0xa0
          memory: ivmd-all flags=7 range_start=0x70000000 range_length=0x1000
        """
    ),
    needs=("IVRS",),
)
def frame(board: TablesBoard) -> Iterator[Finding]:
    """One finding a trouble; entries that only other systems read make warnings."""
    for trouble in board.troubles("IVRS"):
        if trouble.kind is not TroubleKind.UNKNOWN:
            where = trouble.where
            yield frame.finding(
                where,
                _message(trouble),
                consequence=_consequence(trouble),
                fix=_fix(trouble),
                severity=None if _is_read(board, trouble) else Severity.WARNING,
            )


def _is_read(board: TablesBoard, trouble: Trouble) -> bool:
    """Whether Linux reads it: blocks always, entries in the blocks that it takes."""
    table = board.machine.ivrs
    block = trouble.where.owner
    return not (isinstance(block, Ivhd) and table and block.type != table.taken_type)


def _message(trouble: Trouble) -> str:
    if trouble.what == "table":
        return f"the IVRS has {trouble.length} bytes, but its header alone has {trouble.room}"
    if isinstance(trouble.where, Ivrs):
        return f"{trouble.length} bytes follow the last block, too few for another one"
    name = trouble.where.name
    if trouble.kind is TroubleKind.SHORT:
        return f"{name} says that it has {trouble.length} bytes, {_least(trouble)}"
    holder = "block" if isinstance(trouble.where, Entry) else "table"
    return f"{name} has {trouble.length} bytes, but its {holder} ends {trouble.room} bytes on"


def _least(trouble: Trouble) -> str:
    return f"but a {trouble.where.WORD} has at least {max(type(trouble.where).SIZE, 4)}"


def _consequence(trouble: Trouble) -> str:
    if isinstance(trouble.where, Ivrs):
        return "Linux takes the bytes, and what lies behind the table, for a block"
    if trouble.length == 0:
        return "Linux steps on by 0 bytes for ever: the boot hangs, without a message"
    if isinstance(trouble.where, Entry):
        return "Linux reads the next block's bytes as part of it, and may find other devices in it"
    if isinstance(trouble.where, Ivhd) and trouble.kind is TroubleKind.SHORT:
        return f"Linux finds no device in the block; then {NO_IOMMU}"
    return "Linux reads bytes that are none of the block's for its fields and for the next blocks"


def _fix(trouble: Trouble) -> str:
    if isinstance(trouble.where, Ivrs):
        return "end the table where its last block ends"
    if isinstance(trouble.where, Entry):
        return "give the block a length that ends with its last entry"
    return "the block's length in bytes, its entries included, at offset 2 of the block"
