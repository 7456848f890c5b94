"""Where a reader begins: what keeps devices waiting, and which cycles there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from dtlink.board.tree import TreeBoard
from dtlink.boot.devlink.effects import LinkEffect
from dtlink.facts.outcomes import Outcome
from dtlink.typed import TYPE_CHECKING
from dtlink.views.cycles import CycleRow, CyclesView
from dtlink.views.data import ABSENT
from dtlink.views.drivers import NeedDriver, driver_words
from dtlink.views.graph.bounds import MAX_CYCLES, MAX_DEVICES
from dtlink.views.graph.rows import AffectedNode, EdgeEffect, GraphCycle, WaitCause

if TYPE_CHECKING:
    from dtlink.board.boards import AnyBoard
    from dtlink.board.missing_drivers import MissingDriver
    from dtlink.views.graph.collector import Collector

#: The edges along which a consumer depends on a supplier.
_DEPENDS = (EdgeEffect.ORDERED, EdgeEffect.WAITS, EdgeEffect.PARENT, EdgeEffect.TABLE)


def causes(board: AnyBoard, collector: Collector) -> Iterator[WaitCause]:
    """The drivers that come late or never; without a kernel: suppliers that are not devices."""
    if not isinstance(board, TreeBoard):
        return
    if board.facts is not None:
        for each in board.missing_drivers:
            yield _missing(board, collector, each)
        return
    waiting: dict[str, list[AffectedNode]] = {}
    for (consumer, supplier), tie in board.order.of(LinkEffect.WAITS):
        number = collector.find(consumer)
        binding = tie.origins[0].property_name if tie.origins else ""
        row = AffectedNode(node=number, binding=binding, outcome=Outcome.NEVER, sure=True)
        if number >= 0:
            waiting.setdefault(supplier, []).append(row)
    for supplier, rows in waiting.items():
        yield WaitCause(
            driver="not a device",
            suppliers=collector.numbers([supplier]),
            comes=ABSENT,
            devices=tuple(rows[:MAX_DEVICES]),
        )


def _missing(board: TreeBoard, collector: Collector, each: MissingDriver) -> WaitCause:
    tree = board.tree
    rows = [
        AffectedNode(
            node=number,
            binding=device.binding,
            outcome=device.outcome,
            sure=device.unasked is device.outcome,
        )
        for device in each.devices
        if (number := collector.find(tree.path(device.node))) >= 0
    ]
    words = driver_words(NeedDriver.of_driver(board, each.driver))
    return WaitCause(
        driver=f"{each.made.partition(':')[2]}: {words}" if each.made else words,
        suppliers=collector.numbers(map(tree.path, each.suppliers)),
        comes=each.comes,
        devices=tuple(rows[:MAX_DEVICES]),
    )


def cycles(board: AnyBoard, collector: Collector) -> Iterator[GraphCycle]:
    """The components, each with what depends on it."""
    consumers = _consumers(collector)
    for row in CyclesView.of(board).cycles[:MAX_CYCLES]:
        yield _cycle(row, collector, consumers)


def _cycle(
    row: CycleRow, collector: Collector, consumers: Mapping[int, Sequence[int]]
) -> GraphCycle:
    inside = collector.numbers(row.nodes)
    reached = _reached(inside, consumers)
    roles = [role for at in sorted(reached) if (role := collector.nodes[at].role)]
    return GraphCycle(
        nodes=inside,
        chain=row.chain,
        breaks=row.breaks,
        links=row.links or 0,
        relaxed=len(row.relaxed or ()),
        behind=len(reached) - len(inside),
        roles=tuple(dict.fromkeys(roles)),
    )


def _consumers(collector: Collector) -> Mapping[int, list[int]]:
    found: dict[int, list[int]] = {}
    for edge in collector.edges.values():
        if edge.effect in _DEPENDS:
            found.setdefault(edge.supplier, []).append(edge.consumer)
    return found


def _reached(nodes: Iterable[int], arcs: Mapping[int, Sequence[int]]) -> set[int]:
    reached = set(nodes)
    todo = list(reached)
    while todo:
        for node in arcs.get(todo.pop(), ()):
            if node not in reached:
                reached.add(node)
                todo.append(node)
    return reached
