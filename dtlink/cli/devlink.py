"""``dtlink devlink``: what the kernel's fw_devlink does with a devicetree."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import click

from dtlink import engine
from dtlink.board.settings import Settings
from dtlink.board.tree import TreeBoard
from dtlink.cli.observed import RunningBoardParam
from dtlink.cli.options import options
from dtlink.cli.single import Printing, finish, one, view_of
from dtlink.facts.cmdline import CommandLine
from dtlink.facts.kernels import KNOWN_KERNELS, Check
from dtlink.facts.profile import KernelProfile
from dtlink.observed.command import BOARD_COMMAND
from dtlink.report.model import Report
from dtlink.views.profile import kernel

if TYPE_CHECKING:
    from dtlink.boot.devlink.predict import View
    from dtlink.facts.kernels import KernelVersion
    from dtlink.firmware.tree import Tree
    from dtlink.observed.observation import Observation
    from dtlink.report.answer import InputAnswer


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
@options("path", "format", "output", "kernel_version")
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
@options("sources", "overlay", "color")
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
    **sources: Any,
) -> None:
    """Predict, compare if asked, and print."""
    from dtlink.views.devlink import DevlinkView

    settings = Settings(kernel_version, against, cmdline, **sources)
    make = partial(_devlink, settings=settings, view=view, observation=observed)
    task = engine.Task(make, sources=settings.sources)
    item = one(path, task, digest=form == "json")
    profile = KernelProfile.of(kernel_version, cmdline or CommandLine())
    found = view_of(item, DevlinkView)
    report = Report("devlink", [item], kernel=kernel(found.profile if found else profile))
    text = partial(DevlinkView.text, title=item.name, everything=everything)
    finish(report, DevlinkView, text, Printing(form, output, color))


def _devlink(
    tree: Tree, settings: Settings, view: View, observation: Observation | None
) -> InputAnswer:
    from dtlink.views.devlink import DevlinkView

    found = DevlinkView.of(TreeBoard(tree, settings), view, observation)
    return {"view": found, "notes": found.notes}
