"""The memory that firmware reserves in the address space of a device at its IOMMU.

In a devicetree that is ``iommu-addresses`` of the nodes that the device's ``memory-region``
references; for tables see :mod:`dtlink.links.acpi.reserved`. Source: Linux 7.2,
drivers/iommu/of_iommu.c, of_iommu_get_resv_regions().
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dtlink.enums import Enum
from dtlink.links.address import first_region
from dtlink.links.translation import EntryRef
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.firmware.tree import Tree


class RegionKind(Enum):
    """How Linux treats a region, in the words of ``reserved_regions`` of an IOMMU group."""

    DIRECT = "direct"
    """It must stay mapped 1:1."""
    RELAXABLE = "direct-relaxable"
    """It is mapped 1:1 until the device is given to a guest."""
    RESERVED = "reserved"
    """Its addresses are kept out of use."""


class Region(NamedTuple):
    """One region of one device; both ends are in it."""

    first: int
    last: int
    kind: RegionKind
    entry: EntryRef
    note: str = ""
    """What the kind depends on, or whether the device uses it."""


def of_node(tree: Tree, node: int) -> Iterator[Region]:
    """The regions of a devicetree's node. Those of another node's ``iommu-addresses`` are not its.

    An address of such a region is one of the device's bus: it has ``#address-cells`` and
    ``#size-cells`` of the device's parent (of_translate_dma_region()).
    """
    at = tree.holders("memory-region").get(node)
    for phandle in () if at is None else tree.cells_at(at):
        memory = tree.phandles.get(phandle, -1)
        if memory < 0:
            return
        if memory in tree.holders("iommu-addresses"):
            yield from _of_memory(tree, memory, node)


def _of_memory(tree: Tree, memory: int, node: int) -> Iterator[Region]:
    """The regions that one node of reserved memory has for a device."""
    cells = tree.cells_at(tree.holders("iommu-addresses")[memory])
    has_reg = memory in tree.holders("reg")
    physical = first_region(tree, memory) if has_reg else None
    if has_reg and physical is None:
        return
    at = entry = 0
    while at < len(cells):
        target = tree.phandles.get(cells[at], -1)
        width = _widths(tree, target)
        if target < 0 or at + 1 + sum(width) > len(cells):
            return
        start = _number(cells[at + 1 : at + 1 + width[0]])
        size = _number(cells[at + 1 + width[0] : at + 1 + sum(width)])
        if target == node and size:
            is_same = physical is not None and (physical.start, physical.end) == (
                start,
                start + size,
            )
            kind = RegionKind.DIRECT if is_same else RegionKind.RESERVED
            said = EntryRef(tree.path(memory), "iommu-addresses", entry)
            yield Region(start, start + size - 1, kind, said)
        at += 1 + sum(width)
        entry += 1


def _widths(tree: Tree, node: int) -> tuple[int, int]:
    """``#address-cells`` and ``#size-cells`` of the bus of a device.

    The kernel takes those of the bus of the device, and of the root those of the root.
    """
    bus = tree.parents[node] if node >= 0 else -1
    address = size = None
    while bus >= 0 and (address is None or size is None):
        address = tree.cell("#address-cells", bus) if address is None else address
        size = tree.cell("#size-cells", bus) if size is None else size
        bus = tree.parents[bus]
    return min(address or 1, 4), min(1 if size is None else size, 4)


def _number(cells: Sequence[int]) -> int:
    number = 0
    for cell in cells:
        number = number << 32 | cell
    return number & 0xFFFFFFFFFFFFFFFF
