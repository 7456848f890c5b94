"""``dtlink order``: the order in which devices can probe."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dtlink.board.settings import Settings
from dtlink.cli.options import options
from dtlink.cli.single import Printing, finish, one, view_task
from dtlink.report.model import Report

if TYPE_CHECKING:
    from dtlink.facts.kernels import KernelVersion


@click.command(help="Show the order in which devices can probe, in waves.")
@options("path", "format", "output", "kernel_version", "color")
def order(
    path: str, form: str, output: str | None, kernel_version: KernelVersion, color: str
) -> None:
    """Sort the devices into waves, as fw_devlink orders them: each needs only earlier ones."""
    from dtlink.views.order import OrderView

    task = view_task(OrderView.of, Settings(kernel_version))
    report = Report("order", [one(path, task, digest=form == "json")], str(kernel_version))
    finish(report, OrderView, OrderView.text, Printing(form, output, color))
