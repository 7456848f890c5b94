"""An ID mapping names no IOMMU.

What it finds: a destination offset that is 0, at which no node begins, or at which a root complex
or a platform device begins.
Why it matters: Linux looks only for 0 ("ID map has NULL parent reference"). Any other number it
takes for a node, whatever lies there; the IDs get no IOMMU, or a wrong one.
What to do: write the byte offset, from the start of the table, of the IOMMU node's first byte.
References: RISC-V IO Mapping Table specification, ID mapping structure; Linux,
drivers/acpi/riscv/rimt.c, rimt_node_map_id(), rimt_node_get_id().
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.rimt import Iommu, Mapped, Mapping
from dtlink.rules.model import Finding, Severity, Tables, rule
from dtlink.rules.rimt._nodes import SINCE, entry, more, nodes, target


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    bad=Tables(
        """
        RIMT
          iommu: iommu base=0x3010000 hardware_id="RSCV0004"
          rc: root-complex segment=0
            map count=0x10000 output=iommu+8
        """,
        finds=("rc:mappings",),
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
def illegal_target(board: TablesBoard) -> Iterator[Finding]:
    """One finding a node, at its first such entry."""
    known = ", ".join(f"{each.start:#x}" for each in islice(nodes(board, Iommu), 4))
    for node in nodes(board, Mapped):
        wrong = [mapping for mapping in node.mappings if target(board, mapping) is None]
        for mapping in wrong[:1]:
            yield illegal_target.finding(
                mapping,
                f"{entry(node, mapping)} has the destination {_what(board, mapping)}{more(wrong)}",
                property_name="output",
                consequence='"[Firmware Bug]: … ID map has NULL parent reference": its IDs get no '
                "IOMMU"
                if not mapping.output
                else f"{SINCE} takes the bytes there for a node: no IOMMU, or a wrong one",
                fix=f"the byte offset of an IOMMU node ({known or 'there is none yet'})",
            )


def _what(board: TablesBoard, mapping: Mapping) -> str:
    table = board.machine.rimt
    node = table.by_offset.get(mapping.output) if table else None
    told = f"which is {node.name}" if node else "at which no node begins"
    return f"{mapping.output:#x}, " + (told if mapping.output else "which stands for none")
