"""A PCI segment is not in the MCFG.

What it finds: root complexes and PCIe IOMMUs of a segment that the MCFG has no configuration space
of.
Why it matters: a machine finds its PCI devices by the MCFG. A root complex that is not there has
none. A PCIe IOMMU that is not there never comes, and the devices that it serves wait for it.
What to do: write the segment's number as the MCFG and _SEG have it.
References: RISC-V IO Mapping Table specification, PCIe segment number; Linux,
drivers/acpi/riscv/rimt.c, rimt_match_node_callback().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.rimt import Iommu, RootComplex
from dtlink.rules.model import Finding, Severity, Tables, rule
from dtlink.rules.rimt._nodes import SINCE, nodes


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    bad=Tables(
        """
        MCFG
          allocation base=0x30000000 segment=0
        RIMT
          iommu: iommu id=0 flags=1 segment=1 function=8 hardware_id="00101400"
          root-complex id=1 segment=0
            map source_base=0x100 count=0xff00 output_base=0x100 output=iommu
        """,
        finds=("iommu:segment",),
    ),
    good=Tables(
        """
        MCFG
          allocation base=0x30000000 segment=0
        RIMT
          iommu: iommu id=0 flags=1 segment=0 function=8 hardware_id="00101400"
          root-complex id=1 segment=0
            map source_base=0x100 count=0xff00 output_base=0x100 output=iommu
        """
    ),
    needs=("RIMT",),
)
def unknown_segment(board: TablesBoard) -> Iterator[Finding]:
    """One finding a node, if there is an MCFG that names segments."""
    segments = board.machine.mcfg.segments if board.machine.mcfg else frozenset()
    for node in nodes(board, Iommu) if segments else ():
        if node.is_pcie and node.segment not in segments:
            yield _finding(node, f"{SINCE} lets the devices that it serves wait for ever")
    for root in nodes(board, RootComplex) if segments else ():
        if root.segment not in segments:
            yield _finding(root, "there are no such devices, and their mappings are without use")


def _finding(node: Iommu | RootComplex, consequence: str) -> Finding:
    return unknown_segment.finding(
        node,
        f"{node.name} is of segment {node.segment}, which the MCFG does not have",
        property_name="segment",
        consequence=consequence,
        fix="the number of the segment in the MCFG, or its configuration space there",
        severity=None if isinstance(node, Iommu) else Severity.WARNING,
    )
