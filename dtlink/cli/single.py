"""The steps that the commands about one input share."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, TypeVar

from dtlink import engine
from dtlink.cli.options import complain
from dtlink.cli.writing import emit_json, emit_lines
from dtlink.report.model import InputReport, Report

if TYPE_CHECKING:
    from dtlink.board.boards import AnyBoard
    from dtlink.board.settings import Settings
    from dtlink.facts.kernels import KernelVersion
    from dtlink.firmware.acpi.machine import Machine
    from dtlink.firmware.tree import Tree
    from dtlink.report.layout import Line
    from dtlink.report.model import InputAnswer, Reportable

ResultT = TypeVar("ResultT")


class Printing(NamedTuple):
    """How and where a result is printed."""

    form: str
    """``text`` or ``json``."""
    output: str | None
    """A file; ``None`` is standard output."""
    color: str


def one(path: str, task: engine.Task, *, digest: bool) -> InputReport:
    """The report of one input."""
    return engine.process(path, task, digest=digest)


def view_task(
    make: Callable[[AnyBoard], Reportable], settings: Settings, *, tables: bool = True
) -> engine.Task:
    """Make the board of an input, and a result of the board."""
    task = partial(_viewed, make=make, settings=settings)
    return engine.Task(task, task if tables else None)


def _viewed(
    firmware: Tree | Machine, make: Callable[[AnyBoard], Reportable], settings: Settings
) -> InputAnswer:
    from dtlink.board.boards import board_of

    return {"view": make(board_of(firmware, settings))}


def finish(
    report: Report, kind: type[ResultT], text: Callable[[ResultT], Iterable[Line]], to: Printing
) -> NoReturn:
    """Print the result of the first input as text or JSON, and exit."""
    complain(report.inputs)
    if to.form == "json":
        emit_json(report, to.output)
    else:
        result = view_of(report.inputs[0], kind)
        if result is not None:
            emit_lines(text(result), to.output, to.color)
    sys.exit(report.exit_status(None))


def view_of(item: InputReport, kind: type[ResultT]) -> ResultT | None:
    """The result of an input; ``None`` if the input could not be read."""
    return item.view if isinstance(item.view, kind) else None


def tell(
    command: str,
    path: str,
    task: engine.Task,
    lines: Callable[[Any], Iterable[Line]],
    *,
    form: str,
    output: str | None,
    version: KernelVersion,
    color: str,
) -> None:
    """Do a task on one input, tell its part as text or JSON, and exit."""
    reports = [one(path, task, digest=form == "json")]
    report = Report(command, reports, str(version))
    complain(reports)
    if form == "json":
        emit_json(report, output)
    elif reports[0].error is None:
        emit_lines(lines(reports[0].part), output, color)
    sys.exit(report.exit_status(None))
