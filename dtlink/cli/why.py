"""``dtlink why``: what a node waits for."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

import click

from dtlink import engine
from dtlink.board.tree import Board
from dtlink.cli.completion import complete_nodes
from dtlink.cli.options import board_settings, options
from dtlink.cli.single import tell
from dtlink.firmware.errors import InputError
from dtlink.report.layout import BOLD, DIM, STYLES, Line, Span, line
from dtlink.views import parts

if TYPE_CHECKING:
    from dtlink.board.settings import Settings
    from dtlink.facts.kernels import KernelVersion
    from dtlink.firmware.acpi.machine import Machine
    from dtlink.firmware.tree import Tree
    from dtlink.report.model import InputAnswer


@click.command(help="Show what a node waits for, down to the roots.")
@options("path")
@click.argument("node", metavar="NODE", shell_complete=complete_nodes)
@options("kernel", "initramfs", "kernel_index", "format", "output", "kernel_version", "color")
def why(
    path: str,
    node: str,
    kernel: str,
    initramfs: str,
    kernel_index: str,
    form: str,
    output: str | None,
    kernel_version: KernelVersion,
    color: str,
) -> None:
    """Follow the suppliers of NODE: a path, a name that only one node has, a label, an alias."""
    settings = board_settings(
        kernel_version=kernel_version,
        kernel=kernel,
        initramfs=initramfs,
        kernel_index=kernel_index,
    )
    task = engine.Task(partial(_why, name=node, settings=settings), partial(_table_why, name=node))
    tell("why", path, task, _lines, form=form, output=output, version=kernel_version, color=color)


def _why(tree: Tree, name: str, settings: Settings) -> InputAnswer:
    named = [node for node in tree if node.name == name]
    node = tree.find(name) or (named[0] if len(named) == 1 else None)
    if node is None:
        raise InputError(_unknown(tree, name))
    board = Board(tree, settings)
    part = parts.why(board, node)
    if board.facts is not None:
        from dtlink.views.drivers import annotate

        annotate(part, board)
    return {"part": part}


def _table_why(machine: Machine, name: str) -> InputAnswer:
    from dtlink.board.tables import TablesBoard
    from dtlink.views import tables

    node = machine.find(name)
    if node is None:
        near = [each.path for each in machine.nodes[1:] if name.casefold() in each.path.casefold()]
        hint = f"; there is {', '.join(near[:4])}" if near else ""
        raise InputError(f"no one node is named {name}{hint}")
    return {"part": tables.why(TablesBoard(machine).graph, node)}


def _unknown(tree: Tree, name: str) -> str:
    """Name the nodes that may have been meant."""
    last = name.rpartition("/")[2].partition("@")[0].removeprefix("&")
    near = [node.path for node in tree if last and node.name.partition("@")[0] == last]
    near += [node.path for node in tree if last and last in node.name and node.path not in near]
    hint = f"; there is {', '.join(near[:4])}" if near else ""
    return f"no one node, label or alias is named {name}{hint}"


def _lines(part: parts.Entry) -> Iterator[Line]:
    yield line(Span(part["node"], BOLD), *_driver(part))
    if not part["suppliers"]:
        yield line(Span("  needs nobody", DIM))
    stack = [(entry, "", last) for entry, last in _with_last(part["suppliers"])][::-1]
    while stack:
        entry, indent, last = stack.pop()
        yield _line(entry, indent + ("└─ " if last else "├─ "))
        below = indent + ("   " if last else "│  ")
        stack += [(child, below, end) for child, end in _with_last(entry["suppliers"])][::-1]


def _with_last(entries: list[parts.Entry]) -> list[tuple[parts.Entry, bool]]:
    return [(entry, entry is entries[-1]) for entry in entries]


def _line(entry: parts.Entry, lead: str) -> Line:
    by = "parent" if entry["property"] is None else f"{entry['property']}[{entry['index']}]"
    notes = []
    if not entry["enabled"]:
        notes.append("DISABLED")
    if "used_by_linux" in entry:
        notes.append(entry["kind"])
        notes += [f"not used by Linux: {entry['why_not']}"] if entry["why_not"] else []
    elif not entry["followed"]:
        notes.append("not ordered by fw_devlink")
    if entry["relaxed"]:
        notes.append("relaxed: part of a cycle, not ordered")
    if entry["told_above"]:
        notes.append("see above")
    note = f"  ({', '.join(notes)})" if notes else ""
    return line(Span(lead, DIM), f"{by:<16} ", entry["supplier"], *_driver(entry), Span(note, DIM))


def _driver(entry: parts.Entry) -> tuple[Span, ...]:
    """Who drives a node, where a kernel was named."""
    if "driver" not in entry:
        return ()
    from dtlink.views.drivers import word

    culprit = entry["driver"]["culprit"]
    told = Span(f"  {word(entry['driver'])}", STYLES["error"] if culprit else "")
    return (told, Span("  ← missing", STYLES["error"])) if culprit else (told,)
