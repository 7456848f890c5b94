"""``dtlink order``: who can probe when."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from dtlink import engine
from dtlink.cli.options import options
from dtlink.cli.single import ordering, tell
from dtlink.links.graph import Graph
from dtlink.report.layout import BOLD, Line, Span, line
from dtlink.report.rows import counted
from dtlink.views import parts

if TYPE_CHECKING:
    from dtlink.facts.kernels import KernelVersion
    from dtlink.firmware.acpi.machine import Machine
    from dtlink.firmware.tree import Tree


@click.command(help="Show the order in which devices can probe, in waves.")
@options("path", "format", "output", "kernel", "color")
def order(path: str, form: str, output: str | None, version: KernelVersion, color: str) -> None:
    """Sort the devices into waves, as fw_devlink orders them: each needs only earlier ones."""
    task = engine.Task(partial(_order, version=version), _table_order)
    tell("order", path, task, _lines, form=form, output=output, version=version, color=color)


def _order(tree: Tree, version: KernelVersion) -> dict[str, Any]:
    return {"part": parts.order(ordering(tree, version))}


def _table_order(machine: Machine) -> dict[str, Any]:
    from dtlink.views import tables

    return {"part": tables.order(Graph.of(machine))}


def _lines(waves: list[list[str]]) -> Iterator[Line]:
    for number, wave in enumerate(waves):
        yield line(Span(f"wave {number}", BOLD), f" · {counted(len(wave), 'device')}")
        for path in wave:
            yield line("  ", path)
