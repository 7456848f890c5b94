"""``lint_iter()``: reports of inputs that are named one after the other, as many as there come."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial

from dtlink import arguments as taken
from dtlink import engine
from dtlink.api.lint import planned
from dtlink.api.options import arguments, config_file, refused_values, workers_of
from dtlink.board.settings import Settings
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
from dtlink.report.totals import Totals
from dtlink.typed import TYPE_CHECKING, Any, Literal, Unpack

if TYPE_CHECKING:
    from dtlink.api.options import AnyBytes, AnyPath, LintOptions
    from dtlink.engine.executors import Executor
    from dtlink.engine.runner import Workers

    #: A path as ``lint`` takes it, an input of a report, the bytes of a file, or their name too.
    AnyInput = AnyPath | Input | AnyBytes | tuple[AnyPath, AnyBytes]

#: What goes to a worker at a time, at most: inputs by default, and bytes of them.
_BATCH, _BYTES = 16, 1 << 20
#: What bytes without a name are called in reports.
_BYTES_NAME = "input"
#: Seconds after which what there is goes to a worker, if inputs come slowly.
_PATIENCE = 0.05
#: What an input is.
_INPUT = "a path, bytes, (name, bytes) or the input of a report"
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

    Raises what ``inputs`` raises, after the reports of the inputs before that; what
    :func:`dtlink.lint` raises, :class:`ExecutorError` for workers of another version
    or in another folder, and what the executor raises if it cannot do any call.
    """
    taken.number("batch", batch, 1)
    taken.number("in_flight", in_flight, 0)
    taken.flags(search=search)
    for name in _OF_A_RUN:
        if name in options:
            raise TypeError(f"{name}: lint() takes it, which compares a whole run")
    workers, given = workers_of(executor, jobs), arguments({**_values(settings, options)})
    forget()  # files that an earlier call read may have changed
    items = _Items(given, config_file(config), search=search).of(_several(inputs))
    return _reports(items, workers, batch, in_flight)


def _several(inputs: Iterable[AnyInput]) -> Iterable[AnyInput]:
    """The inputs; one alone, which is iterable too, is refused."""
    is_one = isinstance(inputs, str) or hasattr(inputs, "_fields")  # or the input of a report
    if is_one or not taken.are_several(inputs):
        kind = type(inputs).__name__
        raise TypeError(f"inputs: several are needed, as in [path], not {kind}")
    return inputs


def _values(settings: Settings | None, options: LintOptions) -> dict[str, Any]:
    """The options, those of a board from its settings."""
    if settings is None:
        return {**options}
    taken.instance("settings", settings, Settings, "a Settings")
    defaults = type(settings)()
    pairs = zip(settings._fields, settings, defaults, strict=True)
    board = {name: value for name, value, default in pairs if value != default}
    if both := board.keys() & options.keys():
        raise TypeError(f"{min(both)}: it is given twice: as a keyword, and in settings")
    return {**board, **options}


class _Items:
    """What inputs mean, one after the other."""

    def __init__(
        self, given: dict[str, Any], config: str | Literal[False] | None, *, search: bool
    ) -> None:
        self._plan = partial(planned, given=given, config=config, search=search)
        file = config or None
        self._of = partial(settings_of, given=given, file=file)
        self._isolated = config is False
        self._of_bytes = self._of(_BYTES_NAME, isolated=file is None)
        self._checked: set[LintSettings] = set()

    def of(self, inputs: Iterable[AnyInput]) -> Iterator[_Item]:
        """The items of inputs."""
        for each in inputs:
            if isinstance(each, taken.BYTES):
                yield from self._given(_BYTES_NAME, bytes(each))
            elif isinstance(each, Input):
                settings = self._of(each.path, isolated=self._isolated)
                yield from self._planned(LintPlan.of_input(each, settings))
            elif isinstance(each, tuple):
                yield from self._given(*_named_bytes(each))
            elif (path := taken.path("inputs", each, _INPUT)) == STDIN:
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


def _named_bytes(item: tuple[Any, ...]) -> tuple[str, bytes]:
    """A name and bytes."""
    if isinstance(item, InputReport):
        raise TypeError(f"inputs: {_INPUT} is needed, not InputReport: give its .input")
    if len(item) != len(("name", "bytes")) or not isinstance(item[1], taken.BYTES):
        kinds = ", ".join(type(each).__name__ for each in item[:3])
        raise TypeError(f"inputs: {_INPUT} is needed, not ({kinds})")
    return taken.path("inputs", item[0], _INPUT), bytes(item[1])


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
    try:
        for item in items:
            batch.append(item)
            size += len(item.task.data or b"")
            if len(batch) >= number or size > _BYTES or time.monotonic() - began > _PATIENCE:
                yield batch
                batch, size, began = [], 0, time.monotonic()
    except Exception:  # of whatever gives the inputs; those that it gave are linted first
        if batch:
            yield batch
        raise
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
    found = reported(sieved(whole, item.settings))
    if found.checked:
        return found
    from dtlink.config.unchecked import unchecked_note

    note = unchecked_note(Totals.of([found]), [item.settings])
    return found._replace(notes=[*found.notes, note])
