"""``dtlink order``: the order in which devices can probe."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from dtlink.board.tree import TreeBoard
from dtlink.report.layout import BOLD, Line, Span, line
from dtlink.report.rows import counted
from dtlink.views.data import CommandResult, plain

if TYPE_CHECKING:
    from dtlink.board.boards import AnyBoard
    from dtlink.boot.devlink.ordering import Ordering
    from dtlink.report.entries import Json


@dataclass(frozen=True, eq=False, kw_only=True, slots=True, repr=False)
class OrderView(CommandResult):
    """The devices of one board in waves: a device's suppliers and parent are in earlier ones."""

    member: ClassVar[str] = "order"
    waves: tuple[tuple[str, ...], ...]
    """The paths of the devices of each wave."""

    @classmethod
    def of(cls, board: AnyBoard) -> OrderView:
        """The waves of a devicetree as fw_devlink orders it, or of the nodes of ACPI tables."""
        if isinstance(board, TreeBoard):
            return cls(waves=_device_waves(board.order))
        return cls(waves=tuple(tuple(node.path for node in wave) for wave in board.waves))

    def to_json(self) -> Json:
        """A list of waves, each a list of paths."""
        return plain(self.waves)

    def text(self) -> Iterator[Line]:
        """Each wave, and the devices of it."""
        for number, wave in enumerate(self.waves):
            yield line(Span(f"wave {number}", BOLD), f" · {counted(len(wave), 'device')}")
            for path in wave:
                yield line("  ", path)


def _device_waves(ordering: Ordering) -> tuple[tuple[str, ...], ...]:
    from dtlink.links.components import waves

    arcs = ordering.arcs()
    numbers = {path: number for number, path in enumerate(arcs)}
    found = waves({numbers[a]: [numbers[b] for b in arcs[a]] for a in arcs}, numbers.values())
    paths = list(arcs)
    return tuple(tuple(paths[number] for number in wave) for wave in found)
