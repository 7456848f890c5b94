"""``dtlink inspect``: what is in a file."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

import click

from dtlink.cli.complaints import complain
from dtlink.cli.options import options
from dtlink.cli.overwriting import refuse_inputs
from dtlink.cli.single import view_of
from dtlink.cli.writing import emit_json, emit_lines
from dtlink.firmware.errors import InputError
from dtlink.report.layout import BOLD, Span, line
from dtlink.report.model import InputFault, InputReport, Report
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.report.layout import Line


@click.command(help="Show what is in files: formats, members, devicetrees, hashes that are wrong.")
@options("paths", "search", "format", "output", "color")
def inspect(
    paths: tuple[str, ...],
    search: bool,  # noqa: FBT001 - click calls it
    form: str,
    output: str | None,
    color: str,
) -> None:
    """Open each file, and list what is in it. Exit status 2: something is wrong with one."""
    from dtlink.views.inspect import InspectView

    report = Report("inspect", [_report(path, search=search) for path in paths])
    complain(report.inputs)
    refuse_inputs(output, paths)
    if form == "json":
        emit_json(report, output)
    else:
        emit_lines(_lines(report.inputs), output, color)
    views = (view_of(item, InspectView) for item in report.inputs)
    faulty = any(view is not None and view.has_problems for view in views)
    sys.exit(report.exit_status(None) or (2 if faulty else 0))


def _report(path: str, *, search: bool) -> InputReport:
    from dtlink.views.inspect import InspectView

    try:
        view = InspectView.of(path, search=search)
    except InputError as error:
        return InputReport(path, error=InputFault(error.message, error.offset))
    return InputReport(path, view=view)


def _lines(inputs: Sequence[InputReport]) -> Iterator[Line]:
    from dtlink.views.inspect import InspectView

    for number, item in enumerate(inputs):
        view = view_of(item, InspectView)
        if view is not None:
            if number:
                yield line()
            yield line(Span(item.name, BOLD))
            yield from view.text()
