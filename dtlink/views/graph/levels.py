"""Waves of the probe order, and the supplier of each device that comes last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from dtlink.board.tree import TreeBoard
from dtlink.facts.outcomes import When
from dtlink.typed import TYPE_CHECKING
from dtlink.views.data import ABSENT
from dtlink.views.order import device_waves, probe_arcs

if TYPE_CHECKING:
    from dtlink.board.boards import AnyBoard
    from dtlink.views.data import Absent
    from dtlink.views.graph.collector import Collector
    from dtlink.views.graph.rows import GraphNode

_TIMES = list(When)


def add_waves(board: AnyBoard, collector: Collector) -> None:
    """Write the wave of each node, and its gate: the supplier or parent that comes last."""
    if isinstance(board, TreeBoard):
        arcs: Mapping[str, Sequence[str]] = probe_arcs(board)
        waves: Sequence[Sequence[str]] = device_waves(arcs)
    else:
        arcs = _table_arcs(collector)
        waves = [[node.path for node in wave] for wave in board.waves]
    level = {path: number for number, wave in enumerate(waves) for path in wave}
    for path, number in level.items():
        at = collector.find(path)
        if at >= 0:
            gate = _gate(collector, level, arcs.get(path, ()), number)
            collector.nodes[at] = replace(collector.nodes[at], wave=number, gate=gate)


def _gate(
    collector: Collector, level: Mapping[str, int], suppliers: Sequence[str], own: int
) -> int | Absent:
    """The last of some suppliers; one of the same wave is part of a cycle, and is none."""
    found = [
        (_time(collector.nodes[at]), level[path], -at)
        for path in suppliers
        if (at := collector.find(path)) >= 0 and level.get(path, own) < own
    ]
    return -max(found)[2] if found else ABSENT


def _time(node: GraphNode) -> int:
    return _TIMES.index(node.when) if node.when else 0


def _table_arcs(collector: Collector) -> dict[str, list[str]]:
    arcs: dict[str, list[str]] = {}
    for edge in collector.edges.values():
        consumer, supplier = (collector.nodes[at].path for at in (edge.consumer, edge.supplier))
        arcs.setdefault(consumer, []).append(supplier)
    return arcs
