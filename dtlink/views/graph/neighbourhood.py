"""The part of a graph that is near some nodes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING
from dtlink.views.data import ABSENT

if TYPE_CHECKING:
    from dtlink.views.data import Absent
    from dtlink.views.graph.rows import GraphEdge, GraphFinding, WaitCause
    from dtlink.views.graph.view import GraphView


class Near(NamedTuple):
    """How far to look from a node."""

    depth: int = 3
    """Along suppliers."""
    consumers: int = 1
    """Along consumers."""


def near(view: GraphView) -> GraphView:
    """The nodes within reach of those that were asked for, and the edges between them."""
    asked = view.view
    if not asked:
        return view
    kept = _reach(asked.nodes, asked.depth, _arcs(view.edges, lambda edge: edge.supplier))
    kept |= _reach(asked.nodes, asked.consumers, _arcs(view.edges, lambda edge: edge.consumer))
    numbers = {old: new for new, old in enumerate(sorted(kept))}
    findings = [each for each in view.findings if kept & set(each.nodes)]
    places = {id(each): at for at, each in enumerate(findings)}
    by_number = {at: places.get(id(each), -1) for at, each in enumerate(view.findings)}
    return replace(
        view,
        nodes=tuple(
            replace(view.nodes[at], gate=_number(view.nodes[at].gate, numbers)) for at in numbers
        ),
        edges=tuple(
            _edge(edge, numbers, by_number)
            for edge in view.edges
            if edge.consumer in numbers and edge.supplier in numbers
        ),
        findings=tuple(_finding(each, numbers) for each in findings),
        causes=tuple(_causes(view.causes, numbers)),
        cycles=tuple(
            replace(each, nodes=_kept(each.nodes, numbers))
            for each in view.cycles
            if kept & set(each.nodes)
        ),
        view=replace(asked, nodes=_kept(asked.nodes, numbers)),
    )


def _reach(start: Iterable[int], depth: int, arcs: Mapping[int, Sequence[int]]) -> set[int]:
    reached = {node for node in start if node >= 0}
    ring = set(reached)
    for _ in range(depth):
        ring = {other for node in ring for other in arcs.get(node, ())} - reached
        reached |= ring
    return reached


def _arcs(edges: Iterable[GraphEdge], end: Callable[[GraphEdge], int]) -> Mapping[int, list[int]]:
    arcs: dict[int, list[int]] = {}
    for edge in edges:
        to = end(edge)
        arcs.setdefault(edge.consumer + edge.supplier - to, []).append(to)
    return arcs


def _number(at: int | Absent, numbers: Mapping[int, int]) -> int | Absent:
    return numbers.get(at, ABSENT) if isinstance(at, int) else ABSENT


def _kept(nodes: Iterable[int], numbers: Mapping[int, int]) -> tuple[int, ...]:
    return tuple(numbers[node] for node in nodes if node in numbers)


def _edge(edge: GraphEdge, numbers: Mapping[int, int], findings: Mapping[int, int]) -> GraphEdge:
    told = tuple(findings[each] for each in edge.findings or () if findings[each] >= 0)
    return replace(
        edge,
        consumer=numbers[edge.consumer],
        supplier=numbers[edge.supplier],
        findings=told or ABSENT,
    )


def _finding(finding: GraphFinding, numbers: Mapping[int, int]) -> GraphFinding:
    return replace(finding, nodes=_kept(finding.nodes, numbers))


def _causes(causes: Iterable[WaitCause], numbers: Mapping[int, int]) -> Iterable[WaitCause]:
    for each in causes:
        devices = [
            replace(device, node=numbers[device.node])
            for device in each.devices
            if device.node in numbers
        ]
        suppliers = _kept(each.suppliers, numbers)
        if devices or suppliers:
            yield replace(each, suppliers=suppliers, devices=tuple(devices))
