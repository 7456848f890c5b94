"""Two graphs as one: what the new one gained, lost and changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from dtlink.firmware.names import stable
from dtlink.typed import TYPE_CHECKING
from dtlink.views.data import ABSENT
from dtlink.views.graph.bounds import MAX_EDGES, MAX_NODES
from dtlink.views.graph.rows import Change, GraphEdge, GraphFinding, GraphNode, GraphSide

if TYPE_CHECKING:
    from dtlink.views.data import Absent
    from dtlink.views.graph.rows import GraphCycle
    from dtlink.views.graph.view import GraphView

#: The numbers of the nodes of one graph in the joined one.
_Numbers = Mapping[int, int]


def compared(old: GraphView, new: GraphView) -> GraphView:
    """The new graph, with what the old one had beside it, each difference marked."""
    nodes, numbers = _nodes(old, new)
    edges = _edges(old, new, numbers)
    findings = _findings(old, new, numbers)
    cycles = tuple(_cycles(old, new, numbers))
    counts = {
        kind: _counts(rows)
        for kind, rows in (
            ("nodes", nodes),
            ("edges", edges),
            ("cycles", cycles),
            ("findings", findings),
        )
    }
    side = GraphSide(input=old.input, model=old.model, counts=counts)
    return replace(new, nodes=nodes, edges=edges, findings=findings, cycles=cycles, old=side)


def _counts(rows: Iterable[GraphNode | GraphEdge | GraphCycle | GraphFinding]) -> Mapping[str, int]:
    found = Counter(row.change for row in rows if row.change is not ABSENT)
    return {each.value: found[each] for each in Change}


def _nodes(old: GraphView, new: GraphView) -> tuple[tuple[GraphNode, ...], _Numbers]:
    """The nodes of both, and the numbers that those of the old one have in it."""
    here = {stable(node.path): number for number, node in enumerate(new.nodes)}
    nodes, numbers = list(new.nodes), dict[int, int]()
    for number, node in enumerate(old.nodes):
        at = here.get(stable(node.path), -1)
        if at >= 0:
            nodes[at] = _changed_node(node, nodes[at])
        elif len(nodes) < MAX_NODES:
            at = len(nodes)
            nodes.append(replace(node, change=Change.LOST, gate=ABSENT))
        if at >= 0:
            numbers[number] = at
    known = set(numbers.values())
    return tuple(
        node if number in known else replace(node, change=Change.GAINED)
        for number, node in enumerate(nodes)
    ), numbers


def _changed_node(old: GraphNode, new: GraphNode) -> GraphNode:
    before, after = ((row.state, row.driver, row.when, row.outcome) for row in (old, new))
    if before == after:
        return new
    words = (old.state.value, old.driver, old.when and old.when.value)
    was = ", ".join(dict.fromkeys(str(word) for word in words if word))
    return replace(new, change=Change.CHANGED, was=was)


def _edges(old: GraphView, new: GraphView, numbers: _Numbers) -> tuple[GraphEdge, ...]:
    here = {(edge.consumer, edge.supplier): edge for edge in new.edges}
    joined = {ends: replace(edge, change=Change.GAINED) for ends, edge in here.items()}
    for each in old.edges:
        if each.consumer not in numbers or each.supplier not in numbers:
            continue
        ends = numbers[each.consumer], numbers[each.supplier]
        edge = here.get(ends)
        if edge is not None:
            joined[ends] = _changed_edge(each, edge)
        elif len(joined) < MAX_EDGES:
            lost = replace(each, consumer=ends[0], supplier=ends[1], findings=ABSENT)
            joined[ends] = replace(lost, change=Change.LOST)
    return tuple(joined[ends] for ends in sorted(joined))


def _changed_edge(old: GraphEdge, new: GraphEdge) -> GraphEdge:
    before, after = _said(old), _said(new)
    if before == after and (old.effect, old.outcome) == (new.effect, new.outcome):
        return new
    gone = ", ".join(sorted(before - after))
    words = [f"{old.effect.value}" if old.effect is not new.effect else "", gone]
    words += [old.outcome.value if old.outcome and old.outcome is not new.outcome else ""]
    return replace(new, change=Change.CHANGED, was="; ".join(filter(None, words)) or ABSENT)


def _said(edge: GraphEdge) -> set[str]:
    """The entries, without their places in the property: those are moved by each new one."""
    return {f"{each.property_name}{each.ids or ''}" for each in edge.entries or ()}


def _findings(old: GraphView, new: GraphView, numbers: _Numbers) -> tuple[GraphFinding, ...]:
    before = {each.fingerprint for each in old.findings}
    after = {each.fingerprint for each in new.findings}
    found = [
        each if each.fingerprint in before else replace(each, change=Change.GAINED)
        for each in new.findings
    ]
    lost = [
        replace(
            each,
            change=Change.LOST,
            nodes=tuple(numbers[node] for node in each.nodes if node in numbers),
        )
        for each in old.findings
        if each.fingerprint not in after
    ]
    return (*found, *lost)


def _cycles(old: GraphView, new: GraphView, numbers: _Numbers) -> Iterator[GraphCycle]:
    """By their devices; one that shares a device with one of the other side is changed."""
    before = [
        replace(each, nodes=tuple(numbers[node] for node in each.nodes if node in numbers))
        for each in old.cycles
    ]
    was, now = _by_nodes(before), _by_nodes(new.cycles)
    shared: set[frozenset[int]] = set()
    for nodes, each in now.items():
        near = [other for other in was if other & nodes]
        shared.update(near)
        change: Change | Absent = ABSENT
        if nodes not in was:
            change = Change.CHANGED if near else Change.GAINED
        yield replace(each, change=change)
    for nodes, each in was.items():
        if nodes not in shared:
            yield replace(each, change=Change.LOST)


def _by_nodes(cycles: Sequence[GraphCycle]) -> Mapping[frozenset[int], GraphCycle]:
    return {frozenset(each.nodes): each for each in cycles}
