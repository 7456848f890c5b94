"""``dtlink modules``: which modules an initramfs needs for some devices."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

import click

from dtlink.cli.completion import complete_nodes
from dtlink.cli.options import board_settings, complain, need_kernel, options
from dtlink.cli.single import one, tree_task, version_of, view_of
from dtlink.cli.writing import emit, emit_json
from dtlink.report.model import Report

if TYPE_CHECKING:
    from dtlink.facts.kernels import KernelVersion

#: The formats; those besides JSON are rows of ``dtlink.views.modules.FORMS``.
_FORMS = ("list", "initramfs-tools", "dracut", "mkinitcpio", "nixos", "modules.load", "json")


@click.command(help="List the modules that devices need before they can probe, in load order.")
@options("path")
@click.argument("nodes", nargs=-1, metavar="[NODE...]", shell_complete=complete_nodes)
@options("kernel", "initramfs", "kernel_index", "kernel_version_or_own")
@click.option("--missing", is_flag=True, help="Only modules that the initramfs lacks.")
@click.option(
    "--format",
    "form",
    type=click.Choice(_FORMS),
    default="list",
    show_default=True,
    help="Output format: a list to read, or the configuration of an initramfs tool.",
)
@options("output")
def modules(
    path: str,
    nodes: tuple[str, ...],
    kernel: str,
    initramfs: str,
    kernel_index: str,
    kernel_version: KernelVersion | None,
    missing: bool,  # noqa: FBT001 - click calls it by name
    form: str,
    output: str | None,
) -> None:
    """Follow NODEs (paths, labels, names; default: every storage controller) to their suppliers."""
    from dtlink.views.modules import ModulesView

    settings = board_settings(
        kernel_version=kernel_version,
        kernel=kernel,
        initramfs=initramfs,
        kernel_index=kernel_index,
    )
    need_kernel(settings)
    if missing and not initramfs:
        raise click.UsageError("--missing needs --initramfs")
    task = tree_task(partial(ModulesView.of, names=nodes, missing=missing), settings)
    item = one(path, task, digest=form == "json")
    report = Report("modules", [item], version_of(settings))
    complain([item])
    view = view_of(item, ModulesView)
    if form == "json":
        emit_json(report, output)
    elif view is not None:
        emit("".join(f"{row}\n" for row in view.lines(form)), output)
    sys.exit(report.exit_status(None))
