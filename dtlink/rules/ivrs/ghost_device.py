"""An entry is for a device that the machine does not have.

What it finds: with --lspci, entries of one device (02h, 42h, 46h) and memory blocks of one device
(21h) whose function the machine does not have, unless a device may be plugged in there.
Why it matters: Linux sets up the entry for a requester ID that nothing uses. If the device is there
under another one, it has the settings of all others: memory that firmware reserved for it is not
mapped, and its DMA there ends in IO_PAGE_FAULT. Devices that are off are often named.
What to do: write the device ID with the bus number that the machine gives it, or remove the entry.
References: AMD 48882, IVHD device entries, IVMD; Linux, drivers/iommu/amd/init.c,
init_iommu_from_acpi(), init_unity_map_range().
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dtlink.board.tables import TablesBoard
from dtlink.facts.pci import bdf
from dtlink.firmware.acpi.ivrs import IvmdSelect, Select
from dtlink.firmware.acpi.layout import Struct
from dtlink.rules.ivrs._linux import taken
from dtlink.rules.model import Finding, Severity, Tables, rule
from dtlink.wording import listed


@rule(
    __name__,
    __doc__,
    severity=Severity.INFO,
    since="0.2",
    bad=Tables(
        """
        IVRS
          ivhd-11 base=0xfeb80000 device=2
            all
            special handle=33 source=0xa0
          memory: ivmd-select device=0x300 flags=7 range_start=0x70000000 range_length=0x2000
        """,
        finds=("memory",),
        lspci="""
        00:00.0 Host bridge [0600]: A vendor Device [1022:1480]
        00:00.2 IOMMU [0806]: A vendor Device [1022:1481]
        04:00.0 USB controller [0c03]: A vendor Device [1022:149c]
        """,
    ),
    good=Tables(
        """
        IVRS
          ivhd-11 base=0xfeb80000 device=2
            all
            special handle=33 source=0xa0
          ivmd-select device=0x400 flags=7 range_start=0x70000000 range_length=0x2000
        """,
        lspci="""
        00:00.0 Host bridge [0600]: A vendor Device [1022:1480]
        00:00.2 IOMMU [0806]: A vendor Device [1022:1481]
        04:00.0 USB controller [0c03]: A vendor Device [1022:149c]
        """,
    ),
    needs=("IVRS",),
)
def ghost_device(board: TablesBoard) -> Iterator[Finding]:
    """One finding for the entries of a block, and one for each block of memory."""
    table, pci = board.machine.ivrs, board.seen.pci
    if table is None or pci is None:
        return

    def is_absent(segment: int, rid: int) -> bool:
        plugged = rid >> 8 in pci.hotplug_buses(segment)
        return pci.functions.find(segment, rid) is None and not plugged

    for block in taken(board):
        lost = [
            each
            for each in block.entries
            if isinstance(each, Select) and is_absent(block.segment, each.device)
        ]
        if lost:
            yield _finding(lost, [bdf(each.device, block.segment) for each in lost])
    for memory in table.memory:
        if isinstance(memory, IvmdSelect) and is_absent(memory.segment, memory.device):
            yield _finding([memory], [bdf(memory.device, memory.segment)])


def _finding(those: Sequence[Struct], names: list[str]) -> Finding:
    first = those[0]
    where = first.owner.name if first.owner and not isinstance(first, IvmdSelect) else first.name
    return ghost_device.finding(
        first,
        f"{where} is for {listed(names)}, where the machine has no function",
        effect="none if the device is off or not fitted; if it has another device ID, the entry "
        "does not apply to it",
        fix="Correct the device ID if the device is there (lspci -D), else remove the entry.",
        related=those[1:4],
    )
