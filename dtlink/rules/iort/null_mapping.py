"""A node announces ID mappings, and does not say where they are.

What it finds: a mapping count that is not 0 with a mapping offset of 0. (The opposite, an offset
and no mappings, is fine. iort/rmr-unread reports RMR nodes.)
Why it matters: Linux then takes the node as one without mappings: its devices get neither SMMU nor
MSI controller.
What to do: the byte offset of the first mapping, from the start of the node; or the count 0.
References: Arm DEN0049, IORT node header; Linux, drivers/acpi/arm64/iort.c, iort_node_map_id(),
iort_node_get_id().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.iort import (
    IdMapping,
    Iort,
    IortNode,
    Iwb,
    NamedComponent,
    Rmr,
    is_whole,
)
from dtlink.links.acpi.iort_walk import SMMUS
from dtlink.rules.iort._nodes import nodes
from dtlink.rules.model import Finding, Fix, Safety, Severity, Tables, rule

_ALIGNMENT = 4


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    fix=Safety(False, "whether the count or the offset is wrong is known to the firmware only"),
    bad=Tables(
        """
        IORT
          its: its-group ids=0
          rc: root-complex segment=0 mapping_offset=0
            map count=0xffff output=its
        """,
        finds=("rc:mapping_offset",),
    ),
    good=Tables(
        """
        IORT
          its: its-group ids=0
          rc: root-complex segment=0
            map count=0xffff output=its
        """
    ),
    needs=("IORT",),
)
def null_mapping(board: TablesBoard) -> Iterator[Finding]:
    """One finding a node."""
    for node in nodes(board, IortNode):
        # rmr-unread reports an RMR without mappings.
        if node.mapping_count and not node.mapping_offset and not isinstance(node, Rmr):
            yield null_mapping.finding(
                node,
                f"{node.name} has mapping_count {node.mapping_count}, but mapping_offset 0",
                property_name="mapping_offset",
                effect=_consequence(node),
                fix=_fix(node),
            )


def _fix(node: IortNode) -> Fix | str:
    """With edits where the end of the node is as many mappings to nodes of the table, or where the
    node has no room for any.
    """
    text = (
        "Set mapping_offset to the offset of the first mapping in the node, or mapping_count to 0."
    )
    room = node.end - node.start - node.LEAST
    size = node.mapping_count * IdMapping.SIZE
    if room < IdMapping.SIZE and not isinstance(node, NamedComponent | Iwb):
        return Fix.setting(text, (node, "mapping_count", 0))._replace(reveals=True)
    if size > room or not is_whole(node):
        return text
    at = node.end - node.start - size
    starts = range(node.start + at, node.end, IdMapping.SIZE)
    there = [IdMapping(node.data, start, start + IdMapping.SIZE) for start in starts]
    known = node.owner.by_offset if isinstance(node.owner, Iort) else {}
    if at % _ALIGNMENT or not all(each.output in known for each in there):
        return text
    return Fix.setting(text, (node, "mapping_offset", at))._replace(reveals=True)


def _consequence(node: IortNode) -> str:
    who = "what is behind it gets no MSI controller" if isinstance(node, SMMUS) else "it maps no ID"
    return f"Linux silently takes it as a node without mappings: {who}"
