"""Invalid address of the registers of an IOMMU.

What it finds: in the blocks that Linux takes, a base address that is 0 or no multiple of 16 KiB,
and registers of two blocks that overlap (16 KiB, or 512 KiB with performance counters), two blocks
of one type for one IOMMU among them.
Why it matters: Linux reserves the addresses before it uses them. If it cannot, it says so, takes
back what it has set up, and continues without any IOMMU. In registers that begin elsewhere it reads
and writes whatever is there.
What to do: write the address that the firmware has programmed into the IOMMU's capability block,
one block of each type for each IOMMU.
References: AMD 48882, IOMMU base address register; Linux, drivers/iommu/amd/init.c,
iommu_map_mmio_space(), init_iommu_one().
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.ivrs import Ivhd
from dtlink.rules.ivrs._linux import NO_IOMMU, registers, taken
from dtlink.rules.model import Finding, Severity, Tables, rule

_ALIGNMENT = 0x4000


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
          second: ivhd-11 device=0x4002 base=0xfd000000
            range device=0x4008
            range-end device=0xffff
        """,
        finds=("second:base",),
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
def iommu_base(board: TablesBoard) -> Iterator[Finding]:
    """Every address that cannot be, then every overlap."""
    sound = []
    for block in taken(board):
        if block.base and block.base % _ALIGNMENT == 0:
            sound.append(block)
        else:
            yield _impossible(block)
    for one, other in pairwise(sorted(sound, key=lambda block: (block.base, block.start))):
        if other.base < registers(one).stop:
            yield _overlap(*sorted((one, other), key=lambda block: block.start))


def _impossible(block: Ivhd) -> Finding:
    null = not block.base
    return iommu_base.finding(
        block,
        f"{block.name} has the registers of the IOMMU at {block.base:#x}"
        + ("" if null else ", not a multiple of 16 KiB"),
        property_name="base",
        effect=_refused(block)
        if null
        else "Linux takes other addresses for the registers: the IOMMU does not come up",
        fix="Set base to the address in the IOMMU's capability block (offsets 4 and 8).",
    )


def _overlap(first: Ivhd, second: Ivhd) -> Finding:
    same = first.key == second.key
    last = registers(second)[-1]
    return iommu_base.finding(
        second,
        f"{second.name} is the second block of type {second.type:x}h for this IOMMU"
        if same
        else f"the registers of {second.name}, {second.base:#x} to {last:#x}, overlap those of "
        f"{first.name} at {first.base:#x}",
        property_name="base",
        effect=_refused(second),
        fix="Keep one block of each type for each IOMMU."
        if same
        else "Set base to the address of each IOMMU.",
        related=[first],
    )


def _refused(block: Ivhd) -> str:
    size = len(registers(block))
    return f'"AMD-Vi: Can not reserve memory region {block.base:x}-{size:x} for mmio"; {NO_IOMMU}'
