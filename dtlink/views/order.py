"""``dtlink order``: the order in which devices can probe."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from dtlink.board.tree import TreeBoard
from dtlink.report.layout import BOLD, Line, Span, line
from dtlink.report.rows import counted
from dtlink.typed import TYPE_CHECKING
from dtlink.views.data import CommandResult, plain

if TYPE_CHECKING:
    from dtlink.board.boards import AnyBoard
    from dtlink.report.entries import Json


@dataclass(frozen=True, eq=False, kw_only=True, slots=True, repr=False)
class OrderView(CommandResult):
    """The devices of one board in waves: a device's suppliers and parent are in earlier ones.

    Made by :meth:`dtlink.Board.order`; ``waves`` has the paths of each.
    """

    member: ClassVar[str] = "order"
    waves: tuple[tuple[str, ...], ...]
    """The paths of the devices of each wave."""

    @classmethod
    def of(cls, board: AnyBoard) -> OrderView:
        """The waves of a devicetree as fw_devlink orders it, or of the nodes of ACPI tables.

        Where a kernel is named, what drivers are known to wait for counts too.
        """
        if isinstance(board, TreeBoard):
            return cls(waves=device_waves(probe_arcs(board)))
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


def probe_arcs(board: TreeBoard) -> dict[str, list[str]]:
    """What each device waits for, by paths; with what drivers wait for where a kernel is named."""
    arcs = board.order.arcs()
    if board.facts is not None:
        _add_requests(board, arcs)
    return arcs


def _add_requests(board: TreeBoard, arcs: dict[str, list[str]]) -> None:
    """Add the suppliers that drivers are known to wait for."""
    path, devices = board.tree.path, board.devices
    for each in board.requirements:
        provider = devices.provider(each.supplier).device
        if each.is_certain and provider >= 0 and path(provider) in arcs:
            arcs[path(each.consumer)].append(path(provider))


def device_waves(arcs: Mapping[str, Sequence[str]]) -> tuple[tuple[str, ...], ...]:
    """The waves of devices, of which each waits for those that ``arcs`` names."""
    from dtlink.links.components import waves

    numbers = {path: number for number, path in enumerate(arcs)}
    found = waves({numbers[a]: [numbers[b] for b in arcs[a]] for a in arcs}, numbers.values())
    paths = list(arcs)
    return tuple(tuple(paths[number] for number in wave) for wave in found)
