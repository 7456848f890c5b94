"""``diff()``: what changed between two builds."""

from __future__ import annotations

from dtlink import arguments as taken
from dtlink.api.options import BoardOptions, arguments, config_file, processes, refused_values
from dtlink.typed import TYPE_CHECKING, Literal, Unpack

if TYPE_CHECKING:
    from dtlink.api.board import Board
    from dtlink.api.options import AnyPath, Words
    from dtlink.report.model import Report
    from dtlink.views.same_machine import SameMachineView

#: What each side of a comparison of one machine is.
_SIDE = "a Board, or the path of one,"


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
    file = config_file(config)
    with refused_values():
        return compared(
            taken.path("old", old),
            taken.path("new", new),
            given,
            file or None,
            isolated=file is False,
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

    sides = (("one", one), ("other", other))
    boards = [
        each if isinstance(each, Board) else Board.read(taken.path(name, each, _SIDE))
        for name, each in sides
    ]
    first, second = (each.parts for each in boards)
    if isinstance(second, TreeBoard):
        first, second = second, first
    if not isinstance(first, TreeBoard) or isinstance(second, TreeBoard):
        raise InputError("a devicetree and ACPI tables are needed", path=boards[1].path)
    try:
        return SameMachineView.of(first.tree, second.machine)
    except InputError as error:
        error.path = error.path or next(each.path for each in boards if each.parts is first)
        raise
