"""Lines above nodes: how many consumers each has, and whether it is in a cycle."""

from __future__ import annotations

import os
from collections.abc import Mapping

from dtlink.lsp.model import LensText
from dtlink.lsp.places import path_of_opening
from dtlink.lsp.positions import Span
from dtlink.typed import TYPE_CHECKING
from dtlink.wording import counted

if TYPE_CHECKING:
    from dtlink.board.tree import TreeBoard
    from dtlink.lsp.analysis import Analysis
    from dtlink.lsp.documents import OpenFiles
    from dtlink.lsp.session import ChosenBoard
    from dtlink.lsp.structure import FileStructures

#: Upper bound on the lenses of one file.
_MOST = 2_000
#: Upper bounds on the notes above a file, and on the length of one.
_NOTES = 4
_LONGEST = 200


def in_cycles(board: TreeBoard) -> Mapping[int, int]:
    """The devices that are in a cycle, each with the number of devices in it."""
    found: dict[int, int] = {}
    for cycle in board.cycles:
        for device in cycle.devices:
            found.setdefault(device, len(cycle.devices))
    return found


def lenses(
    analysis: Analysis, files: OpenFiles, structures: FileStructures, path: str
) -> list[LensText]:
    """The lines above the nodes of a file that have consumers, or are in a cycle."""
    board = analysis.board
    if board is None:
        return []
    cycles, found = in_cycles(board), list[LensText]()
    seen: set[str] = set()
    for top in structures.of(path):
        for opening in top.walk():
            node_path = path_of_opening(analysis, files, path, opening)
            node = board.tree.by_path.get(node_path) if node_path else None
            if node is None or node.path in seen or len(found) >= _MOST:
                continue
            seen.add(node.path)
            number = len({link.consumer for link in board.full_graph.consumers.get(node.index, ())})
            told = [counted(number, "consumer")] if number else []
            told += ["in a cycle"] if node.index in cycles else []
            if told:
                at = Span(opening.start, opening.name_at + len(opening.name))
                found.append(LensText(at, ", ".join(told)))
    return found


def note_lenses(analysis: Analysis) -> list[LensText]:
    """The lines above a board that say what was assumed, and what was not checked."""
    shown = [each if len(each) <= _LONGEST else f"{each[:_LONGEST]}…" for each in analysis.notes]
    return [LensText(Span(0, 0), each) for each in shown[:_NOTES]]


def board_lens(chosen: ChosenBoard) -> LensText:
    """The line above a file that says which board it is checked as a part of."""
    if not chosen.path:
        return LensText(Span(0, 0), "not checked: no board includes this file")
    name = os.path.basename(chosen.path)
    more = f", one of {chosen.others + 1:,} boards that include this file" if chosen.others else ""
    return LensText(Span(0, 0), f"checked as a part of {name}{more}")
