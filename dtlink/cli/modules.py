"""``dtlink modules``: which modules an initramfs needs for some devices."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from dtlink import engine
from dtlink.boot.roles import Role, Roles
from dtlink.cli.completion import complete_nodes
from dtlink.cli.options import complain, options, paths_of
from dtlink.cli.single import one
from dtlink.cli.writing import emit, emit_json
from dtlink.firmware.errors import InputError
from dtlink.report.model import Report

if TYPE_CHECKING:
    from dtlink.facts.kernels import KernelVersion
    from dtlink.firmware.tree import Tree
    from dtlink.kernel.facts import Paths

#: The formats; those besides JSON are rows of ``dtlink.views.modules.FORMS``.
_FORMS = ("list", "initramfs-tools", "dracut", "mkinitcpio", "nixos", "modules.load", "json")


@click.command(help="List the modules that devices need before they can probe, in load order.")
@options("path")
@click.argument("nodes", nargs=-1, metavar="[NODE...]", shell_complete=complete_nodes)
@options("build", "initramfs", "index", "kernel")
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
    build: str,
    initramfs: str,
    index: str,
    version: KernelVersion,
    missing: bool,  # noqa: FBT001 - click calls it by name
    form: str,
    output: str | None,
) -> None:
    """Follow NODEs (paths, labels, names; default: every storage controller) to their suppliers."""
    paths = paths_of(build, initramfs, index)
    if paths is None:
        raise click.UsageError("--kernel is needed: a folder of modules, a build tree, 'running' …")
    if missing and not initramfs:
        raise click.UsageError("--missing needs --initramfs")
    task = engine.Task(
        partial(_modules, names=nodes, paths=paths, version=version, missing=missing)
    )
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
    tree: Tree, names: tuple[str, ...], paths: Paths, version: KernelVersion, *, missing: bool
) -> dict[str, Any]:
    from dtlink.facts.profile import KernelProfile
    from dtlink.kernel.facts import load
    from dtlink.views import modules as told

    nodes = [_node(tree, name) for name in names] or _storage(tree)
    profile = KernelProfile.of(version)
    return {"part": told.modules(tree, load(paths), profile, nodes, missing=missing)}


def _node(tree: Tree, name: str) -> int:
    named = [node for node in tree if node.name == name]
    node = tree.find(name) or (named[0] if len(named) == 1 else None)
    if node is None:
        raise InputError(f"no one node, label or alias is named {name}")
    return node.index


def _storage(tree: Tree) -> list[int]:
    """Every storage controller that is enabled; flash chips if there is nothing else."""
    roles, own, names = Roles(tree), tree.holders("compatible"), tree.layout.names
    found = [
        node
        for node in sorted(own)
        if node not in tree.disabled and roles.of(node) in (Role.ROOT, Role.STORAGE)
    ]
    return [node for node in found if not names[node].startswith((b"flash", b"nand"))] or found
