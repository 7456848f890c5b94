"""A file has data after the end of the table.

What it finds: bytes after the end that the header of the table gives.
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
                f"{table.signature} has length {table.length}, but the file has "
                f"{table.trailing} more bytes",
                property_name="length",
                effect="no system reads them",
                fix=f"Set length to {table.length + table.trailing} and correct the checksum, "
                f"if they "
                "belong to the table; otherwise cut the file.",
            )
