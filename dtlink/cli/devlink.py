"""``dtlink devlink``: what the kernel's fw_devlink does with a devicetree."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

import click

from dtlink import engine
from dtlink.board.settings import Settings
from dtlink.board.tree import TreeBoard
from dtlink.cli.observed import RunningBoardParam
from dtlink.cli.options import board_settings, options
from dtlink.cli.several import Answers, Boards
from dtlink.cli.single import Printing
from dtlink.facts.cmdline import CommandLine
from dtlink.facts.kernels import KNOWN_KERNELS, Check
from dtlink.facts.profile import KernelProfile
from dtlink.observed.command import BOARD_COMMAND
from dtlink.report.model import Report
from dtlink.typed import TYPE_CHECKING, Any
from dtlink.views.profile import kernel

if TYPE_CHECKING:
    from dtlink.boot.devlink.predict import View
    from dtlink.facts.kernels import KernelVersion
    from dtlink.firmware.tree import Tree
    from dtlink.observed.observation import Observation
    from dtlink.report.answer import InputAnswer
    from dtlink.report.entries import JsonObject
    from dtlink.report.layout import Line
    from dtlink.report.model import InputReport
    from dtlink.views.devlink import DevlinkView


def _versions(check: Check) -> str:
    return ", ".join(str(row.version) for row in KNOWN_KERNELS if row.checked is check)


@click.command(
    help="Predict what the kernel's fw_devlink does with a devicetree.",
    epilog=f"""\b
What --observed takes is a copy of the board's /sys (a folder, or a tar of it), the kernel's
log, or what this prints on the board, as root (one line; busybox can):
  {BOARD_COMMAND}

\b
Kernel versions compared with a running kernel: {_versions(Check.ORACLE)}.
By their source only: {_versions(Check.SOURCE)}.
""",
)
@options("paths", "format", "output", "kernel_version")
@options("cmdline")
@click.option(
    "--view",
    type=click.Choice(["full", "bare"]),
    default="full",
    show_default=True,
    help="Assume a driver for every device (full) or for none (bare).",
)
@options("against")
@click.option(
    "--observed",
    type=RunningBoardParam(),
    help="Compare with what a running board reports; see below.",
)
@click.option("--all", "everything", is_flag=True, help="Do not abbreviate text output.")
@options("sources", "overlay", "inputs", "color")
def devlink(
    paths: tuple[str, ...],
    form: str,
    output: str | None,
    kernel_version: KernelVersion,
    cmdline: CommandLine | None,
    view: View,
    against: KernelVersion | None,
    observed: Observation | None,
    everything: bool,  # noqa: FBT001 - click calls it
    color: str,
    **sources: Any,
) -> None:
    """Predict, compare if asked, and print."""
    from dtlink.views.devlink import DevlinkView

    settings = board_settings(
        kernel_version=kernel_version, against=against, cmdline=cmdline, **sources
    )
    make = partial(_devlink, settings=settings, view=view, observation=observed)
    boards = Boards.of(paths)
    if observed is not None and len(boards.inputs) > 1:
        raise click.UsageError(f"--observed is about one board, not {len(boards.inputs):,}")

    def text(item: InputReport, found: DevlinkView) -> Iterable[Line]:
        return found.text(item.name, everything=everything)

    task = engine.Task(make, sources=settings.sources)
    answers = Answers.of(boards, task, DevlinkView, text, form, _kernel)
    answers.finish(
        _report(answers.reports, kernel_version, cmdline), boards, Printing(form, output, color)
    )


def _kernel(found: DevlinkView) -> JsonObject:
    return kernel(found.profile)


def _report(
    reports: Sequence[InputReport], version: KernelVersion, cmdline: CommandLine | None
) -> Report:
    """The report, with the kernel of the first input; bootargs may give others another."""
    profile = KernelProfile.of(version, cmdline or CommandLine())
    first = next((each.kernel for each in reports if each.kernel), kernel(profile))
    inputs = [each._replace(kernel=None) if each.kernel == first else each for each in reports]
    return Report("devlink", inputs, kernel=first)


def _devlink(
    tree: Tree, settings: Settings, view: View, observation: Observation | None
) -> InputAnswer:
    from dtlink.views.devlink import DevlinkView

    found = DevlinkView.of(TreeBoard(tree, settings), view, observation)
    return {"view": found, "notes": found.notes}
