"""The graph of ACPI tables: nodes, devices that they name, and the entries between them."""

from __future__ import annotations

from dataclasses import replace

from dtlink.facts.outcomes import Outcome, Wait, When
from dtlink.firmware.acpi.iort import RootComplex
from dtlink.typed import TYPE_CHECKING
from dtlink.views.data import ABSENT
from dtlink.views.graph.bounds import clipped
from dtlink.views.graph.collector import Collector, worse
from dtlink.views.graph.rows import EdgeEffect, EdgeEntry, GraphEdge, GraphNode, NodeState

if TYPE_CHECKING:
    from dtlink.board.tables import TablesBoard
    from dtlink.boot.timeline.model import AcpiDependency
    from dtlink.links.acpi.link import AcpiLink

_STATES = {
    When.INITCALL: NodeState.BUILT_IN,
    When.INITRAMFS: NodeState.INITRAMFS,
    When.ROOT: NodeState.MODULE,
    When.NEVER: NodeState.MISSING,
}


def collected(board: TablesBoard) -> Collector:
    """The nodes that take part in a link, and the links."""
    waits = board.timeline.waits if board.timeline else ()
    suppliers = {each.supplier.path: each for each in waits}
    collector = Collector(lambda path: _described(path, suppliers.get(path)))
    for link in board.links():
        effect = EdgeEffect.TABLE if link.used_by_linux else EdgeEffect.NONE
        consumer, supplier = link.consumer.path, link.supplier.path
        entry = _entry(link, consumer) if collector.takes(consumer, supplier) else None
        why_not = board.graph.not_followed(link.reference) if not link.used_by_linux else ""
        collector.link(consumer, supplier, effect, entry, note=why_not)
    absences = board.timeline.absences if board.timeline else ()
    for each, absence in zip(waits, absences, strict=True):
        collector.judge(each.consumer.path, each.supplier.path, _Told(each, absence))
    return collector


def _entry(link: AcpiLink, consumer: str) -> EdgeEntry:
    node = link.node.path
    return EdgeEntry(
        property_name=clipped(link.property_name),
        index=link.index,
        binding=link.binding.name,
        node=ABSENT if node == consumer else clipped(node),
        ids=link.args or ABSENT,
    )


def _described(path: str, wait: AcpiDependency | None) -> GraphNode:
    """The row of a node; of an IOMMU, with what is known of its driver."""
    if wait is None:
        return GraphNode(path=clipped(path), state=NodeState.UNKNOWN)
    modules = wait.modules
    words = f"module {' or '.join(modules)}" if modules else ""
    return GraphNode(
        path=clipped(path),
        state=_STATES.get(wait.comes, NodeState.UNKNOWN),
        when=wait.comes,
        modules=modules or ABSENT,
        config=wait.config or ABSENT,
        driver=words or ABSENT,
    )


class _Told:
    """Writes a dependency's end to an edge."""

    def __init__(self, wait: AcpiDependency, absence: Outcome) -> None:
        self._wait, self._absence = wait, absence
        #: A root complex is no device that asks: the functions behind it do.
        self._of_functions = wait.consumer.WORD == RootComplex.WORD

    def __call__(self, edge: GraphEdge) -> GraphEdge:
        edge = replace(
            edge,
            outcome=worse(edge.outcome, self._wait.outcome),
            wait=ABSENT if self._wait.wait is Wait.NONE else self._wait.wait.value,
        )
        if self._of_functions:
            return replace(edge, functions=worse(edge.functions, self._absence))
        end = worse(edge.if_missing, self._absence)
        return replace(edge, if_missing=end, surely=end)
