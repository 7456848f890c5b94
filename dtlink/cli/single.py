"""The steps that the commands about one input share."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from functools import partial

from dtlink import engine, reading
from dtlink.cli.complaints import complain
from dtlink.cli.overwriting import refuse_inputs
from dtlink.cli.sources import configured
from dtlink.cli.usage import usage_error
from dtlink.cli.writing import emit_json, emit_lines
from dtlink.facts.kernels import DEFAULT
from dtlink.firmware.errors import InputError
from dtlink.firmware.inputs import Input
from dtlink.firmware.read import STDIN
from dtlink.records import NamedTuple
from dtlink.report.model import InputReport, Report
from dtlink.typed import TYPE_CHECKING, NoReturn, TypeVar

if TYPE_CHECKING:
    from dtlink.board.boards import AnyBoard
    from dtlink.board.settings import Settings
    from dtlink.board.tables import TablesBoard
    from dtlink.board.tree import TreeBoard
    from dtlink.firmware.acpi.machine import Machine
    from dtlink.firmware.tree import Tree
    from dtlink.report.answer import InputAnswer, Reportable
    from dtlink.report.layout import Line

ResultT = TypeVar("ResultT")


class Printing(NamedTuple):
    """How and where a result is printed."""

    form: str
    """``text`` or ``json``."""
    output: str | None
    """A file; ``None`` is standard output."""
    color: str
    fold: bool = True
    """Whether a terminal gets long lines broken between words."""


def check_order(path: str, *others: str) -> None:
    """Raise :class:`click.UsageError` if a file is where another word belongs, and vice versa."""
    there = [each for each in others if os.path.lexists(each)]
    if not there or path == STDIN or os.path.lexists(Input.named(path).path):
        return
    raise usage_error(f"{path} is not a file, and {there[0]} is one: PATH comes first")


def one(path: str, task: engine.Task, *, digest: bool) -> InputReport:
    """The report of one input."""
    for each in Input.named(path).with_overlays(task.sources.overlay).paths:
        reading.allow(each)
    return engine.process(path, configured(path, task), digest=digest)


def view_task(make: Callable[[AnyBoard], Reportable], settings: Settings) -> engine.Task:
    """Make the board of an input, and a result of the board."""
    task = partial(_any_view, make=make, settings=settings)
    return engine.Task(task, task, settings.sources)


def tree_task(make: Callable[[TreeBoard], Reportable], settings: Settings) -> engine.Task:
    """The same for a command that is about devicetrees."""
    task = partial(_tree_view, make=make, settings=settings)
    return engine.Task(task, sources=settings.sources)


def tables_task(make: Callable[[TablesBoard], Reportable], settings: Settings) -> engine.Task:
    """The same for a command that is about ACPI tables."""
    return engine.Task(tables=partial(_tables_view, make=make, settings=settings))


def _any_view(
    firmware: Tree | Machine, make: Callable[[AnyBoard], Reportable], settings: Settings
) -> InputAnswer:
    from dtlink.board.boards import assumptions, board_of

    board = board_of(firmware, settings)
    return {"view": make(board), "notes": assumptions(board)}


def _tree_view(
    tree: Tree, make: Callable[[TreeBoard], Reportable], settings: Settings
) -> InputAnswer:
    from dtlink.board.boards import assumptions
    from dtlink.board.tree import TreeBoard

    board = TreeBoard(tree, settings)
    return {"view": make(board), "notes": assumptions(board)}


def _tables_view(
    machine: Machine, make: Callable[[TablesBoard], Reportable], settings: Settings
) -> InputAnswer:
    from dtlink.board.tables import TablesBoard

    return {"view": make(TablesBoard(machine, settings))}


def version_of(settings: Settings) -> str:
    """The version for a report; of a kernel that can't be read, the input's report says why."""
    try:
        return str(settings.version)
    except InputError:
        return str(DEFAULT)


def finish(
    report: Report, kind: type[ResultT], text: Callable[[ResultT], Iterable[Line]], to: Printing
) -> NoReturn:
    """Print the result of the first input as text or JSON, and exit."""
    complain(report.inputs)
    makes_source = report.command == "preprocess"
    paths = (each.path for each in report.inputs)
    refuse_inputs(to.output, paths, makes_source=makes_source)
    if to.form == "json":
        emit_json(report, to.output)
    else:
        result = view_of(report.inputs[0], kind)
        if result is not None:
            emit_lines(text(result), to.output, to.color, fold=to.fold)
    sys.exit(report.exit_status(None))


def view_of(item: InputReport, kind: type[ResultT]) -> ResultT | None:
    """The result of an input; ``None`` if the input could not be read."""
    return item.view if isinstance(item.view, kind) else None
