"""``dtlink cycles``: the devices that wait for each other, and how to break each cycle."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from dtlink.board.tree import TreeBoard
from dtlink.report.layout import BOLD, DIM, Line, Span, line
from dtlink.report.rows import counted
from dtlink.typed import TYPE_CHECKING
from dtlink.views.data import Absent, CommandResult, JsonRow, plain
from dtlink.wording import and_more

if TYPE_CHECKING:
    from dtlink.board.boards import AnyBoard
    from dtlink.board.cycle_breaks import DeviceStep
    from dtlink.board.device_cycles import DeviceCycle
    from dtlink.board.table_cycles import TableCycle
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


@dataclass(frozen=True, eq=False, kw_only=True, slots=True, repr=False)
class CyclesView(CommandResult):
    """The cycles of one board."""

    member: ClassVar[str] = "cycles"
    firmware: str
    """``devicetree`` or ``tables``."""
    cycles: tuple[CycleRow, ...]

    @classmethod
    def of(cls, board: AnyBoard) -> CyclesView:
        """The cycles of a devicetree, or of ACPI tables."""
        if isinstance(board, TreeBoard):
            found = tuple(_device_cycle(board, each) for each in board.cycles)
        else:
            found = tuple(map(_table_cycle, board.cycles))
        return cls(firmware=board.firmware, cycles=found)

    def to_json(self) -> Json:
        """A list of the cycles."""
        return plain(self.cycles)

    def text(self) -> Iterator[Line]:
        """Each cycle, what the kernel makes of it, and what breaks it."""
        if not self.cycles:
            yield line("no cycles")
        for cycle in self.cycles:
            yield line(Span(f"cycle among {counted(len(cycle.nodes), 'device')}:", BOLD))
            for step in cycle.chain:
                yield _step_line("  ", step)
            yield from self._relaxed(cycle)
            if cycle.breaks:
                words = "adding this to post-init-providers breaks the cycle:"
                yield line(Span(f"  {words}", DIM))
            for step in cycle.breaks:
                yield _step_line("    ", step)
            yield line()

    def _relaxed(self, cycle: CycleRow) -> Iterator[Line]:
        """Which links the kernel does not order; of many, the first."""
        relaxed, links = cycle.relaxed or (), cycle.links
        if self.firmware == "tables":
            yield line(Span("  Linux follows it forever, if an ID passes every mapping", DIM))
            return
        if len(relaxed) == links:
            yield line(Span("  the kernel relaxes all its links: none of them orders a probe", DIM))
            return
        if not relaxed:
            yield line(Span("  the kernel relaxes none of its links: it does not see it", DIM))
            return
        yield line(Span(f"  the kernel relaxes {len(relaxed)} of its {links} links", DIM))
        for step in relaxed[:_SHOWN]:
            yield _step_line("    ", step)
        if len(relaxed) > _SHOWN:
            yield line(Span(f"    … {and_more(len(relaxed) - _SHOWN)} (--format json)", DIM))


def _device_cycle(board: TreeBoard, cycle: DeviceCycle) -> CycleRow:
    from dtlink.board.device_cycles import relaxed_steps

    relaxed = relaxed_steps(board.tree, board.order, cycle)
    return CycleRow(
        nodes=tuple(board.tree.path(device) for device in cycle.devices),
        chain=tuple(_tree_step(board, step) for step in cycle.chain),
        breaks=tuple(_tree_step(board, step) for step in cycle.breaks),
        links=len(cycle.links),
        relaxed=tuple(_tree_step(board, step) for step in relaxed),
    )


def _tree_step(board: TreeBoard, step: DeviceStep) -> CycleStep:
    first = step.references[0] if step.references else None
    return CycleStep(
        consumer=board.tree.path(step.consumer),
        supplier=board.tree.path(step.supplier),
        property_name=board.tree.property_name(first.at) if first else None,
        index=first.entry if first else None,
    )


def _table_cycle(cycle: TableCycle) -> CycleRow:
    ends = zip(cycle.chain, (*cycle.chain[1:], cycle.chain[0]), cycle.steps, strict=True)
    return CycleRow(
        nodes=tuple(node.path for node in cycle.nodes),
        chain=tuple(
            CycleStep(
                consumer=node.path,
                supplier=after.path,
                property_name=link.property_name if link else None,
                index=link.index if link else None,
            )
            for node, after, link in ends
        ),
        breaks=(),
        links=len(cycle.links),
        relaxed=(),
    )


def _step_line(indent: str, step: CycleStep) -> Line:
    if step.property_name is None:
        return line(f"{indent}{step.consumer}  ", Span("is a child of ", DIM), step.supplier)
    by = f"{step.property_name}[{step.index}] → "
    return line(f"{indent}{step.consumer}  ", Span(by, DIM), step.supplier)
