"""``dtlink why``: what a node waits for, down to the roots."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

from dtlink.board.tree import TreeBoard
from dtlink.boot.timeline.model import PARENT
from dtlink.firmware.errors import InputError
from dtlink.report.layout import BOLD, DIM, STYLES, Line, Span, line
from dtlink.typed import TYPE_CHECKING
from dtlink.views.data import ABSENT, Absent, CommandResult, JsonRow
from dtlink.views.drivers import NeedDriver, driver_words, providers
from dtlink.views.nodes import node_named, struct_named
from dtlink.views.why_asked import NOTES, is_weaker, of_parts, requested
from dtlink.views.why_waiting import only_waiting as waiting_suppliers
from dtlink.wording import counted, joined

if TYPE_CHECKING:
    from dtlink.board.boards import AnyBoard
    from dtlink.board.tables import TablesBoard
    from dtlink.facts.resource import Requested
    from dtlink.firmware.acpi.layout import Struct
    from dtlink.firmware.tree import Node
    from dtlink.links.graph import Graph


#: Levels of suppliers at most: many times what real boards have.
_DEEPEST = 200
#: Rows at most, and the sum of their levels: seven and twenty times what real boards have. JSON is
#: indented by the level.
_ROWS = 2000
_INDENTS = 40_000


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class NeedRow(JsonRow):
    """A supplier of a node, with its own suppliers."""

    supplier: str
    binding: str
    property_name: str | None
    """``None``: the supplier is the parent."""
    index: int | None
    enabled: bool
    followed: bool
    """Whether fw_devlink makes a link of it, by default."""
    used_by_linux: bool | Absent = ABSENT
    """For a link of ACPI tables, as the next two."""
    why_not: str | Absent | None = ABSENT
    kind: str | Absent = ABSENT
    relaxed: bool = False
    """Whether the kernel does not order it, since it is part of a cycle."""
    told_above: bool = False
    """Whether the suppliers are listed where the node comes first."""
    suppliers: tuple[NeedRow, ...] = ()
    more: int | Absent = ABSENT
    """How many suppliers are left out, by a depth or because there are too many rows; absent if
    none is."""
    holds_back: bool | Absent = ABSENT
    """Whether it holds its consumer back; where only suppliers that do are asked for. One that does
    not is then on the way of a node that is no device to its device's driver."""
    driver: NeedDriver | Absent = ABSENT
    """Where a kernel is named, as the next two."""
    requested: Requested | Absent = ABSENT
    """Whether the node's driver asks for it; not of what the kernel itself asks for."""
    part: str | Absent = ABSENT
    """The node below that has the property, where the driver asks on its behalf."""
    provided_by: tuple[NeedDriver, ...] | Absent = ABSENT
    """The drivers of devices that the supplier's driver makes, where they provide for the node."""


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class OnBusRow(JsonRow):
    """A driver that a disk behind a controller needs, though no device of the tree asks for it."""

    drives: str
    driver: NeedDriver
    optional: bool
    """Whether another driver may be the one."""


#: The column of properties is no wider; a name that is longer pushes its row only.
_WIDEST = 28

#: The suppliers of a node, each with the way to find its own.
_Needs = Sequence[tuple[NeedRow, "_Supplier"]]
_Supplier = Callable[[], _Needs]


