"""The block of an IOMMU gives it no device.

What it finds: in the blocks that Linux takes, one without any entry that names PCI devices (01h,
02h, 04h, 42h, 46h); I/O APICs, HPETs and devices of the namespace don't count.
Why it matters: Linux first looks for the highest device ID of the segment. If one block has none,
it gives up: not only this IOMMU is not set up, but none is.
What to do: list the IOMMU's devices; an IOMMU that serves nothing needs no block.
References: AMD 48882, IVHD device entries; Linux, drivers/iommu/amd/init.c,
find_last_devid_from_ivhd(), alloc_pci_segment().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.ivrs import All, Ivhd, RangeEnd, Select
from dtlink.rules.ivrs._linux import NO_IOMMU, taken
from dtlink.rules.model import Finding, Severity, Tables, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    bad=Tables(
        """
        IVRS
          lone: ivhd-11 base=0xfeb80000
            special handle=33 source=0xa0
        """,
        finds=("lone",),
    ),
    good=Tables(
        """
        IVRS
          ivhd-11 base=0xfeb80000
            range device=0x8
            range-end device=0xffff
            special handle=33 source=0xa0
        """
    ),
    needs=("IVRS",),
)
def no_device(board: TablesBoard) -> Iterator[Finding]:
    """Every such block."""
    for block in taken(board):
        if _is_whole(block) and not any(
            isinstance(entry, All | Select | RangeEnd) for entry in block.entries
        ):
            yield no_device.finding(
                block,
                f"no entry of {block.name} refers to a PCI device",
                effect=NO_IOMMU,
                fix="List the IOMMU's devices as a range (03h and 04h), or remove the block.",
            )


def _is_whole(block: Ivhd) -> bool:
    """Whether no fault of its frame hides entries, which another rule reports."""
    return block.end - block.start == block.length >= block.SIZE and not block.walked[1]
