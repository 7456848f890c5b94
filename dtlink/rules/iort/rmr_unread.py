"""A reservation of memory has no effect.

What it finds: RMR nodes in a table of a revision below 5, without a descriptor, or without a
mapping to say whose stream IDs they are.
Why it matters: what firmware has set up to run, such as the display or a management controller,
does its DMA through the SMMU without a driver. Without the reservation that DMA is cut off when
the SMMU's driver takes over: the screen stays black, the SMMU's log fills with faults. Linux
reads RMR nodes of tables from revision 5 on only, and says nothing of those before.
What to do: a table of revision 5 or later, RMR nodes of revision 3, each with a descriptor and a
mapping to the SMMU.
References: Arm DEN0049 E.d, RMR node; Linux, drivers/acpi/arm64/iort.c, iort_find_rmrs(),
iort_node_get_rmr_info().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.iort import Iort, Rmr, is_whole
from dtlink.links.acpi.iort import RMR_SINCE
from dtlink.rules.iort._nodes import named, nodes, others
from dtlink.rules.model import Finding, Severity, Tables, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    bad=Tables(
        """
        IORT table_revision=3
          smmu: smmu-v3 base=0x9050000 event_gsiv=74 gerr_gsiv=75
          rmr: rmr node_revision=1
            descriptor base=0xf80d0000 length=0x10000
            map output_base=1 output=smmu
        """,
        finds=("rmr",),
    ),
    good=Tables(
        """
        IORT table_revision=5
          smmu: smmu-v3 base=0x9050000 event_gsiv=74 gerr_gsiv=75
          rmr: rmr node_revision=3
            descriptor base=0xf80d0000 length=0x10000
            map output_base=1 output=smmu
        """
    ),
    needs=("IORT",),
)
def rmr_unread(board: TablesBoard) -> Iterator[Finding]:
    """One finding for all nodes of an old table, else one a node."""
    table = board.machine.iort
    those = list(filter(is_whole, nodes(board, Rmr)))
    if table is None or not those:
        return
    if table.revision < RMR_SINCE:
        yield _old(table, those)
        return
    for node in those:
        # Linux looks for the mappings first, and reports it if there are none.
        if not node.mapping_count or not node.mapping_offset:
            yield _lacking(
                node, "mapping", '"[Firmware Bug]: Invalid ID mapping, skipping RMR node"'
            )
        elif not node.descriptor_count or not node.descriptor_offset:
            yield _lacking(node, "descriptor", "Linux skips the node silently")


def _old(table: Iort, those: list[Rmr]) -> Finding:
    return rmr_unread.finding(
        those[0],
        f"{named(those)}: the table has revision {table.revision}, and Linux reads RMR nodes "
        f"from revision {RMR_SINCE} on",
        related=others(those),
        effect="nothing is reserved: the DMA that firmware left running is cut off when the "
        "SMMU's driver takes over",
        fix="Write table revision 5 or later, with RMR nodes of revision 3.",
    )


def _lacking(node: Rmr, what: str, consequence: str) -> Finding:
    return rmr_unread.finding(
        node,
        f"{node.name} has no {what}",
        property_name=f"{what}_count",
        effect=f"{consequence}: nothing is reserved",
        fix="Add the ranges, and a mapping to the SMMU for the stream IDs that use them.",
    )
