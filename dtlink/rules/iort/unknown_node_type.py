"""A node is of a type that no document has.

What it finds: nodes of a type above 7, the latest (a GICv5 wire bridge).
Why it matters: readers skip the node without a word: what it was to describe is not described. A
type that is no type is most often the middle of another node: then a length, or the offset of the
first node, is wrong, and the nodes behind it are not what they seem.
What to do: check the lengths of the nodes before it; else write a type that the documents have.
References: Arm DEN0049, table of node types; Linux, drivers/acpi/arm64/iort.c, iort_scan_node().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.iort import KINDS, LATEST, IortNode
from dtlink.rules.iort._nodes import listed, others
from dtlink.rules.model import Finding, Severity, Tables, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    bad=Tables(
        """
        IORT
          odd: node type=0x40
          its: its-group ids=0
          root-complex segment=0
            map count=0xffff output=its
        """,
        finds=("odd",),
    ),
    good=Tables(
        """
        IORT
          its: its-group ids=0
          root-complex segment=0
            map count=0xffff output=its
        """
    ),
    needs=("IORT",),
)
def unknown_node_type(board: TablesBoard) -> Iterator[Finding]:
    """One finding for all of them."""
    table = board.machine.iort
    those: list[IortNode] = [
        node for node in (table.nodes if table else ()) if node.type not in KINDS
    ]
    if table is None or not those:
        return
    is_later = table.revision > LATEST
    types = listed([f"{node.type:#x} at {node.start:#x}" for node in those])
    yield unknown_node_type.finding(
        those[0],
        f"{'a node is' if len(those) == 1 else f'{len(those)} nodes are'} of no known type: "
        f"{types}",
        property_name="type",
        severity=Severity.INFO if is_later else None,
        related=others(those),
        consequence="Linux skips such nodes silently: what they were to describe has no effect",
        fix="check the lengths of the nodes before it and the offset of the first; the types are 0 "
        "to 7",
    )
