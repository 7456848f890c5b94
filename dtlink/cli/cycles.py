"""``dtlink cycles``: the devices that wait for each other."""

from __future__ import annotations

import click

from dtlink.cli.options import board_settings, options
from dtlink.cli.single import Printing, finish, one, view_task
from dtlink.report.model import Report
from dtlink.typed import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dtlink.facts.kernels import KernelVersion


@click.command(help="List the cycles of devices that wait for each other, and how to break them.")
@options("path", "format", "output", "kernel_version", "sources", "overlay", "color")
def cycles(
    path: str,
    form: str,
    output: str | None,
    kernel_version: KernelVersion,
    color: str,
    **sources: Any,
) -> None:
    """Print a short cycle through each component, and what breaks it."""
    from dtlink.views.cycles import CyclesView

    task = view_task(CyclesView.of, board_settings(kernel_version=kernel_version, **sources))
    report = Report("cycles", [one(path, task, digest=form == "json")], str(kernel_version))
    finish(report, CyclesView, CyclesView.text, Printing(form, output, color))
