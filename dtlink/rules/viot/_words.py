"""Words that the rules of this family share."""

from __future__ import annotations

from collections.abc import Sequence

from dtlink.facts.pci import bdf
from dtlink.firmware.acpi.viot import (
    Endpoint,
    PciRange,
    Viot,
    VirtioIommu,
    VirtioIommuMmio,
    VirtioIommuPci,
)
from dtlink.wording import listed

#: What begins the kernel's lines (pr_fmt in drivers/acpi/viot.c).
PREFIX = "ACPI: VIOT: "
BUG = f"{PREFIX}[Firmware Bug]: "
OVERFLOW = f'"{BUG}Node pointer overflows"'
NO_IOMMU = f'"{PREFIX}No IOMMU node found"'
UNTRANSLATED = (
    "no IOMMU: DMA is not translated (or is refused, if the virtio-iommu does not allow bypass), "
    "and VFIO cannot assign the devices"
)


def devices(node: Endpoint) -> str:
    """What a node is about, in words."""
    if not isinstance(node, PciRange):
        return f"the device at {node.base:#x}"
    segments = f"segment {node.segment_start}"
    if node.segment_end != node.segment_start:
        segments = f"segments {node.segment_start} to {node.segment_end}"
    return f"the PCI functions {bdf(node.bdf_start)} to {bdf(node.bdf_end)} of {segments}"


def iommu_nodes(table: Viot) -> list[VirtioIommu]:
    """The nodes that were meant as IOMMUs, those that are too short among them."""
    return [node for node in table.nodes if isinstance(node, VirtioIommuPci | VirtioIommuMmio)]


def choices(iommus: Sequence[VirtioIommu]) -> str:
    """The offsets that an output node may have."""
    return listed(f"{node.start:#x} ({node.identity})" for node in iommus)
