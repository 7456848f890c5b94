"""Two mappings of one node have an ID in common.

What it finds: source ID ranges of one root complex or platform device that overlap and give the
common IDs to different IOMMUs, or different device IDs.
Why it matters: a source ID maps to one IOMMU only. Linux takes the first entry in the table;
whether that is the one that the hardware means, is luck.
What to do: end each range where the next begins. The number of IDs is the number itself, not less
one as in an IORT.
References: RISC-V IO Mapping Table specification, PCIe root complex node and ID mapping structure;
Linux, drivers/acpi/riscv/rimt.c, rimt_node_map_id().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.rimt import Mapped, RimtMapping
from dtlink.rules.model import Finding, Severity, Tables, rule
from dtlink.rules.rimt._nodes import ids, nodes


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    bad=Tables(
        """
        RIMT
          one: iommu id=0 base=0x3010000 hardware_id="RSCV0004"
          other: iommu id=1 base=0x3020000 hardware_id="RSCV0004"
          rc: root-complex id=2 segment=0
            map source_base=0x8000 count=0x8000 output_base=0x8000 output=other
            map count=0x8100 output=one
        """,
        finds=("rc:mappings",),
    ),
    good=Tables(
        """
        RIMT
          one: iommu id=0 base=0x3010000 hardware_id="RSCV0004"
          other: iommu id=1 base=0x3020000 hardware_id="RSCV0004"
          rc: root-complex id=2 segment=0
            map source_base=0x8000 count=0x8000 output_base=0x8000 output=other
            map count=0x8000 output=one
        """
    ),
    needs=("RIMT",),
)
def input_overlap(board: TablesBoard) -> Iterator[Finding]:
    """One finding for each entry that meets one with a lower base."""
    for node in nodes(board, Mapped):
        widest: RimtMapping | None = None
        for mapping in sorted(node.mappings, key=lambda each: (each.source_base, each.entry)):
            if widest and _meet(widest, mapping) and _differ(widest, mapping):
                yield _finding(node, *sorted((widest, mapping), key=lambda each: each.entry))
            if widest is None or mapping.inputs.stop > widest.inputs.stop:
                widest = mapping


def _meet(low: RimtMapping, high: RimtMapping) -> bool:
    return bool(high.count) and high.source_base < low.inputs.stop


def _differ(one: RimtMapping, other: RimtMapping) -> bool:
    shifts = {each.output_base - each.source_base for each in (one, other)}
    return one.output != other.output or len(shifts) > 1


def _finding(node: Mapped, first: RimtMapping, last: RimtMapping) -> Finding:
    both = range(
        max(first.inputs.start, last.inputs.start), min(first.inputs.stop, last.inputs.stop)
    )
    return input_overlap.finding(
        last,
        f"mappings[{first.entry}] and mappings[{last.entry}] of {node.name} both take the IDs "
        f"{ids(both)}",
        property_name="source_base",
        effect=f"Linux takes mappings[{first.entry}], which is first: the IDs get its IOMMU "
        "and device IDs, right or wrong",
        fix="Make the ranges disjoint. In RIMT count is the number of IDs, not the last offset.",
    )
