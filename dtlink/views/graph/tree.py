"""The graph of a devicetree: devices, what their nodes reference, what the kernel makes of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from dtlink.board.devices import device_at
from dtlink.boot.timeline.model import worst
from dtlink.boot.timeline.settle import Absence
from dtlink.facts.outcomes import Outcome, Wait
from dtlink.typed import TYPE_CHECKING
from dtlink.views.data import ABSENT
from dtlink.views.graph.bounds import clipped
from dtlink.views.graph.collector import Collector, worse
from dtlink.views.graph.rows import EdgeEffect, EdgeEntry, GraphEdge
from dtlink.views.graph.states import TreeNodes, place

if TYPE_CHECKING:
    from dtlink.board.tree import TreeBoard
    from dtlink.boot.timeline.model import Dependency
    from dtlink.boot.timeline.requirement import Requirement
    from dtlink.links.reference import Link


def collected(board: TreeBoard) -> Collector:
    """The nodes and edges of a board: devices first, in the order in which they are added."""
    builder = _Builder(board)
    builder.add_devices()
    builder.add_links()
    if board.facts is not None:
        builder.add_made()
        builder.add_outcomes()
    return builder.collector


class _Builder:
    """Fills a collector."""

    def __init__(self, board: TreeBoard) -> None:
        self._board = board
        self._order = board.order
        self._nodes = TreeNodes(board)
        self.collector = Collector(self._nodes.describe)

    def add_devices(self) -> None:
        """All devices, each with an edge to its parent."""
        for device in self._order.prediction.devices:
            self.collector.add(device.node)
        for device in self._order.prediction.devices:
            parent = self._order.parent(device.node)
            if parent is not None:
                self.collector.link(device.node, parent, EdgeEffect.PARENT)
                self._judge_parent(device.node, parent)

    def _judge_parent(self, device: str, parent: str) -> None:
        """A device that its parent's driver makes is not there without it."""
        board, nodes = self._board, self._nodes
        if board.facts is not None and board.devices.maker(nodes.index(device)) == nodes.index(
            parent
        ):
            never = Absence(Outcome.NEVER, Outcome.NEVER)
            self.collector.judge(device, parent, partial(_without, absence=never))

    def add_links(self) -> None:
        """What properties reference, as far as it orders probing, or fw_devlink thinks so."""
        graph = self._board.full_graph
        for link in graph.links:
            consumer = self._device(link.reference.consumer)
            supplier = self._supplier(consumer, link)
            known = self._order.dependencies.get((consumer, supplier))
            if known is None:
                if not graph.orders(link.reference):
                    continue
                # A node that is not a device, and that the device above it does not stand for.
                path = link.supplier.path
                known = self._order.dependencies.get((consumer, path))
            effect = EdgeEffect(known.effect.value) if known else EdgeEffect.NONE
            there = self.collector.takes(consumer, supplier)
            entry = self._entry(link, consumer, supplier) if there else None
            self.collector.link(consumer, supplier, effect, entry)

    def _device(self, node: int) -> str:
        tree = self._board.tree
        path = tree.path(node)
        return path if path in self._order.devices else tree.path(device_at(tree, node))

    def _supplier(self, consumer: str, link: Link) -> str:
        path = self._board.tree.path(link.reference.supplier)
        provider = self._order.provider(consumer, path)
        return provider if provider != path else self._device(link.reference.supplier)

    def _entry(self, link: Link, consumer: str, supplier: str) -> EdgeEntry:
        tree = self._board.tree
        node, target = tree.path(link.reference.node), tree.path(link.reference.supplier)
        name = link.property_name
        return EdgeEntry(
            property_name=clipped(name),
            index=link.index,
            binding=link.binding.name,
            node=ABSENT if node == consumer else clipped(node),
            target=ABSENT if target == supplier else clipped(target),
            place=place(self._board, node, name),
        )

    def add_made(self) -> None:
        """Devices without a node that provide for a consumer: their makers' drivers make them."""
        board, devices = self._board, self._board.devices
        for each in board.requirements:
            for number in devices.providing(each.supplier, each.kind):
                made, maker = devices.made(number), devices.provider(each.supplier).device
                if made is None or maker < 0:
                    continue
                above = board.tree.path(maker)
                path = self._nodes.made(above, made.name, made.driver)
                self.collector.link(path, above, EdgeEffect.PARENT)
                never = Absence(Outcome.NEVER, Outcome.NEVER)
                self.collector.judge(path, above, partial(_without, absence=never))
                consumer = board.tree.path(each.consumer)
                for entry in self._entries(consumer, above, each):
                    self.collector.link(consumer, path, EdgeEffect.NONE, entry)
                absence = board.timeline.without_part(each)
                self.collector.judge(consumer, path, partial(_without, absence=absence))

    def _entries(
        self, consumer: str, maker: str, requirement: Requirement
    ) -> Iterator[EdgeEntry | None]:
        """The entries of the edge to the maker that a device of its making provides for."""
        target = self._board.tree.path(requirement.supplier)
        edge = self.collector.between(consumer, maker)
        for each in (edge and edge.entries) or ():
            if each.binding == requirement.binding and (each.target or maker) == target:
                yield each
        yield None

    def add_outcomes(self) -> None:
        """How each dependency ends with the kernel that is named."""
        timeline, tree = self._board.timeline, self._board.tree
        for wait, absence in zip(timeline.waits, timeline.absences, strict=True):
            for supplier in self._suppliers(wait):
                told = _Told(wait, absence)
                self.collector.judge(tree.path(wait.consumer), supplier, told)

    def _suppliers(self, wait: Dependency) -> Iterator[str]:
        """The nodes that an edge of a dependency may end at."""
        tree = self._board.tree
        yield tree.path(wait.provider if wait.provider >= 0 else wait.supplier)


def _without(edge: GraphEdge, absence: Absence) -> GraphEdge:
    """The edge with what its consumer does without the supplier."""
    return replace(
        edge,
        if_missing=worse(edge.if_missing, absence.asked),
        surely=worse(edge.surely, absence.unasked),
    )


class _Told:
    """Writes a dependency's end to an edge."""

    def __init__(self, wait: Dependency, absence: Absence) -> None:
        self._wait, self._absence = wait, absence

    def __call__(self, edge: GraphEdge) -> GraphEdge:
        wait, absence = self._wait, self._absence
        if wait.of_functions:
            return replace(edge, functions=worse(edge.functions, absence.asked))
        held = ABSENT if wait.wait is Wait.NONE else wait.wait.value
        # The worst of several is reported with its reason.
        is_worst = worst((edge.outcome or wait.outcome, wait.outcome)) is wait.outcome
        return replace(
            _without(edge, absence),
            outcome=worse(edge.outcome, wait.outcome),
            wait=(held or edge.wait) if is_worst else edge.wait,
        )
