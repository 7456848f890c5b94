"""A device is beyond the end of the device table that Linux allocates.

What it finds: I/O APICs, HPETs, devices of the namespace and targets of aliases whose device ID is
higher than that of all PCI devices in the segment, so that Linux's tables do not reach it.
Why it matters: Linux makes its tables for the highest device ID that PCI entries name (01h, 02h,
04h, 42h, 46h), and does not look at the others; before 7.2 it rounds them up to whole pages. It
then writes the device's entry after a table, into memory that belongs to something else.
What to do: let the ranges reach the device ID that these entries name, or correct that one.
References: Linux, drivers/iommu/amd/init.c, find_last_devid_from_ivhd(), alloc_rlookup_table(),
set_dev_entry_from_acpi(), amd_iommu_set_rlookup_table(); before 7.2 tbl_size().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.facts.behaviours import AMD_TABLES_ARE_EXACT
from dtlink.facts.kernels import KernelVersion
from dtlink.facts.pci import bdf
from dtlink.firmware.acpi.ivrs import All, DeviceEntry, RangeEnd, Select
from dtlink.links.acpi.ivrs import DeviceSpan, spans
from dtlink.rules.ivrs._linux import more, taken
from dtlink.rules.model import Finding, Severity, Tables, rule

_ENTRY = 32
_PAGE = 4096


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    bad=Tables(
        """
        IVRS
          ivhd-11 base=0xfeb80000
            range device=0x8
            range-end device=0x3ff
            special handle=33 source=0xa0
            far: special handle=34 source=0x4001
        """,
        finds=("far",),
    ),
    good=Tables(
        """
        IVRS
          ivhd-11 base=0xfeb80000
            range device=0x8
            range-end device=0x7fff
            special handle=33 source=0xa0
            special handle=34 source=0x4001
        """
    ),
    needs=("IVRS",),
)
def beyond_device_table(board: TablesBoard) -> Iterator[Finding]:
    """One finding a block, at the first such entry."""
    last: dict[int, int] = {}
    for block in taken(board):
        for entry in block.entries:
            last[block.segment] = max(last.get(block.segment, -1), _counted(entry))
    for block in taken(board):
        size = _table_size(last.get(block.segment, -1), board.version)
        far = [span for span in spans(block) if size and span.last >= size]
        if far:
            yield _finding(far, last[block.segment], size)


def _counted(entry: DeviceEntry) -> int:
    """The device ID that Linux takes into account."""
    if isinstance(entry, All):
        return 0xFFFF
    return entry.device if isinstance(entry, Select | RangeEnd) else -1


def _table_size(last: int, version: KernelVersion) -> int:
    """How many entries the smallest table has: before 7.2 that of devices, a power of two of pages;
    0 if there is none.
    """
    if AMD_TABLES_ARE_EXACT.on(version):
        return last + 1
    pages = -(-(last + 1) * _ENTRY // _PAGE)
    return (1 << (pages - 1).bit_length()) * _PAGE // _ENTRY if pages else 0


def _finding(far: list[DeviceSpan], last: int, size: int) -> Finding:
    entry = far[0].entry
    name = bdf(far[0].last, entry.segment)
    return beyond_device_table.finding(
        entry,
        f"{entry.name} has the device ID {name}, but the highest of a PCI device in the segment is "
        f"{bdf(last, entry.segment)}{more(far)}",
        effect=f"Linux's table of devices ends at {bdf(size - 1, entry.segment)}: Linux "
        "writes this entry past the end, over other memory",
        fix=f"Extend a range of PCI devices to {name}, or correct the device ID.",
    )
