"""Two root complexes are of one PCI segment.

What it finds: root complex nodes of a segment behind the first of that segment, unless they say the
very same.
Why it matters: Linux takes the first node of the segment, and does not look at the others:
requester IDs that only they map have neither an IOMMU nor an MSI controller.
What to do: one node for each segment, with all mappings.
References: Arm DEN0049, root complex node; Linux, drivers/acpi/arm64/iort.c,
iort_match_node_callback(), iort_scan_node().
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.iort import RootComplex
from dtlink.links.acpi.iort import REQUESTER_IDS
from dtlink.links.acpi.iort_pieces import output, pieces
from dtlink.links.id_ranges import IdRange, merged, within, without
from dtlink.rules.iort._mappings import spans
from dtlink.rules.iort._nodes import nodes
from dtlink.rules.model import Finding, Severity, Tables, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    bad=Tables(
        """
        IORT
          smmu: smmu-v3 base=0x9050000
          root-complex segment=0
            map count=0xff output=smmu
          second: root-complex segment=0
            map input_base=0x100 count=0xfeff output_base=0x100 output=smmu
        """,
        finds=("second:segment",),
    ),
    good=Tables(
        """
        IORT
          smmu: smmu-v3 base=0x9050000
          root-complex segment=0
            map count=0xff output=smmu
            map input_base=0x100 count=0xfeff output_base=0x100 output=smmu
        """
    ),
    needs=("IORT",),
)
def duplicate_root_complex(board: TablesBoard) -> Iterator[Finding]:
    """One finding for each node that is not the first of its segment."""
    first: dict[int, RootComplex] = {}
    for node in nodes(board, RootComplex):
        if node.has("segment"):
            chosen = first.setdefault(node.segment, node)
            if chosen is not node and _says(chosen) != _says(node):
                yield _finding(chosen, node)


def _says(node: RootComplex) -> Sequence[tuple[IdRange, int, int]]:
    """What a node maps: IDs, to whom, and as what."""
    return [
        (span, mapping.output, output(mapping, span.first))
        for span, mapping in within(pieces(node), REQUESTER_IDS)
    ]


def _finding(first: RootComplex, node: RootComplex) -> Finding:
    mine, its = (merged(span for span, _, _ in _says(each)) for each in (node, first))
    lost = without(mine, its)
    return duplicate_root_complex.finding(
        node,
        f"{node.name} is of the same segment as {first.name}, which stands first",
        property_name="segment",
        related=(first,),
        severity=None if lost else Severity.WARNING,
        consequence=f"Linux never uses {node.name}"
        + (
            f": requester IDs {spans(lost)} have no mapping, and get neither an IOMMU nor an MSI "
            "controller"
            if lost
            else "; what it says otherwise than the first is without effect"
        ),
        fix="all mappings of the segment in one node, or another segment number",
    )
