"""A remapping structure is of an unknown type.

What it finds: types from 7 on.
Why it matters: the specification wants software to pass over what it does not know, and Linux does
so ("Unknown DMAR structure type", a debug message): what the structure says has no effect. A type
that nobody has is rather a slip, or a length before it that is wrong.
What to do: nothing, if a later specification has the type; otherwise mend the type, or the length
of the structure before it.
References: Intel VT-d, 8.2; Linux, drivers/iommu/intel/dmar.c, dmar_walk_remapping_entries().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.dmar import KINDS
from dtlink.rules.dmar._words import listed
from dtlink.rules.model import Finding, Severity, Tables, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.INFO,
    bad=Tables(
        """
        DMAR
          drhd base=0xfed90000 flags=1
          odd: structure type=9 size=8 length=8
        """,
        finds=("odd",),
    ),
    good=Tables(
        """
        DMAR
          drhd base=0xfed90000 flags=1
          sidp
            endpoint hops="02.0"
        """
    ),
    needs=("DMAR",),
)
def unknown_type(board: TablesBoard) -> Iterator[Finding]:
    """One finding a table, at the first."""
    table = board.machine.dmar
    odd = [each for each in (table.remappings if table else ()) if each.type not in KINDS]
    if odd:
        types = dict.fromkeys(each.type for each in odd)
        yield unknown_type.finding(
            odd[0],
            f"{len(odd)} structure(s) are of type {listed(types)}; {max(KINDS)} is the last known",
            property_name="type",
            consequence="Linux passes over them without a word",
            fix="one of the types 0 to 6, unless a later specification has this one",
            related=odd[1:4],
        )
