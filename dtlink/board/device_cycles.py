"""Which devices wait for each other: the cycles of links between devices.

A supplier is collapsed to the device that provides for it, as the kernel does when that device's
driver binds (Linux, drivers/base/core.c, __fw_devlink_pickup_dangling_consumers()). A consumer is
not: no device waits for a node that is not one. A device's parent is a supplier of its own kind.
Which links the kernel relaxes is another question: :mod:`dtlink.boot.devlink.cycles`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import chain

from dtlink.board.devices import device_at
from dtlink.facts.binding import Walk
from dtlink.facts.bindings import KERNEL_BINDINGS
from dtlink.facts.kernels import DEFAULT, KernelVersion
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.board.cycle_breaks import DeviceStep
    from dtlink.board.tree import TreeBoard
    from dtlink.firmware.tree import Tree
    from dtlink.links.reference import Reference
    from dtlink.links.walk import BindingColumn

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
_PASSES = 8


class DeviceCycle(NamedTuple):
    """A strongly connected component of devices."""

    devices: tuple[int, ...]
    chain: tuple[DeviceStep, ...]
    """A short cycle; its first step is one to give up."""
    steps: tuple[DeviceStep, ...]
    """All steps between the devices: along these the kernel orders no probe."""
    breaks: tuple[DeviceStep, ...]
    """The fewest steps without which there is no cycle; empty if none can be given up."""

    @property
    def links(self) -> tuple[DeviceStep, ...]:
        """The steps that properties make: those to a parent are none that a kernel could relax."""
        return tuple(step for step in self.steps if step.references)


def device_cycles(
    tree: Tree,
    columns: Sequence[BindingColumn],
    suppliers: Iterable[int],
    version: KernelVersion = DEFAULT,
    through: AbstractSet[int] | None = None,
) -> Sequence[DeviceCycle]:
    """The components, those through an IOMMU, a power domain or a regulator first.

    ``columns`` are the references, and ``suppliers`` the suppliers of all of them. ``through``:
    only the components that have one of these devices.
    """
    links = _Links(tree, columns)
    if through is not None and not links.may_return(through):
        return ()
    from dtlink.links.components import strong_components

    components = strong_components(links.arcs(suppliers))
    if through is not None:
        components = [nodes for nodes in components if not through.isdisjoint(nodes)]
    if not components:
        return ()
    steps = links.steps({node for component in components for node in component})
    found = [_cycle(tree, part) for part in _late(tree, components, steps, version)]
    return sorted(found, key=lambda cycle: (_weight(cycle), cycle.devices))


class _Links:
    """The references of one tree, as far as they make a device wait."""

    def __init__(self, tree: Tree, columns: Sequence[BindingColumn]) -> None:
        self._tree = tree
        self._columns = [references for row, references in columns if id(row) in _WAITS]
        self._given_up = _given_up(tree, columns)

    def may_return(self, devices: AbstractSet[int]) -> bool:
        """Whether links and parents lead from some devices to one of them, a short look taken.

        It takes all ancestors, and what is given up: where it finds nothing there is no cycle.
        """
        compatible, parents = self._tree.holders("compatible"), self._tree.parents
        by_consumer: dict[int, list[int]] = {}
        for references in self._columns:
            for ref in references:
                if ref[0] in by_consumer:
                    by_consumer[ref[0]].append(ref[1])
                else:
                    by_consumer[ref[0]] = [ref[1]]
        seen, todo = set[int](), list(devices)
        while todo:
            node = todo.pop()
            for each in (*by_consumer.get(node, ()), parents[node]):
                there = each
                while there > 0 and there not in compatible:
                    there = parents[there]
                if there in devices:
                    return True
                if there > 0 and there not in seen:
                    seen.add(there)
                    todo.append(there)
        return False

    def arcs(self, suppliers: Iterable[int]) -> dict[int, list[int]]:
        """The suppliers and the parent of each device, without most of what can't be in a cycle."""
        parents, arcs = self._tree.parents, self._waits(suppliers)
        waiting = frozenset(arcs)
        for node in waiting.union(*arcs.values()):
            above = parents[node]
            while above > 0 and above not in waiting:
                above = parents[above]
            if above > 0:
                arcs.setdefault(node, set()).add(above)
        for _ in range(_PASSES):
            kept = {node: ends for node, ends in arcs.items() if not arcs.keys().isdisjoint(ends)}
            if len(kept) == len(arcs):
                break
            arcs = kept
        return {node: [end for end in sorted(ends) if end in arcs] for node, ends in arcs.items()}

    def _waits(self, suppliers: Iterable[int]) -> dict[int, set[int]]:
        """The devices that each consumer waits for, where something else may wait for both."""
        tree, gone = self._tree, self._given_up
        compatible, parents = tree.holders("compatible"), tree.parents
        wanted = _with_parents(tree, suppliers) & compatible.keys()
        pairs = {
            ref[:2]
            for references in self._columns
            for ref in references
            if ref[0] in wanted and not ref[8]
        }
        waits: dict[int, set[int]] = {}
        devices: dict[int, int] = dict.fromkeys(tree.disabled, 0)
        for consumer, supplier in pairs - gone if gone else pairs:
            device = devices.get(supplier)
            if device is None:
                device = supplier
                while device and device not in compatible:
                    device = parents[device]
                devices[supplier] = device
            if device and device != consumer:
                waits.setdefault(consumer, set()).add(device)
        return waits

    def steps(self, inside: set[int]) -> dict[tuple[int, int], DeviceStep]:
        """The steps between some devices, by their ends."""
        from dtlink.board.cycle_breaks import DeviceStep

        tree = self._tree
        found: dict[tuple[int, int], list[Reference]] = {}
        references = chain.from_iterable(self._columns)
        for ref in [ref for ref in references if ref[0] in inside and not ref[8]]:
            ends = ref.consumer, device_at(tree, ref.supplier)
            if (
                ends[1] in inside
                and ends[0] != ends[1]
                and ref.supplier not in tree.disabled
                and ref[:2] not in self._given_up
            ):
                found.setdefault(ends, []).append(ref)
        for node in inside:
            above = tree.parents[node]
            while above > 0 and above not in inside:
                above = tree.parents[above]
            if above > 0:
                found[node, above] = []
        return {ends: DeviceStep.of(ends, references) for ends, references in found.items()}


