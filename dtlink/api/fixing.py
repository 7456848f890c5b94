"""Fixes of a lint: made in memory, and written."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from tempfile import mkstemp
from typing import TYPE_CHECKING, Literal, Unpack

from dtlink.api.lint import compared, named_paths, planned
from dtlink.api.options import arguments, processes, refused_values
from dtlink.config.resolve import forget
from dtlink.engine.fixing import FixOutcome, WantedFixes, fix_all
from dtlink.firmware.errors import InputError
from dtlink.firmware.source.includers import COMPILED, boards_with
from dtlink.rules.catalogue import check_words

#: The mode of a new file.
_NEW = 0o666

if TYPE_CHECKING:
    from dtlink.api.options import AnyPath, LintOptions
    from dtlink.config.plan import LintPlan
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
    number, given = processes(jobs), arguments(options)
    forget()
    rules = (only,) if isinstance(only, str) else tuple(only)
    with refused_values():
        check_words(rules)
        plan = planned(named_paths(paths), given, config)
    plan.check()
    outcome = fix_plan(
        plan, WantedFixes(rules, unsafe, shared), partial(compared, plan), jobs=number
    )
    failed = write_files(outcome) if write else ()
    if failed:
        raise InputError(failed[0])
    return outcome


def fix_plan(plan: LintPlan, wanted: WantedFixes, compare: Compare, *, jobs: int) -> FixOutcome:
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


def write_files(outcome: FixOutcome) -> Sequence[str]:
    """Write the changed files; what could not be written, as messages.

    A file that is no longer as it was read is left alone.
    """
    failed = []
    for path, (before, after) in outcome.contents.items():
        try:
            _write(Path(path).resolve(), before, after)
        except OSError as error:
            failed.append(f"{path}: {error.strerror or error}")
    return failed


def _write(path: Path, before: bytes, after: bytes) -> None:
    """Replace a file as a whole. Raises :class:`OSError`."""
    if path.read_bytes() != before:
        raise OSError(0, "it has changed while it was linted: not written")
    _put(path, after)


def put(path: str, data: bytes) -> None:
    """Write a file as a whole. Raises :class:`InputError`."""
    target = Path(path).resolve()
    try:
        target.parent.mkdir(exist_ok=True)
        _put(target, data)
    except OSError as error:
        raise InputError(error.strerror or str(error), path=path) from error


def _put(path: Path, data: bytes) -> None:
    handle, name = mkstemp(dir=path.parent, prefix=".dtlink-")
    new = Path(name)
    try:
        with open(handle, "wb") as file:
            file.write(data)
        new.chmod(path.stat().st_mode if path.exists() else _NEW & ~_mask())
        new.replace(path)
    except BaseException:
        new.unlink()
        raise


def _mask() -> int:
    """The bits that new files do not get."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