@dataclass(frozen=True, eq=False, kw_only=True, slots=True, repr=False)
class WhyView(CommandResult):
    """What one node waits for. What comes again is named only.

    Made by :meth:`dtlink.Board.why`; ``suppliers`` are nested.
    """

    member: ClassVar[str] = "why"
    node: str
    suppliers: tuple[NeedRow, ...]
    driver: NeedDriver | Absent = ABSENT
    on_bus: tuple[OnBusRow, ...] | Absent = ABSENT
    """Of a controller that can have the root filesystem, where a kernel is named."""
    tried_once: tuple[str, ...] | Absent = ABSENT
    """Of a node whose driver cannot be deferred: the nearest versions of which that is known."""

    only_waiting: bool | Absent = ABSENT
    """Whether only suppliers that hold a device back are listed."""
    more: int | Absent = ABSENT
    """How many of the node's own suppliers are left out; absent if none is."""

    @classmethod
    def of(
        cls,
        board: AnyBoard,
        name: str,
        *,
        depth: int | None = None,
        only_waiting: bool = False,
    ) -> WhyView:
        """The suppliers of the node of a name, see :mod:`dtlink.views.nodes`.

        ``depth``: so many levels of them; ``None``: all. ``only_waiting``: see
        :mod:`dtlink.views.why_waiting`. Raises :class:`InputError` for tables, where Linux defers
        no probe by a link.
        """
        if isinstance(board, TreeBoard):
            node = node_named(board.tree, name)
            graph = board.graph_for(node)
            driver = ABSENT if board.facts is None else NeedDriver.of(board, node.index)
            needs: _Supplier = partial(_tree_needs, board, graph, node)
            if only_waiting:
                needs = waiting_suppliers(board, node.path, needs)
            found, more = _nested(node.path, needs, depth)
            on_bus = () if board.facts is None else _on_bus(board, node.index)
            once = _tried_once(board, node)
            return cls(
                node=node.path,
                suppliers=found,
                driver=driver,
                on_bus=on_bus or ABSENT,
                tried_once=once or ABSENT,
                only_waiting=only_waiting or ABSENT,
                more=more,
            )
        if only_waiting:
            raise InputError("--only-waiting is about devicetrees: no probe waits by these tables")
        struct = struct_named(board.machine, name)
        found, more = _nested(struct.path, lambda: _table_needs(board, struct), depth)
        return cls(node=struct.path, suppliers=found, more=more)

    def text(self) -> Iterator[Line]:
        """The suppliers as a tree."""
        yield line(Span(self.node, BOLD), *_driver(self.driver))
        if self.tried_once:
            yield line(
                f"  its driver is tried once in Linux {joined(self.tried_once)}: a supplier that "
                "is not bound when the driver is registered loses the device, silently"
            )
        if not self.suppliers:
            none = "waits for no supplier" if self.only_waiting else "needs no supplier"
            yield line(Span(f"  {none}", DIM))
        stack = [("", *each) for each in _siblings(self.suppliers)][::-1]
        while stack:
            indent, row, width, last = stack.pop()
            yield _line(row, indent + ("└─ " if last else "├─ "), width)
            below = indent + ("   " if last else "│  ")
            stack += [(below, *each) for each in _siblings(row.suppliers)][::-1]
        if self.more:
            yield line(Span(f"  {counted(self.more, 'more supplier')} left out", DIM))
        for each in self.on_bus or ():
            note = Span("  (if any)" if each.optional else "", DIM)
            yield line(Span("on its bus: ", DIM), each.drives, *_driver(each.driver), note)


def _tried_once(board: TreeBoard, node: Node) -> tuple[str, ...]:
    """The versions next to the modelled one in which the driver of a node is tried once."""
    from dtlink.facts.tried_once import tried_once_in

    found = (tried_once_in(name, board.version) for name in node.compatible)
    return next(filter(None, found), ())


def _on_bus(board: TreeBoard, node: int) -> tuple[OnBusRow, ...]:
    from dtlink.board.root_needs import driver_of, node_way

    return tuple(
        OnBusRow(
            drives=row.drives,
            driver=NeedDriver.of_driver(board, driver_of(board, row)),
            optional=row.is_optional,
        )
        for row in node_way(board, node).drivers
    )


def _nested(
    top: str, needs: _Supplier, depth: int | None
) -> tuple[tuple[NeedRow, ...], int | Absent]:
    """All that a node needs, the suppliers of each row below it where its node comes first.

    Those below ``depth`` levels are only counted; also below _DEEPEST levels, and what more than
    _ROWS rows would have. The second value is how many of the node's own are left out.
    """
    most = _DEEPEST if depth is None else min(depth, _DEEPEST)
    told = {top}
    rows: list[tuple[int, NeedRow]] = []
    indents = 0
    todo = [(-1, 1, *need) for need in reversed(needs())]
    while todo and len(rows) < _ROWS and indents < _INDENTS:
        parent, level, row, supplier = todo.pop()
        indents += level
        again = row.supplier in told
        more: int | Absent = ABSENT
        if not again and level >= most:
            more = len(supplier()) or ABSENT  # it is not reported: it may come again, not as deep
        elif not again:
            told.add(row.supplier)
            todo += [(len(rows), level + 1, *need) for need in reversed(supplier())]
        rows.append((parent, replace(row, told_above=again, more=more)))
    left = Counter(parent for parent, *_ in todo)
    below: list[list[NeedRow]] = [[] for _ in (*rows, top)]
    for number, (parent, row) in reversed(list(enumerate(rows))):
        more = left.get(number, row.more)
        below[parent].append(replace(row, suppliers=tuple(reversed(below[number])), more=more))
    return tuple(reversed(below[-1])), left.get(-1, ABSENT)


def _tree_needs(board: TreeBoard, graph: Graph, node: Node) -> _Needs:
    """The suppliers that order a node's probing, one row each, and its parent."""
    needs: dict[str, tuple[NeedRow, Node]] = {}
    for link in graph.suppliers.get(node.index, ()):
        supplier = link.supplier
        if graph.orders(link.reference) and supplier.index != node.index:
            followed = not graph.not_followed(link.reference)
            row = NeedRow(
                supplier=supplier.path,
                binding=link.binding.name,
                property_name=link.property_name,
                index=link.index,
                enabled=supplier.enabled,
                followed=followed,
            )
            if board.facts is not None:
                made = providers(board, supplier.index, link.binding.kind)
                row = replace(row, requested=requested(board, link) or ABSENT, provided_by=made)
            _keep(needs, row, supplier)
    for row, supplier in _part_needs(board, graph, node):
        _keep(needs, row, supplier)
    parent = node.parent
    if parent is not None and parent.parent is not None and parent.path not in needs:
        row = NeedRow(
            supplier=parent.path,
            binding=PARENT,
            property_name=None,
            index=None,
            enabled=parent.enabled,
            followed=True,
        )
        needs[parent.path] = row, parent
    return [
        (_marked(board, node, row, supplier), partial(_tree_needs, board, graph, supplier))
        for row, supplier in needs.values()
    ]


