"""``dtlink why``: what a node waits for."""

from __future__ import annotations

from functools import partial

import click

from dtlink.cli.completion import complete_nodes
from dtlink.cli.options import board_settings, options
from dtlink.cli.param import WholeNumber
from dtlink.cli.single import Printing, check_order, finish, one, version_of, view_task
from dtlink.report.model import Report
from dtlink.typed import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dtlink.facts.kernels import KernelVersion


@click.command(help="Show what a node waits for, down to the roots.")
@options("path")
@click.argument("node", metavar="NODE", shell_complete=complete_nodes)
@click.option(
    "--depth",
    type=WholeNumber(min=1),
    metavar="N",
    help="At most N levels of suppliers. [default: down to the roots]",
)
@click.option(
    "--only-waiting",
    is_flag=True,
    help="Only suppliers that hold their consumer back.",
)
@options("kernel", "initramfs", "kernel_index", "format", "output")
@options("kernel_version_or_own", "sources", "overlay", "color")
def why(
    path: str,
    node: str,
    depth: int | None,
    only_waiting: bool,  # noqa: FBT001 - click calls it
    kernel: str,
    initramfs: str,
    kernel_index: str,
    form: str,
    output: str | None,
    kernel_version: KernelVersion | None,
    color: str,
    **sources: Any,
) -> None:
    """Follow the suppliers of NODE: a path, a name that only one node has, a label, an alias."""
    from dtlink.views.why import WhyView

    check_order(path, node)
    settings = board_settings(
        kernel_version=kernel_version,
        kernel=kernel,
        initramfs=initramfs,
        kernel_index=kernel_index,
        **sources,
    )
    make = partial(WhyView.of, name=node, depth=depth, only_waiting=only_waiting)
    task = view_task(make, settings)
    item = one(path, task, digest=form == "json")
    report = Report("why", [item], version_of(settings))
    finish(report, WhyView, WhyView.text, Printing(form, output, color))
