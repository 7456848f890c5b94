"""What a kernel has for each node of a devicetree."""

from __future__ import annotations

from collections.abc import Sequence

from dtlink.boot.roles import Role
from dtlink.facts.outcomes import Driver, Outcome, State
from dtlink.typed import TYPE_CHECKING
from dtlink.views.data import ABSENT
from dtlink.views.drivers import NeedDriver, driver_words
from dtlink.views.graph.bounds import MAX_COMPATIBLES, clipped
from dtlink.views.graph.rows import GraphNode, NodeState

if TYPE_CHECKING:
    from dtlink.board.tree import TreeBoard
    from dtlink.views.data import Absent

_STATES = {
    State.BUILT_IN: NodeState.BUILT_IN,
    State.MODULE: NodeState.MODULE,
    State.NOT_BUILT: NodeState.MISSING,
    State.NO_DRIVER: NodeState.MISSING,
    State.SERVED: NodeState.NONE_NEEDED,
    State.EARLY: NodeState.NONE_NEEDED,
    State.NO_DEVICE: NodeState.NO_DEVICE,
    State.UNKNOWN: NodeState.UNKNOWN,
}
#: Between the path of a node and the name of a device that its driver makes.
MADE = " + "


class TreeNodes:
    """Makes the rows of one board's nodes."""

    def __init__(self, board: TreeBoard) -> None:
        self._board = board
        tree = board.tree
        self._indexes = {tree.path(node): node for node in reversed(range(len(tree)))}
        self._made: dict[str, Driver] = {}

    def index(self, path: str) -> int:
        """The number of a node in the tree; -1 for a device that a driver makes."""
        return self._indexes.get(path, -1)

    def made(self, maker: str, name: str, driver: Driver) -> str:
        """The path of a device without a node, which is known from now on."""
        path = f"{maker}{MADE}{name}"
        self._made[path] = driver
        return path

    def describe(self, path: str) -> GraphNode:
        """The row of a node, or of a device that a driver makes."""
        if path in self._made:
            driver = self._made[path]
            row = GraphNode(path=clipped(path), state=self._state(driver), made=True)
            return self._driven(row, driver)
        board, index = self._board, self._indexes[path]
        node = board.tree[index]
        state = self._without_driver(path, index)
        row = GraphNode(
            path=clipped(path),
            state=state or NodeState.UNKNOWN,
            label=clipped(board.tree.labels.get(path, "")) or ABSENT,
            compatible=tuple(map(clipped, node.compatible[:MAX_COMPATIBLES])) or ABSENT,
            role=self._role(index),
            place=self._place(path),
        )
        if board.facts is None or state:
            return row
        driver = board.drivers.of(index)
        row = self._driven(_with(row, state=self._state(driver)), driver)
        if index not in board.devices:
            return row
        outcome = board.timeline.outcome(index)
        return _with(
            row,
            when=board.timeline.when(index),
            outcome=ABSENT if outcome is Outcome.OK else outcome,
        )

    def _without_driver(self, path: str, index: int) -> NodeState | None:
        """The state of what no driver can bind to."""
        board = self._board
        if index in board.tree.disabled:
            return NodeState.DISABLED
        is_device = path in board.order.devices or board.tree[index].compatible
        return None if is_device else NodeState.NO_DEVICE

    def _state(self, driver: Driver) -> NodeState:
        state = _STATES[driver.state]
        held = NeedDriver.of_driver(self._board, driver).in_initramfs
        if driver.modules and state is not NodeState.NONE_NEEDED:
            return NodeState.INITRAMFS if held else NodeState.MODULE
        return state

    def _driven(self, row: GraphNode, driver: Driver) -> GraphNode:
        return _with(
            row,
            driver=driver_words(NeedDriver.of_driver(self._board, driver)),
            modules=tuple(driver.modules) or ABSENT,
            config=driver.config or ABSENT,
        )

    def _role(self, index: int) -> str | Absent:
        role = self._board.roles.of(index)
        return ABSENT if role is Role.OTHER else role.name.lower()

    def _place(self, path: str) -> str | Absent:
        return place(self._board, path)


def place(board: TreeBoard, path: str, name: str | None = None) -> str | Absent:
    """Where the source has a node, or its property; ``ABSENT`` for a blob."""
    origins = board.tree.origins
    at = origins.location(path, name) if origins else None
    return ABSENT if at is None else clipped(f"{at.file}:{at.line}")


def _with(row: GraphNode, **fields: object) -> GraphNode:
    from dataclasses import replace

    return replace(row, **fields)  # type: ignore[arg-type]


def names(nodes: Sequence[GraphNode]) -> dict[str, int]:
    """The number of each node by its path."""
    return {node.path: number for number, node in enumerate(nodes)}
