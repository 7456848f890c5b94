"""Graph algorithms on integers: strongly connected components, cycles, waves, paths.

All are iterative and linear in nodes and arcs. ``arcs`` maps a node to its suppliers; a node
without an entry has no suppliers.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence

Arcs = Mapping[int, Sequence[int]]


def strong_components(arcs: Arcs, *, minimum: int = 2) -> list[list[int]]:
    """Return strongly connected components of at least ``minimum`` nodes, suppliers first.

    Tarjan's algorithm with an explicit stack, so a long chain does not exceed Python's recursion
    limit.
    """
    order: dict[int, int] = {}
    low: dict[int, int] = {}
    pending: list[int] = []
    done: set[int] = set()
    components: list[list[int]] = []
    for start in arcs:
        if start in order:
            continue
        order[start] = low[start] = len(order)
        pending.append(start)
        work = [(start, iter(arcs[start]))]
        while work:
            node, targets = work[-1]
            for target in targets:
                if target not in order:
                    order[target] = low[target] = len(order)
                    pending.append(target)
                    work.append((target, iter(arcs.get(target, ()))))
                    break
                if target not in done and order[target] < low[node]:
                    low[node] = order[target]
            else:
                work.pop()
                if work and low[node] < low[work[-1][0]]:
                    low[work[-1][0]] = low[node]
                if low[node] == order[node]:
                    component = _pop(pending, node)
                    done.update(component)
                    if len(component) >= minimum:
                        components.append(component)
    return components


def _pop(pending: list[int], node: int) -> list[int]:
    component = []
    while True:
        component.append(pending.pop())
        if component[-1] == node:
            return component


def shortest_cycle(arcs: Arcs, component: Collection[int]) -> list[int]:
    """Return a shortest cycle of a component: each node depends on the next, the last on the first.

    Searches from at most 16 nodes, to stay linear; in larger components the cycle is short, but
    not always the shortest.
    """
    inside = set(component)
    # In a component of several nodes, links of a node to itself are ignored.
    own = {
        node: [to for to in arcs.get(node, ()) if to in inside and (to != node or len(inside) == 1)]
        for node in inside
    }
    starts = sorted(inside, key=lambda node: (len(own[node]), node))[:16]
    cycles = (shortest_path(own, start, start) for start in starts)
    return min((cycle[:-1] for cycle in cycles if cycle), key=lambda c: (len(c), c), default=[])


def shortest_path(
    arcs: Arcs, start: int, goal: int, inside: Collection[int] | None = None
) -> list[int]:
    """Return the nodes of a shortest path with at least one arc; empty if there is none."""
    previous: dict[int, int] = {}
    queue = deque([start])
    while queue:
        node = queue.popleft()
        for target in arcs.get(node, ()):
            if target in previous or (inside is not None and target not in inside):
                continue
            previous[target] = node
            if target == goal:
                return _trace(previous, start, goal)
            queue.append(target)
    return []


def _trace(previous: Mapping[int, int], start: int, goal: int) -> list[int]:
    path = [goal, previous[goal]]
    while path[-1] != start:
        path.append(previous[path[-1]])
    return path[::-1]


def waves(arcs: Arcs, nodes: Iterable[int]) -> list[list[int]]:
    """Return the nodes grouped by the longest chain of suppliers that must probe before them.

    The nodes of a strongly connected component share a wave, since they have no order.
    """
    full = {node: arcs.get(node, ()) for node in nodes}
    for targets in list(full.values()):
        for target in targets:
            full.setdefault(target, arcs.get(target, ()))
    level: dict[int, int] = {}
    result: list[list[int]] = []
    for component in strong_components(full, minimum=1):
        inside = set(component)
        supplier_levels = (level[t] for node in component for t in full[node] if t not in inside)
        wave = max(supplier_levels, default=-1) + 1
        level.update(dict.fromkeys(component, wave))
        result.extend([] for _ in range(wave + 1 - len(result)))
        result[wave].extend(component)
    return [sorted(wave_nodes) for wave_nodes in result]