def _keep(needs: dict[str, tuple[NeedRow, Node]], row: NeedRow, supplier: Node) -> None:
    """Add a row, unless there is one of the same supplier that the driver asks for no less."""
    before = needs.get(supplier.path)
    if before is None or is_weaker(before[0].requested, row.requested):
        needs[supplier.path] = row, supplier


def _part_needs(board: TreeBoard, graph: Graph, node: Node) -> Iterator[tuple[NeedRow, Node]]:
    """What the driver of a node is known to ask for on behalf of the nodes below."""
    for link, asked in of_parts(board, graph, node) if board.facts is not None else ():
        row = NeedRow(
            supplier=link.supplier.path,
            binding=link.binding.name,
            property_name=link.property_name,
            index=link.index,
            enabled=link.supplier.enabled,
            followed=False,
            requested=asked,
            part=link.node.path,
            provided_by=providers(board, link.supplier.index, link.binding.kind),
        )
        yield row, link.supplier


def _marked(board: TreeBoard, node: Node, row: NeedRow, supplier: Node) -> NeedRow:
    """A row with what the kernel makes of it."""
    return replace(
        row,
        relaxed=row.followed and board.order.relaxes(node.path, supplier.path),
        driver=ABSENT if board.facts is None else NeedDriver.of(board, supplier.index),
    )


def _table_needs(board: TablesBoard, node: Struct) -> _Needs:
    """A node's suppliers, each once for every kind of link; one that Linux uses goes first."""
    needs: dict[tuple[str, str], tuple[NeedRow, _Supplier]] = {}
    links = board.graph.suppliers.get(node.index, ())
    for link in sorted(links, key=lambda link: not link.used_by_linux):
        row = NeedRow(
            supplier=link.supplier.path,
            binding=link.binding.name,
            property_name=link.property_name,
            index=link.index,
            enabled=True,
            followed=False,
            used_by_linux=link.used_by_linux,
            why_not=board.graph.not_followed(link.reference) or None,
            kind=link.binding.kind,
        )
        supplier = partial(_table_needs, board, link.supplier)
        needs.setdefault((row.supplier, row.binding), (row, supplier))
    return list(needs.values())


def _siblings(rows: Sequence[NeedRow]) -> list[tuple[NeedRow, int, bool]]:
    """Each row, the width of the column of their properties, and whether it is the last."""
    width = max((len(_property(row)) for row in rows), default=0)
    return [(row, min(width, _WIDEST), row is rows[-1]) for row in rows]


def _property(row: NeedRow) -> str:
    return "parent" if row.property_name is None else f"{row.property_name}[{row.index}]"


def _line(row: NeedRow, lead: str, width: int) -> Line:
    by = _property(row)
    notes = ["DISABLED"] * (not row.enabled)
    if row.kind is not ABSENT:
        notes.append(row.kind)
        notes += [f"not used by Linux: {row.why_not}"] if row.why_not else []
    elif row.part is not ABSENT:
        notes.append(f"of {row.part.rpartition('/')[2]}, requested by its parent's driver")
    elif not row.followed:
        notes.append("not ordered by fw_devlink")
    if row.requested is not ABSENT and (note := NOTES.get(row.requested)):
        notes.append(note)
    if row.relaxed:
        notes.append("relaxed: part of a cycle, not ordered")
    if row.told_above:
        notes.append("see above")
    if row.more:
        what = "more supplier" if row.suppliers else "supplier"
        notes.append(f"{counted(row.more, what)} of its own")
    note = f"  ({', '.join(notes)})" if notes else ""
    drivers = [*_driver(row.driver), *_providers(row.provided_by)]
    return line(Span(lead, DIM), f"{by:<{width}}  ", row.supplier, *drivers, Span(note, DIM))


def _driver(driver: NeedDriver | Absent) -> tuple[Span, ...]:
    """The driver of a node, where a kernel is named."""
    if driver is ABSENT:
        return ()
    told = Span(f"  {driver_words(driver)}", STYLES["error"] if driver.culprit else "")
    return (told, Span("  ← missing", STYLES["error"])) if driver.culprit else (told,)


def _providers(drivers: tuple[NeedDriver, ...] | Absent) -> Iterator[Span]:
    """The devices without a node that provide for the consumer."""
    for driver in drivers or ():
        yield Span(f" + {driver.name}:")
        yield from _driver(driver)
