"""``diff()``: what changed between two builds."""

from __future__ import annotations

import os

from dtlink.api.options import BoardOptions, arguments, processes, refused_values
from dtlink.typed import TYPE_CHECKING, Literal, Unpack

if TYPE_CHECKING:
    from dtlink.api.board import Board
    from dtlink.api.options import AnyPath, Words
    from dtlink.report.model import Report
    from dtlink.views.same_machine import SameMachineView


def diff(
    old: AnyPath,
    new: AnyPath,
    *,
    select: Words = (),
    ignore: Words = (),
    config: AnyPath | Literal[False] | None = None,
    jobs: int = 1,
    **options: Unpack[BoardOptions],
) -> Report:
    """What changed from ``old`` to ``new``, as ``dtlink diff``: files, folders or saved reports.

    ``REF:PATH`` is one of these in a commit of git; a file of that name is preferred.
    The report has an input for each pair, whose ``view`` is a :class:`DiffView`; ``config`` and
    the other keywords are as for :func:`lint`. Raises :class:`InputError` for what cannot be read
    at all, and :class:`ValueError` for a file that none of several inputs can be compared with.
    """
    from dtlink.api.changes import compared

    given = arguments({"select": select, "ignore": ignore, **options})
    file = None if config is None or config is False else os.fspath(config)
    with refused_values():
        return compared(
            os.fspath(old),
            os.fspath(new),
            given,
            file,
            isolated=config is False,
            jobs=processes(jobs),
            digest=True,
        )


def same_machine(one: Board | AnyPath, other: Board | AnyPath) -> SameMachineView:
    """Whether a devicetree and the ACPI tables of one machine agree, as ``diff --same-machine``.

    Each is a board, or the path of one. Raises :class:`InputError` for a path that cannot be read,
    for two boards of one kind, and for boards without a PCI host to compare.
    """
    from dtlink.api.board import Board
    from dtlink.board.tree import TreeBoard
    from dtlink.firmware.errors import InputError
    from dtlink.views.same_machine import SameMachineView

    boards = [each if isinstance(each, Board) else Board.read(each) for each in (one, other)]
    first, second = (each.parts for each in boards)
    if isinstance(second, TreeBoard):
        first, second = second, first
    if not isinstance(first, TreeBoard) or isinstance(second, TreeBoard):
        raise InputError("a devicetree and ACPI tables are needed", path=boards[1].path)
    return SameMachineView.of(first.tree, second.machine)
