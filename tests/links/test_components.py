"""The graph algorithms against definitions that are too slow for large graphs."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtlink.links.components import shortest_cycle, shortest_path, strong_components, waves
from tests.support.limits import at_most

NODES = st.integers(0, 9)
GRAPHS = st.dictionaries(NODES, st.lists(NODES, max_size=5), max_size=10)


def everybody(arcs):
    return set(arcs) | {target for targets in arcs.values() for target in targets}


def reachable(arcs, start):
    """All nodes that are reachable by at least one arc."""
    seen: set[int] = set()
    todo = list(arcs.get(start, ()))
    while todo:
        node = todo.pop()
        if node not in seen:
            seen.add(node)
            todo += arcs.get(node, ())
    return seen


def by_definition(arcs):
    """The nodes in groups: two are in the same group if each is reachable from the other."""
    leads = {node: reachable(arcs, node) for node in everybody(arcs)}
    return {
        frozenset({node} | {other for other in leads[node] if node in leads[other]})
        for node in leads
    }


@given(GRAPHS)
def test_components_match_the_definition(arcs):
    found = strong_components(arcs, minimum=1)
    assert {frozenset(component) for component in found} == by_definition(arcs)
    assert sum(map(len, found)) == len(everybody(arcs))


@given(GRAPHS)
def test_components_of_at_least_two(arcs):
    found = {frozenset(component) for component in strong_components(arcs)}
    assert found == {component for component in by_definition(arcs) if len(component) > 1}


@given(GRAPHS)
def test_suppliers_come_before_consumers(arcs):
    place = {}
    for number, component in enumerate(strong_components(arcs, minimum=1)):
        place.update(dict.fromkeys(component, number))
    assert all(place[to] <= place[node] for node, targets in arcs.items() for to in targets)


@given(GRAPHS)
def test_waves(arcs):
    rows = waves(arcs, arcs)
    wave = {node: number for number, row in enumerate(rows) for node in row}
    assert set(wave) == everybody(arcs)
    assert sum(map(len, rows)) == len(wave)
    assert all(rows)
    for component in by_definition(arcs):
        inner = {wave[node] for node in component}
        outer = [wave[to] for node in component for to in arcs.get(node, ()) if to not in component]
        # As early as the suppliers outside allow, and no later.
        assert inner == {max(outer, default=-1) + 1}


@given(GRAPHS)
def test_a_shortest_cycle_is_a_cycle_and_no_other_is_shorter(arcs):
    for component in strong_components(arcs):
        cycle = shortest_cycle(arcs, component)
        assert len(set(cycle)) == len(cycle) >= 2
        assert set(cycle) <= set(component)
        assert all(b in arcs[a] for a, b in zip(cycle, cycle[1:] + cycle[:1], strict=True))
        loops = (
            path
            for node in component
            for other in arcs[node]
            if other != node and (path := shortest_path(arcs, other, node))
        )
        assert len(cycle) == min(len(path) for path in loops)


def test_a_self_link_is_a_cycle_only_outside_larger_ones():
    assert shortest_cycle({1: [1]}, [1]) == [1]
    assert shortest_cycle({1: [1, 2], 2: [1]}, [1, 2]) == [1, 2]
    assert shortest_cycle({1: [2]}, [1]) == []


@given(GRAPHS, NODES, NODES)
def test_a_shortest_path(arcs, start, goal):
    path = shortest_path(arcs, start, goal)
    assert bool(path) == (goal in reachable(arcs, start))
    if path:
        assert (path[0], path[-1]) == (start, goal)
        assert all(b in arcs[a] for a, b in pairwise(path))
        assert len(path) >= 2
        # No shorter one: whatever is reached in fewer steps is not the goal.
        near = {start}
        for _ in range(len(path) - 2):
            near = {to for node in near for to in arcs.get(node, ())}
            assert goal not in near


def test_a_path_stays_inside():
    arcs = {1: [2, 4], 2: [3], 4: [5], 5: [3]}
    assert shortest_path(arcs, 1, 3) == [1, 2, 3]
    assert shortest_path(arcs, 1, 3, {1, 3, 4, 5}) == [1, 4, 5, 3]
    assert shortest_path(arcs, 1, 3, {1, 3, 4}) == []


LONG = 100_000


@pytest.mark.parametrize("close", [False, True], ids=["chain", "ring"])
def test_a_long_chain_and_a_long_ring(close):
    arcs = {node: [node + 1] for node in range(LONG)}
    if close:
        arcs[LONG] = [0]
    with at_most():
        found = strong_components(arcs)
        rows = waves(arcs, arcs)
    if close:
        assert [len(component) for component in found] == [LONG + 1]
        assert len(shortest_cycle(arcs, found[0])) == LONG + 1
        assert len(rows) == 1
    else:
        assert not found
        assert len(rows) == LONG + 1
        assert rows[0] == [LONG]
        assert len(shortest_path(arcs, 0, LONG)) == LONG + 1
