"""What the commands that look at one graph share."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from dtlink import engine
from dtlink.cli.options import complain
from dtlink.cli.writing import emit_json, emit_lines
from dtlink.report.model import InputReport, Report

if TYPE_CHECKING:
    from dtlink.facts.kernels import KernelVersion
    from dtlink.report.layout import Line


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


def one(path: str, task: engine.Task, *, digest: bool) -> InputReport:
    """The report of one input."""
    return engine.process(path, task, digest=digest)
