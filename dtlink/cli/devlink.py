"""``dtlink devlink``: what the kernel's fw_devlink does with a devicetree."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from dtlink import engine
from dtlink.boot.devlink.compare import compare
from dtlink.boot.devlink.ordering import Ordering
from dtlink.boot.devlink.predict import predict
from dtlink.cli.options import complain, options
from dtlink.cli.single import one
from dtlink.cli.writing import emit_json, emit_lines
from dtlink.facts.cmdline import CommandLine
from dtlink.facts.profile import KernelProfile
from dtlink.firmware.errors import InputError
from dtlink.observed.observation import BOARD_COMMAND, Observation
from dtlink.report.layout import line as text_line
from dtlink.report.model import Report
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


class _Settings(NamedTuple):
    """What the user asked for."""

    version: KernelVersion
    cmdline: CommandLine | None
    view: View
    against: KernelVersion | None
    observed: Observation | None


@click.command(
    help="Predict what the kernel's fw_devlink does with a devicetree.",
    epilog=f"""\b
What --observed takes is a copy of the board's /sys (a folder, or a tar of it), the kernel's
log, or what this prints on the board, as root (one line; busybox can):
  {BOARD_COMMAND}
""",
)
@options("path", "format", "output", "kernel")
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
    version: KernelVersion,
    cmdline: CommandLine | None,
    view: View,
    against: KernelVersion | None,
    observed: Observation | None,
    everything: bool,  # noqa: FBT001 - click calls it
    color: str,
) -> None:
    """Predict, compare if asked, and tell."""
    settings = _Settings(version, cmdline, view, against, observed)
    task = engine.Task(partial(_outlook, settings=settings))
    item = one(path, task, digest=form == "json")
    report = Report("devlink", [item], kernel=_kernel(item, settings))
    complain(report.inputs)
    if form == "json":
        emit_json(report._replace(inputs=[_as_json(item)]), output)
    elif item.error is None:
        emit_lines(_lines(item, everything=everything), output, color)
    sys.exit(report.exit_status(None))


def _outlook(tree: Tree, settings: _Settings) -> dict[str, Any]:
    line, notes, told_by = _command_line(tree, settings)
    profile = _profile(settings.version, line)
    if line.fw_devlink_strict and not profile.strict:
        mode = profile.fw_devlink.value
        notes.append(f"fw_devlink.strict has no effect together with fw_devlink={mode}")
    ordering = Ordering(predict(tree, profile, settings.view), profile)
    comparison = None
    if settings.against is not None:
        other = _profile(settings.against, line)
        before = Ordering(predict(tree, other, settings.view), other)
        comparison = compare(before, ordering, other, profile)
    board = settings.observed
    beside = None if board is None else _observed(ordering, board, tree)
    defaults = profile == _profile(settings.version, CommandLine())
    told = outlook.Outlook(profile, ordering, "" if defaults else told_by, comparison, beside)
    return {"part": told, "notes": notes}


def _command_line(tree: Tree, settings: _Settings) -> tuple[CommandLine, list[str], str]:
    """The kernel's command line, what it would refuse, and who tells it."""
    if settings.cmdline is not None:
        return settings.cmdline, [], "--cmdline"
    text, where, told_by = _bootargs(tree), "/chosen:bootargs", "bootargs of /chosen"
    if settings.observed is not None and settings.observed.command_line:
        text, where, told_by = settings.observed.command_line, "log", "the board's log"
    line, refused = CommandLine.read(text)
    notes = [f"{where}: {error}; the kernel passes over it" for error in refused]
    return line, notes, told_by


def _observed(ordering: Ordering, board: Observation, tree: Tree) -> dict[str, Any]:
    """The prediction beside what the board reports."""
    from dtlink.observed.compare import compare as compare_board
    from dtlink.views import observed

    return observed.entry(compare_board(ordering.prediction, board, tree))


def _profile(version: KernelVersion, line: CommandLine) -> KernelProfile:
    return KernelProfile.of(version, line)


def _bootargs(tree: Tree) -> str:
    chosen = tree.find("/chosen")
    return "" if chosen is None else " ".join(chosen.strings("bootargs"))


def _kernel(item: InputReport, settings: _Settings) -> dict[str, Any]:
    if item.error is not None:
        return outlook.kernel(_profile(settings.version, settings.cmdline or CommandLine()))
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
