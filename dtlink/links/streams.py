"""The stream IDs of each master at each IOMMU.

A master's IDs come from ``iommus`` or, for functions on a bus, from ``iommu-map``. They are plain
numbers, so ACPI tables can use the same types.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dtlink.facts.bindings import IOMMU_NAMES
from dtlink.facts.iommus import IommuKind, kind_of
from dtlink.firmware.tree import Tree
from dtlink.links.maps import IdMap, IdMapEntry, read_id_map
from dtlink.links.reference import Reference
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.links.graph import Graph

Maps = Mapping[int, IdMap]

_ALL_BUSES = (0, 0xFF)


class Stream(NamedTuple):
    """``length`` stream IDs, starting at ``first``, of a master at an IOMMU (node numbers).

    ``mask`` has the bits that the IOMMU ignores when it compares IDs (SMMUv1 and v2 only).
    """

    iommu: int
    master: int
    first: int
    length: int
    mask: int
    reference: Reference
    mapped: bool
    """Whether they come from ``iommu-map``, for the requesters of a bus."""

    @property
    def match(self) -> tuple[int, int]:
        """ID and mask; equal for streams that match the same IDs."""
        return self.first & ~self.mask, self.mask

    @property
    def last(self) -> int:
        """The last ID, inclusive."""
        return self.first + self.length - 1


def by_iommu(graph: Graph) -> Mapping[int, list[Reference]]:
    """Return the references of ``iommus`` and ``iommu-map``, grouped by IOMMU."""
    groups: dict[int, list[Reference]] = {}
    for row, references in graph.columns:
        for ref in references if row.name in IOMMU_NAMES else ():
            groups.setdefault(ref.supplier, []).append(ref)
    return groups


def iommu_maps(tree: Tree, name: str = "iommu-map", cells: str = "#iommu-cells") -> Maps:
    """Return the ID maps with that property name, by enabled node."""
    return {
        node: read_id_map(tree, node, name, cells)
        for node in tree.holders(name)
        if node not in tree.disabled
    }


def streams(
    tree: Tree, masters: Mapping[int, Sequence[Reference]], maps: Maps
) -> dict[int, list[Stream]]:
    """Return the stream IDs at each enabled IOMMU of a known kind, in blob order."""
    found: dict[int, list[Stream]] = {}
    for iommu, references in masters.items():
        kind = kind_of(tree[iommu].compatible)
        if kind is None or iommu in tree.disabled:
            continue
        mask = tree.cell("stream-match-mask", iommu) or 0
        mine = found[iommu] = []
        for ref in references:
            if ref.binding.name == "iommu-map":
                mine += _from_map(tree, ref, maps[ref.node], mask)
            else:
                mine += _from_list(tree, ref, kind, mask)
    return found


def _from_list(tree: Tree, ref: Reference, kind: IommuKind, mask: int) -> Iterator[Stream]:
    """The ID of an entry in ``iommus``, with the mask of an SMMU's second cell."""
    if 0 < ref.args <= max(kind.cells):
        cells = tree.words[ref.at + 4 + ref.cell : ref.at + 4 + ref.cell + ref.args]
        mask = cells[1] if ref.args > 1 else mask
        yield Stream(ref.supplier, ref.consumer, cells[0], 1, mask, ref, mapped=False)


def _from_map(tree: Tree, ref: Reference, table: IdMap, mask: int) -> Iterator[Stream]:
    """The IDs of an entry in ``iommu-map``, limited to the requester IDs of the bus."""
    row = table.entries[ref.entry]
    inputs = requester_ids(tree, ref.node, table, row)
    if inputs and row.output:
        first = row.output[0] + inputs.start - row.input_base
        yield Stream(ref.supplier, ref.consumer, first, len(inputs), mask, ref, mapped=True)


def bus_ids(tree: Tree, node: int) -> range:
    """Return the requester IDs that ``bus-range`` of a PCI host allows; all without it."""
    at = tree.holders("bus-range").get(node)
    low, high = tree.cells_at(at)[:2] if at and tree.words[at + 1] == 8 else _ALL_BUSES
    return range(low << 8, (high + 1) << 8)


def requester_ids(tree: Tree, node: int, table: IdMap, row: IdMapEntry) -> range:
    """Return the input IDs of a map's entry that can occur: for a PCI host, those of its buses."""
    stop = min(row.input_base + row.length, 1 << 32)
    if table.mask != 0xFFFFFFFF:
        from dtlink.links.id_ranges import REQUESTER_IDS

        stop = min(stop, (table.mask & REQUESTER_IDS.last) + 1)
    if not is_pci(tree, node):
        return range(row.input_base, stop)
    buses = bus_ids(tree, node)
    return range(max(row.input_base, buses.start), min(stop, buses.stop))


def is_pci(tree: Tree, node: int) -> bool:
    """Whether a node is a PCI host or bridge."""
    at = tree.holders("device_type").get(node)
    return at is not None and tree.value(at) in (b"pci\0", b"pciex\0")
