"""ID maps of PCI hosts."""

from __future__ import annotations

from dtlink.facts.iommus import kind_of
from tests.support.faults.bed import Bed
from tests.support.faults.iommu import V2, V3, smmu
from tests.support.faults.model import ERROR, INFO, WARNING, Planted, fault, faults_of

Row = tuple[int, int, int, int]


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


@fault("phandle/dangling", ERROR)
def msi_map_row_that_names_no_node(bed: Bed) -> Planted | None:
    bridge = host(bed)
    bed.set(bridge, msi_map=(0, bed.unused_phandle(), 0, 0x10000))
    return Planted(bed.path(bridge), "msi-map", 0)


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
    bridge, phandle = host(bed), bed.phandle(smmu(bed, V3))
    put_map(bed, bridge, (0, phandle, 0, 0x2000), (0x1800, phandle, 0x14000, 0xE800))
    return _at_map(bed, bridge, 1)


def msi_controller(bed: Bed) -> int:
    """A new MSI controller."""
    its = bed.add("seeded-its", compatible="arm,gic-v3-its", _msi_cells=1)
    bed.put(its, "msi-controller", b"")
    return its


@fault("iommu/map-input-overlap", WARNING)
def msi_map_rows_for_the_same_requesters(bed: Bed) -> Planted | None:
    bridge = host(bed)
    its = bed.phandle(msi_controller(bed))
    bed.set(bridge, msi_map=(0, its, 0, 0x200, 0x100, its, 0x1000, 0x100))
    return Planted(bed.path(bridge), "msi-map", 1)


@fault("iommu/map-output-overlap", WARNING)
def map_rows_that_give_the_same_streams(bed: Bed) -> Planted | None:
    bridge, phandle = host(bed), bed.phandle(smmu(bed, V3))
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


@fault("iommu/map-mask", ERROR)
def msi_mask_that_contradicts_a_row(bed: Bed) -> Planted | None:
    bridge = host(bed)
    its = bed.phandle(msi_controller(bed))
    bed.set(bridge, msi_map=(0, its, 0, 1, 0x100, its, 1, 1), msi_map_mask=0xFF)
    return Planted(bed.path(bridge), "msi-map", 1)


@fault("iommu/map-mask", WARNING)
def mask_that_folds_functions_at_an_smmu_v3(bed: Bed) -> Planted | None:
    bridge, phandle = host(bed), bed.phandle(smmu(bed, V3))
    put_map(bed, bridge, (0, phandle, 0, 0x10000))
    bed.set(bridge, iommu_map_mask=0xFF00)
    return _at_map(bed, bridge, 0)


@fault("iommu/bus-uncovered", WARNING)
def half_of_the_buses_uncovered(bed: Bed) -> Planted | None:
    bridge, phandle = host(bed), bed.phandle(smmu(bed))
    put_map(bed, bridge, (0, phandle, 0, 0x8000))
    return _at_map(bed, bridge)


@fault("iommu/stream-id-range", ERROR)
def map_beyond_the_stream_ids(bed: Bed) -> Planted | None:
    bridge, phandle = host(bed), bed.phandle(smmu(bed))
    put_map(bed, bridge, (0, phandle, 0x10000, 0x10000))
    return _at_map(bed, bridge, 0)


@fault("iommu/cells", WARNING)
def iommu_of_a_map_without_cells(bed: Bed) -> Planted | None:
    bridge, iommu = host(bed), bed.add("seeded-smmu", compatible=V2)
    put_map(bed, bridge, (0, bed.phandle(iommu), 0, 0x10000))
    return Planted(bed.path(iommu), "#iommu-cells")


@fault("iommu/map-strict", INFO)
def map_rows_of_five_cells_that_name_a_bystander(bed: Bed) -> Planted | None:
    bridge, iommu = host(bed), smmu(bed, cells=2)
    other = bed.pick(node for node in bed.enabled("compatible", "reg") if node != iommu)
    if other is None:
        return None
    rows = (0, bed.phandle(iommu), 0, 0, 1, bed.phandle(other), bed.phandle(iommu), 1, 0, 1)
    bed.set(bridge, iommu_map=rows)
    return _at_map(bed, bridge)


FAULTS = faults_of(globals())
