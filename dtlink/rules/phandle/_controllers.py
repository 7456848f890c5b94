"""Interrupt controllers without ``#interrupt-cells``, and what meant them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from dtlink.facts.binding import Walk
from dtlink.links.interrupts import InterruptTree
from dtlink.links.reference import Failure, UnresolvedReason
from dtlink.rules.phandle._entry import cells_name, steps_up

if TYPE_CHECKING:
    from dtlink.board.tree import TreeBoard


def without_cells(board: TreeBoard) -> frozenset[int]:
    """The enabled interrupt controllers without ``#interrupt-cells``: few boards have one."""
    tree = board.tree
    bare = tree.holders("interrupt-controller").keys() - tree.holders("#interrupt-cells").keys()
    return frozenset(bare - tree.disabled)


def users_by_controller(board: TreeBoard) -> Mapping[int, Sequence[int]]:
    """The nodes with interrupts for each of :func:`without_cells`; only those that have some."""
    bare = without_cells(board)
    if not bare or board.tree.is_overlay:
        return {}
    found: dict[int, dict[int, None]] = {}
    tree = board.tree
    extended = tree.holders("interrupts-extended")
    for node in tree.holders("interrupts"):
        if node not in tree.disabled and node not in extended:
            controller = _on_the_way(board, node, bare)
            if controller is not None:
                found.setdefault(controller, {})[node] = None
    for entry in board.failures(UnresolvedReason.NO_CELLS):
        if entry.raw.target in bare and cells_name(entry) == "#interrupt-cells":
            found.setdefault(entry.raw.target, {})[entry.raw.node] = None
    return {controller: tuple(users) for controller, users in found.items()}


def _on_the_way(board: TreeBoard, node: int, bare: frozenset[int]) -> int | None:
    """The first of the controllers that a node meets before its interrupt parent."""
    widths = InterruptTree(board.tree)
    for _, there in steps_up(board.tree, node):
        if there in bare:
            return there
        if there < 0 or widths.width(there) >= 0:
            return None
    return None


def is_for_controller(board: TreeBoard, entry: Failure) -> bool:
    """Whether an entry fails for a controller without ``#interrupt-cells``, reported there."""
    if entry.binding.walk not in (Walk.INTERRUPTS, Walk.INTERRUPT_MAP):
        return False
    return any(entry.raw.node in users for users in users_by_controller(board).values())
