"""``dtlink graph``: a board's dependencies as a picture, for a browser or another tool."""

from __future__ import annotations

import os
import sys
from functools import partial

import click

from dtlink import engine
from dtlink.cli.complaints import complain
from dtlink.cli.completion import complete_files, complete_nodes
from dtlink.cli.messages import say
from dtlink.cli.observed import RunningBoardParam
from dtlink.cli.options import KernelCommandLine, board_settings, options
from dtlink.cli.overwriting import refuse_inputs
from dtlink.cli.param import WholeNumber
from dtlink.cli.single import check_order, one, version_of, view_of
from dtlink.cli.writing import emit, emit_json
from dtlink.firmware.errors import InputError
from dtlink.report.model import Report
from dtlink.typed import TYPE_CHECKING, Any, NoReturn
from dtlink.views.graph.formats import FORMATS, SUFFIXES
from dtlink.views.graph.neighbourhood import Near

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dtlink.board.settings import Settings
    from dtlink.facts.cmdline import CommandLine
    from dtlink.facts.kernels import KernelVersion
    from dtlink.firmware.acpi.machine import Machine
    from dtlink.firmware.git.commit import CommitFile
    from dtlink.firmware.tree import Tree
    from dtlink.observed.observation import Observation
    from dtlink.report.answer import InputAnswer
    from dtlink.report.model import InputReport
    from dtlink.views.graph.view import GraphView

_HELP = """Draw what devices wait for: a page for a browser, or a graph for another tool.

The page has the whole board, and starts with its findings, waits and cycles, or at the NODEs: each
a path, a label, an alias or a name that only one node has. Other formats have what is near the
NODEs; without any, the whole graph.

\b
  dtlink graph board.dtb -o board.html --kernel /lib/modules/6.12.0
  dtlink graph board.dtb mmc0 --format dot | dot -Tsvg > mmc0.svg
  dtlink graph new.dtb --against-input old.dtb -o change.html
  dtlink graph board.dts --against-input HEAD~1:board.dts -o change.html
"""
#: From how many edges on a picture of them shows nothing.
_HAIRBALL = 150

#: What ends the names of files that a page in them would be taken for a picture.
_PICTURES = (".svg", ".png", ".pdf", ".jpg", ".jpeg", ".gif", ".webp", ".eps", ".ps")

#: What ends the names of files in other formats that a graph is not written in. Any other end says
#: nothing of a format: names of versions and of mktemp have some.
_NO_GRAPHS = (
    *(".adoc", ".log", ".markdown", ".md", ".odt", ".rst", ".txt"),
    *(".csv", ".db", ".ods", ".sqlite", ".tsv", ".xls", ".xlsx", ".zip"),
    *(".gexf", ".gml", ".jsonl", ".puml", ".sarif", ".toml", ".xml", ".yaml", ".yml"),
)


@click.command(help=_HELP)
@options("path")
@click.argument("nodes", nargs=-1, metavar="[NODE...]", shell_complete=complete_nodes)
@click.option(
    "--format",
    "form",
    type=click.Choice(list(FORMATS)),
    help="Output format. [default: by the suffix of FILE, else html]",
)
@options("output", "kernel", "initramfs", "kernel_index", "kernel_version_or_own")
@click.option(
    "--cmdline",
    metavar="STRING",
    type=KernelCommandLine(),
    help="Kernel command line. [default: bootargs of /chosen]",
)
@options("root", "root_after")
@click.option(
    "--against-input",
    metavar="OLD",
    default="",
    shell_complete=complete_files,
    help="Earlier build to compare with, or REF:path of a commit: what the input gained, lost and "
    "changed is marked.",
)
@click.option(
    "--observed",
    type=RunningBoardParam(),
    help="What a running board reports, beside the prediction: as of 'dtlink devlink --help'.",
)
@click.option(
    "--depth",
    type=WholeNumber(min=0),
    default=Near().depth,
    show_default=True,
    metavar="N",
    help="How far to follow suppliers of the NODEs.",
)
@click.option(
    "--consumers",
    type=WholeNumber(min=0),
    default=Near().consumers,
    show_default=True,
    metavar="N",
    help="How far to follow consumers of the NODEs.",
)
@options("lspci", "sources", "overlay")
def graph(
    path: str,
    nodes: tuple[str, ...],
    form: str | None,
    output: str | None,
    kernel_version: KernelVersion | None,
    cmdline: CommandLine | None,
    against_input: str,
    observed: Observation | None,
    depth: int,
    consumers: int,
    **given: Any,
) -> None:
    """Collect the graph of one input, or of two, and write it."""
    form = form or _by_suffix(output)
    if form == "html" and output is None and sys.stdout.isatty():
        raise click.UsageError("-o FILE is needed: a page is not for a terminal")
    check_order(path, *nodes)
    settings = board_settings(kernel_version=kernel_version, cmdline=cmdline, **given)
    near = Near(depth, consumers)
    make = partial(_graph, settings=settings, names=nodes, near=near, observed=observed)
    item = _of(path, make, settings, form)
    items = [item]
    if against_input:
        other = partial(_graph, settings=settings, names=(), near=Near(), observed=None)
        items.append(_of(against_input, other, settings, form))
    _finish(items, form, output, version_of(settings))


