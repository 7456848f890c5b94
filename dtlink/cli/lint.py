"""``dtlink lint``: find the faults."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

import click

from dtlink import engine
from dtlink.cli.options import (
    collect,
    complain,
    emit_json,
    emit_lines,
    options,
    paths_of,
    terminal_width,
    words,
)
from dtlink.firmware.errors import InputError
from dtlink.report.model import Report
from dtlink.rules.catalogue import check_words
from dtlink.rules.model import Severity

if TYPE_CHECKING:
    from dtlink.kernel.cmdline import CommandLine
    from dtlink.kernel.facts import Paths
    from dtlink.links.binding import Version

_LEVELS = [severity.value for severity in Severity]


@click.command(help="Lint files and folders (- is standard input).")
@options("paths", "format", "output")
@click.option("--select", multiple=True, metavar="RULE|FAMILY", help="Run only these rules.")
@click.option("--ignore", multiple=True, metavar="RULE|FAMILY", help="Do not run these rules.")
@click.option(
    "--fail-on",
    type=click.Choice([*_LEVELS, "never"]),
    default="error",
    show_default=True,
    help="The least severity that makes the exit status 1.",
)
@click.option(
    "--show",
    "least",
    type=click.Choice(_LEVELS),
    default="warning",
    show_default=True,
    help="The least severity that text tells; JSON tells all.",
)
@options("kernel", "cmdline", "against", "build", "initramfs", "index", "root")
@options("jobs", "color")
def lint(
    paths: tuple[str, ...],
    form: str,
    output: str | None,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    fail_on: str,
    least: str,
    version: Version,
    cmdline: CommandLine | None,
    against: Version | None,
    build: str,
    initramfs: str,
    index: str,
    root: str,
    jobs: int,
    color: str,
) -> None:
    """Lint, tell, and exit with what was found."""
    select, ignore = words(select), words(ignore)
    try:
        check_words((*select, *ignore))
    except ValueError as error:
        raise click.UsageError(f"{error}: 'dtlink rules' lists them") from error
    inputs = list(engine.expand(paths))
    kernel = paths_of(build, initramfs, index)
    if kernel is not None:
        _read_kernel(kernel)
    chosen = partial(engine.lint_tree, select=select, ignore=ignore, version=version)
    task = engine.Task(
        partial(chosen, cmdline=cmdline, against=against, kernel=kernel, root=root),
        partial(engine.lint_tables, select=select, ignore=ignore, version=version, kernel=kernel),
    )
    reports = engine.run(inputs, task, jobs=jobs, digest=form == "json")
    report = Report("lint", collect(reports, len(inputs)), ".".join(map(str, version)))
    _tell(report, form, output, Severity(least), color)
    sys.exit(report.exit_status(None if fail_on == "never" else Severity(fail_on)))


def _read_kernel(paths: Paths) -> None:
    """Read the kernel's facts before the inputs: once, for all processes that are made later."""
    from dtlink.kernel.facts import load  # noqa: PLC0415 - few runs name a kernel

    try:
        load(paths)
    except InputError as error:
        click.echo(f"dtlink: {error}", err=True)
        sys.exit(2)


def _tell(report: Report, form: str, output: str | None, least: Severity, color: str) -> None:
    complain(report.inputs)
    if form == "json":
        emit_json(report, output)
        return
    from dtlink.report import text  # noqa: PLC0415 - JSON needs none of it

    emit_lines(text.lines(report, terminal_width(output), least), output, color)
    if not report.inputs:
        click.echo(
            "dtlink: no inputs: no devicetree (.dtb, .dtbo, .dts) and no ACPI table was found",
            err=True,
        )
    elif any(report.counts().values()):
        sys.stdout.flush()
        emit_lines([text.summary(report, least)], output=None, color=color)
