"""The board of an input, whichever kind of firmware describes it."""

from __future__ import annotations

from dtlink.board.settings import DEFAULTS, Settings
from dtlink.board.tree import TreeBoard
from dtlink.firmware.tree import Tree
from dtlink.typed import TYPE_CHECKING, overload

if TYPE_CHECKING:
    from typing import TypeAlias

    from dtlink.board.tables import TablesBoard
    from dtlink.firmware.acpi.machine import Machine

    AnyBoard: TypeAlias = TreeBoard | TablesBoard


@overload
def board_of(firmware: Tree, settings: Settings = ...) -> TreeBoard: ...
@overload
def board_of(firmware: Machine, settings: Settings = ...) -> TablesBoard: ...
def board_of(firmware: Tree | Machine, settings: Settings = DEFAULTS) -> AnyBoard:
    """The board of a devicetree, or of the ACPI tables of a machine."""
    if isinstance(firmware, Tree):
        return TreeBoard(firmware, settings)
    from dtlink.board.tables import TablesBoard

    return TablesBoard(firmware, settings)


def assumptions(board: AnyBoard) -> list[str]:
    """What is assumed of the kernel that the user named, as notes about the input."""
    if board.facts is None:
        return []
    from dtlink.kernel.assumptions import assumed

    note = assumed(board.facts, board.settings.kernel)
    return [note] if note else []
