"""``dtlink order``: who can probe when."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from dtlink import engine
from dtlink.board.boards import board_of
from dtlink.board.settings import Settings
from dtlink.board.tree import Board
from dtlink.cli.options import options
from dtlink.cli.single import tell
from dtlink.report.layout import BOLD, Line, Span, line
from dtlink.report.rows import counted
from dtlink.views import parts

if TYPE_CHECKING:
    from dtlink.facts.kernels import KernelVersion
    from dtlink.firmware.acpi.machine import Machine
    from dtlink.firmware.tree import Tree


@click.command(help="Show the order in which devices can probe, in waves.")
@options("path", "format", "output", "kernel_version", "color")
def order(
    path: str, form: str, output: str | None, kernel_version: KernelVersion, color: str
) -> None:
    """Sort the devices into waves, as fw_devlink orders them: each needs only earlier ones."""
    task = partial(_order, settings=Settings(kernel_version))
    tell(
        "order",
        path,
        engine.Task(task, task),
        _lines,
        form=form,
        output=output,
        version=kernel_version,
        color=color,
    )


def _order(firmware: Tree | Machine, settings: Settings) -> dict[str, Any]:
    board = board_of(firmware, settings)
    if isinstance(board, Board):
        return {"part": parts.order(board.order)}
    from dtlink.views import tables

    return {"part": tables.order(board)}


def _lines(waves: list[list[str]]) -> Iterator[Line]:
    for number, wave in enumerate(waves):
        yield line(Span(f"wave {number}", BOLD), f" · {counted(len(wave), 'device')}")
        for path in wave:
            yield line("  ", path)
