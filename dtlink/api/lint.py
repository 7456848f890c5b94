"""``lint()``: the report of files and folders, as ``dtlink lint`` makes it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from dtlink import arguments as taken
from dtlink.api.options import LintOptions, arguments, config_file, refused_values, workers_of
from dtlink.cache import folder, kept_in
from dtlink.config.plan import LintPlan
from dtlink.config.resolve import forget, settings_of, variants_of
from dtlink.report.model import InputReport, Report
from dtlink.typed import TYPE_CHECKING, Any, Literal, Unpack

if TYPE_CHECKING:
    from dtlink.api.options import AnyPath
    from dtlink.api.since import Change
    from dtlink.engine.executors import Executor
    from dtlink.engine.runner import Workers
    from dtlink.observed.live import LiveMachine

_PATHS = "a path (str or Path), or several,"


def lint(
    paths: AnyPath | Iterable[AnyPath] = (),
    *,
    since: str | None = None,
    config: AnyPath | Literal[False] | None = None,
    jobs: int = 1,
    executor: Executor | None = None,
    search: bool = False,
    live: bool = False,
    source: AnyPath | None = None,
    cache: AnyPath | bool = True,
    **options: Unpack[LintOptions],
) -> Report:
    """Lint files and folders, as ``dtlink lint`` does, and return the report.

    ``paths`` is one path, or several. ``since`` names a commit: only inputs that the change since
    then reaches are linted, and the findings are those that it brings; without paths, in the whole
    repository of the working folder. ``config`` is a configuration for all inputs; by default the
    ``dtlink.toml`` nearest to each input holds, as for the command; ``False`` reads none. ``jobs``
    is the number of processes, 0 one for each processor; an ``executor``, as those of
    ``concurrent.futures``, does without them, and its workers read the files by their paths;
    ``search`` looks for devicetrees anywhere in the files; ``live`` lints the machine that this
    runs on, with its kernel, initramfs and command line; ``source`` is the source that the one blob
    was made from; ``cache`` is a folder in which results and facts of kernels are kept, and taken
    from while nothing has changed that they rest on: by default the user's, as for the command;
    ``False`` keeps none. All other keywords are the options of the command: ``select``,
    ``ignore``, ``expect``, ``severity``, ``fail_on``, ``baseline``,
    ``kernel_version``, ``against``, ``cmdline``, ``root``, ``root_after``, ``kernel``,
    ``initramfs``, ``kernel_index``, ``lspci``, ``iomem``, ``schema``, ``schema_dir``, ``include``,
    ``define``, ``allow_include``, ``exclude``, ``force_exclude``, ``respect_gitignore``,
    ``max_boards``, ``overlay`` and ``bases``.

    An input that cannot be read has its ``error`` in the report. Raises :class:`InputError` for
    a kernel, schemas, a configuration, a baseline or a commit that cannot be read,
    :class:`ValueError` for a word that is not a rule or family, and for any other value that the
    command refuses.
    """
    taken.flags(search=search, live=live)
    workers, given = workers_of(executor, jobs), arguments(options)
    file, kept = config_file(config), _folder(cache)
    before = None if since is None else taken.text("since", since, "a commit, as a string,")
    made_of = None if source is None else taken.path("source", source)
    machine = None
    if live:
        if since is not None or named_paths(paths):
            raise ValueError("live takes the inputs of this machine: no paths, and no since")
        machine, given = _live(given)
        paths = machine.paths
    forget()  # files that an earlier call read may have changed
    named = named_paths(paths)
    change = None if before is None else _change(before, named)
    with refused_values():
        every = change is not None
        plan = planned(change.paths if change else named, given, file, search=search, every=every)
        plan = change.narrow(plan) if change else plan
        plan = plan if made_of is None else plan.of_source(made_of)
    with kept_in(kept):
        return _linted(plan, change, workers, machine.missing if machine else ())


def _linted(
    plan: LintPlan, change: Change | None, workers: Workers, missing: Sequence[str]
) -> Report:
    """The report of a plan; ``missing`` are notes about the machine that this runs on."""
    plan.check()
    kernel = plan.kernel(digest=True)
    found = plan.reports(jobs=workers, digest=True, write_fixes=True, kept=folder())
    reports = compared(plan, found)
    reports = change.compare(plan, reports, jobs=workers) if change else reports
    report = Report(
        "lint",
        list(plan.settled(reports)),
        kernel["version"],
        kernel,
        ", ".join(plan.baselines),
        notes=[*plan.notes, *missing],
        since=change.told if change else None,
        machine=plan.machine(),
    )
    return plan.note_unchecked(report)


def planned(
    paths: Sequence[str],
    given: dict[str, Any],
    config: str | Literal[False] | None,
    *,
    search: bool = False,
    every: bool = False,
) -> LintPlan:
    """The plan for paths, with settings that are given and those of configurations."""
    file, isolated = config or None, config is False
    of = partial(settings_of, given=given, file=file, isolated=isolated)
    variants = partial(variants_of, file=file, isolated=isolated)
    return LintPlan.of(paths, of, variants, search=search, every=every)


def _folder(cache: object) -> str | None:
    """The folder of the cache that is given; empty for none, ``None`` for the user's."""
    if cache is True:
        return None
    return "" if cache is False else taken.path("cache", cache, "a folder, True or False")


def _change(since: str, paths: list[str]) -> Change:
    from dtlink.api.since import Change

    return Change(since, paths)


def _live(given: dict[str, Any]) -> tuple[LiveMachine, dict[str, Any]]:
    """This machine, and what is given with its kernel and command line added."""
    from dtlink.observed.live import live_machine

    machine = live_machine()
    taken = {**machine.given, **({"initramfs": ""} if "kernel" in given else {})}
    return machine, {**taken, **given}


def named_paths(paths: AnyPath | Iterable[AnyPath]) -> list[str]:
    """The paths that a caller gives, one or several, as text."""
    given = paths if isinstance(paths, (str, os.PathLike, *taken.BYTES)) else None
    several = [given] if given is not None else taken.several("paths", paths, _PATHS)
    return [_path(each) for each in several]


def _path(path: object) -> str:
    if isinstance(path, taken.BYTES):
        kind = type(path).__name__
        hint = "lint_iter() and Board.read() take bytes of files"
        raise TypeError(f"paths: {_PATHS} is needed, not {kind}; {hint}")
    return taken.path("paths", path, _PATHS)


def compared(plan: LintPlan, reports: Iterable[InputReport]) -> Iterator[InputReport]:
    """The reports without the findings that the baselines have."""
    if not plan.baselines:
        return iter(reports)
    from dtlink.report.baseline import read
    from dtlink.report.known import BaselineComparison

    known = {
        path: BaselineComparison(read(path), plan.of_baseline(path)) for path in plan.baselines
    }
    return plan.compare(reports, known)
