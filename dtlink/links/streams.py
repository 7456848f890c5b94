"""The stream IDs of each master at each IOMMU.

A master's IDs come from ``iommus`` or, for functions on a bus, from ``iommu-map``. They are plain
numbers, so ACPI tables can use the same types.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from dtlink.facts.bindings import IOMMU_NAMES
from dtlink.links.maps import IdMap, IdMapEntry, read_id_map

if TYPE_CHECKING:
    from dtlink.firmware.tree import Tree
    from dtlink.links.graph import Graph
    from dtlink.links.reference import Reference

Maps = Mapping[int, IdMap]

_REQUESTER_IDS = 0xFFFF
_ALL_BUSES = (0, 0xFF)


class Sharing(Enum):
    """What an IOMMU's driver does with two masters that have the same stream ID."""

    GROUP = "they share a stream-match entry, and one translation"
    """SMMUv1 and v2 (Linux, drivers/iommu/arm/arm-smmu/arm-smmu.c, arm_smmu_find_sme())."""
    REFUSED = "the second one is refused"
    """SMMUv3 (drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.c, arm_smmu_insert_master())."""
    UNKNOWN = "not known here"


class IommuKind(NamedTuple):
    """One row: IOMMUs that one driver serves; ``names`` are patterns of ``compatible``."""

    names: tuple[str, ...]
    cells: tuple[int, ...]
    """The values of ``#iommu-cells`` that the binding allows."""
    sharing: Sharing = Sharing.UNKNOWN
    id_bits: int = 32
    """Upper bound on the width of a stream ID, in bits."""


#: By binding (Documentation/devicetree/bindings/iommu, …/memory-controllers for Tegra).
IOMMUS = (
    IommuKind(("arm,smmu-v1", "arm,mmu-400", "arm,mmu-401"), (1, 2), Sharing.GROUP, 15),
    IommuKind(
        (
            "arm,smmu-v2",
            "arm,mmu-500",
            "cavium,smmu-v2",
            "qcom,*-smmu-500",
            "qcom,*-smmu-v2",
            "qcom,smmu-500",
            "qcom,smmu-v2",
            "nvidia,smmu-500",
        ),
        (1, 2),
        Sharing.GROUP,
        16,
    ),
    IommuKind(("arm,smmu-v3",), (1,), Sharing.REFUSED),
    IommuKind(("qcom,msm-iommu-v1", "qcom,msm-iommu-v2"), (1,)),
    IommuKind(("rockchip,iommu", "rockchip,rk3568-iommu"), (0,)),
    IommuKind(("mediatek,*-m4u", "mediatek,*-iommu-*"), (1,)),
    IommuKind(("renesas,ipmmu-*",), (1,)),
    IommuKind(("samsung,exynos-sysmmu",), (0,)),
    IommuKind(("ti,omap2-iommu", "ti,omap4-iommu", "ti,dra7-iommu", "ti,dra7-dsp-iommu"), (0,)),
    IommuKind(("allwinner,sun50i-*-iommu",), (1,)),
    IommuKind(("apple,*-dart",), (1,)),
    IommuKind(tuple(f"nvidia,tegra{soc}-mc" for soc in (30, 114, 124, 132, 210)), (1,)),
    IommuKind(("virtio,pci-iommu", "virtio,mmio", "pci1af4,1057"), (1,)),
)


def kind_of(compatible: Sequence[str]) -> IommuKind | None:
    """The row of an IOMMU, by its most specific known name; ``None`` if there is none."""
    return next(filter(None, map(_kind, compatible)), None)


@lru_cache(maxsize=1024)
def _kind(name: str) -> IommuKind | None:
    return next((row for row in IOMMUS if any(fnmatchcase(name, p) for p in row.names)), None)


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
    for ref in graph.references:
        if ref.binding.name in IOMMU_NAMES:
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
        stop = min(stop, (table.mask & _REQUESTER_IDS) + 1)
    if not is_pci(tree, node):
        return range(row.input_base, stop)
    buses = bus_ids(tree, node)
    return range(max(row.input_base, buses.start), min(stop, buses.stop))


def is_pci(tree: Tree, node: int) -> bool:
    """Whether a node is a PCI host or bridge."""
    at = tree.holders("device_type").get(node)
    return at is not None and tree.value(at) in (b"pci\0", b"pciex\0")
