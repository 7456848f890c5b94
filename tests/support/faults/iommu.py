"""Stream IDs and maps. Few boards have an SMMU, so most faults bring their own."""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.links.streams import kind_of
from tests.support.faults.bed import Bed, Value
from tests.support.faults.model import ERROR, INFO, WARNING, Planted, fault, faults_of

_V2, _V3 = "arm,mmu-500", "arm,smmu-v3"
Row = tuple[int, int, int, int]


def smmu(bed: Bed, compatible: str = _V2, cells: int = 1, **more: Value) -> int:
    """Add an SMMU."""
    return bed.add("seeded-smmu", compatible=compatible, _iommu_cells=cells, **more)


def host(bed: Bed) -> int:
    """A PCI host without a map: one of the board's, else a new one."""
    own = [
        node
        for node in bed.enabled("device_type", "compatible")
        if bed.tree[node].strings("device_type") == ("pci",) and not bed.has(node, "iommu-map")
    ]
    node = bed.pick(own)
    if node is None:
        node = bed.add(
            "seeded-pcie", compatible="pci-host-ecam-generic", _address_cells=3, _size_cells=2
        )
        bed.put(node, "device_type", "pci")
    bed.set(node, bus_range=(0, 0xFF))
    return node


def put_map(bed: Bed, node: int, *rows: Row) -> None:
    """Write an ``iommu-map``."""
    bed.set(node, iommu_map=tuple(cell for row in rows for cell in row))


def _at_map(bed: Bed, node: int, index: int | None = None) -> Planted:
    return Planted(bed.path(node), "iommu-map", index)


@fault("iommu/cells", ERROR)
def iommu_cells_too_small(bed: Bed) -> Planted | None:
    iommu, master = smmu(bed, cells=0), bed.pick(bed.devices())
    if master is None:
        return None
    bed.set(master, iommus=bed.phandle(iommu))
    return Planted(bed.path(iommu), "#iommu-cells")


@fault("iommu/cells", WARNING, boards=3)
def iommu_cells_of_the_boards_own_iommu(bed: Bed) -> Planted | None:
    """The entries of its masters are cut short by it, too."""
    kinds = {node: kind_of(bed.tree[node].compatible) for node in bed.board.masters}
    iommu = bed.pick(node for node, kind in kinds.items() if kind)
    kind = None if iommu is None else kinds[iommu]
    if iommu is None or kind is None:
        return None
    bed.set(iommu, _iommu_cells=max(kind.cells) + 1)
    masters = bed.paths(ref.node for ref in bed.board.masters[iommu])
    return Planted(bed.path(iommu), "#iommu-cells", touched=masters)


@fault("phandle/leftover-cells", ERROR)
def map_row_with_a_cell_too_few(bed: Bed) -> Planted | None:
    bridge, iommu = host(bed), smmu(bed)
    bed.set(bridge, iommu_map=(0, bed.phandle(iommu), 0))
    return _at_map(bed, bridge)


@fault("phandle/dangling", ERROR)
def map_row_that_names_no_node(bed: Bed) -> Planted | None:
    bridge = host(bed)
    put_map(bed, bridge, (0, bed.unused_phandle(), 0, 0x10000))
    return _at_map(bed, bridge, 0)


@fault("iommu/not-an-iommu", ERROR)
def map_row_that_names_no_iommu(bed: Bed) -> Planted | None:
    bridge = host(bed)
    wrong = bed.pick(
        node
        for node in bed.enabled("compatible", "reg")
        if not bed.has(node, "#iommu-cells") and not kind_of(bed.tree[node].compatible)
    )
    if wrong is None:
        return None
    put_map(bed, bridge, (0, bed.phandle(wrong), 0, 0x10000))
    return _at_map(bed, bridge, 0)


@fault("iommu/map-cells", WARNING)
def map_at_an_iommu_of_two_cells(bed: Bed) -> Planted | None:
    bridge, iommu = host(bed), smmu(bed, cells=2)
    put_map(bed, bridge, (0, bed.phandle(iommu), 0, 0x10000))
    return _at_map(bed, bridge)


@fault("iommu/map-empty", INFO)
def map_row_of_length_0(bed: Bed) -> Planted | None:
    bridge, phandle = host(bed), bed.phandle(smmu(bed))
    put_map(bed, bridge, (0, phandle, 0, 0x10000), (0x10000, phandle, 0x10000, 0))
    return _at_map(bed, bridge, 1)


@fault("iommu/map-input-overlap", WARNING)
def map_rows_for_the_same_requesters(bed: Bed) -> Planted | None:
    bridge, phandle = host(bed), bed.phandle(smmu(bed, _V3))
    put_map(bed, bridge, (0, phandle, 0, 0x2000), (0x1800, phandle, 0x14000, 0xE800))
    return _at_map(bed, bridge, 1)


@fault("iommu/map-output-overlap", WARNING)
def map_rows_that_give_the_same_streams(bed: Bed) -> Planted | None:
    bridge, phandle = host(bed), bed.phandle(smmu(bed, _V3))
    put_map(bed, bridge, (0, phandle, 0, 0x8000), (0x8000, phandle, 0x4000, 0x8000))
    return _at_map(bed, bridge, 1)