def _with_parents(tree: Tree, nodes: Iterable[int]) -> set[int]:
    """Nodes, and all their ancestors."""
    parents, found = tree.parents, set(nodes)
    for node in tuple(found):
        above = parents[node]
        while above > 0 and above not in found:
            found.add(above)
            above = parents[above]
    return found


def _given_up(tree: Tree, columns: Sequence[BindingColumn]) -> frozenset[tuple[int, int]]:
    """What post-init-providers takes back."""
    if not tree.holders("post-init-providers"):
        return frozenset()
    return frozenset(ref[:2] for row, refs in columns if not row.orders_probe for ref in refs)


def _late(
    tree: Tree,
    components: Sequence[Sequence[int]],
    steps: Mapping[tuple[int, int], DeviceStep],
    version: KernelVersion,
) -> Iterator[list[DeviceStep]]:
    """The steps of each component that is left without what the kernel starts before all devices.

    No device waits for those (drivers/base/core.c, FWNODE_FLAG_INITIALIZED).
    """
    from dtlink.board.cycle_breaks import arcs_of
    from dtlink.facts.early import is_served_early
    from dtlink.links.components import strong_components

    early = {
        node
        for component in components
        for node in component
        if is_served_early(tree[node].compatible, version)
    }
    kept = [step for step in steps.values() if step.supplier not in early]
    if early:
        components = strong_components(arcs_of(kept))
    home = {node: number for number, nodes in enumerate(components) for node in nodes}
    within: list[list[DeviceStep]] = [[] for _ in components]
    for step in kept:
        number = home.get(step.consumer)
        if number is not None and number == home.get(step.supplier):
            within[number].append(step)
    yield from within


def _cycle(tree: Tree, steps: Sequence[DeviceStep]) -> DeviceCycle:
    """A component, with one of its cycles."""
    from dtlink.board.cycle_breaks import chain as short_chain
    from dtlink.board.cycle_breaks import smallest_breaks

    short = short_chain(steps)
    breaks = smallest_breaks(tree, steps)
    at = next((at for at, step in enumerate(short) if step in breaks), 0)
    devices = sorted({step.consumer for step in steps})
    return DeviceCycle(tuple(devices), short[at:] + short[:at], tuple(steps), breaks)


def relaxed_steps(board: TreeBoard, cycle: DeviceCycle) -> list[DeviceStep]:
    """The links of a cycle that the kernel does not order.

    A step joins devices, and a prediction nodes: what a property references may be a part of the
    step's supplier.
    """
    relaxes = _relaxes(board)
    return [step for step in cycle.links if any(relaxes(ref) for ref in step.references)]


def _relaxes(board: TreeBoard) -> Callable[[Reference], bool]:
    """Whether the kernel does not order what a reference joins, as the board knows it already."""
    if "order" not in vars(board):
        effects = board.effects
        return lambda ref: effects.relaxes(ref.consumer, ref.supplier)
    order, path = board.order, board.tree.path
    return lambda ref: order.relaxes(path(ref.consumer), path(ref.supplier))


def _weight(cycle: DeviceCycle) -> int:
    """How much hangs on a cycle: 0 is most."""
    orders = [resource.cycle_order for step in cycle.chain for resource in step.resources]
    return min(orders, default=_NO_LINK)
