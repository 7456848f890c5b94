"""A device entry is of a type that Linux does not know.

What it finds: in the blocks that Linux takes, entries whose type is none of the specification's.
Why it matters: the type of an entry tells its length. For types from 80h on (but F0h) Linux takes
the length for 0 and looks at the same entry for ever: the boot hangs without a message. It passes
over other unknown types, and the devices that they name get no IOMMU.
What to do: write entries of the types 00h to 04h, 42h, 43h, 46h to 48h, and F0h in blocks of type
40h; if the bytes were meant as padding, write 00h.
References: AMD 48882, IVHD device entries; Linux, drivers/iommu/amd/init.c, ivhd_entry_length(),
init_iommu_from_acpi().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.ivrs import Entry
from dtlink.rules.ivrs._linux import taken, type_name
from dtlink.rules.model import Finding, Severity, Tables, rule

#: Types from here on tell no length.
_NO_LENGTH = 0x80


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    bad=Tables(
        """
        IVRS
          ivhd-11 base=0xfeb80000
            all
            special handle=33 source=0xa0
            odd: entry type=0xf1 device=0x300
        """,
        finds=("odd",),
    ),
    good=Tables(
        """
        IVRS
          ivhd-11 base=0xfeb80000
            all
            special handle=33 source=0xa0
            select device=0x300
        """
    ),
    needs=("IVRS",),
)
def unknown_entry(board: TablesBoard) -> Iterator[Finding]:
    """One finding a block, at its first entry of such a type."""
    for block in taken(board):
        odd = [entry for entry in block.entries if type(entry) is Entry]
        endless = next((entry for entry in odd if entry.type >= _NO_LENGTH), None)
        if odd:
            entry = endless or odd[0]
            types = ", ".join(dict.fromkeys(type_name(each.type) for each in odd))
            yield unknown_entry.finding(
                entry,
                f"{block.name} has {len(odd)} device entries of unknown type: {types}",
                consequence="Linux takes the entry's length for 0 and looks at it for ever: the "
                "boot hangs, without a message"
                if endless
                else "Linux passes over them: devices that they name have no IOMMU",
                fix="entries of the types 00h to 04h, 42h, 43h, 46h to 48h or F0h; 00h as padding",
                related=[block],
                severity=None if endless else Severity.WARNING,
            )
