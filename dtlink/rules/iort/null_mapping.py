"""A node announces ID mappings, and does not say where they are.

What it finds: a mapping count that is not 0 with a mapping offset of 0. (The opposite, an offset
and no mappings, is fine. Of an RMR node iort/rmr-unread tells.)
Why it matters: Linux then takes the node as one without mappings: its devices get neither SMMU nor
MSI controller.
What to do: the byte offset of the first mapping, from the start of the node; or the count 0.
References: Arm DEN0049, IORT node header; Linux, drivers/acpi/arm64/iort.c, iort_node_map_id(),
iort_node_get_id().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.iort import IortNode, Rmr
from dtlink.links.acpi.iort_walk import SMMUS
from dtlink.rules.iort._nodes import nodes
from dtlink.rules.model import Finding, Severity, Tables, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
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
        # Of an RMR without mappings rmr-unread tells.
        if node.mapping_count and not node.mapping_offset and not isinstance(node, Rmr):
            yield null_mapping.finding(
                node,
                f"{node.name} has mapping_count {node.mapping_count}, but mapping_offset 0",
                property_name="mapping_offset",
                effect=_consequence(node),
                fix="Set mapping_offset to the offset of the first mapping in the node, or "
                "mapping_count to 0.",
            )


def _consequence(node: IortNode) -> str:
    who = "what is behind it gets no MSI controller" if isinstance(node, SMMUS) else "it gets none"
    return f"Linux takes it as a node without mappings, without a message: {who}"
