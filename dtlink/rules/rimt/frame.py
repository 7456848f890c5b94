"""A node, or an array in a node, does not lie where its lengths and counts say.

What it finds: a table shorter than its header, a first node within the header, nodes that run
beyond the table or are shorter than their fields, fewer nodes than announced, and arrays of
mappings or interrupt wires that do not lie in their node behind its fields.
Why it matters: Linux goes from node to node by the lengths, and takes the counts as they are. It
checks only that a node begins within the table ("RIMT node pointer overflows, bad table!"). What
lies behind a node it reads as one more mapping: IDs get a wrong IOMMU, or none.
What to do: make a node's length that of its fields and arrays, and count what is there.
References: RISC-V IO Mapping Table specification, 2; Linux, drivers/acpi/riscv/rimt.c,
rimt_scan_node().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.table import Trouble, TroubleKind
from dtlink.rules.model import Finding, Severity, Tables, rule
from dtlink.rules.rimt._nodes import SINCE


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    bad=Tables(
        """
        RIMT
          iommu: iommu base=0x3010000 hardware_id="RSCV0004"
          rc: root-complex segment=0 mapping_count=2
            map count=0x10000 output=iommu
        """,
        finds=("rc",),
    ),
    good=Tables(
        """
        RIMT
          iommu: iommu base=0x3010000 hardware_id="RSCV0004"
          root-complex segment=0
            map count=0x10000 output=iommu
        """
    ),
    needs=("RIMT",),
)
def frame(board: TablesBoard) -> Iterator[Finding]:
    """One finding a trouble."""
    for trouble in board.troubles("RIMT"):
        yield frame.finding(
            trouble.where,
            _message(trouble),
            consequence=_consequence(trouble),
            fix="as many as there are"
            if trouble.kind is TroubleKind.MISSING
            else "lengths, counts and offsets that include what is there, and nothing more",
        )


def _message(trouble: Trouble) -> str:
    name, length, room = trouble.where.name, trouble.length, trouble.room
    if trouble.kind is TroubleKind.MISSING:
        return f"the header announces {length} more nodes than there are"
    if trouble.what == "table":
        return f"the RIMT has {length} bytes, but its header alone has {room}"
    if trouble.what == "first node":
        return f"the first node is said to be at {length:#x}, within the header"
    if trouble.what != "node":
        return f"the {trouble.what} of {name} takes {length} bytes, but it has room for {room}"
    if trouble.kind is TroubleKind.SHORT:
        return f"{name} says that it has {length} bytes, too few for a {trouble.where.WORD}"
    return f"{name} says that it has {length} bytes, but the table ends {room} bytes on"


def _consequence(trouble: Trouble) -> str:
    if trouble.kind is TroubleKind.MISSING:
        return f'{SINCE} warns "RIMT node pointer overflows, bad table!" for each look-up'
    if trouble.what == "node" and not trouble.length:
        return f"{SINCE} looks at this node again and again: it finds none behind it"
    return (
        f"{SINCE} takes the bytes that follow for fields, nodes or mappings: a wrong IOMMU, or none"
    )
