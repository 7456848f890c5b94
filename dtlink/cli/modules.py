"""``dtlink modules``: which modules an initramfs needs for some devices."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

import click

from dtlink import engine
from dtlink.board.tree import Board
from dtlink.boot.roles import Role, Roles
from dtlink.cli.completion import complete_nodes
from dtlink.cli.options import board_settings, complain, need_kernel, options
from dtlink.cli.single import one
from dtlink.cli.writing import emit, emit_json
from dtlink.firmware.errors import InputError
from dtlink.report.model import InputAnswer, Report

if TYPE_CHECKING:
    from dtlink.board.settings import Settings
    from dtlink.facts.kernels import KernelVersion
    from dtlink.firmware.tree import Tree

#: The formats; those besides JSON are rows of ``dtlink.views.modules.FORMS``.
_FORMS = ("list", "initramfs-tools", "dracut", "mkinitcpio", "nixos", "modules.load", "json")


@click.command(help="List the modules that devices need before they can probe, in load order.")
@options("path")
@click.argument("nodes", nargs=-1, metavar="[NODE...]", shell_complete=complete_nodes)
@options("kernel", "initramfs", "kernel_index", "kernel_version")
@click.option("--missing", is_flag=True, help="Only what the initramfs lacks.")
@click.option(
    "--format",
    "form",
    type=click.Choice(_FORMS),
    default="list",
    show_default=True,
    help="For whom: people, or the tool that makes the initramfs.",
)
@options("output")
def modules(
    path: str,
    nodes: tuple[str, ...],
    kernel: str,
    initramfs: str,
    kernel_index: str,
    kernel_version: KernelVersion,
    missing: bool,  # noqa: FBT001 - click calls it by name
    form: str,
    output: str | None,
) -> None:
    """Follow NODEs (paths, labels, names; default: every storage controller) to their suppliers."""
    settings = board_settings(
        kernel_version=kernel_version,
        kernel=kernel,
        initramfs=initramfs,
        kernel_index=kernel_index,
    )
    need_kernel(settings)
    if missing and not initramfs:
        raise click.UsageError("--missing needs --initramfs")
    task = engine.Task(partial(_modules, names=nodes, settings=settings, missing=missing))
    item = one(path, task, digest=form == "json")
    report = Report("modules", [item])
    complain([item])
    if form == "json":
        emit_json(report, output)
    elif item.error is None:
        from dtlink.views.modules import text

        emit(text(item.part, form), output)
    sys.exit(report.exit_status(None))


def _modules(
    tree: Tree, names: tuple[str, ...], settings: Settings, *, missing: bool
) -> InputAnswer:
    from dtlink.views import modules as told

    board = Board(tree, settings)
    nodes = [_node(tree, name) for name in names] or _storage(board)
    return {"part": told.modules(board, nodes, missing=missing)}


def _node(tree: Tree, name: str) -> int:
    named = [node for node in tree if node.name == name]
    node = tree.find(name) or (named[0] if len(named) == 1 else None)
    if node is None:
        raise InputError(f"no one node, label or alias is named {name}")
    return node.index


def _storage(board: Board) -> list[int]:
    """Every storage controller that is enabled; flash chips if there is nothing else."""
    tree, roles = board.tree, Roles(board.tree)
    own, names = tree.holders("compatible"), tree.layout.names
    found = [
        node
        for node in sorted(own)
        if node not in tree.disabled and roles.of(node) in (Role.ROOT, Role.STORAGE)
    ]
    return [node for node in found if not names[node].startswith((b"flash", b"nand"))] or found
