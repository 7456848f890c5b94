"""The form of the tree itself."""

from __future__ import annotations

from dtlink.firmware.fdt_write import SourceNode
from tests.support.faults.bed import Bed
from tests.support.faults.model import WARNING, Planted, fault, faults_of


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


FAULTS = faults_of(globals())
