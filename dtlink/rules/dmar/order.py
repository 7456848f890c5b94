"""Structures are not in the order of their types.

What it finds: a remapping structure after one with a higher type.
Why it matters: the specification wants all DRHD structures first, then all RMRR, and so forth.
Linux reads them in any order, but gives an RHSA only to a unit before it (dmar/affinity reports
that); a system that reads the table once may miss what comes out of turn.
What to do: sort the structures by type; within a segment the unit with INCLUDE_PCI_ALL comes last.
References: Intel VT-d, 8.2; Linux, drivers/iommu/intel/dmar.c, dmar_walk_remapping_entries().
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.dmar import KINDS
from dtlink.rules.model import Finding, Severity, Tables, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.INFO,
    bad=Tables(
        """
        DMAR
          rmrr base=0x7b800000 last=0x7fffffff
            endpoint hops="02.0"
          unit: drhd base=0xfed90000 flags=1
        """,
        finds=("unit",),
    ),
    good=Tables(
        """
        DMAR
          unit: drhd base=0xfed90000 flags=1
          rmrr base=0x7b800000 last=0x7fffffff
            endpoint hops="02.0"
        """
    ),
    needs=("DMAR",),
)
def order(board: TablesBoard) -> Iterator[Finding]:
    """One finding a table, at the first that is out of turn."""
    table = board.machine.dmar
    known = [each for each in (table.remappings if table else ()) if each.type in KINDS]
    late = next((pair for pair in pairwise(known) if pair[1].type < pair[0].type), None)
    if late is not None:
        before, after = late
        yield order.finding(
            after,
            f"{after.name} (type {after.type}) comes after {before.name} (type {before.type})",
            effect="none with Linux; a system that relies on the order may miss it",
            fix="Sort the structures by type: DRHD, RMRR, ATSR, RHSA, ANDD, SATC, SIDP.",
            related=(before,),
        )
