"""``dtlink report-bug``: what is needed to reproduce a wrong finding, without what is private."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from dtlink.cli.completion import complete_rules
from dtlink.cli.messages import say, tell
from dtlink.cli.options import board_settings, options
from dtlink.cli.overwriting import watched_output
from dtlink.cli.rules import unknown
from dtlink.cli.single import check_order
from dtlink.cli.writing import emit, write_file
from dtlink.firmware.errors import InputError
from dtlink.firmware.read import read
from dtlink.report.layout import line, plain
from dtlink.rules.catalogue import known_words
from dtlink.typed import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dtlink.api.bug.report import BugReport
    from dtlink.facts.kernels import KernelVersion

_HELP = """Pack what is needed to reproduce wrong findings.

Without RULE, all findings of PATH are packed. Command lines, MAC addresses, serial numbers, seeds,
keys and paths are removed; what is in the file is printed. Nothing is sent: attach the file to an
issue after you have looked at it.
"""


@click.command(help=_HELP)
@options("path")
@click.argument("rules", nargs=-1, metavar="[RULE[:NODE]]...", shell_complete=complete_rules)
@click.option(
    "-o",
    "--output",
    default="dtlink-report.zip",
    show_default=True,
    metavar="FILE",
    callback=watched_output,
    is_eager=True,
    help="File to write: .zip, or .txt for one text ('-': that text on standard output).",
)
@click.option(
    "--minimal",
    is_flag=True,
    help="Of a devicetree, pack only the nodes of the findings and what these reference.",
)
@options("kernel_version_or_own", "cmdline", "kernel", "initramfs", "kernel_index")
@options("sources", "overlay")
def report_bug(
    path: str,
    rules: tuple[str, ...],
    output: str | None,
    minimal: bool,  # noqa: FBT001 - click calls it
    kernel_version: KernelVersion | None,
    **given: Any,
) -> None:
    """Write the file, and say what is in it."""
    from dtlink.api.bug.report import BugReport

    ending = Path(output).suffix if output else ".txt"
    if ending not in (".zip", ".txt"):
        raise click.UsageError(f"{output}: name a .zip or a .txt")
    for word in rules:
        if (name := word.partition(":")[0].rstrip("/")) not in known_words():
            raise click.UsageError(unknown(name))
    check_order(path, *rules)
    settings = board_settings(kernel_version=kernel_version, **given)
    try:
        firmware = read(path, "", settings.sources)
        report = BugReport.of(firmware, settings, rules, minimal=minimal)
        data = report.zipped() if ending == ".zip" else report.joined().encode()
    except InputError as error:
        error.path = error.path or path
        tell([str(error)])
        sys.exit(2)
    write_file(data, output)
    _show(report, output)


def _show(report: BugReport, output: str | None) -> None:
    """Print what is in the file: apart from it, where that is standard output."""
    closing = "nothing was sent; look at the file, then attach it to an issue"
    rows = [f"{output or 'standard output'}:", *report.contents(), closing]
    if output is None:
        say(*rows)
    else:
        emit(plain(map(line, rows)), None)
