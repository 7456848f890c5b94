"""``--format FORMAT[=FILE]``, as often as wanted: which format goes where."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack

from dtlink.cli.complaints import Complaints, progress
from dtlink.cli.overwriting import refuse_names, refuse_overwritten
from dtlink.cli.targets import Target
from dtlink.cli.terminal import terminal_width
from dtlink.cli.writing import emit_lines, emit_pieces, lines_to
from dtlink.report.formats import STREAMED, pieces
from dtlink.report.kept import KeptReports
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtlink.report.layout import Line
    from dtlink.report.model import InputReport, Report


def writer_of(
    targets: Sequence[Target], blank: Report
) -> Callable[[InputReport], InputReport] | None:
    """What makes of each report all that goes out of it; ``None``: a report is needed whole."""
    if any(each.form not in STREAMED for each in targets):
        return None
    from functools import partial

    from dtlink.report.written import written

    return partial(written, blank=blank._replace(named=()))


def gather(
    reports: Iterable[InputReport],
    total: int,
    targets: Sequence[Target],
    blank: Report,
    complaints: Complaints,
    *,
    every: bool = False,
) -> Report:
    """The report, with what the formats need. What goes out input by input is written on the way.

    ``blank`` is the report without inputs; ``every``: text is about inputs without findings too.
    ``complaints`` are printed on the way.
    """
    kept = KeptReports([each.form for each in targets], every=every)
    with ExitStack() as stack:
        for each in targets:
            if each.form in STREAMED:
                writer = stack.enter_context(lines_to(each.path))
                reports = _told(reports, writer, blank)
        refuse_names(each.path for each in targets)
        for item in progress(reports, total):
            refuse_overwritten()
            complaints.add(item)
            kept.add(item)
    return kept.report(blank)


def _told(
    reports: Iterable[InputReport], write: Callable[[str], object], blank: Report
) -> Iterator[InputReport]:
    from dtlink.report.json import line

    for item in reports:
        if item.written is None:
            write(line(blank._replace(inputs=[item])))
        else:
            write(item.written.line)
        yield item


def write_formats(
    report: Report,
    targets: Iterable[Target],
    text: Callable[[Report, int | None], Iterable[Line]],
    color: str,
    *,
    fold: bool = True,
    page: bool = True,
) -> None:
    """Write the report in every format but those that went out input by input.

    ``text`` lays it out for a terminal of so many columns; ``fold`` and ``page`` are those of
    :func:`~dtlink.cli.writing.emit_lines`.
    """
    for each in targets:
        if each.form == "text":
            lines = text(report, terminal_width(each.path))
            emit_lines(lines, each.path, color, fold=fold, page=page)
        elif each.form not in STREAMED:
            folder = None if each.path is None else os.path.dirname(each.path)  # noqa: PTH120 - any text
            emit_pieces(pieces(each.form, report, folder), each.path)
