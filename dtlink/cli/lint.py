"""``dtlink lint``: find the faults."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from dtlink import cache
from dtlink.api.fix_outputs import FixOutputs
from dtlink.cli.baselines import Baselines, baseline_options
from dtlink.cli.caching import cache_options
from dtlink.cli.fixing import FixRequest, fix_options
from dtlink.cli.given import named
from dtlink.cli.messages import say, tell
from dtlink.cli.options import NO_INPUTS, Complaints, options
from dtlink.cli.outputs import (
    Target,
    digests,
    formats,
    gather,
    has_fixes,
    resolve,
    write_formats,
)
from dtlink.config.plan import LintPlan
from dtlink.config.resolve import forget, settings_of, variants_of
from dtlink.firmware.errors import InputError
from dtlink.report.layout import Line
from dtlink.report.model import Report
from dtlink.rules.model import Severity

if TYPE_CHECKING:
    from dtlink.api.since import Change
    from dtlink.config.model import LintSettings
    from dtlink.firmware.inputs import Input
    from dtlink.observed.live import LiveMachine

_LEVELS = [severity.value for severity in Severity]


@click.command(help="Lint files and folders (- is standard input).")
@options("paths_or_none")
@formats()
@options("select", "ignore")
@click.option(
    "--expect",
    multiple=True,
    metavar="RULE[:NODE]",
    help="Expect this finding: it does not affect the exit status; its absence is reported.",
)
@click.option(
    "--fail-on",
    type=click.Choice([*_LEVELS, "never"]),
    default="error",
    show_default=True,
    help="Exit 1 if there is a finding of at least this severity.",
)
@click.option(
    "--show",
    type=click.Choice(_LEVELS),
    default="warning",
    show_default=True,
    help="Minimum severity in text output (JSON contains all).",
)
@click.option("-q", "--quiet", is_flag=True, help="In text, errors and the summary only.")
@click.option(
    "-v",
    "--verbose",
    is_flag=True,
    help="In text, notes too, whole lists, and the inputs without findings.",
)
@click.option(
    "--statistics", is_flag=True, help="In text, count the findings of each rule instead."
)
@click.option(
    "--since",
    metavar="REF",
    help="Report only what the change since this commit brings, for the inputs it reaches: of "
    "PATH, or of the whole repository.",
)
@baseline_options
@options(
    "kernel_version_or_own", "cmdline", "against", "kernel", "initramfs", "kernel_index", "root"
)
@options("root_after", "lspci", "iomem")
@click.option(
    "--bases",
    multiple=True,
    metavar="PATH",
    help="Devicetrees, or folders of them, on which each overlay is tried.",
)
@click.option("--schema/--no-schema", help="Also run dtschema's validator.")
@click.option(
    "--schema-dir",
    multiple=True,
    metavar="PATH",
    help="Additional schemas: a folder of bindings, or a processed schema file.",
)
@click.option(
    "--allow-empty",
    is_flag=True,
    help="Do not fail because no input is left, or no board includes a file that is named.",
)
@click.option(
    "--live",
    is_flag=True,
    help="Lint the machine that this runs on: its devicetree or ACPI tables, with its kernel, "
    "initramfs, command line, PCI functions and memory map.",
)
@click.option("--strict", is_flag=True, help="Exit 2 if anything was passed over.")
@click.option(
    "--source",
    metavar="FILE.dts",
    help="Source that the blob was made from: findings have its lines.  "
    "[default: the .dts beside the blob, if it makes the same tree]",
)
@fix_options
@options("sources", "overlay", "inputs", "search", "config", "jobs")
@cache_options
@options("color")
@click.pass_context
def lint(
    context: click.Context,
    /,
    paths: tuple[str, ...],
    targets: tuple[Target, ...],
    output: str | None,
    jobs: int,
    color: str,
    file: str | None,
    isolated: bool,  # noqa: FBT001 - click calls it
    write_baseline: bool,  # noqa: FBT001
    prune_baseline: bool,  # noqa: FBT001
    quiet: bool,  # noqa: FBT001
    verbose: bool,  # noqa: FBT001
    statistics: bool,  # noqa: FBT001
    search: bool,  # noqa: FBT001
    since: str | None,
    allow_empty: bool,  # noqa: FBT001
    strict: bool,  # noqa: FBT001
    live: bool,  # noqa: FBT001
    source: str | None,
    fix: bool,  # noqa: FBT001
    diff: bool,  # noqa: FBT001
    unsafe_fixes: bool,  # noqa: FBT001
    fix_only: tuple[str, ...],
    fix_shared: bool,  # noqa: FBT001
    in_place: bool,  # noqa: FBT001
    blob_out: str,
    overlay_out: str,
    tables_out: str,
    acpi_override_out: str,
    **_settings: Any,
) -> None:
    """Lint, print the report, and exit with the status of what was found."""
    _check_usage(paths, since, live=live, write_baseline=write_baseline)
    made = FixOutputs(in_place, blob_out, overlay_out, tables_out, acpi_override_out)
    asked = FixRequest(fix, diff, unsafe_fixes, fix_only, fix_shared, made)
    asked.check(since=since, changes_baseline=write_baseline or prune_baseline)
    outputs = resolve(targets, output)
    digest = digests(outputs)
    given = _shown(named(context), quiet=quiet, verbose=verbose)
    try:
        machine = _live(given) if live else None
        paths = machine.paths if machine else paths
        change = None if since is None else _change(since, paths)
        of = partial(settings_of, given=given, file=file, isolated=isolated)
        variants = partial(variants_of, file=file, isolated=isolated)
        plan = _plan(paths, change, of, variants, search=search, allow_empty=allow_empty)
        plan = plan if source is None else plan.of_source(source)
        plan = plan.with_inputs(plan.inputs, machine.missing) if machine else plan
        kernel = plan.kernel(digest=digest)
        baselines = Baselines(plan, write=write_baseline, prune=prune_baseline)
        blank = _blank(plan, kernel, baselines.told, change)
        if asked.is_given:
            reports = asked.run(plan, baselines.compare, jobs=jobs)
        else:
            found = plan.reports(
                jobs=jobs, digest=digest, write_fixes=has_fixes(outputs), kept=cache.folder()
            )
            reports = baselines.compare(found)
        reports = change.compare(plan, reports, jobs=jobs) if change else reports
        tell(blank.notes)
        complaints, settled = Complaints(plan.total), plan.settled(reports)
        report = gather(settled, plan.total, outputs, blank, complaints, every=verbose)
    except InputError as error:
        say(f"dtlink: {error}")
        sys.exit(2)
    complaints.end("" if allow_empty or (change and change.has_inputs) else NO_INPUTS)
    tell([change.summary] if change and change.has_inputs else [])
    of_findings = partial(_text, least=plan.show, everything=verbose)
    text = _statistics if statistics else of_findings
    # A linter runs in make, in hooks and in loops, where a pager would wait for a key.
    write_formats(report, outputs, text, color, fold=False, page=False)
    baselines.prune()
    status = report.status if report.totals.inputs or not allow_empty else 0
    has_passed = bool(report.notes or report.totals.passed)
    sys.exit(max(status, 2) if strict and has_passed else status)


def _live(given: dict[str, Any]) -> LiveMachine:
    """The machine that this runs on, its kernel and command line added to what is given.

    Raises :class:`InputError` for one without a devicetree and tables.
    """
    from dtlink.observed.live import live_machine

    machine = live_machine()
    tell(f"taken: {each}" for each in machine.taken)
    if "kernel" in given:
        machine.given.pop("initramfs", None)
    given.update({name: value for name, value in machine.given.items() if name not in given})
    return machine


def _check_usage(
    paths: Sequence[str], since: str | None, *, live: bool, write_baseline: bool
) -> None:
    """Raise :class:`click.UsageError` for arguments that do not go together."""
    if live and (paths or since is not None):
        raise click.UsageError("--live takes the inputs of this machine: no PATH, and no --since")
    if since is None and not (paths or live):
        raise click.UsageError("Missing argument 'PATH...'.")
    if since is not None and write_baseline:
        raise click.UsageError("--write-baseline accepts all findings, --since reports some")


def _change(since: str, paths: Sequence[str]) -> Change:
    from dtlink.api.since import Change

    return Change(since, paths)


def _shown(given: dict[str, Any], *, quiet: bool, verbose: bool) -> dict[str, Any]:
    """What is given, with the severity that ``-q`` or ``-v`` stands for."""
    if quiet + verbose + ("show" in given) > 1:
        raise click.UsageError("of -q, -v and --show only one can be given")
    least = "error" if quiet else "info" if verbose else ""
    return given | {"show": least} if least else given


def _text(
    report: Report, width: int | None, least: Severity, *, everything: bool
) -> Iterable[Line]:
    from dtlink.report import text

    return text.lines(report, width, least, everything=everything)


def _statistics(report: Report, width: int | None) -> Iterable[Line]:
    from dtlink.report import statistics

    return statistics.lines(report, width)


def _plan(
    paths: Sequence[str],
    change: Change | None,
    of: Callable[[str], LintSettings],
    variants: Callable[[str], Sequence[Input]],
    *,
    search: bool,
    allow_empty: bool,
) -> LintPlan:
    """What is done with each input. Raises :class:`InputError` for what can't be read for it."""
    forget()  # files that an earlier run of this process read may have changed
    paths = change.paths if change else paths
    every = change is not None
    plan = LintPlan.of(paths, of, variants, search=search, every=every, allow_empty=allow_empty)
    plan = change.narrow(plan) if change else plan
    tell(plan.check())
    return plan


def _blank(plan: LintPlan, kernel: Any, told: str, change: Change | None) -> Report:
    """The report without inputs."""
    return Report(
        "lint",
        (),
        kernel["version"],
        kernel,
        told,
        notes=plan.notes,
        since=change.told if change else None,
        machine=plan.machine(),
        named=plan.named,
    )
