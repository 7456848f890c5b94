"""``dtlink log``: a boot log explained."""

from __future__ import annotations

import sys
from collections.abc import Mapping

import click

from dtlink import engine
from dtlink.board.tree import TreeBoard
from dtlink.cli.complaints import complain
from dtlink.cli.completion import complete_files
from dtlink.cli.messages import say
from dtlink.cli.options import KernelVersionParam, board_settings, options
from dtlink.cli.overwriting import refuse_inputs
from dtlink.cli.single import one, view_of
from dtlink.cli.terminal import terminal_width
from dtlink.cli.writing import emit_json, emit_lines
from dtlink.firmware.errors import InputError
from dtlink.firmware.tree import Tree
from dtlink.report.model import InputFault, InputReport, Report
from dtlink.typed import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dtlink.board.settings import Settings
    from dtlink.facts.kernels import KernelVersion
    from dtlink.report.answer import InputAnswer
    from dtlink.report.entries import Json
    from dtlink.views.log import LogView


@click.command(help="Explain a boot log: which lines are harmful, the root cause, the fix.")
@click.argument("dmesg", metavar="DMESG", shell_complete=complete_files)
@click.option(
    "--dtb",
    metavar="PATH",
    shell_complete=complete_files,
    help="The tree that the board booted with: names become nodes, and waits are followed.",
)
@click.option(
    "--kernel-version",
    type=KernelVersionParam(),
    help="The kernel that wrote the log. [default: as the log says]",
)
@options("kernel", "initramfs", "kernel_index", "sources", "overlay")
@click.option("--all", "everything", is_flag=True, help="Show the harmless lines too.")
@options("format", "output", "color")
def log(
    dmesg: str,
    dtb: str | None,
    kernel_version: KernelVersion | None,
    kernel: str,
    initramfs: str,
    kernel_index: str,
    everything: bool,  # noqa: FBT001 - click calls it
    form: str,
    output: str | None,
    color: str,
    **sources: Any,
) -> None:
    """Read the log, and the tree if there is one; print what happened.

    DMESG is a log as dmesg, journalctl -k or a serial console give it; - is standard input.
    """
    from dtlink.views.log import LogView

    if dmesg == dtb == "-":
        raise click.UsageError("the log and the tree can't both come from standard input")
    settings = board_settings(
        kernel_version=kernel_version,
        kernel=kernel,
        initramfs=initramfs,
        kernel_index=kernel_index,
        **sources,
    )
    tree, unread = _tree(dtb, settings)
    board = None if tree is None else TreeBoard(tree, settings)
    if dtb is None and settings.kernel:
        say("dtlink: --kernel and --initramfs have no effect without --dtb")
    item = _explained(dmesg, board, kernel_version, dtb)
    view = view_of(item, LogView)
    report = Report("log", [item, *unread], kernel=_kernel(view))
    complain(report.inputs)
    refuse_inputs(output, (dmesg, *(each.path for each in report.inputs)))
    if form == "json":
        emit_json(report, output)
    elif view is not None:
        width = terminal_width(output)
        emit_lines(view.text(dmesg, width=width, everything=everything), output, color)
    sys.exit(report.exit_status(None) or int(view is not None and view.explanation.harmful))


def _tree(path: str | None, settings: Settings) -> tuple[Tree | None, list[InputReport]]:
    """The tree; a report of it only where it can't be read."""
    kept: list[Tree] = []

    def keep(tree: Tree) -> InputAnswer:
        kept.append(tree)
        return {}

    if path is None:
        return None, []
    report = one(path, engine.Task(tree=keep, sources=settings.sources), digest=False)
    return (kept[0], []) if kept else (None, [report])


def _explained(
    path: str, board: TreeBoard | None, version: KernelVersion | None, dtb: str | None
) -> InputReport:
    from dtlink.observed.bootlog.read import read_log
    from dtlink.views.log import LogView

    try:
        tree = None if board is None else dtb
        view = LogView.of(read_log(path), board, version=version, tree=tree)
    except InputError as error:
        return InputReport(path, error=InputFault.of(error, path))
    return InputReport(path, form="log", model=view.explanation.model, view=view)


def _kernel(view: LogView | None) -> Mapping[str, Json] | None:
    if view is None:
        return None
    from dtlink.views.profile import kernel

    return kernel(view.explanation.profile)
