"""``dtlink iort``: the translation of one requester."""

from __future__ import annotations

from functools import partial

import click

from dtlink.board.settings import Settings
from dtlink.cli.options import options
from dtlink.cli.param import ParamType
from dtlink.cli.single import Printing, finish, one, tables_task
from dtlink.facts.pci import parse_bdf
from dtlink.report.model import Report
from dtlink.typed import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dtlink.facts.kernels import KernelVersion


class Function(ParamType[tuple[int, int]]):
    """A PCI function as ``lspci`` names it, as segment and requester ID."""

    name = "[SEG:]BUS:DEV.FN"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        """The segment and the requester ID, or a usage error."""
        if isinstance(value, tuple):
            return value[0], value[1]
        try:
            return parse_bdf(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


@click.command(help="Trace a requester ID to its IOMMU, and on Arm to its ITS.")
@options("path")
@click.option("--rid", type=Function(), help="A PCI function, such as 0000:01:00.0.")
@click.option(
    "--component", metavar="PATH", help=r"A device that the tables name, such as \_SB_.GPU0."
)
@options("format", "output", "kernel_version", "color")
def iort(
    path: str,
    rid: tuple[int, int] | None,
    component: str | None,
    form: str,
    output: str | None,
    kernel_version: KernelVersion,
    color: str,
) -> None:
    """Follow the ID entry by entry, as Linux does; where the specification differs, as it says."""
    from dtlink.views.iort import IortView

    if rid is not None and component is None:
        make = partial(IortView.of_function, segment=rid[0], requester=rid[1])
    elif component is not None and rid is None:
        make = partial(IortView.of_component, name=component)
    else:
        raise click.UsageError("one of --rid and --component is needed")
    task = tables_task(make, Settings(kernel_version))
    report = Report("iort", [one(path, task, digest=form == "json")], str(kernel_version))
    finish(report, IortView, IortView.text, Printing(form, output, color))
