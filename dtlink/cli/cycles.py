"""``dtlink cycles``: who waits for himself."""

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
from dtlink.report.layout import BOLD, DIM, Line, Span, line
from dtlink.views import parts

if TYPE_CHECKING:
    from dtlink.facts.kernels import KernelVersion
    from dtlink.firmware.acpi.machine import Machine
    from dtlink.firmware.tree import Tree

#: So many relaxed links of a cycle are shown.
_SHOWN = 8


@click.command(help="List the cycles of devices that wait for each other, and how to break them.")
@options("path", "format", "output", "kernel_version", "color")
def cycles(
    path: str, form: str, output: str | None, kernel_version: KernelVersion, color: str
) -> None:
    """Tell a short cycle through each component, and what to give up."""
    task = partial(_cycles, settings=Settings(kernel_version))
    tell(
        "cycles",
        path,
        engine.Task(task, task),
        _lines,
        form=form,
        output=output,
        version=kernel_version,
        color=color,
    )


def _cycles(firmware: Tree | Machine, settings: Settings) -> dict[str, Any]:
    board = board_of(firmware, settings)
    if isinstance(board, Board):
        return {"part": parts.cycles(board)}
    from dtlink.views import tables

    return {"part": tables.cycles(board)}


def _lines(found: list[parts.Entry]) -> Iterator[Line]:
    if not found:
        yield line("no cycles")
    for cycle in found:
        yield line(Span(f"cycle among {len(cycle['nodes'])} devices:", BOLD))
        for step in cycle["chain"]:
            yield _step("  ", step)
        yield from _relaxed(cycle)
        if cycle["breaks"]:
            yield line(Span("  no cycle is left if this goes to post-init-providers:", DIM))
        for step in cycle["breaks"]:
            yield _step("    ", step)
        yield line()


def _relaxed(cycle: parts.Entry) -> Iterator[Line]:
    """Which links the kernel does not order; of many, the first."""
    relaxed, links = cycle["relaxed"], cycle["links"]
    if not cycle["chain"][0]["consumer"].startswith("/"):
        yield line(Span("  Linux follows it for ever, where an ID goes all the way round", DIM))
        return
    if len(relaxed) == links:
        yield line(Span("  the kernel relaxes all its links: none of them orders a probe", DIM))
        return
    if not relaxed:
        yield line(Span("  the kernel relaxes none of its links: it does not see this cycle", DIM))
        return
    yield line(Span(f"  the kernel relaxes {len(relaxed)} of its {links} links", DIM))
    for step in relaxed[:_SHOWN]:
        yield _step("    ", step)
    if len(relaxed) > _SHOWN:
        yield line(Span(f"    … and {len(relaxed) - _SHOWN} more (--format json)", DIM))


def _step(indent: str, step: parts.Entry) -> Line:
    by = "lies in" if step["property"] is None else f"{step['property']}[{step['index']}]"
    return line(f"{indent}{step['consumer']}  ", Span(f"{by} → ", DIM), step["supplier"])
