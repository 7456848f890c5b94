"""``dtlink lint``: find the faults."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from dtlink import engine
from dtlink.cli.options import complain, options, paths_of, words
from dtlink.cli.outputs import Target, digests, formats, gather, resolve, tell
from dtlink.firmware.errors import InputError
from dtlink.report.model import InputReport, Report
from dtlink.rules.catalogue import check_words
from dtlink.rules.model import Severity

if TYPE_CHECKING:
    from dtlink.kernel.cmdline import CommandLine
    from dtlink.kernel.facts import Paths
    from dtlink.links.binding import Version

_NOTHING = "no inputs: no devicetree (.dtb, .dtbo, .dts) and no ACPI table was found"
_LEVELS = [severity.value for severity in Severity]


@click.command(help="Lint files and folders (- is standard input).")
@options("paths")
@formats
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
    targets: tuple[Target, ...],
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
    outputs = resolve(targets, output)
    select, ignore = words(select), words(ignore)
    try:
        check_words((*select, *ignore))
    except ValueError as error:
        raise click.UsageError(f"{error}: 'dtlink rules' lists them") from error
    inputs = list(engine.expand(paths))
    kernel = paths_of(build, initramfs, index)
    chosen = partial(engine.lint_tree, select=select, ignore=ignore, version=version)
    task = engine.Task(
        partial(chosen, cmdline=cmdline, against=against, kernel=kernel, root=root),
        partial(engine.lint_tables, select=select, ignore=ignore, version=version, kernel=kernel),
    )
    named = _identity(version, kernel, digest=digests(outputs))

    def envelope(reports: Sequence[InputReport]) -> Report:
        return Report("lint", reports, ".".join(map(str, version)), named)

    reports = engine.run(inputs, task, jobs=jobs, digest=digests(outputs))
    report = gather(reports, len(inputs), outputs, envelope)
    complain(report.inputs)
    tell(report, outputs, Severity(least), color)
    if not inputs:
        click.echo(f"dtlink: {_NOTHING}", err=True)
    sys.exit(report.exit_status(None if fail_on == "never" else Severity(fail_on)))


def _identity(version: Version, paths: Paths | None, *, digest: bool) -> dict[str, Any] | None:
    """Which kernel it is. Its facts are read here: once, for all processes that are made later."""
    if paths is None:
        return None
    from dtlink.kernel.facts import load  # noqa: PLC0415 - few runs name a kernel
    from dtlink.report.kernel import identity  # noqa: PLC0415

    try:
        load(paths)
    except InputError as error:
        click.echo(f"dtlink: {error}", err=True)
        sys.exit(2)
    return identity(version, paths) if digest else None
