"""``dtlink drivers``: who drives each device in one kernel."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

import click

from dtlink import engine
from dtlink.cli.options import board_settings, complain, need_kernel, options
from dtlink.cli.single import one
from dtlink.cli.writing import emit_json, emit_lines
from dtlink.facts.outcomes import State
from dtlink.report.model import InputAnswer, Report

if TYPE_CHECKING:
    from dtlink.board.settings import Settings
    from dtlink.firmware.tree import Tree

_STATES = [state.value.replace(" ", "-") for state in State if "'" not in state.value]


@click.command(help="Show which driver each device has in one kernel.")
@options("path", "kernel", "initramfs", "kernel_index")
@click.option(
    "--state", "states", multiple=True, type=click.Choice(_STATES), help="Only such devices."
)
@options("format", "output", "color")
def drivers(
    path: str,
    kernel: str,
    initramfs: str,
    kernel_index: str,
    states: tuple[str, ...],
    form: str,
    output: str | None,
    color: str,
) -> None:
    """Match every device with what the kernel has: built in, as a module, or not at all."""
    settings = board_settings(kernel=kernel, initramfs=initramfs, kernel_index=kernel_index)
    need_kernel(settings)
    task = engine.Task(partial(_drivers, settings=settings))
    item = one(path, task, digest=form == "json")
    report = Report("drivers", [item])
    complain([item])
    if form == "json":
        emit_json(report, output)
    elif item.error is None:
        from dtlink.views.drivers import lines

        wanted = frozenset(state.replace("-", " ") for state in states)
        emit_lines(lines(item.part, wanted), output, color)
    sys.exit(report.exit_status(None))


def _drivers(tree: Tree, settings: Settings) -> InputAnswer:
    from dtlink.board.tree import Board
    from dtlink.views import drivers as told

    return {"part": told.drivers(Board(tree, settings))}
