"""What Linux does with an IVRS, as several rules report it.

Source: Linux, drivers/iommu/amd/init.c.
"""

from __future__ import annotations

from dtlink.firmware.acpi.ivrs import Ivhd11
from dtlink.typed import TYPE_CHECKING
from dtlink.wording import besides

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dtlink.board.tables import TablesBoard
    from dtlink.firmware.acpi.ivrs import Ivhd

#: What a board shows when the set-up of one IOMMU fails: that of all others ends with it.
NO_IOMMU = "Linux sets up no IOMMU of the machine: DMA is not translated, interrupts not remapped"
#: What becomes of a device that no entry gives to an IOMMU (init_device_table_dma()).
NOT_SERVED = (
    "Linux gives these devices no IOMMU: where the device table has them it blocks their DMA "
    "(AMD-Vi logs IO_PAGE_FAULT), else they reach all memory"
)

_REGISTERS = 0x4000
_WITH_COUNTERS = 0x80000
_GA_SUPPORTED = 1 << 7
_COUNTERS_SUPPORTED = 1 << 9


def taken(board: TablesBoard) -> Iterator[Ivhd]:
    """The blocks that Linux takes IOMMUs from, but those that are too short for their fields."""
    table = board.machine.ivrs
    for block in table.taken if table else ():
        if block.end - block.start >= block.SIZE:
            yield block


def registers(block: Ivhd) -> range:
    """The addresses that Linux asks for, for an IOMMU's registers (init_iommu_one())."""
    if isinstance(block, Ivhd11):
        counters = bool(block.efr & _COUNTERS_SUPPORTED)
    else:
        counters = bool(block.features >> 13 & 0xF and block.features >> 17 & 0x3F)
    return range(block.base, block.base + (_WITH_COUNTERS if counters else _REGISTERS))


def early_features(block: Ivhd) -> tuple[int, int]:
    """The feature registers that Linux knows from the table; 0 where it waits for the hardware.

    ``IVinfo`` must say that they are copies (early_iommu_features_init()).
    """
    if isinstance(block, Ivhd11) and block.efr & _GA_SUPPORTED:
        return block.efr, block.efr2
    return 0, 0


def more(those: Sequence[object]) -> str:
    """How many there are beside the first, for a finding that speaks for all."""
    return besides(len(those))


def type_name(number: int) -> str:
    """A type as the specification writes it."""
    return f"{number:02x}h"
