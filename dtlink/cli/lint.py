"""``dtlink lint``: find the faults."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from dtlink import cache
from dtlink.cli.baselines import Baselines
from dtlink.cli.complaints import NO_INPUTS, Complaints
from dtlink.cli.messages import say, tell
from dtlink.cli.outputs import gather, write_formats, writer_of
from dtlink.cli.overwriting import watch
from dtlink.cli.targets import Target, digests, has_fixes, resolve
from dtlink.cli.usage import check_configuration, usage_error
from dtlink.config.plan import LintPlan
from dtlink.config.resolve import effective, forget, settings_of, variants_of
from dtlink.firmware.errors import InputError
from dtlink.report.layout import Line
from dtlink.report.model import Report
from dtlink.rules.model import Severity
from dtlink.typed import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from dtlink.api.since import Change
    from dtlink.cli.fixing import FixRequest
    from dtlink.config.model import LintSettings
    from dtlink.engine.runner import Workers
    from dtlink.firmware.inputs import Input
    from dtlink.observed.live import LiveMachine


def run(
    given: dict[str, Any],
    *,
    paths: tuple[str, ...] = (),
    targets: tuple[Target, ...] = (),
    output: str | None = None,
    jobs: Workers = 0,
    color: str = "auto",
    file: str | None = None,
    isolated: bool = False,
    write_baseline: bool = False,
    prune_baseline: bool = False,
    quiet: bool = False,
    verbose: bool = False,
    statistics: bool = False,
    search: bool = False,
    since: str | None = None,
    allow_empty: bool = False,
    strict: bool = False,
    live: bool = False,
    source: str | None = None,
    **fixing: Any,
) -> NoReturn:
    """Lint, print the report, and exit with the status of what was found.

    ``given`` is what the user named of the settings (:data:`~dtlink.config.model.FIELDS`), all else
    are the other options; ``fixing`` those about fixes.
    """
    _check_usage(paths, since, file, live=live, write=write_baseline, isolated=isolated)
    asked = _fixes(fixing, since, changes_baseline=write_baseline or prune_baseline)
    outputs = resolve(targets, output)
    if asked:
        asked.check_reports(outputs)
        watch(asked.outputs.files, also=True)
    digest = digests(outputs)
    given = _shown(given, quiet=quiet, verbose=verbose)
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
        # A configuration that the user names is the user's own.
        origins = None if file else partial(effective, given=given, isolated=isolated)
        baselines.check_places(origins)
        blank = _blank(plan, kernel, baselines.told, change)
        if asked is not None:
            reports = asked.run(plan, baselines.compare, origins, jobs=jobs)
        else:
            is_whole = not (change or plan.baselines or write_baseline or prune_baseline)
            found = plan.reports(
                jobs=jobs,
                digest=digest,
                write_fixes=has_fixes(outputs),
                kept=_cache(),
                write=writer_of(outputs, blank) if is_whole else None,
            )
            reports = baselines.compare(found)
        reports = change.compare(plan, reports, jobs=jobs) if change else reports
        tell(blank.notes)
        complaints, settled = Complaints(plan.total), plan.settled(reports)
        report = gather(settled, plan.total, outputs, blank, complaints, every=verbose)
        report = plan.note_unchecked(report)
    except InputError as error:
        say(f"dtlink: {error}")
        sys.exit(2)
    complaints.end("" if allow_empty or (change and change.has_inputs) else NO_INPUTS)
    tell(report.notes[len(blank.notes) :])
    tell([change.summary] if change and change.has_inputs else [])
    # One that is called an overlay may be unreadable, or change nothing.
    called = any(each.is_overlay for each in plan.inputs)
    if "bases" in given and not (report.totals.tried or called):
        say("dtlink: --bases has no effect: no input is an overlay")
    of_findings = partial(_text, least=plan.show, everything=verbose)
    text = _statistics if statistics else of_findings
    # A linter runs in make, in hooks and in loops, where a pager would wait for a key.
    write_formats(report, outputs, text, color, fold=False, page=False)
    baselines.prune()
    status = report.status if report.totals.checked or not allow_empty else 0
    has_passed = bool(report.notes or report.totals.passed)
    sys.exit(max(status, 2) if strict and has_passed else status)


def _cache() -> str:
    """The folder of the cache; one that can't be is reported."""
    tell(filter(None, (cache.unusable(),)))
    return cache.folder()


def _fixes(
    fixing: dict[str, Any], since: str | None, *, changes_baseline: bool
) -> FixRequest | None:
    """What the user wants fixed, if anything. Raises :class:`click.UsageError`."""
    if not any(fixing.values()):
        return None
    from dtlink.cli.fixing import FixRequest

    asked = FixRequest.of(**fixing)
    asked.check(since=since, changes_baseline=changes_baseline)
    return asked if asked.is_given else None


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
    paths: Sequence[str],
    since: str | None,
    file: str | None,
    *,
    live: bool,
    write: bool,
    isolated: bool,
) -> None:
    """Raise :class:`click.UsageError` for arguments that do not go together.

    ``write``: a baseline is written, ``file`` and ``isolated``: of the configuration.
    """
    check_configuration(file, isolated=isolated)
    if live and (paths or since is not None):
        raise usage_error("--live takes the inputs of this machine: no PATH, and no --since")
    if since is None and not (paths or live):
        raise usage_error("Missing argument 'PATH...'.")
    if since is not None and write:
        raise usage_error("--write-baseline accepts all findings, --since reports some")


def _change(since: str, paths: Sequence[str]) -> Change:
    from dtlink.api.since import Change

    return Change(since, paths)


def _shown(given: dict[str, Any], *, quiet: bool, verbose: bool) -> dict[str, Any]:
    """What is given, with the severity that ``-q`` or ``-v`` stands for."""
    if quiet + verbose + ("show" in given) > 1:
        raise usage_error("of -q, -v and --show only one can be given")
    least = "error" if quiet else "info" if verbose else ""
    return given | {"show": least} if least else given


def _text(
    report: Report, width: int | None, least: Severity, *, everything: bool
) -> Iterable[Line]:
    if report.totals.is_clean and not report.inputs and not everything:
        return ()  # the usual case: nothing is imported to print nothing
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
