"""A lint as it is configured: what is done with each input, and what then counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from dtlink import engine
from dtlink.config.model import Settings
from dtlink.report.model import InputReport
from dtlink.rules.model import Severity

if TYPE_CHECKING:
    from dtlink.firmware.acpi.machine import Machine
    from dtlink.firmware.tree import Tree
    from dtlink.report.known import Asked, Comparison


class Plan:
    """The inputs of a lint, in their order, each with its settings."""

    def __init__(self, inputs: Sequence[str], settings: Mapping[str, Settings]) -> None:
        self.inputs = inputs
        self._settings = settings
        self._kinds = list(dict.fromkeys(settings.values()))

    def check(self) -> list[str]:
        """Read what the run rests on, once, for all processes that are made later.

        Returns what would save the user time. Raises :class:`InputError` for a kernel or schemas
        that can't be had.
        """
        hints = []
        for paths in dict.fromkeys(each.paths for each in self._kinds if each.paths):
            from dtlink.kernel.facts import load

            load(paths)
        for named in dict.fromkeys(each.schema_dir for each in self._kinds if each.schema):
            from dtlink.schema.source import SchemaSource

            source = SchemaSource(named)
            source.check()
            hints += source.hints()
        return hints

    def reports(self, *, jobs: int, digest: bool) -> Iterator[InputReport]:
        """Lint; what is not the user's concern is no finding of the reports."""
        kernels = self._kernels() if digest else {}
        run = engine.run(self.inputs, self._task, jobs=jobs, digest=digest)
        for item in run:
            settings = self._settings[item.path]
            kernel = kernels.get(settings)
            yield _sieved(item._replace(kernel=kernel, fail_on=settings.fail_on), settings)

    def _task(self, path: str) -> engine.Task:
        return _task(self._settings[path])

    def kernel(self, *, digest: bool) -> Mapping[str, Any]:
        """What is told of the kernel of all inputs; where they differ, the first one's version."""
        if not self.inputs:
            return _identity(Settings(), digest=False)
        alike = len({_kernel(each) for each in self._kinds}) == 1
        return _identity(self._settings[self.inputs[0]], digest=digest and alike)

    def _kernels(self) -> dict[Settings, Mapping[str, Any]]:
        """What is told of each input's kernel, where they differ."""
        if len({_kernel(each) for each in self._kinds}) < 2:
            return {}
        return {each: _identity(each, digest=True) for each in self._kinds}

    @property
    def show(self) -> Severity:
        """The least severity that text tells."""
        shown = (each.show for each in self._kinds)
        return max(shown, key=lambda each: each.rank, default=Severity.WARNING)

    @property
    def baselines(self) -> list[str]:
        """The baselines that inputs have."""
        return sorted({each.baseline for each in self._kinds} - {""})

    def of_baseline(self, baseline: str) -> list[str]:
        """The inputs that have a baseline."""
        return [path for path in self.inputs if self._settings[path].baseline == baseline]

    def compare(
        self, reports: Iterable[InputReport], comparisons: Mapping[str, Comparison]
    ) -> Iterator[InputReport]:
        """The reports, each held against the baseline of its input."""
        for item in reports:
            settings = self._settings[item.path]
            comparison = comparisons.get(settings.baseline)
            yield item if comparison is None else comparison.compare(item, _asked(settings))


def _sieved(item: InputReport, settings: Settings) -> InputReport:
    """The report as the configuration wants it; most runs have nothing to say about findings."""
    if not (settings.severity or settings.allow or settings.expect):
        return item
    from dtlink.config.apply import apply

    return apply(item, settings, item.tables)


def _kernel(settings: Settings) -> tuple[object, ...]:
    return settings.kernel_version, settings.paths


def _identity(settings: Settings, *, digest: bool) -> Mapping[str, Any]:
    if not digest:
        return {"version": str(settings.kernel_version)}
    from dtlink.report.kernel import identity

    return identity(settings.kernel_version, settings.paths)


@lru_cache(maxsize=256)
def _task(settings: Settings) -> engine.Task:
    return engine.Task(
        partial(lint_tree, settings=settings), partial(lint_tables, settings=settings)
    )


def lint_tree(tree: Tree, settings: Settings) -> dict[str, Any]:
    """Lint a tree as it is configured; raises as :func:`dtlink.engine.lint_tree` does."""
    return engine.lint_tree(
        tree,
        settings.select,
        settings.ignore,
        settings.kernel_version,
        cmdline=settings.cmdline,
        against=settings.against,
        kernel=settings.paths,
        root=settings.root,
        schemas=settings.schema_dir if settings.schema else None,
    )


def lint_tables(machine: Machine, settings: Settings) -> dict[str, Any]:
    """Lint tables as they are configured; raises as :func:`dtlink.engine.lint_tables` does."""
    return engine.lint_tables(
        machine,
        settings.select,
        settings.ignore,
        settings.kernel_version,
        kernel=settings.paths,
    )


@lru_cache(maxsize=256)
def _asked(settings: Settings) -> Asked:
    """Whether a rule is asked of an input."""
    from dtlink.report.known import asked

    return asked(settings.select, settings.ignore, settings.not_asked)
