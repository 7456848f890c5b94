"""``dtlink links``: the links between suppliers and consumers."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial
from itertools import chain

import click

from dtlink import engine
from dtlink.board.settings import Settings
from dtlink.cli.complaints import NO_INPUTS, Complaints
from dtlink.cli.options import board_settings, formats, options, words
from dtlink.cli.outputs import gather, write_formats
from dtlink.cli.single import view_of
from dtlink.cli.sources import chosen_inputs, configured
from dtlink.cli.targets import Target, digests, resolve
from dtlink.report.model import Report
from dtlink.typed import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dtlink.facts.kernels import KernelVersion
    from dtlink.firmware.acpi.machine import Machine
    from dtlink.firmware.tree import Tree
    from dtlink.report.answer import InputAnswer
    from dtlink.report.layout import Line


@click.command(help="List supplier-consumer links, one per property entry.")
@options("paths")
@formats("text", "json", "jsonl")
@click.option("--disabled", is_flag=True, help="Include the links of disabled consumers.")
@click.option("--binding", multiple=True, metavar="NAME", help="Only links by these bindings.")
@options("kernel_version", "sources", "overlay", "inputs", "search", "jobs", "color")
def links(
    paths: tuple[str, ...],
    targets: tuple[Target, ...],
    output: str | None,
    disabled: bool,  # noqa: FBT001 - click calls it
    binding: tuple[str, ...],
    kernel_version: KernelVersion,
    search: bool,  # noqa: FBT001
    jobs: int,
    color: str,
    **sources: Any,
) -> None:
    """Extract the links of each input, and print them."""
    from dtlink.views.links import check_bindings

    try:
        check_bindings(words(binding))
    except ValueError as error:
        raise click.UsageError(f"--binding: {error}") from error
    chosen = chosen_inputs(paths, search=search)
    settings = board_settings(kernel_version=kernel_version, **sources)
    make = partial(_links, settings=settings, disabled=disabled, bindings=words(binding))
    outputs = resolve(targets, output)
    blank = Report("links", (), str(kernel_version), notes=chosen.notes)
    task = partial(configured, task=engine.Task(make, make, settings.sources))
    reports = engine.run(chosen.inputs, task, jobs=jobs, digest=digests(outputs))
    total = len(chosen.inputs) + len(chosen.unread)
    complaints = Complaints(total)
    report = gather(chain(reports, chosen.unread), total, outputs, blank, complaints)
    complaints.end(NO_INPUTS)
    write_formats(report, outputs, _lines, color)
    sys.exit(report.exit_status(None))


def _links(
    firmware: Tree | Machine, settings: Settings, *, disabled: bool, bindings: tuple[str, ...]
) -> InputAnswer:
    from dtlink.board.boards import board_of
    from dtlink.views.links import LinksView

    view = LinksView.of(board_of(firmware, settings), disabled=disabled, bindings=bindings)
    return {"view": view, "references": view.number}


def _lines(whole: Report, _width: int | None) -> Iterator[Line]:
    from dtlink.views.links import LinksView

    for item in whole.inputs:
        view = view_of(item, LinksView)
        if view is not None:
            yield from view.text(item.name)
