"""A lint as it is configured: what is done with each input, and what then counts."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache, partial

from dtlink import engine
from dtlink.config.by_input import SettingsByInput
from dtlink.config.model import LintSettings
from dtlink.config.overlaid import overlaid, with_bases, without_base
from dtlink.config.tasks import (
    asked_of,
    finished,
    identity_of,
    kernel_of,
    lint_of,
    sieved,
    task_of,
    writing_task,
    written,
)
from dtlink.engine.bounded import reported
from dtlink.firmware.errors import InputError
from dtlink.firmware.inputs import Input
from dtlink.packed import Packed
from dtlink.report.model import InputReport, Report
from dtlink.rules.model import Severity
from dtlink.typed import TYPE_CHECKING, Any

#: How many inputs a run has whose results are kept: fewer are linted before the cache is read, more
#: have results that do not belong in memory.
_WORTH_KEEPING = range(16, 10_001)
#: How many paths have their settings kept while what they mean is found out.
_PATHS = 4096

if TYPE_CHECKING:
    from dtlink.engine.cache.results import Basis, ResultCache
    from dtlink.engine.runner import Workers
    from dtlink.engine.written import ExpectedTree
    from dtlink.firmware.acpi.machine import Machine
    from dtlink.firmware.choice import InputOptions
    from dtlink.firmware.git.commit import CommitFile
    from dtlink.firmware.source.options import SourceOptions
    from dtlink.firmware.storage import Disk
    from dtlink.firmware.tree import Tree
    from dtlink.report.known import BaselineComparison

    #: What is done with an input.
    TaskOf = Callable[[Input], engine.Task]
    #: Makes of a report what goes out.
    Finish = Callable[[InputReport], InputReport]


def _no_variants(_: str) -> Sequence[Input]:
    return ()


class LintPlan:
    """The inputs of a lint, in their order, each with its settings."""

    def __init__(
        self,
        inputs: Sequence[Input],
        settings: SettingsByInput,
        unread: Sequence[InputReport] = (),
        notes: Sequence[str] = (),
        source: str = "",
        asked: Sequence[LintSettings] = (),
    ) -> None:
        self.inputs = inputs
        self.unread = unread
        """The reports of what the user named that is not an input."""
        self._notes = notes
        self._source = source
        self._settings = settings
        self.kinds = settings.kinds
        """The settings that inputs have, each once."""
        # With overlays and bases, which the inputs have.
        self._asked = asked or self.kinds
        # Inputs of reports that are not among those of the plan: the baselines are not theirs.
        self._others = {each.input for each in unread}

    @classmethod
    def of(
        cls,
        paths: Sequence[str],
        settings_of: Callable[[str], LintSettings],
        variants_of: Callable[[str], Sequence[Input]] = _no_variants,
        *,
        search: bool = False,
        every: bool = False,
        allow_empty: bool = False,
    ) -> LintPlan:
        """The plan for paths; raises :class:`InputError` for a configuration that can't be read.

        ``every``: with all boards that include a file, whatever ``max-boards`` says.
        ``allow_empty``: a named file that means no input is a note.
        """
        of = lru_cache(_PATHS)(settings_of)

        def options(path: str) -> InputOptions:
            found = of(path).inputs
            return found._replace(max_boards=0) if every else found

        chosen = engine.choose(paths, options, search=search)
        chosen = chosen.without_unread() if allow_empty else chosen
        inputs: Packed[Input] = Packed()
        settings = SettingsByInput()
        asked: dict[int, LintSettings] = {}  # by identity: settings take long to hash
        for item, held, whole in overlaid(paths, chosen.inputs, of, variants_of):
            inputs.append(item)
            settings.add(item, held)
            asked[id(whole)] = whole
        return cls(inputs, settings, chosen.unread, chosen.notes, asked=[*asked.values()])

    @classmethod
    def of_input(cls, item: Input, settings: LintSettings) -> LintPlan:
        """The plan for an input as it is, with the overlays that it has."""
        return cls([item], SettingsByInput([(item, with_bases(settings))]), asked=[settings])

    @property
    def notes(self) -> list[str]:
        """What is not linted although a path means it, and what is not checked in full."""
        return [*self._notes, *without_base(self.inputs, self._settings)]

    @property
    def named(self) -> Sequence[Input]:
        """The inputs of all reports."""
        if not self.unread:
            return self.inputs
        return Packed([*self.inputs, *(each.input for each in self.unread)])

    @property
    def total(self) -> int:
        """The number of reports."""
        return len(self.inputs) + len(self.unread)

    def check(self) -> list[str]:
        """Read what the run rests on, once, for all processes that are made later.

        As :func:`~dtlink.config.named.check_named`.
        """
        from dtlink.config.named import check_named

        return check_named(each.board for each in self._asked)

    def reports(
        self,
        *,
        jobs: Workers,
        digest: bool,
        write_fixes: bool = False,
        kept: str = "",
        write: Finish | None = None,
    ) -> Iterator[InputReport]:
        """Lint; what the user accepts is not among the findings of the reports.

        ``write_fixes``: findings have the edits of their fixes as edits of the source. ``kept``
        is the folder of results that are kept; empty: none are. ``write`` makes of a report what
        goes out; where it can, the process does it that made the report.
        """
        kernels = self._kernels() if digest else {}
        task: TaskOf = self._writing if write_fixes else self._task
        if kept and self._may_be_kept(jobs):
            run = self._kept(kept, write_fixes=write_fixes).run
        else:
            run = engine.run
            task = task if write is None else self._finishing(task, kernels, write)
        for item in run(self.inputs, task, jobs=jobs, digest=digest):
            settings = self._settings[item.input]
            kernel = kernels.get(settings) if kernels else None
            if item.written is None:
                yield finished(item, settings, kernel)
            else:
                yield item if kernel is None else item._replace(kernel=kernel)
        yield from self.unread

    def _finishing(
        self,
        task: TaskOf,
        kernels: Mapping[LintSettings, Mapping[str, Any]],
        write: Finish,
    ) -> TaskOf:
        """A task for each input, which makes of its report what goes out."""
        known: dict[int, engine.Task] = {}  # by identity, as in _kept()

        def finishing(item: Input) -> engine.Task:
            settings = self._settings[item]
            if id(settings) not in known:
                kernel = kernels.get(settings)
                finish = partial(written, settings=settings, kernel=kernel, write=write)
                known[id(settings)] = task(item)._replace(finish=finish)
            return known[id(settings)]

        return finishing

    def _may_be_kept(self, jobs: Workers) -> bool:
        """Whether results may be in the cache: other machines may have other files at a path."""
        is_here = isinstance(jobs, int) and not self._source
        return is_here and len(self.inputs) in _WORTH_KEEPING

    def _kept(self, folder: str, *, write_fixes: bool) -> ResultCache:
        from dtlink.config.basis import basis_of
        from dtlink.engine.cache.results import ResultCache

        # By identity: to hash the settings of each input would take longer than to find its result.
        known: dict[int, Basis | None] = {}

        def basis(item: Input) -> Basis | None:
            settings = self._settings[item]
            if id(settings) not in known:
                known[id(settings)] = basis_of(settings, write_fixes=write_fixes)
            return known[id(settings)]

        return ResultCache(folder, basis)

    def reports_at(
        self, files: Mapping[Input, CommitFile], *, jobs: Workers
    ) -> Iterator[InputReport]:
        """As :meth:`reports`, of these inputs as they are in a commit."""
        run = engine.run(
            list(files), lambda item: self._task(item)._replace(at=files[item]), jobs=jobs
        )
        return (sieved(item, self._settings[item.input]) for item in run)

    def reports_of(
        self,
        inputs: Mapping[Input, Input],
        storage: Disk,
        expected: Mapping[Input, ExpectedTree],
        *,
        jobs: Workers,
    ) -> Iterator[InputReport]:
        """As :meth:`reports`, of inputs as a storage has them, with what their fixes write.

        Each is linted with the settings of an input of the plan, and its tree compared with the
        one that is ``expected``.
        """

        def task(item: Input) -> engine.Task:
            task = self._writing(inputs[item], expected.get(item))
            return task._replace(storage=storage)

        self._others.update(each for each, like in inputs.items() if each != like)
        run = engine.run(list(inputs), task, jobs=jobs)
        return (sieved(item, self._settings[inputs[item.input]]) for item in run)

    def report_of(self, item: Input, firmware: Tree | Machine) -> InputReport:
        """As :meth:`reports`, of an input as it was made. Raises :class:`InputError`."""
        answer = self._task(item).do(firmware)
        settings = self._settings[item]
        report = engine.report_of(item, firmware, answer)._replace(fail_on=settings.fail_on)
        return sieved(report, settings)

    def task(self, item: Input) -> engine.Task:
        """What is done with an input, with the edits of fixes as edits of the source."""
        return self._writing(item)

    def settings(self, item: Input) -> LintSettings:
        """What holds for an input."""
        return self._settings[item]

    def with_inputs(self, inputs: Sequence[Input], notes: Sequence[str] = ()) -> LintPlan:
        """The plan with only these of the inputs, and with more notes."""
        settings = SettingsByInput((each, self._settings[each]) for each in inputs)
        return LintPlan(inputs, settings, self.unread, [*self._notes, *notes])

    def of_source(self, source: str) -> LintPlan:
        """The plan with the source of its one blob. Raises :class:`InputError` for several, and for
        a source that is not there.
        """
        if not os.path.lexists(source):
            raise InputError("No such file or directory (source)", path=source)
        if len(self.inputs) > 1:
            message = f"the source of one blob, and there are {len(self.inputs):,} inputs"
            raise InputError(message, path=source)
        return LintPlan(self.inputs, self._settings, self.unread, self._notes, source)

    def settled(self, reports: Iterable[InputReport]) -> Iterator[InputReport]:
        """The reports as they are printed, with the comments in the source that no board needs."""
        from dtlink.report.comments import settled

        return map(reported, settled(reports, self._sources, self.inputs))

    def _sources(self, item: InputReport) -> SourceOptions:
        return self.settings(item.input).board.sources

    def _task(self, item: Input) -> engine.Task:
        task = task_of(self._settings[item])
        return task._replace(source=self._source) if self._source else task

    def _writing(self, item: Input, expected: ExpectedTree | None = None) -> engine.Task:
        task = writing_task(self._settings[item])
        if expected is not None:
            settings = self._settings[item]
            lint = partial(lint_of(settings), write_fixes=True, expected=expected)
            task = task._replace(tree=lint, tables=lint)
        return task._replace(source=self._source) if self._source else task

    def note_unchecked(self, report: Report) -> Report:
        """The report with a note about inputs that no chosen rule is about."""
        if not report.totals.unchecked:
            return report
        from dtlink.config.unchecked import unchecked_note

        return report._replace(notes=[*report.notes, unchecked_note(report.totals, self.kinds)])

    def kernel(self, *, digest: bool) -> Mapping[str, Any]:
        """The identity of the kernel of all inputs; where they differ, the first one's version."""
        if not self.inputs:
            return identity_of(LintSettings(), digest=False)
        alike = len({kernel_of(each) for each in self.kinds}) == 1
        return identity_of(self._settings[self.inputs[0]], digest=digest and alike)

    def machine(self) -> Mapping[str, Any]:
        """What was given of the machine, for all inputs together."""
        given = [each.board for each in self.kinds if each.board.lspci or each.board.iomem]
        if not given:
            return {}
        from dtlink.report.kernel import machine_files

        return machine_files(given)

    def _kernels(self) -> dict[LintSettings, Mapping[str, Any]]:
        """The identity of each input's kernel, where they differ."""
        if len({kernel_of(each) for each in self.kinds}) < 2:
            return {}
        return {each: identity_of(each, digest=True) for each in self.kinds}

    @property
    def show(self) -> Severity:
        """The minimum severity in text output."""
        shown = (each.show for each in self.kinds)
        return max(shown, key=lambda each: each.rank, default=Severity.WARNING)

    @property
    def baselines(self) -> list[str]:
        """The baselines that inputs have."""
        return sorted({each.baseline for each in self.kinds} - {""})

    def of_baseline(self, baseline: str) -> Iterator[Input]:
        """The inputs that have a baseline."""
        return (each for each in self.inputs if self._settings[each].baseline == baseline)

    def baseline_of(self, item: InputReport) -> str:
        """The baseline of an input; empty for none."""
        return "" if item.input in self._others else self._settings[item.input].baseline

    def compare(
        self, reports: Iterable[InputReport], comparisons: Mapping[str, BaselineComparison]
    ) -> Iterator[InputReport]:
        """The reports, each held against the baseline of its input."""
        for item in reports:
            comparison = comparisons.get(self.baseline_of(item))
            if comparison is None:
                yield item
            else:
                yield comparison.compare(item, asked_of(self._settings[item.input]))
