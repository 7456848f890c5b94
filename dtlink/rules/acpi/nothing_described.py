"""The table describes no IOMMU.

What it finds: a DMAR without a DRHD, an IVRS without a block of types 10h, 11h or 40h, and a VIOT
with PCI ranges or MMIO endpoints and without a virtio-iommu.
Why it matters: Linux takes the table for the sign that there is an IOMMU, finds none, and sets none
up: no DMA is translated, no interrupt remapped.
What to do: describe each IOMMU; or, while the IOMMU is off, do not install the table.
References: Intel VT-d, 8.1 ("one or more DRHD"); AMD 48882, IVRS; ACPI specification 6.5, 5.2.34;
Linux, drivers/iommu/intel/dmar.c, parse_dmar_table(); drivers/iommu/amd/init.c, detect_ivrs(),
get_highest_supported_ivhd_type(); drivers/acpi/viot.c, viot_parse_node(), acpi_viot_early_init().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.rules.acpi._effects import listed
from dtlink.rules.acpi._rows import CheckedTable, DescribedRows, checked_tables
from dtlink.rules.model import Example, Finding, Severity, Tables, rule


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
                  pci-range bdf_end=0xffff output=0x48
                """,
                finds=("VIOT",),
            ),
            good=Tables(
                """
                VIOT
                  iommu: virtio-iommu-pci function=0x8
                  pci-range bdf_end=0xffff output=iommu
                """
            ),
        ),
        Example(
            about="IVRS",
            bad=Tables(
                """
                IVRS
                  ivmd-all flags=7 range_start=0x70000000 range_length=0x1000
                """,
                finds=("IVRS",),
            ),
            good=Tables(
                """
                IVRS
                  ivhd-10 base=0xfeb80000
                    all
                    special handle=33 source=0xa0
                  ivmd-all flags=7 range_start=0x70000000 range_length=0x1000
                """
            ),
        ),
        Example(
            about="DMAR",
            bad=Tables(
                """
                DMAR
                  rmrr base=0x7b800000 last=0x7fffffff
                    endpoint hops="02.0"
                """,
                finds=("DMAR",),
            ),
            good=Tables(
                """
                DMAR
                  drhd base=0xfed90000 flags=1
                  rmrr base=0x7b800000 last=0x7fffffff
                    endpoint hops="02.0"
                """
            ),
        ),
    ),
)
def nothing_described(board: TablesBoard) -> Iterator[Finding]:
    """One finding a table; none if a fault of the frame may hide a supplier."""
    for checked in checked_tables(board):
        rows = checked.rows.described
        if rows is not None and _is_empty(checked, rows):
            yield _finding(checked, rows)


def _is_empty(checked: CheckedTable, rows: DescribedRows) -> bool:
    table = checked.table
    described = any(isinstance(each, rows.suppliers) for each in table.structures)
    hidden = rows.frame_matters and bool(table.frame_faults)
    needed = rows.consumers is None or bool(rows.consumers(table))
    return needed and not described and not hidden


def _finding(checked: CheckedTable, rows: DescribedRows) -> Finding:
    consumers = rows.consumers(checked.table) if rows.consumers else ()
    needs = f" for {listed([each.name for each in consumers])}" if consumers else ""
    return nothing_described.finding(
        checked.table,
        f"the {checked.row.signature} describes no {rows.noun}{needs}",
        effect=rows.effect.of(checked.table),
        fix=rows.fix,
        related=consumers[:4],
        alias=checked.alias(nothing_described.id),
    )
