"""``dtlink cycles``: who waits for himself."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from dtlink.cli.options import options
from dtlink.cli.single import tell
from dtlink.links.graph import Graph
from dtlink.report import parts
from dtlink.report.layout import BOLD, DIM, Line, Span, line

if TYPE_CHECKING:
    from dtlink.firmware.tree import Tree
    from dtlink.links.binding import Version


@click.command(help="List the dependency cycles of an input.")
@options("path", "format", "output", "kernel", "color")
def cycles(path: str, form: str, output: str | None, version: Version, color: str) -> None:
    """Find the strongly connected components and tell a short cycle through each."""
    task = partial(_cycles, version=version)
    tell("cycles", path, task, _lines, form=form, output=output, version=version, color=color)


def _cycles(tree: Tree, version: Version) -> dict[str, Any]:
    return {"part": parts.cycles(Graph.of(tree, version).cycles())}


def _lines(found: list[parts.Entry]) -> Iterator[Line]:
    if not found:
        yield line("no cycles")
    for cycle in found:
        yield line(Span(f"cycle among {len(cycle['nodes'])} nodes, for example:", BOLD))
        for step in cycle["chain"]:
            by = "parent" if step["property"] is None else f"{step['property']}[{step['index']}]"
            yield line(f"  {step['consumer']}")
            yield line(Span(f"    {by} → ", DIM), step["supplier"])
        yield line()
