"""What is done with one input, and with its report, as its settings want it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache, partial

from dtlink import engine
from dtlink.config.model import LintSettings
from dtlink.engine.bounded import held, reported
from dtlink.typed import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dtlink.report.answer import InputAnswer
    from dtlink.report.known import RuleFilter
    from dtlink.report.model import InputReport

    #: Makes of a report what goes out.
    Finish = Callable[[InputReport], InputReport]


def finished(
    item: InputReport, settings: LintSettings, kernel: Mapping[str, Any] | None
) -> InputReport:
    """The report as its settings want it."""
    # What fixes were tried on is not part of the result.
    return sieved(item._replace(kernel=kernel, fail_on=settings.fail_on, blob=b""), settings)


def written(
    item: InputReport, settings: LintSettings, kernel: Mapping[str, Any] | None, write: Finish
) -> InputReport:
    """The report as it goes out; as it is if comments decide, when all boards are known."""
    return item if item.comments else write(reported(finished(item, settings, kernel)))


def sieved(item: InputReport, settings: LintSettings) -> InputReport:
    """The report as the configuration wants it; most runs have nothing to say about findings."""
    if settings.select or settings.ignore:
        from dtlink.config.unchecked import is_checked

        item = item._replace(checked=is_checked(item, settings))
    if settings.severity or settings.allow or settings.expect or item.comments:
        from dtlink.config.apply import apply

        item = apply(item, settings, item.tables)
    # After what is allowed: an input with more findings than are held is not fine.
    return held(item)


def kernel_of(settings: LintSettings) -> tuple[object, ...]:
    """What tells the kernel of settings from others."""
    return settings.board.version, settings.board.paths


def identity_of(settings: LintSettings, *, digest: bool) -> Mapping[str, Any]:
    """The kernel of settings as JSON data; ``digest``: with the hashes of its files."""
    version, paths = settings.board.version, settings.board.paths
    if paths is None:
        return {"version": str(version)}
    from dtlink.report.kernel import identity, named

    return identity(version, paths) if digest else named(version, paths)


@lru_cache(maxsize=256)
def task_of(settings: LintSettings) -> engine.Task:
    """What is done with every input that has these settings."""
    lint = lint_of(settings)
    prepare = partial(_prepare, settings)
    sources, paths = settings.board.sources, settings.board.files
    return engine.Task(lint, lint, sources, paths=paths, prepare=prepare)


@lru_cache(maxsize=256)
def writing_task(settings: LintSettings) -> engine.Task:
    """The same, with the edits of fixes as edits of the source."""
    lint = partial(lint_of(settings), write_fixes=True)
    return task_of(settings)._replace(tree=lint, tables=lint)


def _prepare(settings: LintSettings) -> None:
    """Import what a lint with settings needs, without the program that dtschema is."""
    from dtlink.engine.linting import load_rules
    from dtlink.engine.warm import warm

    load_rules(settings.board, settings.selected, settings.ignore)
    warm(lint_of(settings._replace(board=settings.board._replace(schema=False))))


def lint_of(settings: LintSettings) -> Callable[..., InputAnswer]:
    """The lint of what an input says."""
    return partial(
        engine.lint, settings=settings.board, select=settings.selected, ignore=settings.ignore
    )


@lru_cache(maxsize=256)
def asked_of(settings: LintSettings) -> RuleFilter:
    """Whether a rule is asked of an input."""
    from dtlink.report.known import asked

    return asked(settings.selected, settings.ignore, settings.not_asked)
