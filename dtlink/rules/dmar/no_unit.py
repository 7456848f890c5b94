"""The table has no unit.

What it finds: a DMAR without a DRHD structure.
Why it matters: "No DRHD structure found in DMAR table": whatever else the table says, no DMA is
translated and no interrupt remapped.
What to do: describe the units, with a DRHD of INCLUDE_PCI_ALL as the last of each segment; or, if
VT-d is off, do not install the table.
References: Intel VT-d, 8.1 ("one or more DRHD"); Linux, drivers/iommu/intel/dmar.c,
parse_dmar_table().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.rules.dmar._words import BUG, OFF, is_whole
from dtlink.rules.model import Finding, Severity, Tables, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
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
    needs=("DMAR",),
)
def no_unit(board: TablesBoard) -> Iterator[Finding]:
    """One finding a table; none if a broken frame may hide a unit."""
    table = board.machine.dmar
    if table is not None and is_whole(table) and not table.units:
        yield no_unit.finding(
            table,
            f"none of the table's {len(table.remappings)} structure(s) describes a unit",
            consequence=f'"{BUG}No DRHD structure found in DMAR table": {OFF}',
            fix="a DRHD structure for each unit; no DMAR at all if VT-d is off",
        )
