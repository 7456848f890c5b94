"""Bytes of the table belong to no node, or to no array of their node.

What it finds: bytes that are not 0 between the header and the first node, after the last node
that the header announces, or in a node after all of its fields and arrays. Where a whole node,
or a whole mapping to a node of the table, lies there, it says so. Padding with 0 is fine, as are
the four bytes that some tables have between the header and the first node.
Why it matters: no reader uses these bytes. Most often a count is too small: one more node, or one
more mapping, was written and is without effect.
What to do: count what is there, or take the bytes out.
References: Arm DEN0049, IORT header and node header; Linux, drivers/acpi/arm64/iort.c,
iort_scan_node().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.iort import (
    KINDS,
    IdMapping,
    Iort,
    IortNode,
    Iwb,
    NamedComponent,
    arrays,
    is_whole,
)
from dtlink.rules.iort.node_revision import LATEST_OF
from dtlink.rules.model import Finding, Severity, Tables, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.INFO,
    bad=Tables(
        """
        IORT node_count=2
          its: its-group ids=0
          root-complex segment=0
            map count=0xffff output=its
          root-complex segment=1
            map count=0xffff output=its
        """,
        finds=("IORT:node_count",),
    ),
    good=Tables(
        """
        IORT
          its: its-group ids=0
          root-complex segment=0
            map count=0xffff output=its
          root-complex segment=1
            map count=0xffff output=its
        """
    ),
    needs=("IORT",),
)
def gap(board: TablesBoard) -> Iterator[Finding]:
    """At most one finding before the nodes, one after them, and one in each node."""
    table = board.machine.iort
    if table is None:
        return
    nodes = table.nodes
    before = table.data[table.SIZE : table.node_offset]
    if any(before) and table.node_offset <= table.end:
        yield _bytes(table, len(before), table.SIZE, "between the header and the first node")
    # Where the walk ended in a fault, the end of the nodes is not known.
    if not table.frame_faults:
        yield from _after(table, nodes[-1].end if nodes else table.node_offset)
    for node in nodes:
        if is_whole(node) and node.revision <= LATEST_OF.get(type(node), -1):
            yield from _within(table, node)


def _bytes(where: Iort | IortNode, number: int, at: int, place: str) -> Finding:
    return gap.finding(
        where,
        f"{number} bytes {place}, at {at:#x}, belong to nothing, and are not 0",
        effect="no reader uses them",
        fix="Remove them, or correct the offset, length or count that should include them.",
    )


def _after(table: Iort, end: int) -> Iterator[Finding]:
    rest = table.data[end:]
    length = int.from_bytes(rest[1:3], "little")
    if len(rest) >= IortNode.LEAST and rest[0] in KINDS and IortNode.SIZE <= length <= len(rest):
        yield gap.finding(
            table,
            f"the header announces {table.node_count} nodes, but another follows them: a "
            f"{KINDS[rest[0]].WORD} at {end:#x}",
            property_name="node_count",
            severity=Severity.WARNING,
            effect="no system reads that node, nor any after it: what it describes has no effect",
            fix="Count it in node_count, or remove it.",
        )
    elif any(rest):
        yield _bytes(table, len(rest), end, "after the last node")


def _within(table: Iort, node: IortNode) -> Iterator[Finding]:
    """What lies in a node after all that it owns."""
    owned = _owned(node)
    rest = node.data[owned : node.end]
    entry = IdMapping(node.data, owned, owned + IdMapping.SIZE)
    if len(rest) >= IdMapping.SIZE and node.mappings and entry.output in table.by_offset:
        yield gap.finding(
            node,
            f"{node.name} counts {node.mapping_count} mappings, but another follows them, to "
            f"{table.by_offset[entry.output].name}",
            property_name="mapping_count",
            severity=Severity.WARNING,
            supplier=table.by_offset[entry.output],
            effect="no system reads that mapping: its IDs are not translated",
            fix="Count it in mapping_count, or remove it.",
        )
    elif any(rest):
        yield _bytes(node, len(rest), owned, "after all that the node has")


def _owned(node: IortNode) -> int:
    """Byte offset, in the table, of the end of a node's fields and arrays."""
    ends = [node.start + extent.stop for _, extent in arrays(node)]
    if isinstance(node, NamedComponent | Iwb):
        ends.append(node.offset("object_name") + len(node.object_name) + 1)
    return min(max(node.start + node.SIZE, *ends, 0), node.end)
