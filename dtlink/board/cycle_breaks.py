"""Which links to give up so that devices no longer wait for each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from dtlink.facts.resource import Effort
from dtlink.links.components import shortest_cycle, shortest_path, strong_components
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.facts.resource import Resource
    from dtlink.firmware.tree import Tree
    from dtlink.links.reference import Reference

#: The largest sets that are looked for exactly, and for how many steps in all: real boards, whose
#: components have a dozen steps, take a tenth of it. Beyond, sets are put together greedily.
_EXACT = 3
_WORK = 4_000
_MOST_BREAKS = 8


class DeviceStep(NamedTuple):
    """One device needs the next; without references: it lies in it."""

    consumer: int
    supplier: int
    references: tuple[Reference, ...]
    is_to_iommu: bool = False
    """Whether the supplier translates the consumer's DMA."""

    @classmethod
    def of(cls, ends: tuple[int, int], references: Iterable[Reference]) -> DeviceStep:
        """The step that references are."""
        found = tuple(references)
        return cls(*ends, found, any(ref.binding.resource.is_iommu for ref in found))

    @property
    def bindings(self) -> tuple[str, ...]:
        """The names of the properties that say so, as rows of the table."""
        return tuple(dict.fromkeys(ref.binding.name for ref in self.references))

    @property
    def resources(self) -> tuple[Resource, ...]:
        """What the consumer needs of the supplier."""
        return tuple(ref.binding.resource for ref in self.references)


def arcs_of(steps: Iterable[DeviceStep]) -> dict[int, list[int]]:
    """Steps as arcs."""
    arcs: dict[int, list[int]] = {}
    for step in steps:
        arcs.setdefault(step.consumer, []).append(step.supplier)
    return arcs


def chain(steps: Sequence[DeviceStep]) -> tuple[DeviceStep, ...]:
    """A cycle among the steps of a component: through an IOMMU if there is one, else a short one.

    Empty if there is none.
    """
    arcs = arcs_of(steps)
    by_ends = {(step.consumer, step.supplier): step for step in steps}
    for step in steps:
        if step.is_to_iommu:
            nodes = shortest_path(arcs, step.supplier, step.consumer)
            break
    else:
        nodes = shortest_cycle(arcs, arcs.keys())
    return tuple(by_ends[ends] for ends in zip(nodes, nodes[1:] + nodes[:1], strict=True))


def unseen_chain(steps: Sequence[DeviceStep]) -> tuple[DeviceStep, ...]:
    """A cycle through an IOMMU that the kernel does not resolve, as ``iommus`` orders no probe.

    Its other steps are in no cycle that the kernel sees: those it relaxes (drivers/base/core.c,
    __fw_devlink_relax_cycles()). The first step is the one after the master's. Empty if there is
    none.
    """
    masters = [step for step in steps if step.is_to_iommu]
    seen = [step for step in steps if not step.is_to_iommu]
    components = strong_components(arcs_of(seen)) if masters else ()
    home = {node: number for number, nodes in enumerate(components) for node in nodes}
    kept = {
        step[:2]: step
        for step in seen
        if not step.references or home.get(step.consumer, -1) != home.get(step.supplier, -2)
    }
    arcs = arcs_of(kept.values())
    for master in masters:
        nodes = shortest_path(arcs, master.supplier, master.consumer)
        if nodes:
            return (*(kept[ends] for ends in pairwise(nodes)), master)
    return ()


def smallest_breaks(tree: Tree, steps: Sequence[DeviceStep]) -> tuple[DeviceStep, ...]:
    """The fewest steps of a component without which it has no cycle; of several sets the easiest.

    Exact up to three steps, but for components beyond all that is known; greedy beyond that, up to
    eight. What the kernel asks for before any driver is called is given up only where nothing
    else helps. Empty if a cycle has parents and IOMMUs only.
    """
    ends = {step[:2] for step in steps}
    pairs = sum(consumer < supplier and (supplier, consumer) in ends for consumer, supplier in ends)
    if pairs > _MOST_BREAKS:  # each two devices that need each other take a break of their own
        return ()
    ranks = {step[:2]: _rank(tree, step) for step in steps}
    for hardest in (Effort.OTHER, Effort.BEFORE_PROBE):
        found = _Search(ranks, hardest).run(steps)
        if found:
            return found
    return ()


class _Search:
    """Looks for sets of steps that are in every cycle."""

    def __init__(self, ranks: Mapping[tuple[int, int], int], hardest: int) -> None:
        self._ranks = ranks
        self._hardest = hardest
        self._left = _WORK

    def run(self, steps: Sequence[DeviceStep]) -> tuple[DeviceStep, ...]:
        for size in range(1, _EXACT + 1):
            found = min(self._sets(steps, size), key=self._effort, default=())
            if found:
                return found
        return self._greedy(steps)

    def _sets(self, steps: Sequence[DeviceStep], size: int) -> Iterator[tuple[DeviceStep, ...]]:
        """The sets of ``size`` steps: one step of each must be in any cycle that is left."""
        self._left -= len(steps)
        cycle = _some_cycle(steps)
        if not cycle:
            yield ()
        elif size:
            for step in self._candidates(cycle):
                if self._left < 0:
                    return
                for rest in self._sets([other for other in steps if other != step], size - 1):
                    yield (step, *rest)

    def _candidates(self, cycle: Sequence[DeviceStep]) -> list[DeviceStep]:
        """The steps that can be given up, the easiest first."""
        steps = (step for step in cycle if self._ranks[step[:2]] <= self._hardest)
        return sorted(steps, key=lambda step: self._ranks[step[:2]])

    def _effort(self, steps: Sequence[DeviceStep]) -> tuple[int, ...]:
        """The hardest steps are compared first; then the numbers of the consumers."""
        ranks = sorted((self._ranks[step[:2]] for step in steps), reverse=True)
        return (*ranks, *sorted(step.consumer for step in steps))

    def _greedy(self, steps: Sequence[DeviceStep]) -> tuple[DeviceStep, ...]:
        """The easiest step of a cycle, then of the next one, until no cycle is left."""
        found: list[DeviceStep] = []
        while cycle := _some_cycle(steps):
            easiest = self._candidates(cycle)[:1]
            if not easiest or len(found) == _MOST_BREAKS:
                return ()
            found += easiest
            steps = [step for step in steps if step != easiest[0]]
        return tuple(found)


def _some_cycle(steps: Sequence[DeviceStep]) -> tuple[DeviceStep, ...]:
    components = strong_components(arcs_of(steps))
    if not components:
        return ()
    inside = set(components[0])
    return chain([step for step in steps if step.consumer in inside and step.supplier in inside])


def _rank(tree: Tree, step: DeviceStep) -> int:
    """How hard it is to give a step up.

    The easiest are the inputs of a clock controller: the kernel's clocks may be without a parent.
    A parent probes first whatever a tree says, and fw_devlink orders nothing by ``iommus``.
    """
    resources = step.resources
    if not resources or step.is_to_iommu:
        return Effort.NEVER
    first = resources[0]
    if first.may_be_orphan and len(step.bindings) == 1:
        is_provider = step.consumer in tree.holders(first.cells or "")
        if is_provider and step.consumer not in tree.holders("#phy-cells"):
            return Effort.ORPHAN
    return max(resource.effort for resource in resources)
