"""``lint_iter()``: reports of inputs that are named one after the other, as many as there come."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial

from dtlink import engine
from dtlink.api.lint import planned
from dtlink.api.options import arguments, refused_values, workers_of
from dtlink.config.model import LintSettings
from dtlink.config.plan import LintPlan
from dtlink.config.resolve import forget, settings_of
from dtlink.config.tasks import sieved
from dtlink.engine.bounded import reported
from dtlink.engine.runner import done, lost, paths
from dtlink.firmware.inputs import Input
from dtlink.firmware.read import STDIN, hold_standard_input
from dtlink.records import NamedTuple
from dtlink.report.model import InputFault, InputReport
from dtlink.typed import TYPE_CHECKING, Any, Literal, Unpack

if TYPE_CHECKING:
    from dtlink.api.options import AnyPath, LintOptions
    from dtlink.board.settings import Settings
    from dtlink.engine.executors import Executor
    from dtlink.engine.runner import Workers

    #: A path as ``lint`` takes it, an input of a report, the bytes of a file, or their name too.
    AnyInput = AnyPath | Input | bytes | tuple[str, bytes]

#: What goes to a worker at a time, at most: inputs by default, and bytes of them.
_BATCH, _BYTES = 16, 1 << 20
#: What bytes without a name are called in reports.
_BYTES_NAME = "input"
#: Seconds after which what there is goes to a worker, if inputs come slowly.
_PATIENCE = 0.05
#: What is said of one run, not of each input: ``lint`` takes them.
_OF_A_RUN = ("baseline",)


class _Item(NamedTuple):
    """An input and what is done with it, or its report, where there is nothing to do."""

    input: Input
    task: engine.Task = engine.Task()
    settings: LintSettings = LintSettings()
    report: InputReport | None = None
    notes: Sequence[str] = ()
    """What was passed over where the input was looked for."""


def lint_iter(
    inputs: Iterable[AnyInput],
    *,
    executor: Executor | None = None,
    jobs: int = 1,
    settings: Settings | None = None,
    config: AnyPath | Literal[False] | None = None,
    search: bool = False,
    batch: int = _BATCH,
    in_flight: int = 0,
    **options: Unpack[LintOptions],
) -> Iterator[InputReport]:
    """Lint inputs as they come, and yield their reports in the same order.

    ``inputs`` may have no end. Each is a path, as :func:`dtlink.lint` takes it (a folder means the
    inputs below it, a container its members), bytes, bytes with a name as ``(name, bytes)``, or the
    ``input`` of a report. ``executor`` is one of ``concurrent.futures``, or like one; without it
    ``jobs`` processes of dtlink's own do the work, and by default this one. Workers read files by
    their paths; bytes are sent to them.

    ``settings`` has the options of a board as values; they may be keywords too, as all others of
    :func:`dtlink.lint` but ``baseline``, which is compared with a whole run, as are comments in
    files that several boards include. ``config`` and ``search`` are those of :func:`dtlink.lint`.

    Up to ``batch`` inputs are one call of the executor, fewer if they come slowly; ``in_flight`` is
    the number of calls that are begun before the oldest has returned: by default four for each
    worker. What a lost worker had is done again; an input that no worker survives has an ``error``
    that says so.

    Raises what :func:`dtlink.lint` raises, :class:`ExecutorError` for workers of another version
    or in another folder, and what the executor raises if it cannot do any call.
    """
    _check_number("batch", batch, 1)
    _check_number("in_flight", in_flight, 0)
    for name in _OF_A_RUN:
        if name in options:
            raise TypeError(f"{name}: lint() takes it, which compares a whole run")
    if isinstance(inputs, str | bytes | os.PathLike):
        raise TypeError("inputs are several: [path]")
    workers, given = workers_of(executor, jobs), arguments({**_values(settings, options)})
    forget()  # files that an earlier call read may have changed
    items = _Items(given, config, search=search).of(inputs)
    return _reports(items, workers, batch, in_flight)


def _check_number(name: str, value: object, least: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise ValueError(f"{name}: a number is needed, {least} or more, not {value!r}")


def _values(settings: Settings | None, options: LintOptions) -> dict[str, Any]:
    """The options, those of a board from its settings."""
    if settings is None:
        return {**options}
    defaults = type(settings)()
    pairs = zip(settings._fields, settings, defaults, strict=True)
    board = {name: value for name, value, default in pairs if value != default}
    if both := board.keys() & options.keys():
        raise TypeError(f"{min(both)}: it is given twice, in settings too")
    return {**board, **options}


class _Items:
    """What inputs mean, one after the other."""

    def __init__(
        self, given: dict[str, Any], config: AnyPath | Literal[False] | None, *, search: bool
    ) -> None:
        self._plan = partial(planned, given=given, config=config, search=search)
        file = None if config is None or config is False else os.fspath(config)
        self._of = partial(settings_of, given=given, file=file)
        self._isolated = config is False
        self._of_bytes = self._of(_BYTES_NAME, isolated=file is None)
        self._checked: set[LintSettings] = set()

    def of(self, inputs: Iterable[AnyInput]) -> Iterator[_Item]:
        """The items of inputs."""
        for each in inputs:
            if isinstance(each, bytes):
                yield from self._given(_BYTES_NAME, each)
            elif isinstance(each, Input):
                settings = self._of(each.path, isolated=self._isolated)
                yield from self._planned(LintPlan.of_input(each, settings))
            elif isinstance(each, tuple):
                yield from self._given(*each)
            elif (path := os.fspath(each)) == STDIN:
                yield from self._given(STDIN, hold_standard_input())
            else:
                yield from self._named(path)

    def _named(self, path: str) -> Iterator[_Item]:
        """The inputs that a path means."""
        with refused_values():
            plan = self._plan([path])
        yield from self._planned(plan)
        for each in plan.unread:
            yield _Item(each.input, report=each)
        if not plan.total:
            nothing = InputFault("nothing to check in it")
            yield _Item(Input(path), report=InputReport(path, error=nothing, notes=plan.notes))

    def _given(self, name: str, data: bytes) -> Iterator[_Item]:
        """The inputs that bytes are: one, or the members of a container."""
        overlays = self._of_bytes.board.overlay
        for member in engine.members(name, data):
            item = Input(name, member).with_overlays(overlays)
            for each in self._planned(LintPlan.of_input(item, self._of_bytes)):
                yield each._replace(task=each.task._replace(data=data))

    def _planned(self, plan: LintPlan) -> Iterator[_Item]:
        """The inputs of a plan; the first has its notes."""
        self._check(plan)
        notes = plan.notes
        for item in plan.inputs:
            yield _Item(item, plan.task(item), plan.settings(item), notes=notes)
            notes = []

    def _check(self, plan: LintPlan) -> None:
        """Read what settings name, as the first input has them. Raises :class:`InputError`."""
        kinds = {plan.settings(each) for each in plan.inputs}
        if not kinds <= self._checked:
            plan.check()
            self._checked |= kinds


def _reports(
    items: Iterator[_Item], workers: Workers, batch: int, in_flight: int
) -> Iterator[InputReport]:
    if workers == 1:
        yield from map(_report, items)
        return
    from dtlink.engine.executors import Work, in_order
    from dtlink.engine.remote import Home, spare

    with ExitStack() as stack:
        more = stack.enter_context(spare())
        if isinstance(workers, int):
            from dtlink.engine.pool import Processes

            workers = stack.enter_context(Processes(workers))
        work = Work(partial(Home.of(workers).call, _do, _paths), _lost)
        yield from in_order(_batches(items, batch), work, workers, more, in_flight)


def _batches(items: Iterable[_Item], number: int) -> Iterator[Sequence[_Item]]:
    """Items that go to a worker together."""
    batch: list[_Item] = []
    size, began = 0, time.monotonic()
    for item in items:
        batch.append(item)
        size += len(item.task.data or b"")
        if len(batch) >= number or size > _BYTES or time.monotonic() - began > _PATIENCE:
            yield batch
            batch, size, began = [], 0, time.monotonic()
    if batch:
        yield batch


def _paths(items: Sequence[_Item]) -> Iterator[str]:
    return paths((each.input, each.task) for each in items if each.report is None)


def _do(items: Sequence[_Item]) -> list[InputReport]:
    return [_report(each) for each in items]


def _report(item: _Item) -> InputReport:
    if item.report is not None:
        return item.report
    report = done((item.input, item.task), digest=True)
    return _finished(report, item)


def _lost(item: _Item, how: str) -> InputReport:
    return _finished(lost((item.input, item.task), how), item)


def _finished(report: InputReport, item: _Item) -> InputReport:
    """The report as its settings want it."""
    notes = [*item.notes, *report.notes] if item.notes else report.notes
    whole = report._replace(fail_on=item.settings.fail_on, notes=notes, blob=b"")
    return reported(sieved(whole, item.settings))
