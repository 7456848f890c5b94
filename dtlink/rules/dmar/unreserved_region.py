"""A reserved memory region is not reserved in the memory map.

What it finds: with --iomem, RMRRs that no reserved range of the firmware's memory map (E820:
reserved, or ACPI NVS) covers; a note where no memory of Linux is in them. Ranges that follow each
other count together, by the type of the last.
Why it matters: "No firmware reserved region can cover this RMRR", "Your BIOS is broken; bad RMRR".
Linux maps the region for its devices all the same. Where it is memory that Linux uses, the devices
can write to what Linux, or its programs, have there.
What to do: report the region to the operating system as reserved (EfiReservedMemoryType), or
correct its bounds.
References: Intel VT-d, 8.4; Linux, arch/x86/include/asm/iommu.h, arch_rmrr_sanity_check();
arch/x86/kernel/e820.c, e820__get_entry_type(); drivers/iommu/intel/iommu.c, dmar_parse_one_rmrr().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.dmar import Rmrr
from dtlink.firmware.memory_map import FIRMWARE, MemoryMap
from dtlink.rules.dmar._words import BUG, listed
from dtlink.rules.model import Finding, Severity, Tables, rule

_USABLE = "usable"
_PAGE = 0x1000


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    since="0.2",
    bad=Tables(
        """
        DMAR
          drhd base=0xfed90000 flags=1
          region: rmrr base=0x7b800000 last=0x7fffffff
            endpoint hops="02.0"
        """,
        finds=("region",),
        iomem="""
        00100000-7b7fffff : System RAM
        7b800000-7bffffff : Reserved
        """,
    ),
    good=Tables(
        """
        DMAR
          drhd base=0xfed90000 flags=1
          region: rmrr base=0x7b800000 last=0x7fffffff
            endpoint hops="02.0"
        """,
        iomem="""
        00100000-7b7fffff : System RAM
        7b800000-7fffffff : Reserved
        """,
    ),
    needs=("DMAR",),
)
def unreserved_region(board: TablesBoard) -> Iterator[Finding]:
    """One finding a region; bounds that no region can have are another rule's."""
    table, memory = board.machine.dmar, board.seen.memory
    for region in table.remappings if table and memory else ():
        if isinstance(region, Rmrr) and region.has("last") and memory is not None:
            span = range(region.base, region.last + 1)
            whole = span.stop > span.start + 1 and not region.base % _PAGE and not span.stop % _PAGE
            if whole and memory.type_of(span) not in FIRMWARE:
                yield _finding(region, span, memory)


def _finding(region: Rmrr, span: range, memory: MemoryMap) -> Finding:
    found = list(memory.meeting(span))
    types = listed(f"{each.span.start:#x}-{each.span.stop - 1:#x} ({each.type})" for each in found)
    used = any(each.type == _USABLE for each in found)
    bounds = f"[{region.base:#018x}-{region.last:#018x}]"
    devices = listed(each.identity for each in region.scopes) or "its devices"
    return unreserved_region.finding(
        region,
        f"the memory map reserves no range that covers the region {region.identity}: it has "
        f"{types or 'nothing there'}",
        effect=f'"{BUG}No firmware reserved region can cover this RMRR {bounds}"; '
        + (
            f"{devices} can write to memory that Linux uses for other things"
            if used
            else "Linux maps it all the same"
        ),
        fix="Report the region to the operating system as reserved, or set base and last to the "
        "memory that is.",
        severity=None if used else Severity.INFO,
    )
