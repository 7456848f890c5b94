"""A range of devices has no end, or no start.

What it finds: in the blocks that Linux takes, starts of ranges (03h, 43h, 47h) that no end (04h)
follows before the next start or the block's end, and ends without a start before them.
Why it matters: Linux skips a start without an end: the devices have no IOMMU. For an end
without a start it begins at the last start it saw, or at 00:00.0: the block's IOMMU takes devices
that are another's.
What to do: follow each start with one end, whose device is the last of the range; write 02h, 42h or
46h for a single device.
References: AMD 48882, IVHD device entries; Linux, drivers/iommu/amd/init.c, init_iommu_from_acpi().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.facts.pci import bdf
from dtlink.firmware.acpi.ivrs import DeviceEntry, Ivhd, Range, RangeEnd
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
            select device=0x8
            open: range device=0x100
            alias-range device=0x300 alias=0xa4
            range-end device=0x3ff
            special handle=33 source=0xa0
        """,
        finds=("open",),
    ),
    good=Tables(
        """
        IVRS
          ivhd-11 base=0xfeb80000
            select device=0x8
            range device=0x100
            range-end device=0x1ff
            alias-range device=0x300 alias=0xa4
            range-end device=0x3ff
            special handle=33 source=0xa0
        """
    ),
    needs=("IVRS",),
)
def unpaired_range(board: TablesBoard) -> Iterator[Finding]:
    """One finding a block for starts without an end, one for ends without a start."""
    for block in taken(board):
        ends = [entry for entry in block.unpaired if isinstance(entry, RangeEnd)]
        starts = [entry for entry in block.unpaired if isinstance(entry, Range)]
        if starts:
            yield unpaired_range.finding(
                starts[0],
                f"{starts[0].name} of {block.name} has no end{more(starts)}",
                effect=NOT_SERVED,
                fix="Add an end (04h) with the last device after it, or use 02h for a single "
                "device.",
                related=[block],
            )
        if ends:
            yield unpaired_range.finding(
                ends[0],
                f"{ends[0].name} of {block.name} ends no range{more(ends)}",
                effect=_taken(ends[0], _starts(block)),
                fix="Add a start (03h) with the first device before it.",
                related=[block],
            )


def _starts(block: Ivhd) -> dict[DeviceEntry, int]:
    """Each end's device to begin from, as Linux remembers it."""
    first = 0
    found: dict[DeviceEntry, int] = {}
    for entry in block.entries:
        if isinstance(entry, Range):
            first = entry.device
        elif isinstance(entry, RangeEnd):
            found[entry] = first
    return found


def _taken(entry: DeviceEntry, starts: dict[DeviceEntry, int]) -> str:
    first = bdf(starts[entry], entry.segment)
    return (
        f"Linux gives all devices from {first} to {bdf(entry.device, entry.segment)} to this "
        "IOMMU, those of other IOMMUs too"
    )
