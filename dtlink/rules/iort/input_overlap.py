"""Two ID mappings of a node are for the same IDs.

What it finds: ranges of one node that overlap, and give the IDs that both have different outputs.
(Ranges that share exactly the last ID of one are reported by iort/off-by-one.)
Why it matters: Linux takes the first mapping that has the ID, other systems need not. If the later
one is right, the devices with these IDs get the SMMU, stream ID or ITS of others: their DMA is
refused and their interrupts do not arrive.
What to do: make the ranges disjoint.
References: Arm DEN0049, ID mappings; Linux, drivers/acpi/arm64/iort.c, iort_node_map_id().
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dtlink.board.tables import TablesBoard
from dtlink.facts.kernels import KernelVersion
from dtlink.firmware.acpi.iort import IdMapping, IortNode, NamedComponent
from dtlink.links.acpi.iort_pieces import pieces
from dtlink.rules.iort._mappings import span
from dtlink.rules.iort._nodes import nodes
from dtlink.rules.iort._overlaps import Overlap, overlaps
from dtlink.rules.model import Finding, Severity, Tables, rule

_NONE = (
    "none on Linux, which has no input ID for a platform device; elsewhere it is left open which "
    "of the two counts"
)


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    bad=Tables(
        """
        IORT
          its: its-group ids=0
          smmu: smmu-v3 base=0x9050000
            map count=0xffff output=its
          rc: root-complex segment=0
            map count=0x1fff output=smmu
            map input_base=0x1800 count=0xe7ff output_base=0x1800 output=its
        """,
        finds=("rc:mappings",),
    ),
    good=Tables(
        """
        IORT
          its: its-group ids=0
          smmu: smmu-v3 base=0x9050000
            map count=0xffff output=its
          rc: root-complex segment=0
            map count=0x17ff output=smmu
            map input_base=0x1800 count=0xe7ff output_base=0x1800 output=its
        """
    ),
    needs=("IORT",),
)
def input_overlap(board: TablesBoard) -> Iterator[Finding]:
    """One finding a node."""
    for node in nodes(board, IortNode):
        deep = [
            each for each in overlaps(node, board.version) if not each.slipped and not each.agrees
        ]
        if deep:
            yield _finding(node, deep, board.version)


def _finding(node: IortNode, deep: Sequence[Overlap], version: KernelVersion) -> Finding:
    first, second, ids = deep[0]
    more = f"; {len(deep) - 1} more overlap like this" if len(deep) > 1 else ""
    return input_overlap.finding(
        second,
        f"IDs {span(ids)} of mappings[{second.entry}] of {node.name} are already matched by "
        f"mappings[{first.entry}]{more}",
        severity=Severity.INFO if isinstance(node, NamedComponent) else None,
        effect=_NONE
        if isinstance(node, NamedComponent)
        else f"Linux {_never(node, second, version)}; if that is the right one, the devices with "
        "these IDs have the wrong SMMU, stream ID or ITS: their DMA is refused, their interrupts "
        "are lost",
        fix=f"Remove {span(ids)} from one of the two mappings.",
    )


def _never(node: IortNode, mapping: IdMapping, version: KernelVersion) -> str:
    used = any(piece.value is mapping for piece in pieces(node, version))
    return f"never uses mappings[{mapping.entry}]" + (" for them" if used else " at all")
