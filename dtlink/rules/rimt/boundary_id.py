"""A mapping that ends where another begins, which Linux counts one ID too far.

What it finds: a mapping whose range begins with the ID after the last of an earlier one of the
node, with another IOMMU or without continuing the earlier one's device IDs.
Why it matters: the table is right, but Linux (6.18 to 7.2) takes the number of IDs for the distance
of the last. The first ID of the later range goes to the earlier entry: in a root complex that is
function 0 of a bus, with a wrong device ID or a wrong IOMMU, and its DMA faults.
What to do: write the entries by falling source ID base; then the right one comes first, with any
kernel.
References: RISC-V IO Mapping Table specification, ID mapping structure and its example; Linux,
drivers/acpi/riscv/rimt.c, rimt_id_map().
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.rimt import Mapped, RimtMapping
from dtlink.rules.model import Finding, Fix, Safety, Severity, Tables, rule
from dtlink.rules.rimt._nodes import more, nodes


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    fix=Safety(True, "the order of ranges without a common ID has no meaning"),
    bad=Tables(
        """
        RIMT
          one: iommu id=0 base=0x3010000 hardware_id="RSCV0004"
          other: iommu id=1 base=0x3020000 hardware_id="RSCV0004"
          rc: root-complex id=2 segment=0
            map count=0x8000 output=one
            map source_base=0x8000 count=0x8000 output_base=0x8000 output=other
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
def boundary_id(board: TablesBoard) -> Iterator[Finding]:
    """One finding a node: its first such entry, and how many there are."""
    for node in nodes(board, Mapped):
        found = list(_late(node.mappings))
        if found:
            first, last = found[0]
            yield boundary_id.finding(
                last,
                f"mappings[{last.entry}] of {node.name} begins with the ID {last.source_base:#x}, "
                f"right after mappings[{first.entry}]{more(found)}",
                property_name="source_base",
                effect=f"Linux counts one ID too far and takes mappings[{first.entry}] for "
                f"{last.source_base:#x}: a wrong device ID or IOMMU",
                fix=_fix(node.mappings),
            )


def _fix(those: tuple[RimtMapping, ...]) -> Fix | str:
    """With edits where no two entries have an ID in common."""
    text = "Sort the entries by falling source_base."
    ordered = sorted(those, key=lambda each: each.source_base, reverse=True)
    apart = all(low.inputs.stop <= high.source_base for high, low in pairwise(ordered))
    if not apart or not all(each.count for each in those):
        return text
    moved = [(at, source) for at, source in zip(those, ordered, strict=True) if at is not source]
    return Fix.setting(
        text,
        *(
            (at, name, getattr(source, name))
            for at, source in moved
            for name in RimtMapping.fields()
            if getattr(at, name) != getattr(source, name)
        ),
    )


def _late(those: tuple[RimtMapping, ...]) -> Iterator[tuple[RimtMapping, RimtMapping]]:
    ends: dict[int, RimtMapping] = {}
    for mapping in those:
        before = ends.get(mapping.source_base) if mapping.count else None
        if before and (
            before.output != mapping.output or before.outputs.stop != mapping.output_base
        ):
            yield before, mapping
        if mapping.count:
            ends.setdefault(mapping.inputs.stop, mapping)
