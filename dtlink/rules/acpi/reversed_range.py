"""A range ends before it starts.

What it finds: PCI ranges of a VIOT whose first BDF or segment is higher than the last; ranges of
devices, in the blocks of an IVRS that Linux takes, whose last device is lower than the first.
Why it matters: the range is empty. Linux reads it without a message: the devices that were meant
have no IOMMU.
What to do: exchange the two, or correct the wrong one: both ends belong to the range.
References: ACPI specification 6.5, 5.2.34, PCI Range; AMD 48882, IVHD device entries; Linux,
drivers/acpi/viot.c, viot_pci_dev_iommu_init(); drivers/iommu/amd/init.c, init_iommu_from_acpi().
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.layout import Struct
from dtlink.rules.acpi._rows import CheckedTable, RangeRows, checked_tables
from dtlink.rules.model import Example, Finding, Severity, Tables, rule
from dtlink.wording import besides


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    examples=(
        Example(
            about="VIOT",
            bad=Tables(
                """
                VIOT
                  iommu: virtio-iommu-pci function=0x8
                  range: pci-range bdf_start=0x1000 bdf_end=0x10 output=iommu
                """,
                finds=("range:bdf_end",),
            ),
            good=Tables(
                """
                VIOT
                  iommu: virtio-iommu-pci function=0x8
                  range: pci-range bdf_start=0x1000 bdf_end=0x10ff output=iommu
                """
            ),
        ),
        Example(
            about="IVRS",
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
        ),
    ),
)
def reversed_range(board: TablesBoard) -> Iterator[Finding]:
    """One finding a range, or one for all of a block, at the first."""
    for checked in checked_tables(board):
        found: dict[object, tuple[RangeRows, list[Struct]]] = {}
        for rows in checked.rows.ranges:
            for each in rows.among(checked.table):
                if getattr(each, rows.last) < getattr(each, rows.first):
                    key = rows.together(each) if rows.together else each
                    found.setdefault(key, (rows, []))[1].append(each)
        for rows, those in found.values():
            yield _finding(checked, rows, those)


def _finding(checked: CheckedTable, rows: RangeRows, those: Sequence[Struct]) -> Finding:
    each = those[0]
    first, last = (rows.show(each, getattr(each, name)) for name in (rows.first, rows.last))
    return reversed_range.finding(
        each,
        f"{each.name} goes from {first} to {last}: the range is empty{besides(len(those))}",
        property_name=rows.field,
        effect=rows.effect.of(each),
        fix=f"Exchange the two ends, or correct one: {first} is higher than {last}.",
        related=[each.owner] if rows.together and each.owner else (),
        alias=checked.alias(reversed_range.id),
    )
