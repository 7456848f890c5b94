"""Gathers nodes and edges: each node once, each pair of nodes once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from dtlink.boot.timeline.model import worst
from dtlink.facts.outcomes import Outcome
from dtlink.typed import TYPE_CHECKING
from dtlink.views.data import ABSENT
from dtlink.views.graph.bounds import MAX_EDGES, MAX_ENTRIES, MAX_NODES
from dtlink.views.graph.rows import EdgeEffect, EdgeEntry, GraphEdge, GraphNode

if TYPE_CHECKING:
    from dtlink.views.data import Absent


class Collector:
    """Nodes and edges in the making; ``describe`` makes the row of a node by its path."""

    def __init__(self, describe: Callable[[str], GraphNode]) -> None:
        self._describe = describe
        self._numbers: dict[str, int] = {}
        self.nodes: list[GraphNode] = []
        self.edges: dict[tuple[int, int], GraphEdge] = {}
        self._left_out: set[str | tuple[int, int]] = set()

    @property
    def left_out(self) -> int:
        """How many nodes, and edges between those that are there, there was no room for."""
        return len(self._left_out)

    def add(self, path: str) -> int:
        """The number of a node; -1 if there is no room for it."""
        number = self._numbers.get(path, -1)
        if number < 0:
            if len(self.nodes) >= MAX_NODES:
                self._left_out.add(path)
                return -1
            number = self._numbers[path] = len(self.nodes)
            self.nodes.append(self._describe(path))
        return number

    def find(self, path: str) -> int:
        """The number of a node that is there; -1 for another."""
        return self._numbers.get(path, -1)

    def numbers(self, paths: Iterable[str]) -> tuple[int, ...]:
        """The numbers of those nodes that are there, each once."""
        found = dict.fromkeys(map(self.find, paths))
        return tuple(number for number in found if number >= 0)

    def between(self, consumer: str, supplier: str) -> GraphEdge | None:
        """The edge between two nodes, if there is one."""
        return self.edges.get((self.find(consumer), self.find(supplier)))

    def takes(self, consumer: str, supplier: str) -> bool:
        """Whether there is room for an edge between two nodes, or there is one."""
        ends = self.find(consumer), self.find(supplier)
        if -1 in ends and len(self.nodes) >= MAX_NODES:
            return False
        return len(self.edges) < MAX_EDGES or ends in self.edges

    def link(
        self,
        consumer: str,
        supplier: str,
        effect: EdgeEffect,
        entry: EdgeEntry | None = None,
        *,
        note: str = "",
    ) -> None:
        """Add an edge, or an entry to the edge that is there."""
        ends = self.add(consumer), self.add(supplier)
        if -1 in ends or ends[0] == ends[1]:
            return
        before = self.edges.get(ends)
        if before is None:
            if len(self.edges) >= MAX_EDGES:
                self._left_out.add(ends)
                return
            before = GraphEdge(consumer=ends[0], supplier=ends[1], effect=effect)
        self.edges[ends] = _with_entry(before, effect, entry, note)

    def judge(self, consumer: str, supplier: str, told: Callable[[GraphEdge], GraphEdge]) -> None:
        """Change an edge, if it is there."""
        ends = self.find(consumer), self.find(supplier)
        edge = self.edges.get(ends)
        if edge is not None:
            self.edges[ends] = told(edge)

    def sorted_edges(self) -> tuple[GraphEdge, ...]:
        """All edges, by their ends."""
        return tuple(self.edges[ends] for ends in sorted(self.edges))


#: From strong to weak: an edge of several entries has the strongest.
_STRENGTH = (
    *(EdgeEffect.WAITS, EdgeEffect.ORDERED, EdgeEffect.RELAXED, EdgeEffect.IGNORED),
    *(EdgeEffect.TABLE, EdgeEffect.PARENT, EdgeEffect.SYNC_STATE_ONLY, EdgeEffect.NONE),
)


def _with_entry(
    edge: GraphEdge, effect: EdgeEffect, entry: EdgeEntry | None, note: str
) -> GraphEdge:
    entries, more = edge.entries, edge.more
    if entry is not None and len(entries or ()) >= MAX_ENTRIES:
        more = (more or 0) + 1
    elif entry is not None:
        entries = (*(entries or ()), entry)
    return replace(
        edge,
        effect=min(edge.effect, effect, key=_STRENGTH.index),
        note=edge.note or note or ABSENT,
        entries=entries,
        more=more,
    )


def worse(one: Outcome | Absent, other: Outcome) -> Outcome | Absent:
    """The worse of two outcomes; what is well is left out."""
    found = worst((one or Outcome.OK, other))
    return ABSENT if found is Outcome.OK else found


def unique(paths: Iterable[str]) -> Sequence[str]:
    """Each once, in their order."""
    return list(dict.fromkeys(paths))
