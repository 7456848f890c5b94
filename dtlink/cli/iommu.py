"""``dtlink iommu``: the IOMMU of a requester, its IDs there, its MSIs, its reserved memory."""

from __future__ import annotations

from functools import partial

import click

from dtlink.cli.completion import complete_files, complete_nodes
from dtlink.cli.options import board_settings, options
from dtlink.cli.single import Printing, check_order, finish, one, version_of, view_task
from dtlink.report.model import Report
from dtlink.typed import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dtlink.facts.kernels import KernelVersion

_HELP = """Show which IOMMU a device has, with which IDs, and what keeps it from a guest.

FUNCTION is a PCI function such as 0000:3b:00.0, a node of a devicetree, or a device that ACPI
tables name; without it, all that PATH describes is listed. The answer has the stream, source or
endpoint ID, the ITS or the remapping of interrupts, reserved memory (RMRR, IVMD, RMR,
iommu-addresses), and the reasons for which VFIO refuses the device. PATH is a table, a folder of
tables, the output of acpidump, or a devicetree.
"""


@click.command(help=_HELP)
@options("path")
@click.argument("function", metavar="[FUNCTION]", default="", shell_complete=complete_nodes)
@click.option(
    "--lspci",
    metavar="PATH",
    default="",
    shell_complete=complete_files,
    help="Functions of the machine, for bridges and IOMMU groups: the output of lspci -Dvvnn (as "
    "root), or /sys/bus/pci or a copy of it.",
)
@options("format", "output", "kernel_version", "sources", "overlay", "color")
def iommu(
    path: str,
    function: str,
    lspci: str,
    form: str,
    output: str | None,
    kernel_version: KernelVersion,
    color: str,
    **sources: Any,
) -> None:
    """Answer for one requester, or list them."""
    from dtlink.views.iommu.view import IommuView

    check_order(path, function)
    settings = board_settings(kernel_version=kernel_version, **sources)
    task = view_task(partial(IommuView.of, function=function, lspci=lspci), settings)
    report = Report("iommu", [one(path, task, digest=form == "json")], version_of(settings))
    finish(report, IommuView, IommuView.text, Printing(form, output, color))
