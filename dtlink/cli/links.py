"""``dtlink links``: who needs whom."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

import click

from dtlink import engine
from dtlink.cli.options import complain, options, words
from dtlink.cli.outputs import Target, digests, formats, gather, resolve, tell
from dtlink.links.graph import Graph
from dtlink.report.layout import BOLD, DIM, Line, Span, line
from dtlink.report.model import InputAnswer, InputReport, Report
from dtlink.views import parts

if TYPE_CHECKING:
    from dtlink.facts.kernels import KernelVersion
    from dtlink.firmware.acpi.machine import Machine
    from dtlink.firmware.tree import Tree


@click.command(help="List the supplier-consumer links of files and folders.")
@options("paths")
@formats("text", "json", "jsonl")
@click.option("--disabled", is_flag=True, help="Tell the links of disabled consumers too.")
@click.option("--binding", multiple=True, metavar="NAME", help="Only links by these bindings.")
@options("kernel_version", "jobs", "color")
def links(
    paths: tuple[str, ...],
    targets: tuple[Target, ...],
    output: str | None,
    disabled: bool,  # noqa: FBT001 - click calls it
    binding: tuple[str, ...],
    kernel_version: KernelVersion,
    jobs: int,
    color: str,
) -> None:
    """Extract and tell."""
    inputs = list(engine.expand(paths))
    task = engine.Task(
        partial(_links, version=kernel_version, disabled=disabled, bindings=words(binding)),
        partial(_table_links, bindings=words(binding)),
    )
    outputs = resolve(targets, output)

    def envelope(reports: Sequence[InputReport]) -> Report:
        return Report("links", reports, str(kernel_version))

    reports = engine.run(inputs, task, jobs=jobs, digest=digests(outputs))
    report = gather(reports, len(inputs), outputs, envelope)
    complain(report.inputs)
    tell(report, outputs, _lines, color)
    sys.exit(report.exit_status(None))


def _links(
    tree: Tree, version: KernelVersion, *, disabled: bool, bindings: tuple[str, ...]
) -> InputAnswer:
    return _chosen(parts.links(Graph.of(tree, version, disabled=disabled)), bindings)


def _table_links(machine: Machine, bindings: tuple[str, ...]) -> InputAnswer:
    from dtlink.views import tables

    return _chosen(tables.links(Graph.of(machine)), bindings)


def _chosen(found: list[parts.Entry], bindings: tuple[str, ...]) -> InputAnswer:
    if bindings:
        found = [entry for entry in found if entry["binding"] in bindings]
    return {"part": found, "references": len(found)}


def _lines(whole: Report, _width: int | None) -> Iterator[Line]:
    for report in whole.inputs:
        if report.error is None:
            yield line(Span(report.path, BOLD), f" · {report.references:,} links")
            consumer = None
            for entry in report.part:
                if entry["consumer"] != consumer:
                    consumer = entry["consumer"]
                    yield line("  ", consumer)
                yield _link(entry)


def _link(entry: parts.Entry) -> Line:
    at = "" if entry["node"] in (entry["consumer"], entry["supplier"]) else f" at {entry['node']}"
    where = f"{entry['property']}[{entry['index']}]{at}"
    if entry["origin"] == "acpi":
        return _table_link(entry, where)
    args = " ".join(f"{arg:#x}" for arg in entry["args"])
    known = entry["why_not"] if entry["origin"] == "kernel" else entry["origin"]
    note = f"  ({known})" if known else ""
    return line(
        f"    {where:<28} → {entry['supplier']}", f" <{args}>" if args else "", Span(note, DIM)
    )


def _table_link(entry: parts.Entry, where: str) -> Line:
    """A link of a table: which IDs become which, and whether Linux makes use of it."""
    ids, output = entry["inputs"], entry["output"]
    told = "" if output is None else f" {output:#x}"
    if ids:
        first, last = ids
        told = f" {first:#x}" + (f"-{last:#x}" if last != first else "") + f" →{told}"
    notes = [entry["kind"]]
    if entry["through"]:
        notes.append(f"through {entry['through']}")
    if entry["why_not"]:
        notes.append(f"not used by Linux: {entry['why_not']}")
    return line(
        f"    {where:<14} → {entry['supplier']}{told}", Span(f"  ({', '.join(notes)})", DIM)
    )
