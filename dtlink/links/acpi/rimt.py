"""The links of a RIMT: root complexes and platform devices to RISC-V IOMMUs.

Each mapping to an IOMMU is a link. Sources: RISC-V IO Mapping Table specification 1.0; Linux 6.18,
drivers/acpi/riscv/rimt.c, the first that reads the table: a consumer waits there for its IOMMU by
-EPROBE_DEFER. Kernels from 2026 on also make a device link, for the order of removal.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dtlink.facts.behaviours import READS_RIMT
from dtlink.firmware.acpi.rimt import Iommu, Mapped
from dtlink.links.acpi.link import TableLink, row

if TYPE_CHECKING:
    from dtlink.firmware.acpi.machine import Machine

IOMMU = row("rimt-iommu", "IOMMU")

# Why Linux does not use an entry.
NOT_READ = f"Linux reads the RIMT since {READS_RIMT.since} only"
EMPTY = "it maps no ID"


def links(machine: Machine) -> Iterator[TableLink]:
    """The links of a machine's RIMT."""
    table = machine.rimt
    for node in table.nodes if table else ():
        for mapping in node.mappings if isinstance(node, Mapped) else ():
            target = table.by_offset.get(mapping.output) if table else None
            if isinstance(target, Iommu):
                why_not = NOT_READ if mapping.count else EMPTY
                yield TableLink(
                    node, target, IOMMU, mapping, mapping.inputs, mapping.output_base, None, why_not
                )
