"""What a running board reports of the nodes of a graph, beside what was predicted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dtlink.facts.outcomes import When
from dtlink.observed.held_back import reported_back
from dtlink.observed.running import RunningBoard
from dtlink.typed import TYPE_CHECKING
from dtlink.views.data import ABSENT
from dtlink.views.graph.bounds import clipped
from dtlink.views.graph.rows import GraphNode, NodeState, ObservedNode, ObservedState

if TYPE_CHECKING:
    from dtlink.board.tree import TreeBoard
    from dtlink.observed.observation import Observation
    from dtlink.views.data import Absent
    from dtlink.views.graph.collector import Collector


def add_observed(board: TreeBoard, told: Observation, collector: Collector) -> None:
    """Write to each node what the board reports of its device."""
    running = RunningBoard(told, board.tree)
    for path, state, text in _reported(running):
        at = collector.find(path)
        if at >= 0:
            node = collector.nodes[at]
            row = ObservedNode(state=state, text=clipped(text), agrees=_agrees(node, state))
            collector.nodes[at] = replace(node, observed=row)


def _reported(running: RunningBoard) -> Iterator[tuple[str, ObservedState, str]]:
    """Each node that the board says something of; that its probe is held back is said last."""
    for path, driver in running.drivers.items():
        state = ObservedState.BOUND if driver else ObservedState.UNBOUND
        yield path, state, driver or ""
    for path, reason in reported_back(running).items():
        if not running.is_bound(path):
            yield path, ObservedState.HELD_BACK, reason


def _agrees(node: GraphNode, state: ObservedState) -> bool | Absent:
    """Whether the board is as predicted; ``ABSENT`` where nothing was predicted."""
    if not node.when or node.when is When.UNKNOWN or node.state is NodeState.NONE_NEEDED:
        return ABSENT
    return (node.when is not When.NEVER) is (state is ObservedState.BOUND)
