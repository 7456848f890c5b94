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


class Effort:
    """How many nodes all searches in one tree may visit yet; beyond, an arc counts as used."""

    def __init__(self, left: int) -> None:
        self.left = left


def arcs_on_paths(
    arcs: Arcs,
    entries: Collection[int],
    exits: Collection[int],
    asked: Collection[Arc],
    effort: Effort,
) -> set[Arc]:
    """The arcs asked for that lie on a path without a repeated node from an entry to an exit.

    Other arcs may be in the answer too.
    """
    if effort.left < 0:
        return set(asked)
    search = _Search(arcs, entries, exits, effort)
    used: set[Arc] = set()
    for arc in asked:
        if arc not in used:
            used.update(pairwise(search.path_through(arc)))
    return used


class _Search:
    """A component, and the paths that are looked for in it."""

    def __init__(
        self, arcs: Arcs, entries: Collection[int], exits: Collection[int], effort: Effort
    ) -> None:
        self._arcs = arcs
        self._entries = entries
        self._exits = exits
        self._effort = effort
        self._sources: dict[int, list[int]] = {}
        for node, targets in arcs.items():
            for target in targets:
                self._sources.setdefault(target, []).append(node)

    def path_through(self, arc: Arc) -> list[int]:
        """A path without a repeated node that has an arc; empty if there is none."""
        node, target = arc
        if self._effort.left < 0:
            return [node, target]
        before = self._back(node, {target})
        after = self._out(target, {node})
        if not before or not after:
            return []
        if not set(before) & set(after):
            return before + after
        detour = self._out(target, set(before))
        if detour:
            return before + detour
        detour = self._back(node, set(after))
        if detour:
            return detour + after
        return self._try_all(arc)

    def _try_all(self, arc: Arc) -> list[int]:
        """Try every way from the arc back to an entry, as long as the other side has a way out."""
        node, target = arc
        path = [node]
        work = [iter(self._sources.get(node, ()))]
        for _ in range(_LIMIT):
            if self._effort.left < 0:
                break
            if path[-1] in self._entries:
                after = self._out(target, set(path))
                if after:
                    return path[::-1] + after
            step = self._next(work[-1], path, target)
            if step is not None:
                path.append(step)
                work.append(iter(self._sources.get(step, ())))
                continue
            path.pop()
            work.pop()
            if not path:
                return []
        return [node, target]

    def _next(self, candidates: Iterable[int], path: list[int], target: int) -> int | None:
        """The next node by which the way back can go on and leave the target a way to an exit."""
        for step in candidates:
            if step != target and step not in path and self._out(target, {*path, step}):
                return step
        return None

    def _out(self, start: int, avoid: AbstractSet[int]) -> list[int]:
        """A shortest way from a node to an exit."""
        return self._shortest(self._arcs, start, self._exits, avoid)

    def _back(self, end: int, avoid: AbstractSet[int]) -> list[int]:
        """A shortest way from an entry to a node."""
        return self._shortest(self._sources, end, self._entries, avoid)[::-1]

    def _shortest(
        self, arcs: Arcs, start: int, goals: Collection[int], avoid: AbstractSet[int]
    ) -> list[int]:
        """A shortest path from a node to one of the goals, both ends included; empty if none."""
        came = {start: start}
        queue = [start]
        for node in queue:
            if node in goals:
                self._effort.left -= len(queue)
                path = [node]
                while path[-1] != start:
                    path.append(came[path[-1]])
                return path[::-1]
            for target in arcs.get(node, ()):
                if target not in came and target not in avoid:
                    came[target] = node
                    queue.append(target)
        self._effort.left -= len(queue)
        return []
