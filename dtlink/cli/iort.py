"""``dtlink iort``: the translation of one requester."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from dtlink import engine
from dtlink.cli.options import options
from dtlink.cli.single import tell
from dtlink.facts.kernels import DEFAULT
from dtlink.firmware.errors import InputError
from dtlink.report.layout import BOLD, DIM, Line, Span, line

if TYPE_CHECKING:
    from dtlink.firmware.acpi.iort import NamedComponent
    from dtlink.firmware.acpi.machine import Machine
    from dtlink.report.model import InputAnswer
    from dtlink.views.parts import Entry

_FUNCTION = re.compile(
    r"(?:([0-9a-f]{1,4}):)?([0-9a-f]{1,2}):([0-9a-f]{1,2})\.([0-7])", re.IGNORECASE
)


class Function(click.ParamType[tuple[int, int]]):
    """A PCI function as ``lspci`` names it, as segment and requester ID."""

    name = "[SEG:]BUS:DEV.FN"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        """The segment and the requester ID, or a usage error."""
        if isinstance(value, tuple):
            return value[0], value[1]
        found = _FUNCTION.fullmatch(str(value))
        device = int(found[3], 16) if found else 32
        if found is None or device > 31:
            self.fail(f"{value} is no PCI function, such as 0000:01:00.0", param, ctx)
        bus = int(found[2], 16)
        return int(found[1] or "0", 16), bus << 8 | device << 3 | int(found[4])


@click.command(help="Show what becomes of one requester's ID: at which SMMU, at which ITS.")
@options("path")
@click.option("--rid", type=Function(), help="A PCI function, such as 0000:01:00.0.")
@click.option("--component", metavar="PATH", help=r"A named component, such as \_SB_.GPU0.")
@options("format", "output", "color")
def iort(
    path: str,
    rid: tuple[int, int] | None,
    component: str | None,
    form: str,
    output: str | None,
    color: str,
) -> None:
    """Follow the ID entry by entry, as Linux does; where the specification differs, as it says."""
    if (rid is None) == (component is None):
        raise click.UsageError("one of --rid and --component is needed")
    task = engine.Task(tables=partial(_iort, rid=rid, component=component or ""))
    tell(
        "iort",
        path,
        task,
        _lines,
        form=form,
        output=output,
        version=DEFAULT,
        color=color,
    )


def _iort(machine: Machine, rid: tuple[int, int] | None, component: str) -> InputAnswer:
    from dtlink.views import translation

    if machine.iort is None and machine.viot is None:
        raise InputError("there is no IORT and no VIOT here")
    if rid is not None:
        return {"part": translation.of_function(machine, *rid)}
    return {"part": translation.of_component(machine, _component(machine, component))}


def _component(machine: Machine, name: str) -> NamedComponent:
    from dtlink.firmware.acpi.iort import NamedComponent

    table = machine.iort
    nodes = [node for node in (table.nodes if table else ()) if isinstance(node, NamedComponent)]
    found = [node for node in nodes if name.casefold() == node.object_name.casefold()]
    found = found or [node for node in nodes if name.casefold() in node.object_name.casefold()]
    if len(found) != 1:
        several = f" (it may be {', '.join(node.object_name for node in found)})" if found else ""
        there = ", ".join(node.object_name for node in nodes) or "none"
        raise InputError(f"no one named component is {name}{several or f'; there are: {there}'}")
    return found[0]


def _lines(part: Entry) -> Iterator[Line]:
    ident = "" if part["id"] is None else f" · requester ID {part['id']:#x}"
    yield line(Span(part["requester"], BOLD), f"{ident} · {part['node'] or 'no root complex'}")
    for walk in part["walks"]:
        yield from _walk(walk)
    if not part["walks"] and part["node"]:
        yield line(Span("  no entry leads anywhere", DIM))
    if part["viot"]:
        yield from _viot(part["viot"])


def _walk(walk: Entry) -> Iterator[Line]:
    by = "" if walk["reading"] == "linux" else "  (as specified; Linux does not use it so)"
    yield line(f"  {walk['sought']}", Span(by, DIM))
    for step in walk["steps"]:
        source = "any ID" if step["id_in"] is None else f"{step['id_in']:#x}"
        yield line(
            f"    {source} → {step['id_out']:#x} at {step['target']}  ",
            Span(f"mappings[{step['index']}] of {step['node']}", DIM),
        )
    if walk["end"]:
        yield line(Span(f"    none: {walk['end']}", DIM))


def _viot(viot: Entry) -> Iterator[Line]:
    yield line("  IOMMU", Span("  (VIOT)", DIM))
    if viot["found"] is None:
        yield line(Span(f"    none: {viot['end']}", DIM))
    else:
        yield line(f"    endpoint {viot['id']:#x} at {viot['found']}  ", Span(viot["node"], DIM))
