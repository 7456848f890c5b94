"""Graph algorithms on plain numbers: strongly connected components, cycles, waves, paths.

All are iterative and linear in nodes and arcs. ``arcs`` maps a node to the nodes it needs; a
node without an entry needs nobody.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence

Arcs = Mapping[int, Sequence[int]]


def strong_components(arcs: Arcs, *, minimum: int = 2) -> list[list[int]]:
    """Strongly connected components of at least ``minimum`` nodes, suppliers before consumers.

    Tarjan's algorithm with its own stack, so that a long chain does not exhaust Python's.
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
    """The nodes of a shortest cycle within a component, each needing the next, the last the first.

    One search from each of at most sixteen nodes, which keeps it linear; within larger components
    the cycle is a short one, not always the shortest.
    """
    inside = set(component)
    # Where several nodes need each other, that one of them also needs itself is not the story.
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
    """The nodes of a shortest path of at least one arc; empty if there is none."""
    came: dict[int, int] = {}
    queue = deque([start])
    while queue:
        node = queue.popleft()
        for target in arcs.get(node, ()):
            if target in came or (inside is not None and target not in inside):
                continue
            came[target] = node
            if target == goal:
                return _trace(came, start, goal)
            queue.append(target)
    return []


def _trace(came: Mapping[int, int], start: int, goal: int) -> list[int]:
    path = [goal, came[goal]]
    while path[-1] != start:
        path.append(came[path[-1]])
    return path[::-1]


def waves(arcs: Arcs, nodes: Iterable[int]) -> list[list[int]]:
    """Nodes by the number of steps that must come before them.

    The nodes of one strongly connected component share a wave: nothing says who of them is first.
    """
    full = {node: arcs.get(node, ()) for node in nodes}
    for targets in list(full.values()):
        for target in targets:
            full.setdefault(target, arcs.get(target, ()))
    level: dict[int, int] = {}
    rows: list[list[int]] = []
    for component in strong_components(full, minimum=1):
        inside = set(component)
        before = (level[t] for node in component for t in full[node] if t not in inside)
        wave = max(before, default=-1) + 1
        level.update(dict.fromkeys(component, wave))
        rows.extend([] for _ in range(wave + 1 - len(rows)))
        rows[wave].extend(component)
    return [sorted(row) for row in rows]
