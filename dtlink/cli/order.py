"""``dtlink order``: the order in which devices can probe."""

from __future__ import annotations

import click

from dtlink.cli.options import board_settings, options
from dtlink.cli.single import Printing, finish, one, version_of, view_task
from dtlink.report.model import Report
from dtlink.typed import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dtlink.facts.kernels import KernelVersion


@click.command(help="Show the order in which devices can probe, in waves.")
@options("path", "kernel", "kernel_index", "format", "output")
@options("kernel_version_or_own", "sources", "overlay", "color")
def order(
    path: str,
    kernel: str,
    kernel_index: str,
    form: str,
    output: str | None,
    kernel_version: KernelVersion | None,
    color: str,
    **sources: Any,
) -> None:
    """Sort the devices into waves, as fw_devlink orders them: each needs only earlier ones."""
    from dtlink.views.order import OrderView

    settings = board_settings(
        kernel_version=kernel_version, kernel=kernel, kernel_index=kernel_index, **sources
    )
    item = one(path, view_task(OrderView.of, settings), digest=form == "json")
    report = Report("order", [item], version_of(settings))
    finish(report, OrderView, OrderView.text, Printing(form, output, color))
