"""Which devices wait for each other: the cycles of links between devices.

A supplier is collapsed to the device that provides for it, as the kernel does when that device's
driver binds (Linux, drivers/base/core.c, __fw_devlink_pickup_dangling_consumers()). A consumer is
not: a node that is no device blocks nobody. A device's parent is a supplier of its own kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import compress
from typing import TYPE_CHECKING, NamedTuple

from dtlink.kernel.early import is_served_early
from dtlink.links.binding import Walk
from dtlink.links.bindings import KERNEL_BINDINGS
from dtlink.links.components import shortest_cycle, shortest_path, strong_components

if TYPE_CHECKING:
    from dtlink.firmware.tree import Tree
    from dtlink.links.reference import Reference
    from dtlink.rules.board import Board

Arcs = dict[int, list[int]]

#: What makes no device wait: drivers ask for DMA channels when they use them, and ``iommu-map`` is
#: for the functions behind a bus, not for the bus.
_NO_WAIT = frozenset(("dmas", "iommu-map"))
#: The rows that make a device wait, by identity: a row is slow to hash, and a board has hundreds.
_WAITS = frozenset(
    id(row)
    for row in KERNEL_BINDINGS
    if row.probes_first
    and row.orders_probe
    and row.walk is not Walk.ENDPOINT
    and row.name not in _NO_WAIT
)
#: How often nodes that can't be in a cycle are taken out before the search; each pass is linear.
_PASSES = 3
_MOST_BREAKS = 8


class Step(NamedTuple):
    """One device needs the next; without references: it lies in it."""

    consumer: int
    supplier: int
    references: tuple[Reference, ...]

    @property
    def bindings(self) -> tuple[str, ...]:
        """The names of the properties that say so, as rows of the table."""
        return tuple(dict.fromkeys(ref.binding.name for ref in self.references))


class DeviceCycle(NamedTuple):
    """A strongly connected component of devices."""

    devices: tuple[int, ...]
    chain: tuple[Step, ...]
    """A short cycle; its first step is the one to give up."""
    breaks: tuple[Step, ...]
    """Steps without which there is no cycle."""


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
    columns = zip(*references, strict=True)
    consumers, suppliers = next(columns, ()), next(columns, ())
    wanted = _with_parents(tree, suppliers) & compatible.keys()
    gone = _given_up(board)
    pairs = set()
    for ref in compress(references, map(wanted.__contains__, consumers)):
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
        components = strong_components(_of_steps(kept))
    for component in components:
        inside = set(component)
        yield [step for step in kept if {step.consumer, step.supplier} <= inside]


def _of_steps(steps: Sequence[Step]) -> Arcs:
    arcs: Arcs = {}
    for step in steps:
        arcs.setdefault(step.consumer, []).append(step.supplier)
    return arcs


def _cycle(tree: Tree, steps: Sequence[Step]) -> DeviceCycle:
    """Tell a component: by a cycle through an IOMMU if there is one, else by a short one."""
    chain = _chain(steps)
    first = min(chain, key=lambda step: _rank(tree, step))
    at = chain.index(first)
    devices = sorted({step.consumer for step in steps})
    return DeviceCycle(tuple(devices), chain[at:] + chain[:at], _breaks(tree, steps, first))


def _chain(steps: Sequence[Step]) -> tuple[Step, ...]:
    arcs = _of_steps(steps)
    by_ends = {(step.consumer, step.supplier): step for step in steps}
    for step in steps:
        if "iommus" in step.bindings:
            nodes = shortest_path(arcs, step.supplier, step.consumer)
            break
    else:
        nodes = shortest_cycle(arcs, arcs.keys())
    return tuple(by_ends[ends] for ends in zip(nodes, nodes[1:] + nodes[:1], strict=True))


def _breaks(tree: Tree, steps: Sequence[Step], first: Step) -> tuple[Step, ...]:
    """Steps to give up, the first one given, until no cycle is left or they are too many."""
    breaks = [first]
    while len(breaks) < _MOST_BREAKS:
        left = [step for step in steps if step not in breaks]
        rest = strong_components(_of_steps(left))
        if not rest:
            break
        inside = set(rest[0])
        part = [step for step in left if {step.consumer, step.supplier} <= inside]
        breaks.append(min(_chain(part), key=lambda step: _rank(tree, step)))
    return tuple(breaks)


#: How hard it is for a driver to probe without what a binding names, easiest first: regulator
#: providers take their inputs later, resets are for use, domains are attached before the probe.
_RANKS = (
    ("nvmem-cells",),
    ("*-supply",),
    ("resets",),
    ("clocks",),
    ("phys", "interconnects", "*-gpios", "*-gpio", "gpios", "gpio", "pwms"),
    ("interrupts", "interrupts-extended", "interrupt-map"),
    ("power-domains",),
)
_RANK = {name: rank for rank, names in enumerate(_RANKS, 1) for name in names}
_NEVER = len(_RANKS) + 1


def _rank(tree: Tree, step: Step) -> int:
    """How hard it is to give a step up; a parent, and the wait for an IOMMU, can't be.

    The easiest are the inputs of a clock controller: the kernel's clocks may be without a parent.
    """
    names = step.bindings
    if not names or "iommus" in names:
        return _NEVER
    if names == ("clocks",) and step.consumer in tree.holders("#clock-cells"):
        return 0 if step.consumer not in tree.holders("#phy-cells") else _RANK["clocks"]
    return max(_RANK.get(name, len(_RANKS)) for name in names)


def _weight(cycle: DeviceCycle) -> int:
    """How much hangs on a cycle: 0 is most."""
    names = {name for step in cycle.chain for name in step.bindings}
    order = ("iommus", "power-domains", "*-supply")
    return next((weight for weight, name in enumerate(order) if name in names), len(order))