@fault("iommu/map-output-overlap", INFO)
def map_rows_that_share_streams_at_an_smmu_v2(bed: Bed) -> Planted | None:
    bridge, phandle = host(bed), bed.phandle(smmu(bed))
    put_map(bed, bridge, (0, phandle, 0, 0x8000), (0x8000, phandle, 0x4000, 0x8000))
    return _at_map(bed, bridge, 1)


@fault("iommu/map-mask", ERROR)
def mask_that_contradicts_a_row(bed: Bed) -> Planted | None:
    bridge, phandle = host(bed), bed.phandle(smmu(bed))
    put_map(bed, bridge, (0, phandle, 0, 1), (0x100, phandle, 1, 1))
    bed.set(bridge, iommu_map_mask=0xFF)
    return _at_map(bed, bridge, 1)


@fault("iommu/map-mask", WARNING)
def mask_that_folds_functions_at_an_smmu_v3(bed: Bed) -> Planted | None:
    bridge, phandle = host(bed), bed.phandle(smmu(bed, _V3))
    put_map(bed, bridge, (0, phandle, 0, 0x10000))
    bed.set(bridge, iommu_map_mask=0xFF00)
    return _at_map(bed, bridge, 0)


@fault("iommu/bus-uncovered", WARNING)
def half_of_the_buses_uncovered(bed: Bed) -> Planted | None:
    bridge, phandle = host(bed), bed.phandle(smmu(bed))
    put_map(bed, bridge, (0, phandle, 0, 0x8000))
    return _at_map(bed, bridge)


@fault("iommu/shared-stream-id", INFO)
def one_stream_for_two_devices(bed: Bed) -> Planted | None:
    iommu = smmu(bed)
    return _masters(bed, iommu, (0x400,), (0x400,))


@fault("iommu/shared-stream-id", ERROR)
def one_stream_for_two_devices_at_an_smmu_v3(bed: Bed) -> Planted | None:
    iommu = smmu(bed, _V3)
    return _masters(bed, iommu, (0x400,), (0x400,))


@fault("iommu/stream-match-overlap", ERROR)
def stream_matches_that_overlap_in_part(bed: Bed) -> Planted | None:
    iommu = smmu(bed, cells=2)
    return _masters(bed, iommu, (0x620, 0x0C), (0x624, 0x03))


@fault("iommu/stream-match-overlap", WARNING)
def stream_match_within_another(bed: Bed) -> Planted | None:
    iommu = smmu(bed, cells=2)
    return _masters(bed, iommu, (0x600, 0xFF), (0x620, 0x03))


def _masters(bed: Bed, iommu: int, *streams: tuple[int, ...]) -> Planted | None:
    """Give one entry each to devices that have nothing to do with each other.

    Which of them is the finding's subject follows from their order in the tree.
    """
    chosen: list[int] = []
    candidates = list(bed.devices())
    bed.random.shuffle(candidates)
    for node in candidates:
        if not any(_is_related(bed, node, other) for other in chosen):
            chosen.append(node)
        if len(chosen) == len(streams):
            break
    else:
        return None
    for node, stream in zip(chosen, streams, strict=True):
        bed.set(node, iommus=(bed.phandle(iommu), *stream))
    return Planted(bed.path(chosen[0]), together=bed.paths((*chosen, iommu)))


def _is_related(bed: Bed, one: int, other: int) -> bool:
    """Whether one device uses the other, or lies in it."""
    return (
        bed.is_below(one, other)
        or bed.is_below(other, one)
        or any({one, other} == {ref.consumer, ref.supplier} for ref in bed.board.graph.references)
    )


@fault("iommu/stream-id-range", ERROR)
def stream_id_of_17_bits(bed: Bed) -> Planted | None:
    return _stream(bed, smmu(bed), 0x10480)


@fault("iommu/stream-id-range", ERROR)
def stream_id_of_16_bits_at_an_smmu_v1(bed: Bed) -> Planted | None:
    return _stream(bed, smmu(bed, "arm,mmu-401"), 0x8480)


def _stream(bed: Bed, iommu: int, *stream: int) -> Planted | None:
    master = bed.pick(bed.devices())
    if master is None:
        return None
    bed.set(master, iommus=(bed.phandle(iommu), *stream))
    return Planted(bed.path(master), "iommus", 0)


@fault("iommu/stream-id-range", ERROR)
def map_beyond_the_stream_ids(bed: Bed) -> Planted | None:
    bridge, phandle = host(bed), bed.phandle(smmu(bed))
    put_map(bed, bridge, (0, phandle, 0x10000, 0x10000))
    return _at_map(bed, bridge, 0)


def generic_smmus(bed: Bed) -> Iterator[int]:
    """The board's own SMMUs that arm-smmu binds to."""
    for node in bed.enabled("compatible"):
        if any(name in bed.tree[node].compatible for name in ARM_SMMU):
            yield node


#: Linux, drivers/iommu/arm/arm-smmu/arm-smmu.c, arm_smmu_of_match[].
ARM_SMMU = (
    "arm,smmu-v1",
    "arm,smmu-v2",
    "arm,mmu-400",
    "arm,mmu-401",
    "arm,mmu-500",
    "cavium,smmu-v2",
    "nvidia,smmu-500",
    "qcom,smmu-v2",
)

FAULTS = faults_of(globals())
