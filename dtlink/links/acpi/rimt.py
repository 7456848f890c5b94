"""The links of a RIMT: root complexes and platform devices to RISC-V IOMMUs.

Each mapping to an IOMMU is a link. Sources: RISC-V IO Mapping Table specification 1.0; Linux 6.18,
the first that reads the table, and 7.2, drivers/acpi/riscv/rimt.c.
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.facts.behaviours import READS_RIMT
from dtlink.facts.kernels import DEFAULT, KernelVersion
from dtlink.firmware.acpi.rimt import Iommu, Mapped, RimtRootComplex
from dtlink.links.acpi.link import TableLink, row
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.firmware.acpi.machine import Machine

IOMMU = row("rimt-iommu", "IOMMU")

# Why Linux does not use an entry.
NOT_READ = f"Linux reads the RIMT since {READS_RIMT.since} only"
EMPTY = "it maps no ID"
SECOND = "Linux takes the first root complex of a segment"


def links(machine: Machine, version: KernelVersion = DEFAULT) -> Iterator[TableLink]:
    """The links of a machine's RIMT."""
    table = machine.rimt
    unread = "" if READS_RIMT.on(version) else NOT_READ
    segments: set[int] = set()
    for node in table.nodes if table else ():
        unused = unread
        if isinstance(node, RimtRootComplex):
            unused = unused or (SECOND if node.segment in segments else "")
            segments.add(node.segment)
        for mapping in node.mappings if isinstance(node, Mapped) else ():
            target = table.by_offset.get(mapping.output) if table else None
            if isinstance(target, Iommu):
                why_not = unused if mapping.count else EMPTY
                yield TableLink(
                    node, target, IOMMU, mapping, mapping.inputs, mapping.output_base, None, why_not
                )
