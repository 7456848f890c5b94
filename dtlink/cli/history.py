"""``dtlink history``: findings over many builds."""

from __future__ import annotations

import sys
from fnmatch import fnmatchcase

import click

from dtlink.cli.completion import complete_rules
from dtlink.cli.messages import say
from dtlink.cli.options import formats, options, words
from dtlink.cli.overwriting import check_apart, refuse_inputs, refuse_same
from dtlink.cli.rules import check_names
from dtlink.cli.targets import Target, resolve
from dtlink.cli.terminal import terminal_width
from dtlink.cli.writing import emit, emit_lines
from dtlink.firmware.errors import InputError
from dtlink.typed import TYPE_CHECKING
from dtlink.views.history.builds import ORDERS

if TYPE_CHECKING:
    from dtlink.views.history.view import HistoryView

_HELP = """Show findings over many builds: when each was first seen, fixed, and came back.

REPORT is a file that lint --format json or jsonl wrote, or a folder of such files. Each file is a
build, the oldest first; a new one begins where a file has an input again. Findings are known by
their fingerprints, boards by their paths.
"""


@click.command(help=_HELP)
@click.argument("reports", nargs=-1, metavar="REPORT...", type=click.Path())
@click.option(
    "--db",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="Index over the reports: reports are added to it once, and all in it are shown. Without "
    "REPORT, it is only read.",
)
@click.option(
    "--sort",
    type=click.Choice(ORDERS),
    default="given",
    show_default=True,
    help="Order of the builds: as given (those of a folder by name), by path with numbers in it "
    "as numbers, or by the time of the files.",
)
@click.option("--by-folder", is_flag=True, help="The reports of one folder are one build.")
@click.option(
    "--rule",
    "rules",
    multiple=True,
    metavar="RULE|FAMILY",
    shell_complete=complete_rules,
    help="Only findings of these.",
)
@click.option(
    "--board", "boards", multiple=True, metavar="PATTERN", help="Only these boards, as */rk3399-*."
)
@click.option("--all", "everything", is_flag=True, help="Do not abbreviate text output.")
@formats("text", "json", "html")
@options("color")
def history(
    reports: tuple[str, ...],
    db: str | None,
    sort: str,
    rules: tuple[str, ...],
    boards: tuple[str, ...],
    targets: tuple[Target, ...],
    output: str | None,
    color: str,
    *,
    by_folder: bool,
    everything: bool,
) -> None:
    """Read the reports, and print their history. Exit status 2: one could not be read."""
    from dtlink.api.history import history as history_of

    if not (reports or db):
        raise click.UsageError("Missing argument 'REPORT...'.")
    check_names(rules := tuple(words(rules)))
    outputs = resolve(targets, output)
    if db is not None:
        check_apart(db, "index of --db")
        refuse_same(db, reports)
    try:
        view = history_of(
            reports,
            db=db,
            sort=sort,
            by_folder=by_folder,
            rules=rules,
            boards=boards,
            told=_tell,
        )
    except InputError as error:
        say(f"dtlink: {error}")
        sys.exit(2)
    for each in view.unread:
        _tell(f"{each.path}: {each.message}")
    if not view.builds:
        _tell("no reports of lint: nothing to show")
    missing = [each for each in boards if not _has(view, each)] if view.builds else []
    for board in missing:
        _tell(f"--board {board}: the reports have no such board")
    if missing and not view.boards:
        sys.exit(2)
    for target in outputs:
        refuse_inputs(target.path, reports)
        _emit(view, target, color, everything=everything)
    sys.exit(2 if view.unread or missing or not view.builds else 0)


def _has(view: HistoryView, pattern: str) -> bool:
    """Whether a pattern is that of a board."""
    return any(fnmatchcase(each.board, pattern) for each in view.boards)


def _tell(text: str) -> None:
    say(f"dtlink: {text}")


def _emit(view: HistoryView, target: Target, color: str, *, everything: bool) -> None:
    if target.form == "html":
        emit(view.html(), target.path)
    elif target.form == "json":
        from dtlink.escaping import jsontext
        from dtlink.report.json import without_inputs

        emit(jsontext.document(without_inputs(view.members())), target.path)
    else:
        width = terminal_width(target.path)
        emit_lines(view.text(width, everything=everything), target.path, color)
