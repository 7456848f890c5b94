"""``dtlink modules``: which modules an initramfs needs, for one board or many."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from functools import partial

import click

from dtlink.cli.completion import complete_boards
from dtlink.cli.messages import say
from dtlink.cli.options import KernelCommandLine, board_settings, need_kernel, options
from dtlink.cli.overwriting import refuse_inputs
from dtlink.cli.several import Boards
from dtlink.cli.single import tree_task, version_of, view_of
from dtlink.cli.terminal import terminal_width
from dtlink.cli.writing import emit, emit_json
from dtlink.firmware.read import STDIN, SUFFIXES
from dtlink.report.layout import line, plain
from dtlink.report.model import Report
from dtlink.typed import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dtlink.facts.cmdline import CommandLine
    from dtlink.facts.kernels import KernelVersion
    from dtlink.views.modules import ModulesView
    from dtlink.views.modules_union import ModulesUnion

#: The formats; those besides JSON are rows of ``dtlink.views.module_formats.FORMS``.
_FORMS = ("list", "initramfs-tools", "dracut", "mkinitcpio", "nixos", "modules.load", "json")

_HELP = """List the modules that devices need before they can probe, in load order.

PATHs are devicetrees or folders; what is not a file is a NODE (a path, a label, a name). Without
NODEs: all that the root filesystem may be on. Of several boards, the union is listed.
"""


@click.command(help=_HELP)
@click.argument(
    "words", nargs=-1, required=True, metavar="PATH... [NODE...]", shell_complete=complete_boards
)
@options("kernel", "initramfs", "kernel_index", "kernel_version_or_own")
@click.option(
    "--cmdline",
    metavar="STRING",
    type=KernelCommandLine(),
    help="Kernel command line: only what its root needs. [default: every medium, and what bootargs "
    "of /chosen ask for]",
)
@options("root")
@click.option("--missing", is_flag=True, help="Only modules that the initramfs lacks.")
@click.option(
    "--strict",
    is_flag=True,
    help="Exit 1 if a board has no storage controller, or no driver for a device on the way to it.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(_FORMS),
    default="list",
    show_default=True,
    help="Output format: a list to read, or the configuration of an initramfs tool.",
)
@options("sources", "overlay", "inputs", "output", "jobs")
def modules(
    words: tuple[str, ...],
    kernel: str,
    initramfs: str,
    kernel_index: str,
    kernel_version: KernelVersion | None,
    cmdline: CommandLine | None,
    root: str,
    missing: bool,  # noqa: FBT001 - click calls it by name
    strict: bool,  # noqa: FBT001
    form: str,
    output: str | None,
    jobs: int,
    **sources: Any,
) -> None:
    """Follow what is asked for to its suppliers, and print the modules of all of it."""
    from dtlink.views.modules import ModulesView

    if missing and not initramfs:
        raise click.UsageError("--missing needs --initramfs")
    paths, nodes = _sorted_out(words)
    settings = board_settings(
        kernel_version=kernel_version,
        kernel=kernel,
        initramfs=initramfs,
        kernel_index=kernel_index,
        cmdline=cmdline,
        root=root,
        **sources,
    )
    need_kernel(settings)
    task = tree_task(partial(ModulesView.of, names=nodes, missing=missing), settings)
    boards = Boards.of(paths)
    reports = list(boards.reports(task, digest=form == "json", jobs=jobs))
    boards.complain(reports)
    report = Report("modules", reports, version_of(settings), notes=boards.notes)
    _write(report, paths, form, output, strict=strict)


def _sorted_out(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """The paths of inputs, and the nodes: what is neither a file nor called as one.

    The root is that of the devicetree: no boards are looked for in the whole file system.
    """
    paths = [word for at, word in enumerate(words) if not at or _is_path(word)]
    return paths, [word for at, word in enumerate(words) if at and not _is_path(word)]


def _is_path(word: str) -> bool:
    # pathlib would change what the user wrote.
    is_file = word.endswith(SUFFIXES) or os.path.exists(word)  # noqa: PTH110
    return word == STDIN or (is_file and word != "/")


def _write(
    report: Report, paths: Sequence[str], form: str, output: str | None, *, strict: bool
) -> None:
    """Print the list of one board, or the union of several, and exit."""
    from dtlink.views.modules import ModulesView
    from dtlink.views.modules_union import ModulesUnion

    refuse_inputs(output, (each.path for each in report.inputs))
    views = {item.name: view_of(item, ModulesView) for item in report.inputs}
    found = {name: view for name, view in views.items() if view is not None}
    is_one = len(report.inputs) == 1 and report.inputs[0].path in paths
    result: ModulesView | ModulesUnion | None = next(iter(found.values()), None)
    if not is_one and found:
        result = ModulesUnion.of(found)
        report = report._replace(union=result)
    if form == "json":
        emit_json(report, output)
    elif result is not None:
        _emit(result, form, output)
    status = report.exit_status(None)
    sys.exit(status or int(strict and not (result and result.is_complete)))


def _emit(result: ModulesView | ModulesUnion, form: str, output: str | None) -> None:
    rows, width = result.lines(form), terminal_width(output)
    if form == "list" and width is not None:
        from dtlink.views.module_formats import beside

        rows = beside(rows, width)
    emit(plain(map(line, rows)), output)
    # Comments of a file, or at a pipe's other end, are not seen here.
    if (output or not sys.stdout.isatty()) and (summary := result.summary()):
        say(f"dtlink: {summary}")
