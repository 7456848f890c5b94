"""``dtlink diff --same-machine``: a devicetree beside the ACPI tables of the same machine."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import click

from dtlink import engine
from dtlink.cli.complaints import complain
from dtlink.cli.overwriting import refuse_inputs
from dtlink.cli.param import ParamType
from dtlink.cli.single import Printing, one, view_of
from dtlink.cli.terminal import terminal_width
from dtlink.cli.writing import emit_json, emit_lines
from dtlink.firmware.errors import InputError
from dtlink.firmware.tree import Tree
from dtlink.links.id_ranges import IdRange
from dtlink.report.layout import BOLD, Line, Span, line
from dtlink.report.model import InputFault, InputReport, Report
from dtlink.typed import TYPE_CHECKING, Any
from dtlink.views.same_machine import SameMachineView

if TYPE_CHECKING:
    from dtlink.firmware.acpi.machine import Machine
    from dtlink.firmware.source.options import SourceOptions
    from dtlink.links.same_machine import Chosen
    from dtlink.report.answer import InputAnswer

#: Requester IDs by segment.
_Spans = dict[int, list[IdRange]]
_BUSES = re.compile(r"(?:([0-9a-f]{1,4}):)?([0-9a-f]{1,2})(?:-([0-9a-f]{1,2}))?", re.IGNORECASE)


class Buses(ParamType[list[tuple[int, IdRange]]]):
    """Buses of a segment in hexadecimal, as requester IDs."""

    name = "[SEG:]BUS[-BUS]"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> list[tuple[int, IdRange]]:
        """The segments and the requester IDs, or a usage error."""
        if isinstance(value, list):
            return value
        return [self._one(word, param, ctx) for word in str(value).split(",") if word]

    def _one(
        self, word: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, IdRange]:
        found = _BUSES.fullmatch(word)
        first, last = (int(found[2], 16), int(found[3] or found[2], 16)) if found else (1, 0)
        if found is None or last < first:
            self.fail(f"{word}: buses are hexadecimal, such as 0,10-1f or 0001:40", param, ctx)
        return int(found[1] or "0", 16), IdRange(first << 8, last << 8 | 0xFF)


def compare_and_print(
    old: str,
    new: str,
    bus: tuple[list[tuple[int, IdRange]], ...],
    lspci: str | None,
    sources: SourceOptions,
    to: Printing,
) -> int:
    """Compare the two, print the result, and return the exit status.

    Raises :class:`click.UsageError` for what does not describe one machine in both ways.
    """
    try:
        there = _chosen(bus, lspci)
    except InputError as error:
        raise click.UsageError(str(error)) from error
    reports = _compare((old, new), there, sources, digest=to.form == "json")
    report = Report("diff", reports)
    complain(reports)
    refuse_inputs(to.output, (old, new))
    view = view_of(reports[0], SameMachineView)
    if to.form == "json":
        emit_json(report, to.output)
    elif view is not None:
        lines = [*_heads(reports), *view.text(terminal_width(to.output))]
        emit_lines(lines, to.output, to.color)
    return report.exit_status(None) or int(view is not None and not view.agree)


def _heads(reports: Iterable[InputReport]) -> Iterator[Line]:
    """Which inputs, and which machines."""
    for item in reports:
        model = f" · {item.model}" if item.model else ""
        compatible = f" ({item.compatible[0]})" if item.compatible else ""
        yield line(Span(item.path, BOLD), model, compatible)


def _chosen(bus: tuple[list[tuple[int, IdRange]], ...], lspci: str | None) -> Chosen | None:
    """What the user says exists. Raises :class:`InputError` for a file that can't be read."""
    spans: _Spans = {}
    for segment, span in (*(each for some in bus for each in some), *_functions(lspci)):
        spans.setdefault(segment, []).append(span)
    told = " and ".join(["--bus"] * bool(bus) + ["--lspci"] * bool(lspci))
    return (spans, told) if told else None


def _functions(path: str | None) -> Iterator[tuple[int, IdRange]]:
    """The functions that exist, by the output of ``lspci`` or by ``/sys/bus/pci``."""
    if path is None:
        return
    from dtlink.firmware.pci.read import read_functions

    for each in read_functions(path):
        yield each.segment, IdRange(each.rid, each.rid)


def _compare(
    paths: tuple[str, str], there: Chosen | None, sources: SourceOptions, *, digest: bool
) -> list[InputReport]:
    """The reports: that of the devicetree first, with what was found."""
    kept: list[Tree | Machine] = []

    def keep(firmware: Tree | Machine) -> InputAnswer:
        kept.append(firmware)
        return {}

    task = engine.Task(tree=keep, tables=keep, sources=sources)
    reports = [one(path, task, digest=digest) for path in paths]
    if any(item.error or item.refused for item in reports):
        return reports
    if not isinstance(kept[0], Tree):
        kept.reverse()
        reports.reverse()
    tree, machine = kept
    if not isinstance(tree, Tree) or isinstance(machine, Tree):
        what = "devicetrees" if isinstance(tree, Tree) else "tables"
        raise click.UsageError(
            f"both are {what}: --same-machine takes a devicetree and ACPI tables"
        )
    try:
        view = SameMachineView.of(tree, machine, there)
    except InputError as error:
        return [reports[0]._replace(error=InputFault(error.message, error.offset)), reports[1]]
    return [reports[0]._replace(view=view), reports[1]]