def _by_suffix(output: str | None) -> str:
    if output is None:
        return "html"
    if output.lower().endswith(_PICTURES):
        raise click.UsageError(
            f"{output}: dtlink draws no pictures; use --format dot, and dot -Tsvg of Graphviz"
        )
    suffix = next((each for each in SUFFIXES if output.lower().endswith(each)), "")
    if not suffix and output.lower().endswith(_NO_GRAPHS):
        known = ", ".join(SUFFIXES)
        unknown = os.path.splitext(output)[1]  # noqa: PTH122 - any text
        wrong = f"{output}: no format has the suffix {unknown}"
        raise click.UsageError(f"{wrong}; give --format, or one of {known}")
    return SUFFIXES.get(suffix, "html")


def _of(path: str, make: partial[InputAnswer], settings: Settings, form: str) -> InputReport:
    named = partial(make, path=path)
    task = engine.Task(named, named, settings.sources)
    if file := _in_commit(path):
        return engine.process(path, task._replace(at=file), digest=form == "json")
    return one(path, task, digest=form == "json")


def _in_commit(path: str) -> CommitFile | None:
    """The file of a commit that a path names as ``REF:path``; ``None``: it is one of the disk."""
    if ":" not in path:
        return None
    from dtlink.firmware.git.commit import file_at

    try:
        return file_at(path)
    except InputError as error:
        raise click.UsageError(str(error)) from error


def _graph(
    firmware: Tree | Machine,
    settings: Settings,
    names: Sequence[str],
    near: Near,
    observed: Observation | None,
    path: str,
) -> InputAnswer:
    """The graph of a board, with the findings of a lint of the same board."""
    from dtlink.board.boards import assumptions, board_of
    from dtlink.views.graph.view import GraphView

    board = board_of(firmware, settings)
    found = engine.lint_board(board)
    findings = found.get("findings", ())
    view = GraphView.of(board, findings, path=path, names=names, near=near, observed=observed)
    return {"view": view, "faults": found.get("faults", ()), "notes": assumptions(board)}


def _finish(items: list[InputReport], form: str, output: str | None, version: str) -> NoReturn:
    """Write the graph, and exit."""
    from dtlink.views.graph.view import GraphView

    complain(items)
    refuse_inputs(output, (each.path for each in items))
    views = [view for item in items if (view := view_of(item, GraphView)) is not None]
    if len(views) == len(items):
        _write(_joined(views), items[0], form, output, version)
    sys.exit(Report("graph", items, version).exit_status(None))


def _joined(views: Sequence[GraphView]) -> GraphView:
    if len(views) == 1:
        return views[0]
    from dtlink.views.graph.change import compared

    return compared(views[1], views[0])


def _write(view: GraphView, item: InputReport, form: str, output: str | None, version: str) -> None:
    if view.left_out:
        say(f"dtlink: left out for want of room: {view.left_out}")
    shown = view if form == "html" else view.in_view()
    if form == "json":
        emit_json(Report("graph", [item._replace(view=shown)], version), output)
        return
    if form in ("dot", "mermaid") and len(shown.edges) > _HAIRBALL:
        note = f"{len(shown.edges)} edges: name a NODE, or use -o FILE.html, to see anything"
        say(f"dtlink: {note}")
    emit(view.render(form), output)
