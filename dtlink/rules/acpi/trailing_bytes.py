"""A file goes on behind the table that it holds.

What it finds: bytes behind the end that the table's header tells.
Why it matters: no system reads them. If they belong to the table, the length in its header is too
small, and its last structures are missing on the board.
What to do: correct the length in the header, or cut the file.
References: ACPI specification, 5.2.6, the length of a table.
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.rules.model import Finding, Severity, Tables, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    bad=Tables("MCFG trailing=16\n  allocation base=0x40000000", finds=("MCFG",)),
    good=Tables("MCFG\n  allocation base=0x40000000"),
)
def trailing_bytes(board: TablesBoard) -> Iterator[Finding]:
    """One finding a table."""
    for table in board.tables:
        if table.trailing:
            yield trailing_bytes.finding(
                table,
                f"{table.signature} has {table.length} bytes by its header; the file has "
                f"{table.trailing} more",
                property_name="length",
                consequence="the system reads nothing of them",
                fix=f"a length of {table.length + table.trailing} in the header, and a new "
                "checksum, if they belong to the table",
            )
