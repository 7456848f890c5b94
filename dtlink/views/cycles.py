"""``dtlink cycles``: the devices that wait for each other, and how to break each cycle."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import takewhile
from typing import ClassVar

from dtlink.board.tree import TreeBoard
from dtlink.report.layout import BOLD, DIM, Line, Span, line
from dtlink.report.rows import counted
from dtlink.typed import TYPE_CHECKING
from dtlink.views.bounds import CHARACTERS, MOST, Made, Room, left_out
from dtlink.views.data import ABSENT, Absent, CommandResult, JsonRow, plain
from dtlink.wording import and_more

if TYPE_CHECKING:
    from dtlink.board.boards import AnyBoard
    from dtlink.board.cycle_breaks import DeviceStep
    from dtlink.board.device_cycles import DeviceCycle
    from dtlink.board.table_cycles import TableCycle
    from dtlink.firmware.acpi.layout import Struct
    from dtlink.links.acpi.link import AcpiLink
    from dtlink.report.entries import Json

#: Upper bound on the relaxed links of a cycle in text.
_SHOWN = 8


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class CycleStep(JsonRow):
    """One device needs the next; without a property: it is its child."""

    consumer: str
    supplier: str
    property_name: str | None
    index: int | None = None


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class CycleRow(JsonRow):
    """Devices that wait for each other."""

    nodes: tuple[str, ...]
    chain: tuple[CycleStep, ...]
    """A short cycle through them."""
    breaks: tuple[CycleStep, ...]
    """Steps whose suppliers, given to ``post-init-providers``, leave no cycle."""
    links: int | Absent
    """How many links there are between the devices."""
    relaxed: tuple[CycleStep, ...] | Absent
    """The links that the kernel does not order."""
    left_out: Mapping[str, int] | Absent = ABSENT
    """How many entries of each list are left out, since there are too many."""

    @property
    def number(self) -> int:
        """How many nodes there are, with those that are left out."""
        return len(self.nodes) + self.lacks("nodes")

    def lacks(self, name: str) -> int:
        """How many entries of a list are left out."""
        return (self.left_out or {}).get(name, 0)


@dataclass(frozen=True, eq=False, kw_only=True, slots=True, repr=False)
class CyclesView(CommandResult):
    """The cycles of one board.

    Made by :meth:`dtlink.Board.cycles`; ``cycles`` has a row for each, with its ``nodes``.
    """

    member: ClassVar[str] = "cycles"
    firmware: str
    """``devicetree`` or ``tables``."""
    cycles: tuple[CycleRow, ...]
    left_out: Mapping[str, int] | Absent = ABSENT
    """How many ``cycles`` are left out, since there are too many."""

    @classmethod
    def of(cls, board: AnyBoard) -> CyclesView:
        """The cycles of a devicetree, or of ACPI tables."""
        found = list(cycle_rows(board))
        return cls(
            firmware=board.firmware,
            cycles=tuple(found),
            left_out=left_out(cycles=(board.cycles, found)),
        )

    def members(self) -> Mapping[str, Json]:
        """The cycles."""
        more = {} if self.left_out is ABSENT else {"left_out": plain(self.left_out)}
        return {self.member: self.to_json(), **more}

    def to_json(self) -> Json:
        """A list of the cycles."""
        return plain(self.cycles)

    def text(self) -> Iterator[Line]:
        """Each cycle, what the kernel makes of it, and what breaks it."""
        if not self.cycles:
            yield line("no cycles")
        for cycle in self.cycles:
            yield line(Span(f"cycle among {counted(cycle.number, 'device')}:", BOLD))
            for step in cycle.chain:
                yield _step_line("  ", step)
            yield from self._relaxed(cycle)
            if cycle.breaks:
                words = "adding this to post-init-providers breaks the cycle:"
                yield line(Span(f"  {words}", DIM))
            for step in cycle.breaks:
                yield _step_line("    ", step)
            for name in ("nodes", "chain", "breaks"):
                if more := cycle.lacks(name):
                    yield line(Span(f"  {name}: {and_more(more)}", DIM))
            yield line()
        if more := (self.left_out or {}).get("cycles", 0):
            yield line(f"… {and_more(more, 'cycle')}")

    def _relaxed(self, cycle: CycleRow) -> Iterator[Line]:
        """Which links the kernel does not order; of many, the first."""
        relaxed, links = cycle.relaxed or (), cycle.links
        number = len(relaxed) + cycle.lacks("relaxed")
        if self.firmware == "tables":
            yield line(Span("  Linux follows it forever, if an ID passes every mapping", DIM))
            return
        if number == links:
            yield line(Span("  the kernel relaxes all its links: none of them orders a probe", DIM))
            return
        if not relaxed:
            yield line(Span("  the kernel relaxes none of its links: it does not see it", DIM))
            return
        yield line(Span(f"  the kernel relaxes {number} of its {links} links", DIM))
        for step in relaxed[:_SHOWN]:
            yield _step_line("    ", step)
        if number > _SHOWN:
            yield line(Span(f"    … {and_more(number - _SHOWN)} (--format json)", DIM))


def cycle_rows(board: AnyBoard, *, all_nodes: bool = False) -> Iterator[CycleRow]:
    """The rows of the cycles, until there is no room for the nodes of one."""
    rooms = _Rooms(Room(sys.maxsize, sys.maxsize) if all_nodes else Room(MOST, CHARACTERS))
    if isinstance(board, TreeBoard):
        made = (_device_cycle(board, cycle, rooms) for cycle in board.cycles)
    else:
        made = (_table_cycle(cycle, rooms) for cycle in board.cycles)
    return takewhile(lambda row: row.nodes, made)


class _Rooms:
    """What is left for the entries of the cycles, by list."""

    def __init__(self, nodes: Room) -> None:
        steps = {name: Room(MOST, CHARACTERS) for name in ("chain", "breaks", "relaxed")}
        self._rooms = {"nodes": nodes, **steps}

    def row(self, nodes: Made[str], links: int, **steps: Made[CycleStep]) -> CycleRow:
        """The row of a cycle, with as many entries as there is room for."""
        first = tuple(self._rooms["nodes"].first(nodes, lambda path: (path,)))
        parts = {
            name: tuple(self._rooms[name].first(each, lambda step: (step.consumer, step.supplier)))
            for name, each in steps.items()
        }
        cut = {name: (each, parts[name]) for name, each in steps.items()}
        return CycleRow(
            nodes=first,
            chain=parts["chain"],
            breaks=parts.get("breaks", ()),
            links=links,
            relaxed=parts.get("relaxed", ()),
            left_out=left_out(nodes=(nodes, first), **cut),
        )


def _device_cycle(board: TreeBoard, cycle: DeviceCycle, rooms: _Rooms) -> CycleRow:
    from dtlink.board.device_cycles import relaxed_steps

    relaxed = relaxed_steps(board, cycle)
    return rooms.row(
        Made(cycle.devices, board.tree.path),
        len(cycle.links),
        chain=Made(cycle.chain, partial(_tree_step, board)),
        breaks=Made(cycle.breaks, partial(_tree_step, board)),
        relaxed=Made(relaxed, partial(_tree_step, board)),
    )


def _tree_step(board: TreeBoard, step: DeviceStep) -> CycleStep:
    first = step.references[0] if step.references else None
    return CycleStep(
        consumer=board.tree.path(step.consumer),
        supplier=board.tree.path(step.supplier),
        property_name=board.tree.property_name(first.at) if first else None,
        index=first.entry if first else None,
    )


def _table_cycle(cycle: TableCycle, rooms: _Rooms) -> CycleRow:
    ends = zip(cycle.chain, (*cycle.chain[1:], cycle.chain[0]), cycle.steps, strict=True)
    chain = Made(list(ends), lambda step: _table_step(*step))
    return rooms.row(Made(cycle.nodes, lambda node: node.path), len(cycle.links), chain=chain)


def _table_step(node: Struct, after: Struct, link: AcpiLink | None) -> CycleStep:
    return CycleStep(
        consumer=node.path,
        supplier=after.path,
        property_name=link.property_name if link else None,
        index=link.index if link else None,
    )


def _step_line(indent: str, step: CycleStep) -> Line:
    if step.property_name is None:
        return line(f"{indent}{step.consumer}  ", Span("is a child of ", DIM), step.supplier)
    by = f"{step.property_name}[{step.index}] → "
    return line(f"{indent}{step.consumer}  ", Span(by, DIM), step.supplier)
