"""``lint()``: the report of files and folders, as ``dtlink lint`` makes it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Literal, Unpack

from dtlink.api.options import LintOptions, arguments, processes, refused_values
from dtlink.config.plan import LintPlan
from dtlink.config.resolve import forget, settings_of
from dtlink.report.comments import settled
from dtlink.report.model import InputReport, Report

if TYPE_CHECKING:
    from dtlink.api.options import AnyPath


def lint(
    paths: AnyPath | Iterable[AnyPath],
    *,
    config: AnyPath | Literal[False] | None = None,
    jobs: int = 1,
    search: bool = False,
    **options: Unpack[LintOptions],
) -> Report:
    """Lint files and folders, as ``dtlink lint`` does, and return the report.

    ``paths`` is one path, or several. ``config`` is a configuration for all inputs; by default the
    ``dtlink.toml`` nearest to each input holds, as for the command; ``False`` reads none. ``jobs``
    is the number of processes, 0 one for each processor; ``search`` looks for devicetrees anywhere
    in the files. All other keywords are the options of the command: ``select``, ``ignore``,
    ``expect``, ``severity``, ``fail_on``, ``baseline``, ``kernel_version``, ``against``,
    ``cmdline``, ``root``, ``root_after``, ``kernel``, ``initramfs``, ``kernel_index``, ``schema``,
    ``schema_dir``, ``include``, ``define``, ``allow_include`` and ``max_boards``.

    An input that cannot be read has its ``error`` in the report. Raises :class:`InputError` for
    a kernel, schemas, a configuration or a baseline that cannot be read, :class:`ValueError` for
    a word that is not a rule or family, and for any other value that the command refuses.
    """
    number, given = processes(jobs), arguments(options)
    forget()  # files that an earlier call read may have changed
    file = None if config is None or config is False else os.fspath(config)
    of = partial(settings_of, given=given, file=file, isolated=config is False)
    with refused_values():
        plan = LintPlan.of(_paths(paths), of, search=search)
    plan.check()
    kernel = plan.kernel(digest=True)
    reports = list(settled(_compared(plan, plan.reports(jobs=number, digest=True))))
    known = ", ".join(plan.baselines)
    return Report("lint", reports, kernel["version"], kernel, known, notes=plan.notes)


def _paths(paths: AnyPath | Iterable[AnyPath]) -> list[str]:
    if isinstance(paths, bytes):
        raise TypeError("paths are str or Path; Board.read() takes the bytes of one input")
    if isinstance(paths, str | os.PathLike):
        return [os.fspath(paths)]
    if not isinstance(paths, Iterable):
        raise TypeError(f"paths are str or Path, one or several, not {type(paths).__name__}")
    return [_path(path) for path in paths]


def _path(path: AnyPath) -> str:
    if not isinstance(path, str | os.PathLike):
        raise TypeError(f"a path is str or Path, not {type(path).__name__}")
    return os.fspath(path)


def _compared(plan: LintPlan, reports: Iterable[InputReport]) -> Iterator[InputReport]:
    """The reports without the findings that the baselines have."""
    if not plan.baselines:
        return iter(reports)
    from dtlink.report.baseline import read
    from dtlink.report.known import BaselineComparison

    known = {
        path: BaselineComparison(read(path), plan.of_baseline(path)) for path in plan.baselines
    }
    return plan.compare(reports, known)
