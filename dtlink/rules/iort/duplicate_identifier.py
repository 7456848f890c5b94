"""Several nodes have one identifier.

What it finds: in tables of revision 3 and later, nodes with an identifier that another has.
Why it matters: the identifier is what tells a node from the others where something outside of the
table, such as a device of the namespace, speaks of it. Linux does not read it.
What to do: number the nodes.
References: Arm DEN0049 E.b, IORT node header; QEMU, hw/arm/virt-acpi-build.c, numbers them from
0.
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.iort import IDENTIFIER_SINCE, IortNode
from dtlink.rules.iort._nodes import MOST_RELATED, named
from dtlink.rules.model import Finding, Severity, Tables, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.INFO,
    bad=Tables(
        """
        IORT table_revision=5
          its: its-group identifier=1 ids=0
          second: root-complex identifier=1 segment=0
            map count=0xffff output=its
        """,
        finds=("second:identifier",),
    ),
    good=Tables(
        """
        IORT table_revision=5
          its: its-group identifier=1 ids=0
          second: root-complex identifier=2 segment=0
            map count=0xffff output=its
        """
    ),
    needs=("IORT",),
)
def duplicate_identifier(board: TablesBoard) -> Iterator[Finding]:
    """One finding a table, at the first node whose identifier was there already."""
    table = board.machine.iort
    if table is None or table.revision < IDENTIFIER_SINCE:
        return
    first: dict[int, IortNode] = {}
    again = [
        node for node in table.nodes if first.setdefault(node.identifier, node).start != node.start
    ]
    if again:
        taken = first[again[0].identifier]
        yield duplicate_identifier.finding(
            again[0],
            f"identifier {again[0].identifier} is that of {taken.name} already; not unique: "
            f"{named(again)}",
            property_name="identifier",
            related=(taken, *again[1:MOST_RELATED]),
            consequence="none in Linux, which does not read identifiers; who looks a node up by "
            "its identifier finds another",
            fix="a number of its own for each node of the table",
        )
