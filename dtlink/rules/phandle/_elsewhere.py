"""Entries that do not resolve for a reason which another rule reports where it is."""

from __future__ import annotations

from dtlink.facts.binding import Walk
from dtlink.rules.phandle._interrupt_map import misfit
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.board.tree import TreeBoard
    from dtlink.links.reference import Failure


def is_told_elsewhere(board: TreeBoard, entry: Failure) -> bool:
    """Whether the fault is in the phandles, in the whole map, or at the controller.

    Reported by ``phandle/duplicate-phandle``, ``-/interrupt-map`` and ``-/interrupt-cells``: what
    the entry itself seems to lack would be advice about a wrong node.
    """
    return (
        entry.raw.target in board.tree.mistakable
        or misfit(entry) is not None
        or is_for_controller(board, entry)
    )


def is_for_controller(board: TreeBoard, entry: Failure) -> bool:
    """Whether an entry fails for a controller without ``#interrupt-cells``."""
    if entry.binding.walk not in (Walk.INTERRUPTS, Walk.INTERRUPT_MAP):
        return False
    return any(entry.raw.node in users for users in board.users_of_bare_controllers.values())
