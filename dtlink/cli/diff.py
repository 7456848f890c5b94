"""``dtlink diff``: what changed between two builds, or two descriptions of one machine."""

from __future__ import annotations

import sys

import click

from dtlink.api.changes import compared
from dtlink.api.pairs import UnpairedError
from dtlink.cli import _same_machine
from dtlink.cli.complaints import collect, complain
from dtlink.cli.given import named
from dtlink.cli.messages import say, tell
from dtlink.cli.options import options
from dtlink.cli.overwriting import refuse_inputs
from dtlink.cli.single import Printing
from dtlink.cli.terminal import terminal_width
from dtlink.cli.usage import check_configuration
from dtlink.cli.writing import emit_json, emit_lines
from dtlink.firmware.errors import InputError
from dtlink.firmware.read import STDIN
from dtlink.firmware.source.options import SourceOptions
from dtlink.rules.model import Severity
from dtlink.typed import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dtlink.links.id_ranges import IdRange
    from dtlink.report.model import Report

_HELP = """Report what changed from OLD to NEW: findings, waits, cycles and links.

Each is a devicetree, a file of ACPI tables, a folder (of boards, paired by their paths below it, or
of one machine's tables), or a saved report: what --format json of lint, links, cycles or devlink
printed. REF:PATH is PATH in a commit of git, read without a checkout. Nodes are known by their
paths: phandle numbers, offsets and order are no change.

With --same-machine, compare a devicetree with the ACPI tables of the same machine.
"""
#: The least severity for each word of ``--fail-on``.
_FAIL_ON = {"new": Severity.INFO, **{each.value: each for each in Severity}}


@click.command(help=_HELP)
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@options("select", "ignore")
@click.option(
    "--fail-on",
    type=click.Choice([*_FAIL_ON, "never"]),
    default="never",
    show_default=True,
    help="Exit 1 if NEW has a finding that is not in OLD, or is milder there: any, or of at least "
    "this severity.",
)
@click.option("--all", "everything", is_flag=True, help="Do not abbreviate text output.")
@click.option(
    "--same-machine",
    is_flag=True,
    help="Check whether OLD and NEW, a devicetree and the ACPI tables of one machine, give each "
    "requester the same IOMMU, stream ID and MSI controller.",
)
@click.option(
    "--bus",
    type=_same_machine.Buses(),
    multiple=True,
    help="With --same-machine: the buses that exist, in hexadecimal, such as 0,10-1f.",
)
@click.option(
    "--lspci",
    type=click.Path(),
    metavar="FILE",
    help="With --same-machine: the functions that exist: the output of lspci (-n, -D).",
)
@options("format", "output", "kernel_version_or_own", "cmdline")
@options("kernel", "initramfs", "kernel_index", "root", "root_after")
@options("sources", "overlay", "config", "jobs", "color")
@click.pass_context
def diff(
    context: click.Context,
    /,
    old: str,
    new: str,
    fail_on: str,
    everything: bool,  # noqa: FBT001 - click calls it
    same_machine: bool,  # noqa: FBT001 - click calls it
    bus: tuple[list[tuple[int, IdRange]], ...],
    lspci: str | None,
    form: str,
    output: str | None,
    file: str | None,
    isolated: bool,  # noqa: FBT001 - click calls it
    jobs: int,
    color: str,
    **_settings: Any,
) -> None:
    """Read both, compare, and print."""
    check_configuration(file, isolated=isolated)
    if old == new == STDIN:
        raise click.UsageError("only one of OLD and NEW can be standard input")
    if same_machine:
        sources = SourceOptions(
            **{name: _settings[name] for name in SourceOptions._fields if name in _settings}
        )
        printing = Printing(form, output, color)
        sys.exit(_same_machine.compare_and_print(old, new, bus, lspci, sources, printing))
    if bus or lspci:
        raise click.UsageError("--bus and --lspci go with --same-machine")
    given = named(context)
    given.pop("fail_on", None)  # it has words of its own here
    digest = form == "json"
    try:
        report = compared(
            old,
            new,
            given,
            file,
            isolated=isolated,
            jobs=jobs,
            digest=digest,
            collect=collect,
            tell=tell,
        )
    except UnpairedError as error:
        raise click.UsageError(str(error)) from error
    except InputError as error:
        say(f"dtlink: {error}")
        sys.exit(2)
    refuse_inputs(output, (old, new, *(each.path for each in report.inputs)))
    _tell(report, form, output, color, everything=everything)
    sys.exit(report.exit_status(None) or _fails(report, fail_on))


def _tell(report: Report, form: str, output: str | None, color: str, *, everything: bool) -> None:
    complain(report.inputs, "no inputs: neither OLD nor NEW has any")
    if form == "json":
        emit_json(report, output)
    else:
        from dtlink.views.diff.text import lines

        emit_lines(lines(report, terminal_width(output), everything=everything), output, color)


def _fails(report: Report, fail_on: str) -> int:
    from dtlink.views.diff.findings import worsened
    from dtlink.views.diff.view import DiffView

    least = _FAIL_ON.get(fail_on)
    views = [item.view for item in report.inputs if isinstance(item.view, DiffView)]
    worse = [each for view in views if view.findings for each in worsened(view.findings)]
    return int(least is not None and any(severity.rank <= least.rank for severity in worse))
