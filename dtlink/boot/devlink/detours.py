"""Which arcs of a strongly connected component lie on a path without a repeated node.

The paths are those from one of the component's entries to one of its exits. To decide it for one
arc is, in the worst case, as hard as finding two paths that don't meet; so the search has a limit,
beyond which an arc counts as used. On devicetrees the shortest ways decide it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import pairwise

Arcs = Mapping[int, Sequence[int]]
Arc = tuple[int, int]

#: How many nodes the exact search for one arc may visit.
_LIMIT = 20_000


def arcs_on_paths(
    arcs: Arcs, entries: Collection[int], exits: Collection[int], asked: Collection[Arc]
) -> set[Arc]:
    """The arcs asked for that lie on a path without a repeated node from an entry to an exit.

    Other arcs may be in the answer too.
    """
    sources: dict[int, list[int]] = {}
    for node, targets in arcs.items():
        for target in targets:
            sources.setdefault(target, []).append(node)
    used: set[Arc] = set()
    for arc in asked:
        if arc not in used:
            path = _path_through(arcs, sources, entries, exits, arc)
            used.update(pairwise(path))
    return used


def _path_through(
    arcs: Arcs, sources: Arcs, entries: Collection[int], exits: Collection[int], arc: Arc
) -> list[int]:
    """A path without a repeated node that has an arc; empty if there is none."""
    node, target = arc
    before = _shortest(sources, node, entries, {target})[::-1]
    after = _shortest(arcs, target, exits, {node})
    if not before or not after:
        return []
    if not set(before) & set(after):
        return before + after
    detour = _shortest(arcs, target, exits, set(before))
    if detour:
        return before + detour
    detour = _shortest(sources, node, entries, set(after))[::-1]
    if detour:
        return detour + after
    return _search(arcs, sources, entries, exits, arc)


def _search(
    arcs: Arcs, sources: Arcs, entries: Collection[int], exits: Collection[int], arc: Arc
) -> list[int]:
    """Try every way from the arc back to an entry, as long as the other side has a way out."""
    node, target = arc
    path = [node]
    work = [iter(sources.get(node, ()))]
    for _ in range(_LIMIT):
        if path[-1] in entries:
            after = _shortest(arcs, target, exits, set(path))
            if after:
                return path[::-1] + after
        step = _next(work[-1], path, target, arcs, exits)
        if step is not None:
            path.append(step)
            work.append(iter(sources.get(step, ())))
            continue
        path.pop()
        work.pop()
        if not path:
            return []
    return [node, target]


def _next(
    candidates: Iterable[int], path: list[int], target: int, arcs: Arcs, exits: Collection[int]
) -> int | None:
    """The next node by which the way back can go on and leave the target a way to an exit."""
    for step in candidates:
        if step != target and step not in path and _shortest(arcs, target, exits, {*path, step}):
            return step
    return None


def _shortest(arcs: Arcs, start: int, goals: Collection[int], avoid: AbstractSet[int]) -> list[int]:
    """A shortest path from a node to one of the goals, both ends included; empty if none."""
    came = {start: start}
    queue = [start]
    for node in queue:
        if node in goals:
            path = [node]
            while path[-1] != start:
                path.append(came[path[-1]])
            return path[::-1]
        for target in arcs.get(node, ()):
            if target not in came and target not in avoid:
                came[target] = node
                queue.append(target)
    return []
