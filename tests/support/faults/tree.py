"""The form of the tree itself."""

from __future__ import annotations

from dtlink.firmware.fdt_write import SourceNode
from tests.support.faults.bed import Bed
from tests.support.faults.model import INFO, WARNING, Planted, fault, faults_of


@fault("tree/duplicate-node", WARNING)
def node_twice(bed: Bed) -> Planted | None:
    """A second one right behind it, as two includes make it; what has a phandle is left alone."""
    node = bed.pick(
        node
        for node in bed.enabled("compatible")
        if node and not bed.tree.children[node] and node not in bed.tree.own_phandle
    )
    if node is None:
        return None
    twin = bed.nodes[node]
    above = bed.nodes[bed.tree.parents[node]]
    at = next(at for at, child in enumerate(above.children) if child is twin)
    above.children.insert(at + 1, SourceNode(twin.name, dict(twin.properties)))
    return Planted(bed.path(node))


@fault("tree/duplicate-property", WARNING)
def property_twice(bed: Bed) -> Planted | None:
    """As a boot loader appends it. The name ends where the string before it does."""
    node = bed.pick(bed.enabled("compatible"))
    if node is None:
        return None
    bed.put(node, "compatible\0", "seeded,device")
    return Planted(bed.path(node), "compatible")


@fault("tree/status", WARNING)
def misspelt_status(bed: Bed) -> Planted | None:
    node = bed.pick(node for node in bed.devices() if not bed.tree.children[node])
    if node is None:
        return None
    bed.set(node, status="okey")
    users = (ref.node for ref in bed.references() if ref.supplier == node)
    return Planted(bed.path(node), "status", touched=bed.paths(users))


@fault("tree/enabled-below-disabled", INFO)
def device_below_a_disabled_bus(bed: Bed) -> Planted | None:
    bus = bed.add("seeded-bus", compatible="seeded,bus", status="disabled")
    bed.add("seeded-device", bus, compatible="seeded,device", status="okay")
    return Planted(bed.path(bus) + "/seeded-device", "status")


@fault("tree/partition-cells", WARNING)
def partitions_without_size_cells(bed: Bed) -> Planted | None:
    flash = bed.add("seeded-flash", compatible="seeded,flash", _address_cells=1, _size_cells=0)
    partition = bed.add("partition@0", flash, label="seeded", reg=0)
    return Planted(bed.path(partition), "reg")


FAULTS = faults_of(globals())
