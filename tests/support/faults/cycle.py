"""Devices that wait for each other."""

from __future__ import annotations

from collections.abc import Iterable

from dtlink.facts.early import is_served_early
from dtlink.links.reference import Reference
from tests.support.faults.bed import Bed
from tests.support.faults.id_map import host, put_map
from tests.support.faults.iommu import smmu
from tests.support.faults.model import ERROR, INFO, WARNING, Planted, fault, faults_of

#: Drivers ask for DMA channels when they use them; the others are no phandle of one device.
_NO_WAIT = ("dmas", "iommus", "msi-parent")


@fault("cycle/self-link", WARNING, boards=12)
def regulator_that_feeds_itself(bed: Bed) -> Planted | None:
    node = bed.pick(sorted({ref.supplier for ref in bed.references("*-supply")} & _devices(bed)))
    if node is None:
        return None
    bed.set(node, vin_supply=bed.phandle(node))
    return Planted(bed.path(node), "vin-supply", 0)


@fault("cycle/self-link", WARNING, boards=7)
def power_domain_in_itself(bed: Bed) -> Planted | None:
    node = bed.pick(sorted(_devices(bed) & bed.tree.holders("#power-domain-cells").keys()))
    if node is None:
        return None
    width = bed.tree.cell("#power-domain-cells", node) or 0
    bed.set(node, power_domains=(bed.phandle(node), *[0] * width))
    return Planted(bed.path(node), "power-domains", 0)


@fault("cycle/self-link", WARNING)
def iommu_behind_itself(bed: Bed) -> Planted | None:
    iommu = smmu(bed)
    bed.set(iommu, iommus=(bed.phandle(iommu), 1))
    return Planted(bed.path(iommu), "iommus", 0)


@fault("cycle/self-link", WARNING, boards=12)
def reset_controller_that_resets_itself(bed: Bed) -> Planted | None:
    node = bed.pick(sorted(_devices(bed) & bed.tree.holders("#reset-cells").keys()))
    if node is None:
        return None
    width = bed.tree.cell("#reset-cells", node) or 0
    bed.set(node, resets=(bed.phandle(node), *[0] * width))
    return Planted(bed.path(node), "resets", 0)


def _devices(bed: Bed) -> set[int]:
    return set(bed.enabled("compatible"))


@fault("cycle/supplier-cycle", INFO)
def two_devices_that_need_each_other(bed: Bed) -> Planted | None:
    ref = bed.pick(
        ref
        for ref in _between_devices(bed)
        if not _is_known(bed, (ref.consumer, bed.board.device_index(ref.supplier)))
    )
    if ref is None:
        return None
    supplier = bed.board.device_index(ref.supplier)
    bed.set(supplier, seeded_supply=bed.phandle(ref.consumer))
    return Planted(bed.path(supplier), together=bed.paths((ref.consumer, supplier)))


@fault("cycle/supplier-cycle", INFO, boards=14)
def three_devices_in_a_ring(bed: Bed) -> Planted | None:
    steps = {(ref.consumer, bed.board.device_index(ref.supplier)) for ref in _between_devices(bed)}
    needs: dict[int, list[int]] = {}
    for consumer, supplier in sorted(steps):
        needs.setdefault(consumer, []).append(supplier)
    chains = [
        (first, middle, last)
        for first, middle in sorted(steps)
        for last in needs.get(middle, ())
        if last != first
    ]
    chain = bed.pick(chain for chain in chains if not _is_known(bed, chain))
    if chain is None:
        return None
    bed.set(chain[2], seeded_supply=bed.phandle(chain[0]))
    return Planted(bed.path(chain[2]), together=bed.paths(chain))


@fault("cycle/supplier-cycle", INFO)
def device_that_needs_a_part_of_itself(bed: Bed) -> Planted | None:
    pairs = [
        (node, bed.tree.parents[node])
        for node in bed.enabled("compatible")
        if bed.depth(node) and _comes_late(bed, node) and _comes_late(bed, bed.tree.parents[node])
    ]
    pair = bed.pick(pair for pair in pairs if not _is_known(bed, pair))
    if pair is None:
        return None
    bed.set(pair[1], seeded_supply=bed.phandle(pair[0]))
    return Planted(bed.path(pair[1]), together=bed.paths(pair))


@fault("cycle/supplier-cycle", WARNING)
def iommu_that_needs_its_master(bed: Bed) -> Planted | None:
    master = bed.pick(node for node in bed.devices() if _comes_late(bed, node))
    if master is None:
        return None
    iommu = smmu(bed, seeded_supply=bed.phandle(master))
    bed.set(master, iommus=(bed.phandle(iommu), 0x400))
    return Planted(bed.path(master), "iommus", together=bed.paths((iommu, master)))


def _is_known(bed: Bed, devices: Iterable[int]) -> bool:
    """Whether these are in one cycle already, as on boards that are clean otherwise."""
    return any(bed.paths(devices) <= known for known in bed.cycles)


def _between_devices(bed: Bed) -> list[Reference]:
    """Entries in which one device needs another that is not above it.

    Nobody waits for what the kernel starts before there are devices: no cycle goes through it.
    """
    return [
        ref
        for ref in bed.kernel_entries()
        if ref.binding.name not in _NO_WAIT
        and _comes_late(bed, ref.consumer)
        and _comes_late(bed, device := bed.board.device_index(ref.supplier))
        and device != ref.consumer
    ]


def _comes_late(bed: Bed, node: int) -> bool:
    return (
        bed.has(node, "compatible")
        and bool(node)
        and not is_served_early(bed.tree[node].compatible)
    )


@fault("cycle/iommu-behind-itself", ERROR)
def iommu_behind_the_bridge_it_translates_for(bed: Bed) -> Planted | None:
    bridge = host(bed)
    function = bed.add(
        "seeded-iommu",
        bridge,
        compatible="virtio,pci-iommu",
        reg=(0x800, 0, 0, 0, 0),
        _iommu_cells=1,
    )
    put_map(bed, bridge, (0, bed.phandle(function), 0, 0x10000))
    return Planted(bed.path(bridge), "iommu-map", 0)


FAULTS = faults_of(globals())
