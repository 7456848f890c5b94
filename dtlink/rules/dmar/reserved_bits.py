"""Reserved bits are set.

What it finds: fields of the table, its structures and its device scopes with bits that the
specification reserves.
Why it matters: Linux 6.12 looks at none of them. A later specification may give them a meaning, and
systems that know it then see a feature that the platform never meant.
What to do: write 0.
References: Intel VT-d, 8.1 to 8.8 (revision 4.0 and later for the flags of SIDP scopes).
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.layout import Struct
from dtlink.rules.dmar._words import listed
from dtlink.rules.model import Finding, Severity, Tables, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.INFO,
    bad=Tables(
        """
        DMAR
          unit: drhd base=0xfed90000 flags=0x81
        """,
        finds=("unit:flags",),
    ),
    good=Tables(
        """
        DMAR flags=6
          drhd base=0xfed90000 flags=1
        """
    ),
    needs=("DMAR",),
)
def reserved_bits(board: TablesBoard) -> Iterator[Finding]:
    """One finding a table, at the first."""
    table = board.machine.dmar
    if table is None:
        return
    found: list[tuple[Struct, str, int]] = [
        (each, name, bits)
        for each in (table, *table.structures)
        for name, bits in each.nonzero_reserved()
    ]
    if found:
        first, name, _ = found[0]
        told = listed((f"{bits:#x} in {field} of {each.name}" for each, field, bits in found), 3)
        yield reserved_bits.finding(
            first,
            f"reserved bits are set: {told}",
            property_name=name,
            consequence="none with Linux 6.12; a system that knows a later specification may see "
            "a feature there",
            fix="0",
            related=dict.fromkeys(each for each, _, _ in found[1:4]),
        )
