"""Invalid range of memory that is reserved for devices.

What it finds: memory blocks (20h, 21h, 22h) of length 0, that begin within a page, or that end
beyond the address space; whose last device lies below the first; that ask for a unity mapping that
can neither be read nor written; or that ask for nothing.
Why it matters: firmware lists the memory that a device uses before a driver knows of it. Linux maps
whole pages, from the next page boundary on, and skips what is empty. What is not mapped the
device cannot reach once the IOMMU translates: IO_PAGE_FAULT, a dead USB keyboard, a screen that
stays black.
What to do: write a start and a length in whole pages of 4 KiB, flags 07h for memory to be read and
written (08h to leave it out of translation), and the devices that use it.
References: AMD 48882, IVMD; Linux, drivers/iommu/amd/init.c, init_unity_map_range(), and
drivers/iommu/iommu.c, iommu_create_device_direct_mappings().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.facts.pci import bdf
from dtlink.firmware.acpi.ivrs import Ivmd
from dtlink.rules.model import Finding, Severity, Tables, rule

_PAGE = 0x1000
_FAULT = "the device's DMA there ends in IO_PAGE_FAULT"


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    bad=Tables(
        """
        IVRS
          ivhd-11 base=0xfeb80000
            all
            special handle=33 source=0xa0
          wrong: ivmd-select device=0x300 flags=7 range_start=0x70000800 range_length=0x1000
        """,
        finds=("wrong",),
    ),
    good=Tables(
        """
        IVRS
          ivhd-11 base=0xfeb80000
            all
            special handle=33 source=0xa0
          ivmd-select device=0x300 flags=7 range_start=0x70000000 range_length=0x2000
        """
    ),
    needs=("IVRS",),
)
def memory_range(board: TablesBoard) -> Iterator[Finding]:
    """One finding a block: the first thing that is wrong with it."""
    table = board.machine.ivrs
    for block in table.memory if table else ():
        if block.end - block.start < block.SIZE:
            continue  # its frame is wrong, and its fields are another's
        if fault := next(_faults(block), None):
            wrong, consequence, fix = fault
            asks = block.flags & (Ivmd.UNITY | Ivmd.EXCLUSION)
            yield memory_range.finding(
                block,
                f"{block.name} {wrong}",
                effect=consequence,
                fix=fix,
                severity=None if asks else Severity.WARNING,
            )


def _faults(block: Ivmd) -> Iterator[tuple[str, str, str]]:
    """What is wrong, what comes of it, what to write instead; the first of them tells."""
    start, length, flags = block.range_start, block.range_length, f"{block.flags:#04x}"
    if not block.flags & (Ivmd.UNITY | Ivmd.EXCLUSION):
        wrong = f"has the flags {flags}: neither a unity mapping nor an exclusion"
        yield wrong, "Linux skips it, and reserves nothing", "Set flags to 07h, or 08h."
    if not block.devices:
        first, last = (
            bdf(block.device, block.segment),
            bdf(block.aux, block.segment),
        )
        wrong = f"is for the devices from {first} to {last}, which is lower"
        yield wrong, f"Linux maps it for no device: {_FAULT}", "Write the lower device ID first."
    if not length:
        yield "has the length 0", f"Linux maps nothing: {_FAULT}", "Set range_length to the "
        "length in bytes."
    if start % _PAGE:
        lost = f"Linux begins at the next page, {-(-start // _PAGE) * _PAGE:#x}: before it {_FAULT}"
        fix = f"Set range_start to {start // _PAGE * _PAGE:#x}, and extend range_length to the end."
        yield f"begins within a page of {_PAGE >> 10} KiB", lost, fix
    if start + length > 1 << 64:
        wrong = f"has the length {length:#x} and ends beyond the address space"
        yield wrong, "Linux maps another range", "Set range_length to the length in bytes."
    if not block.flags & (Ivmd.READ | Ivmd.WRITE | Ivmd.EXCLUSION):
        wrong = f"has the flags {flags}: a unity mapping without reading or writing"
        seen = '"IOMMU driver was not able to establish FW requested direct mapping."'
        yield wrong, f"{seen}; {_FAULT}", "Set flags to 07h."
