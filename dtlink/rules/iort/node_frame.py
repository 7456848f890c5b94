"""A node, or an array in a node, does not lie where its lengths and counts say.

What it finds: a table that is shorter than its header, a first node within the header; nodes that
run beyond the table or are shorter than their type's fields, length 0 among them; fewer nodes
than the header announces; arrays of mappings, ITS ids, interrupts or RMR descriptors that run
beyond their node, begin within its fields, or overlap each other.
Why it matters: Linux goes from node to node by the lengths and takes the counts as they are. It
only checks that a node begins within the table. After a node of length 0 it visits the same node
again as many times as the header has nodes, and from a wrong length it takes whatever bytes
follow for a node; what lies beyond a node it reads as one more mapping, interrupt or reserved
range.
What to do: make the node's length that of its fields and arrays, and count what is there.
References: Arm DEN0049, IORT node header; Linux, drivers/acpi/arm64/iort.c, iort_scan_node(),
iort_init_platform_devices(), iort_node_map_id().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.iort import ARRAYS, IortNode, arrays
from dtlink.firmware.acpi.table import Trouble, TroubleKind
from dtlink.rules.iort._nodes import is_whole, nodes
from dtlink.rules.model import Finding, Severity, Tables, rule

_OVERFLOW = '"ACPI: IORT: iort node pointer overflows, bad table"'
#: What Linux makes of an array that runs beyond its node. It does not read PMU interrupts.
_BEYOND = {
    "ITS ids": "Linux takes the first id only, wherever it lies",
    "mapping array": "Linux takes the bytes that follow the node for mappings: IDs get a wrong "
    "SMMU or ITS, or the kernel crashes at boot",
    "global interrupts": "Linux takes the bytes there for the SMMU's global interrupt",
    "context interrupts": "Linux takes the bytes that follow for context interrupts, and registers "
    "whatever numbers they are",
    "PMU interrupts": "Linux does not read them; other readers take the bytes that follow for them",
    "descriptors": "Linux takes the bytes that follow for reserved ranges, and maps them",
}
_HARMLESS = ("PMU interrupts",)
_COUNTS = {array.what: array.counted_by or array.at for row in ARRAYS.values() for array in row}


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    bad=Tables(
        """
        IORT
          its: its-group ids=0
          smmu: smmu-v3 event_gsiv=74 gerr_gsiv=75 base=0x9050000 mapping_count=2
            map count=0xffff output=its
          root-complex segment=0
            map count=0xffff output=smmu
        """,
        finds=("smmu:mapping_count",),
    ),
    good=Tables(
        """
        IORT
          its: its-group ids=0
          smmu: smmu-v3 event_gsiv=74 gerr_gsiv=75 base=0x9050000
            map count=0xffff output=its
          root-complex segment=0
            map count=0xffff output=smmu
        """
    ),
    needs=("IORT",),
)
def node_frame(board: TablesBoard) -> Iterator[Finding]:
    """One finding for each trouble."""
    for trouble in board.troubles("IORT"):
        # An offset of 0 is iort/null-mapping's to tell: Linux does not read from there.
        if trouble.what == "mapping array" and not getattr(trouble.where, "mapping_offset", 1):
            continue
        if trouble.what in _BEYOND:
            yield _array(trouble)
        elif trouble.kind is TroubleKind.MISSING:
            yield _missing(trouble)
        else:
            yield _node(trouble)
    for node in nodes(board, IortNode):
        if is_whole(node):
            yield from _overlaps(node)


def _array(trouble: Trouble) -> Finding:
    node, what = trouble.where, trouble.what
    told = f"{node.name} announces {trouble.length} bytes of {what}, of which it has {trouble.room}"
    if not trouble.room and what != "ITS ids":
        told = f"{node.name} has the {what} within its own fields, or behind its end"
    return node_frame.finding(
        node,
        told,
        property_name=_COUNTS.get(what, "mapping_count"),
        severity=_severity(trouble),
        consequence=_BEYOND[what],
        fix="the count and the offset of what is there, and a node length that covers it",
    )


def _severity(trouble: Trouble) -> Severity | None:
    """One ITS id is enough, and nobody reads the interrupts of performance counters."""
    is_enough = trouble.what == "ITS ids" and trouble.room >= 4
    return Severity.WARNING if is_enough or trouble.what in _HARMLESS else None


def _missing(trouble: Trouble) -> Finding:
    table = trouble.where
    return node_frame.finding(
        table,
        f"the header announces {trouble.length} more node{'s'[: trouble.length > 1]} than there "
        f"are up to the table's end, at {trouble.offset:#x}",
        property_name="node_count",
        severity=Severity.WARNING,
        consequence=f"{_OVERFLOW} at boot, and a warning that taints the kernel at each search "
        "that finds no node; the nodes that are there are used",
        fix="the number of nodes that there are",
    )


def _node(trouble: Trouble) -> Finding:
    node, length = trouble.where, trouble.length
    message, consequence = (
        f"{node.name} has a length of {length} bytes, of which the table has {trouble.room}",
        (
            f"Linux reads the node to its end, beyond the table; {_OVERFLOW} if more nodes are "
            "announced"
        ),
    )
    if trouble.kind is TroubleKind.SHORT:
        message, consequence = _short(trouble)
    return node_frame.finding(
        node,
        message,
        property_name="node_offset" if trouble.what == "first node" else "length",
        consequence=consequence,
        fix="the length from the node's first byte to the next node's, and no fewer bytes than its "
        "fields have"
        if isinstance(node, IortNode)
        else "a header of 48 bytes, and nodes behind it",
    )


def _short(trouble: Trouble) -> tuple[str, str]:
    node, length = trouble.where, trouble.length
    if trouble.what == "table":
        return (
            f"the table has {length} bytes; its header alone has {trouble.room}",
            "Linux reads the number of nodes and the offset of the first beyond the table",
        )
    if trouble.what == "first node":
        return (
            f"the first node is said to begin at {length:#x}, within the header",
            "Linux takes bytes of the header for a node, and goes on from there by a wrong length",
        )
    if length == 0:
        return (
            f"{node.name} has a length of 0",
            (
                "Linux visits the same node again for every node that the header announces, and "
                "never those behind it"
            ),
        )
    least = node.LEAST if isinstance(node, IortNode) else IortNode.LEAST
    return (
        f"{node.name} has a length of {length} bytes; the fields of its type take {least}",
        (
            "Linux reads the missing fields from the bytes that follow, which it then takes for "
            "the next node"
        ),
    )


def _overlaps(node: IortNode) -> Iterator[Finding]:
    """Arrays that share bytes. Linux reads the first half of the global interrupts only, and some
    tables have no more of them.
    """
    used = sorted(
        (
            extent.start,
            extent.start + 8 if array.what == "global interrupts" else extent.stop,
            array,
        )
        for array, extent in arrays(node)
    )
    end, last = 0, ""
    for start, stop, array in used:
        if start < end:
            both = {last, array.what}
            yield node_frame.finding(
                node,
                f"{node.name}: {last} and {array.what} overlap from byte {start} of the node on",
                property_name=array.at or array.counted_by,
                severity=None if both & {"mapping array", "descriptors"} else Severity.WARNING,
                consequence="Linux reads the same bytes as both",
                fix="offsets at which each array has bytes of its own",
            )
        if stop > end:
            end, last = stop, array.what
