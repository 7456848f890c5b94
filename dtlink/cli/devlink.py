"""``dtlink devlink``: what the kernel's fw_devlink does with a devicetree."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from dtlink import engine
from dtlink.board.settings import Settings
from dtlink.board.tree import Board
from dtlink.boot.devlink.compare import compare
from dtlink.boot.devlink.ordering import Ordering
from dtlink.cli.options import complain, options
from dtlink.cli.single import one
from dtlink.cli.writing import emit_json, emit_lines
from dtlink.facts.cmdline import CommandLine
from dtlink.facts.errors import OptionError
from dtlink.facts.profile import KernelProfile
from dtlink.firmware.errors import InputError
from dtlink.observed.observation import BOARD_COMMAND, Observation
from dtlink.report.layout import line as text_line
from dtlink.report.model import InputAnswer, Report
from dtlink.views import against as difference
from dtlink.views import devlink as outlook

if TYPE_CHECKING:
    from dtlink.boot.devlink.predict import View
    from dtlink.facts.kernels import KernelVersion
    from dtlink.firmware.tree import Tree
    from dtlink.report.layout import Line
    from dtlink.report.model import InputReport
    from dtlink.views.devlink import Outlook


class _RunningBoard(click.ParamType["Observation"]):
    """What a running board reports."""

    name = "PATH"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Observation:
        """What was read, or a usage error that says why it can't be."""
        from dtlink.observed import sysfs

        try:
            return value if isinstance(value, Observation) else sysfs.read(str(value))
        except InputError as error:
            self.fail(str(error), param, ctx)


class _Asked(NamedTuple):
    """What the user asked for."""

    settings: Settings
    view: View
    observed: Observation | None


@click.command(
    help="Predict what the kernel's fw_devlink does with a devicetree.",
    epilog=f"""\b
What --observed takes is a copy of the board's /sys (a folder, or a tar of it), the kernel's
log, or what this prints on the board, as root (one line; busybox can):
  {BOARD_COMMAND}
""",
)
@options("path", "format", "output", "kernel_version")
@options("cmdline")
@click.option(
    "--view",
    type=click.Choice(["full", "bare"]),
    default="full",
    show_default=True,
    help="With all drivers there could be, or with none.",
)
@options("against")
@click.option(
    "--observed", type=_RunningBoard(), help="Compare with what a running board reports; see below."
)
@click.option("--all", "everything", is_flag=True, help="Leave nothing out in text.")
@options("color")
def devlink(
    path: str,
    form: str,
    output: str | None,
    kernel_version: KernelVersion,
    cmdline: CommandLine | None,
    view: View,
    against: KernelVersion | None,
    observed: Observation | None,
    everything: bool,  # noqa: FBT001 - click calls it
    color: str,
) -> None:
    """Predict, compare if asked, and tell."""
    settings = Settings(kernel_version, against, cmdline)
    task = engine.Task(partial(_outlook, asked=_Asked(settings, view, observed)))
    item = one(path, task, digest=form == "json")
    report = Report("devlink", [item], kernel=_kernel(item, settings))
    complain(report.inputs)
    if form == "json":
        emit_json(report._replace(inputs=[_as_json(item)]), output)
    elif item.error is None:
        emit_lines(_lines(item, everything=everything), output, color)
    sys.exit(report.exit_status(None))


def _outlook(tree: Tree, asked: _Asked) -> InputAnswer:
    board, notes, told_by = _board(tree, asked)
    profile, line = board.profile, board.command_line
    if line.fw_devlink_strict and not profile.strict:
        mode = profile.fw_devlink.value
        notes.append(f"fw_devlink.strict has no effect together with fw_devlink={mode}")
    ordering = Ordering(board.predicted(profile, asked.view), profile)
    comparison = None
    if board.against is not None:
        before = Ordering(board.predicted(board.against, asked.view), board.against)
        comparison = compare(before, ordering, board.against, profile)
    running = asked.observed
    beside = None if running is None else _observed(ordering, running, tree)
    defaults = profile == _profile(asked.settings._replace(cmdline=None))
    told = outlook.Outlook(profile, ordering, "" if defaults else told_by, comparison, beside)
    return {"part": told, "notes": notes}


def _board(tree: Tree, asked: _Asked) -> tuple[Board, list[str], str]:
    """The board, what its kernel refuses of the command line, and where that is from."""
    settings = asked.settings
    if settings.cmdline is not None:
        return Board(tree, settings), [], "--cmdline"
    log = asked.observed.command_line if asked.observed is not None else ""
    if log:
        line, refused = CommandLine.read(log)
        board = Board(tree, settings._replace(cmdline=line))
        return board, _refused("log", refused), "the board's log"
    board = Board(tree, settings)
    return board, _refused("/chosen:bootargs", board.refused), "bootargs of /chosen"


def _refused(where: str, errors: Iterable[OptionError]) -> list[str]:
    return [f"{where}: {error}; the kernel passes over it" for error in errors]


def _observed(ordering: Ordering, board: Observation, tree: Tree) -> dict[str, Any]:
    """The prediction beside what the board reports."""
    from dtlink.observed.compare import compare as compare_board
    from dtlink.views import observed

    return observed.entry(compare_board(ordering.prediction, board, tree))


def _profile(settings: Settings) -> KernelProfile:
    """The kernel that is asked for, whatever a tree's bootargs say."""
    return KernelProfile.of(settings.kernel_version, settings.cmdline or CommandLine())


def _kernel(item: InputReport, settings: Settings) -> dict[str, Any]:
    if item.error is not None:
        return outlook.kernel(_profile(settings))
    return outlook.kernel(item.part.profile)


def _as_json(item: InputReport) -> InputReport:
    """The input's report with its part as JSON data."""
    if item.error is not None:
        return item
    told: Outlook = item.part
    found = told.comparison
    beside = {} if found is None else {"against": difference.as_json(found)}
    if told.observed is not None:
        beside["observed"] = told.observed
    return item._replace(part=told.ordering.prediction.as_json(), beside=beside)


def _lines(item: InputReport, *, everything: bool) -> Iterator[Line]:
    told: Outlook = item.part
    if told.comparison is not None:
        yield from difference.lines(item, told, everything=everything)
    elif told.observed is None:
        yield from outlook.lines(item, told, everything=everything)
    else:
        yield from outlook.head(item, told)
    if told.observed is not None:
        from dtlink.views import observed

        yield text_line()
        yield from observed.lines(told.observed, every=everything)
