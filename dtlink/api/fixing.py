"""Fixes of a lint: made in memory, and written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from dtlink import arguments as taken
from dtlink.api.lint import compared, named_paths, planned
from dtlink.api.options import arguments, config_file, processes, refused_values
from dtlink.api.replacing import PartlyWrittenError, replace
from dtlink.config.confined import foreign_source
from dtlink.config.resolve import effective, forget
from dtlink.engine.fixing import FixOutcome, WantedFixes, fix_all
from dtlink.firmware.errors import InputError
from dtlink.firmware.source.includers import COMPILED, boards_with
from dtlink.rules.catalogue import check_words
from dtlink.typed import TYPE_CHECKING, Literal, Unpack

if TYPE_CHECKING:
    from dtlink.api.options import AnyPath, LintOptions
    from dtlink.config.confined import Effective
    from dtlink.config.plan import LintPlan
    from dtlink.engine.runner import Workers
    from dtlink.engine.written import ExpectedTree
    from dtlink.firmware.inputs import Input
    from dtlink.firmware.storage import Disk
    from dtlink.report.model import InputReport

#: Takes out of reports what a baseline accepts.
Compare = Callable[[Iterable["InputReport"]], Iterable["InputReport"]]


def fix(
    paths: AnyPath | Iterable[AnyPath],
    *,
    write: bool = False,
    unsafe: bool = False,
    only: str | Iterable[str] = (),
    shared: bool = False,
    config: AnyPath | Literal[False] | None = None,
    jobs: int = 1,
    **options: Unpack[LintOptions],
) -> FixOutcome:
    """Fix devicetree source, as ``dtlink lint --fix`` does, and return what became of each fix.

    ``write`` writes the changed files; without it nothing is written, as with ``--diff``, and
    ``patch()`` of the outcome is the patch. ``unsafe``, ``only`` and ``shared`` are the options
    ``--unsafe-fixes``, ``--fix-only`` and ``--fix-shared``; all other keywords are those of
    :func:`dtlink.lint`.

    Raises what :func:`dtlink.lint` raises, and :class:`InputError` for a file that can't be
    written.
    """
    taken.flags(write=write, unsafe=unsafe, shared=shared)
    number, given, file = processes(jobs), arguments(options), config_file(config)
    rules = taken.words("only", only, "a rule or family, or several,")
    forget()
    try:
        check_words(rules)
    except ValueError as error:
        raise ValueError(f"only: {error}") from None
    with refused_values():
        plan = planned(named_paths(paths), given, file)
    plan.check()
    outcome = fix_plan(
        plan, WantedFixes(rules, unsafe, shared), partial(compared, plan), jobs=number
    )
    # A configuration that the caller names is the caller's own.
    is_found = config is None or config is False
    origins = partial(effective, given=given, isolated=config is False) if is_found else None
    if write and (failed := write_files(outcome, plan.inputs, origins)):
        raise InputError(failed)
    return outcome


def fix_plan(plan: LintPlan, wanted: WantedFixes, compare: Compare, *, jobs: Workers) -> FixOutcome:
    """Make the fixes of a lint in memory."""
    most = max((plan.settings(each).inputs.max_boards for each in plan.inputs), default=0)

    def lint(
        inputs: Mapping[Input, Input], storage: Disk, expected: Mapping[Input, ExpectedTree]
    ) -> Iterator[InputReport]:
        yield from compare(plan.reports_of(inputs, storage, expected, jobs=jobs))

    def users(path: str) -> Sequence[str]:
        like = plan.settings(plan.inputs[0]).board.sources
        return [*boards_with(path, like), *([path] if path.endswith(COMPILED) else [])]

    return fix_all(lint, users, plan.inputs, wanted._replace(most=most))


def write_files(outcome: FixOutcome, inputs: Iterable[Input], origins: Effective | None) -> str:
    """Write the changed files, all or none; else why not, and what was written if any was.

    ``origins`` has the configuration of an input, which allows no file outside of its own folder;
    ``None``: it is the user's own.
    """
    if origins and (refused := foreign_source(outcome.contents, inputs, origins)):
        return refused
    try:
        replace(
            {Path(path): after for path, (_, after) in outcome.contents.items()},
            {Path(path): before for path, (before, _) in outcome.contents.items()},
        )
    except PartlyWrittenError as error:
        return f"{error.filename}: {error.strerror}"
    except OSError as error:
        return f"{error.filename}: {error.strerror}: nothing is written"
    return ""


def put(files: Mapping[str, bytes], expected: Mapping[str, bytes]) -> None:
    """Write files that the user named, all or none. Raises :class:`InputError`.

    ``expected`` is what files among them have that are written in place.
    """
    try:
        for path in files:
            Path(path).resolve().parent.mkdir(exist_ok=True)
        there = {Path(path): data for path, data in expected.items() if path in files}
        replace({Path(path): data for path, data in files.items()}, there)
    except OSError as error:
        raise InputError(error.strerror or str(error), path=str(error.filename)) from error
