"""``--format FORMAT[=FILE]``, as often as wanted: which format goes where."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import click

from dtlink.cli.options import Command, Complaints, progress
from dtlink.cli.param import ParamType
from dtlink.cli.terminal import terminal_width
from dtlink.cli.writing import emit_lines, emit_pieces, lines_to
from dtlink.records import NamedTuple
from dtlink.report.formats import DIGESTS, FORMATS, STREAMED, WITH_FIXES, pieces
from dtlink.report.kept import KeptReports

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.shell_completion import CompletionItem

    from dtlink.report.layout import Line
    from dtlink.report.model import InputReport, Report


class Target(NamedTuple):
    """A format, and the file it goes to; ``None`` is standard output."""

    form: str
    path: str | None = None


class _TargetType(ParamType[Target]):
    """``FORMAT`` or ``FORMAT=FILE``, of some formats."""

    name = "FORMAT[=FILE]"

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Target:
        """The target, or a usage error."""
        if isinstance(value, Target):
            return value
        form, _, path = str(value).partition("=")
        if form not in self._names:
            self.fail(f"unknown format {form!r}; one of {', '.join(self._names)}", param, ctx)
        return Target(form, path if path not in ("", "-") else None)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """The formats."""
        del ctx, param
        from click.shell_completion import CompletionItem

        return [
            CompletionItem(name, help=FORMATS[name])
            for name in self._names
            if name.startswith(incomplete)
        ]


def formats(*names: str) -> Callable[[Command], Command]:
    """Decorate a command with the options about formats: of these, or of all."""
    told = names or tuple(FORMATS)

    def decorate(command: Command) -> Command:
        return _format_option(told)(_output_option(command))

    return decorate


_output_option = click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Write the report to FILE instead of stdout.",
)


def _format_option(names: Sequence[str]) -> Callable[[Command], Command]:
    return click.option(
        "--format",
        "targets",
        type=_TargetType(names),
        multiple=True,
        help=f"Output format, optionally with a file; repeatable: {', '.join(names)}. "
        "[default: text]",
    )


def resolve(targets: Sequence[Target], output: str | None) -> list[Target]:
    """Where each format goes. Raises :class:`click.UsageError` for two in one place."""
    chosen = [
        each if each.path is not None else each._replace(path=output)
        for each in targets or [Target("text")]
    ]
    places = [each.path for each in chosen]
    if output is not None and output not in places:
        raise click.UsageError("--output is for a format without a file, and each has one")
    for place in places:
        if places.count(place) > 1:
            where = place or "standard output"
            raise click.UsageError(f"two formats go to {where}: give one a file, FORMAT=FILE")
    return chosen


def digests(targets: Iterable[Target]) -> bool:
    """Whether any format has hashes."""
    return any(each.form in DIGESTS for each in targets)


def has_fixes(targets: Iterable[Target]) -> bool:
    """Whether any format has the edits of fixes."""
    return any(each.form in WITH_FIXES for each in targets)


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
        for item in progress(reports, total):
            complaints.add(item)
            kept.add(item)
    return kept.report(blank)


def _told(
    reports: Iterable[InputReport], write: Callable[[str], object], blank: Report
) -> Iterator[InputReport]:
    from dtlink.report.json import line

    for item in reports:
        write(line(blank._replace(inputs=[item])))
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
