"""Which devices wait for each other: the cycles of links between devices.

A supplier is collapsed to the device that provides for it, as the kernel does when that device's
driver binds (Linux, drivers/base/core.c, __fw_devlink_pickup_dangling_consumers()). A consumer is
not: a node that is no device blocks nobody. A device's parent is a supplier of its own kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from dtlink.board.cycle_breaks import Step, arcs_of, chain, smallest_breaks
from dtlink.facts.binding import Walk
from dtlink.facts.bindings import KERNEL_BINDINGS
from dtlink.facts.early import is_served_early
from dtlink.links.components import strong_components

if TYPE_CHECKING:
    from dtlink.board.tree import Board
    from dtlink.firmware.tree import Tree
    from dtlink.links.reference import Reference

Arcs = dict[int, list[int]]

#: The rows that make a device wait, by identity: a row is slow to hash, and a board has hundreds.
_WAITS = frozenset(
    id(row)
    for row in KERNEL_BINDINGS
    if row.probes_first
    and row.orders_probe
    and row.walk is not Walk.ENDPOINT
    and row.holds_consumer
)
#: The weight of a cycle of parents only, which has no resource.
_NO_LINK = 3
#: How often nodes that can't be in a cycle are taken out before the search; each pass is linear.
_PASSES = 3


class DeviceCycle(NamedTuple):
    """A strongly connected component of devices."""

    devices: tuple[int, ...]
    chain: tuple[Step, ...]
    """A short cycle; its first step is one to give up."""
    steps: tuple[Step, ...]
    """All steps between the devices: along these the kernel orders no probe."""
    breaks: tuple[Step, ...]
    """The fewest steps without which there is no cycle; empty if none can be given up."""


def device_cycles(board: Board) -> Iterator[DeviceCycle]:
    """The components, those through an IOMMU, a power domain or a regulator first."""
    components = strong_components(_arcs(board))
    if components:
        steps = _steps(board, {node for component in components for node in component})
        found = [_cycle(board.tree, part) for part in _late(board, components, steps)]
        yield from sorted(found, key=lambda cycle: (_weight(cycle), cycle.devices))


def _arcs(board: Board) -> Arcs:
    """Who waits for whom, without most of what can't be in a cycle."""
    parents = board.tree.parents
    arcs: Arcs = {}
    for consumer, supplier in _pairs(board):
        arcs.setdefault(consumer, []).append(supplier)
    waiting = frozenset(arcs)
    for node in {target for targets in arcs.values() for target in targets} | waiting:
        above = parents[node]
        while above > 0 and above not in waiting:
            above = parents[above]
        if above > 0:
            arcs.setdefault(node, []).append(above)
    for _ in range(_PASSES):
        arcs = {
            node: kept
            for node, targets in arcs.items()
            if (kept := [t for t in targets if t in arcs])
        }
    return arcs


def _pairs(board: Board) -> set[tuple[int, int]]:
    """Who waits for which device, of those that something else may wait for."""
    tree, references = board.tree, board.graph.references
    compatible, parents, off = tree.holders("compatible"), tree.parents, tree.disabled
    wanted = _with_parents(tree, board.suppliers) & compatible.keys()
    gone = _given_up(board)
    pairs = set()
    for ref in [ref for ref in references if ref[0] in wanted]:
        consumer, supplier, row, _, _, _, _, _, flaw = ref
        if id(row) in _WAITS and not flaw and supplier not in off:
            device = supplier
            while device and device not in compatible:
                device = parents[device]
            if device and device != consumer and not (gone and ref[:2] in gone):
                pairs.add((consumer, device))
    return pairs


def _with_parents(tree: Tree, nodes: Iterable[int]) -> set[int]:
    """Nodes, and all that is above them."""
    parents, found = tree.parents, set(nodes)
    for node in tuple(found):
        above = parents[node]
        while above > 0 and above not in found:
            found.add(above)
            above = parents[above]
    return found


def _given_up(board: Board) -> frozenset[tuple[int, int]]:
    """What post-init-providers takes back."""
    if not board.tree.holders("post-init-providers"):
        return frozenset()
    return frozenset(
        (ref.consumer, ref.supplier)
        for ref in board.graph.references
        if not ref.binding.orders_probe
    )


def _steps(board: Board, inside: set[int]) -> dict[tuple[int, int], Step]:
    """The steps between some devices, by their ends."""
    tree = board.tree
    gone = _given_up(board)
    found: dict[tuple[int, int], list[Reference]] = {}
    for ref in board.graph.references:
        if ref.consumer not in inside:
            continue
        ends = ref.consumer, board.device_index(ref.supplier)
        if (
            ends[1] in inside
            and ends[0] != ends[1]
            and id(ref.binding) in _WAITS
            and not ref.flaw
            and ref.supplier not in tree.disabled
            and (ref.consumer, ref.supplier) not in gone
        ):
            found.setdefault(ends, []).append(ref)
    for node in inside:
        above = tree.parents[node]
        while above > 0 and above not in inside:
            above = tree.parents[above]
        if above > 0:
            found[node, above] = []
    return {ends: Step(*ends, tuple(references)) for ends, references in found.items()}


def _late(
    board: Board, components: Sequence[Sequence[int]], steps: Mapping[tuple[int, int], Step]
) -> Iterator[list[Step]]:
    """The steps of each component that is left without what the kernel starts before all devices.

    Nobody waits for those (drivers/base/core.c, FWNODE_FLAG_INITIALIZED).
    """
    tree = board.tree
    early = {
        node
        for component in components
        for node in component
        if is_served_early(tree[node].compatible)
    }
    kept = [step for step in steps.values() if step.supplier not in early]
    if early:
        components = strong_components(arcs_of(kept))
    for component in components:
        inside = set(component)
        yield [step for step in kept if {step.consumer, step.supplier} <= inside]


def _cycle(tree: Tree, steps: Sequence[Step]) -> DeviceCycle:
    """Tell a component by one of its cycles."""
    told = chain(steps)
    breaks = smallest_breaks(tree, steps)
    at = next((at for at, step in enumerate(told) if step in breaks), 0)
    devices = sorted({step.consumer for step in steps})
    return DeviceCycle(tuple(devices), told[at:] + told[:at], tuple(steps), breaks)


def _weight(cycle: DeviceCycle) -> int:
    """How much hangs on a cycle: 0 is most."""
    orders = [resource.cycle_order for step in cycle.chain for resource in step.resources]
    return min(orders, default=_NO_LINK)
