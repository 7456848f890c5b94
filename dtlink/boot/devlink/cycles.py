"""The kernel's cycle detector: does a supplier, directly or not, depend on its consumer?

It is asked for each link that is made; cycles to report are in :mod:`dtlink.board.device_cycles`.

The kernel (drivers/base/core.c, __fw_devlink_relax_cycles()) searches every path without a
repeated node from the supplier to the consumer, and relaxes all links on them; its time grows
exponentially. Here the links on such paths are found without walking them all:

1. a step on any path leads from a node that the supplier reaches to one that reaches the consumer;
2. where it joins two strongly connected components of these nodes, the way to it and the way from
   it can't meet, so it lies on a path without a repeated node;
3. within a component, two such ways that don't meet are looked for (:mod:`.detours`).
"""

from __future__ import annotations

from dtlink.boot.devlink.detours import Effort, arcs_on_paths
from dtlink.boot.devlink.state import CoreDeviceLink, CoreFwnodeLink, DriverState
from dtlink.links.components import strong_components
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.boot.devlink.state import CoreDevice, CoreState

#: What leads from a node to one that it needs; ``None``: that one is its parent device.
Why = CoreFwnodeLink | CoreDeviceLink | None
Arcs = dict[int, list[tuple[int, Why]]]

#: How many steps all searches in one tree may take: five times what the largest boards need.
#: Beyond, two nodes are said to be on a cycle if they are in one strongly connected component of
#: all the tree says (:attr:`CoreState.components`): so it is for all but a few links of real
#: boards.
_BUDGET = 250_000
#: How many nodes may be visited for paths within components: the largest boards need 100,000.
_DETOURS = 500_000


class Detector:
    """Finds and relaxes the cycles of one machine."""

    def __init__(self, state: CoreState) -> None:
        self._state = state
        self._left = _BUDGET
        self._effort = Effort(_DETOURS)
        self.pruned = False
        """Whether the last search left out what a bound device needs."""
        self.marked: list[CoreFwnodeLink] = []
        """The links between nodes that the last search found to be part of a cycle."""

    def closes_cycle(self, link: CoreFwnodeLink) -> bool:
        """Whether a link closes a cycle; all links of such cycles but itself are then relaxed."""
        self.pruned = False
        if self.marked:
            self.marked = []
        if link.consumer == link.supplier:
            return True
        if link.component is None or not self._is_needed(link.consumer):
            return False
        if self._left < 0:
            return True
        arcs = self._reach(link.consumer, link.supplier)
        if link.consumer not in arcs:
            return False
        self._relax(arcs, link.consumer, link.supplier)
        return True

    def _is_needed(self, node: int) -> bool:
        """Whether anything could lead to a node: most are not a supplier or parent of any."""
        state = self._state
        if state.consumers.get(node):
            return True
        device = state.device.get(node)
        return device is not None and bool(
            device.consumers or device.children or state.tree.children[node]
        )

    def _reach(self, consumer: int, supplier: int) -> Arcs:
        """What the supplier needs; the consumer is in it if it is reached, but not passed.

        What is in another strongly connected component than the two never leads to the consumer.
        A device that has bound can't depend on one that has not begun to probe: there it ends too.
        """
        state, components = self._state, self._state.components
        home, device = components[consumer], state.device.get(consumer)
        fresh = device is not None and device.state is DriverState.NO_DRIVER
        arcs: Arcs = {}
        stack = [supplier]
        while stack:
            node = stack.pop()
            if node in arcs:
                continue
            own = state.device.get(node)
            bound = fresh and own is not None and own.state is DriverState.BOUND
            if node == consumer or bound:
                arcs[node] = []
                self.pruned |= bound
                continue
            needs = arcs[node] = _needs(state, node, own, home)
            self._left -= len(needs)
            stack += [target for target, _ in needs if target not in arcs]
        return arcs

    def _relax(self, arcs: Arcs, consumer: int, supplier: int) -> None:
        """Relax every link on a path from the supplier to the consumer."""
        if not _strict(arcs):
            return
        arcs = _towards(arcs, consumer)
        if not (strict := _strict(arcs)):
            return
        wanted = {(a, b) for a, b, _ in strict}
        used = _within_components(arcs, supplier, wanted, self._effort)
        for node, target, why in strict:
            if not used.get((node, target), True):
                continue
            if isinstance(why, CoreFwnodeLink):
                self.marked.append(why)
            self._state.touched.append(node)
            if why.relax():
                self._state.relaxed.append((node, target))


def _needs(
    state: CoreState, node: int, device: CoreDevice | None, home: int
) -> list[tuple[int, Why]]:
    """What a node of a component needs of it now: suppliers, its parent, its device's suppliers."""
    get = state.components.get
    needs: list[tuple[int, Why]] = []
    links = state.suppliers.get(node)
    if links:
        needs = [(to, link) for to, link in links.items() if not link.ignore and get(to) == home]
    parent = state.device_above(node) if device is None else device.parent
    if parent is not None and get(parent.node) == home:
        needs.append((parent.node, None))
    if device is not None:
        for to, own in device.suppliers.items():
            if (own.cycle or not own.sync_state_only) and get(to) == home:
                needs.append((to, own))
    return needs


def _strict(arcs: Arcs) -> list[tuple[int, int, CoreFwnodeLink | CoreDeviceLink]]:
    """The arcs that may have to be relaxed yet."""
    return [
        (node, target, why)
        for node, targets in arcs.items()
        for target, why in targets
        if why is not None and not why.relaxed and node != target
    ]


def _towards(arcs: Arcs, goal: int) -> Arcs:
    """The part of the arcs that leads to a goal."""
    sources: dict[int, list[int]] = {}
    for node, targets in arcs.items():
        for target, _ in targets:
            sources.setdefault(target, []).append(node)
    useful = {goal}
    stack = [goal]
    while stack:
        for node in sources.get(stack.pop(), ()):
            if node not in useful:
                useful.add(node)
                stack.append(node)
    return {
        node: [(target, why) for target, why in targets if target in useful]
        for node, targets in arcs.items()
        if node in useful
    }


def _within_components(
    arcs: Arcs, start: int, wanted: set[tuple[int, int]], effort: Effort
) -> dict[tuple[int, int], bool]:
    """For each wanted arc within a component: whether a path without a repeated node has it."""
    plain = {node: [target for target, _ in targets] for node, targets in arcs.items()}
    verdict: dict[tuple[int, int], bool] = {}
    for component in strong_components(plain):
        inside = set(component)
        asked = {arc for arc in wanted if arc[0] in inside and arc[1] in inside}
        if not asked:
            continue
        entries, exits = {start} & inside, set()
        for node, targets in plain.items():
            if node not in inside:
                entries.update(inside.intersection(targets))
            elif not inside.issuperset(targets):
                exits.add(node)
        within = {node: [t for t in plain[node] if t in inside] for node in component}
        used = arcs_on_paths(within, entries, exits, asked, effort)
        verdict.update({arc: arc in used for arc in asked})
    return verdict
