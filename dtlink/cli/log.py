"""``dtlink log``: a boot log explained."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from dtlink import engine
from dtlink.board.tree import Board
from dtlink.cli.completion import complete_files
from dtlink.cli.options import KernelVersionParam, board_settings, complain, options
from dtlink.cli.writing import emit_json, emit_lines, terminal_width
from dtlink.firmware.errors import InputError
from dtlink.firmware.tree import Tree
from dtlink.observed.bootlog.read import read_log
from dtlink.report.model import InputAnswer, InputFault, InputReport, Report

if TYPE_CHECKING:
    from dtlink.facts.kernels import KernelVersion
    from dtlink.observed.bootlog.model import Explanation


@click.command(help="Explain a boot log: which lines are harmful, the root cause, the cure.")
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
@options("kernel", "initramfs", "kernel_index")
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
) -> None:
    """Read the log, and the tree if there is one; tell what happened.

    DMESG is a log as dmesg, journalctl -k or a serial console give it; - is standard input.
    """
    if dmesg == dtb == "-":
        raise click.UsageError("the log and the tree can't both come from standard input")
    tree, reports = _tree(dtb)
    item, told = _explain(dmesg, tree, kernel_version)
    settings = board_settings(kernel=kernel, initramfs=initramfs, kernel_index=kernel_index)
    if settings.kernel and told is not None and tree is not None:
        item = _name_drivers(item, told, Board(tree, settings))
        told = told if item.error is None else None
    report = Report("log", [item, *reports], kernel=_kernel(told))
    complain(report.inputs)
    named = dtb if tree is not None else None
    if form == "json":
        from dtlink.views.bootlog import as_json

        part = None if told is None else as_json(told, named)
        emit_json(report._replace(inputs=[item._replace(part=part), *reports]), output)
    elif told is not None:
        from dtlink.views.bootlog import lines

        width = terminal_width(output)
        emit_lines(lines(dmesg, told, named, every=everything, width=width), output, color)
    sys.exit(report.exit_status(None) or int(told is not None and told.harmful))


def _tree(path: str | None) -> tuple[Tree | None, list[InputReport]]:
    """The tree; a report of it only where it can't be read."""
    kept: list[Tree] = []

    def keep(tree: Tree) -> InputAnswer:
        kept.append(tree)
        return {}

    if path is None:
        return None, []
    report = engine.process(path, engine.Task(tree=keep), digest=False)
    return (kept[0], []) if kept else (None, [report])


def _explain(
    path: str, tree: Tree | None, version: KernelVersion | None
) -> tuple[InputReport, Explanation | None]:
    from dtlink.observed.bootlog.explain import explain

    try:
        told = explain(read_log(path), tree, version)
    except InputError as error:
        return InputReport(path, error=InputFault(error.message, error.offset)), None
    return InputReport(path, form="log", model=told.model), told


def _name_drivers(item: InputReport, told: Explanation, board: Board) -> InputReport:
    """Say of each root cause which driver the kernel has for it."""
    from dtlink.views.drivers import driver_of

    try:
        _ = board.facts
    except InputError as error:
        fault = InputFault(f"{error.path}: {error.message}", error.offset)
        return item._replace(error=fault)
    for cause in told.causes:
        node = board.tree.by_path.get(cause.origin.subject)
        if node is not None:
            said = f"in this kernel: {driver_of(board, node.index)}"
            detail = "; ".join(filter(None, (cause.origin.detail, said)))
            cause.origin = cause.origin._replace(detail=detail)
    return item


def _kernel(told: Explanation | None) -> dict[str, Any] | None:
    if told is None:
        return None
    from dtlink.views.profile import kernel

    return kernel(told.profile)
