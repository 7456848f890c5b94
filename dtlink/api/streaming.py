"""``lint_iter()``: reports of inputs that are named one after the other, as many as there come."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial

from dtlink import arguments as taken
from dtlink.api.options import arguments, config_file, workers_of
from dtlink.api.stream_items import StreamItem, StreamItems
from dtlink.board.settings import Settings
from dtlink.config.resolve import forget
from dtlink.config.tasks import sieved
from dtlink.engine.bounded import reported
from dtlink.engine.runner import done, lost, paths
from dtlink.report.model import InputReport
from dtlink.report.totals import Totals
from dtlink.typed import TYPE_CHECKING, Any, Literal, Unpack

if TYPE_CHECKING:
    from dtlink.api.options import AnyPath, LintOptions
    from dtlink.api.stream_items import AnyInput
    from dtlink.engine.executors import Executor
    from dtlink.engine.runner import Workers

#: What goes to a worker at a time, at most: inputs by default, and bytes of them.
_BATCH, _BYTES = 16, 1 << 20
#: Seconds after which what there is goes to a worker, if inputs come slowly.
_PATIENCE = 0.05
#: What is said of one run, not of each input: ``lint`` takes them.
_OF_A_RUN = ("baseline",)


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
    There is no report of the run: each report has its ``kernel``, but for the default version.

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
    items = StreamItems(given, config_file(config), search=search).of(_several(inputs))
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


def _reports(
    items: Iterator[StreamItem], workers: Workers, batch: int, in_flight: int
) -> Iterator[InputReport]:
    if workers == 1:
        yield from map(_report, items)
        return
    from dtlink.engine.ordered import Work, in_order
    from dtlink.engine.remote import Home, spare

    with ExitStack() as stack:
        more = stack.enter_context(spare())
        if isinstance(workers, int):
            from dtlink.engine.pool import Processes

            workers = stack.enter_context(Processes(workers))
        work = Work(partial(Home.of(workers).call, _do, _paths), _lost)
        yield from in_order(_batches(items, batch), work, workers, more, in_flight)


def _batches(items: Iterable[StreamItem], number: int) -> Iterator[Sequence[StreamItem]]:
    """Items that go to a worker together."""
    batch: list[StreamItem] = []
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


def _paths(items: Sequence[StreamItem]) -> Iterator[str]:
    return paths((each.input, each.task) for each in items if each.report is None)


def _do(items: Sequence[StreamItem]) -> list[InputReport]:
    return [_report(each) for each in items]


def _report(item: StreamItem) -> InputReport:
    if item.report is not None:
        return item.report
    report = done((item.input, item.task), digest=True)
    return _finished(report, item)


def _lost(item: StreamItem, how: str) -> InputReport:
    return _finished(lost((item.input, item.task), how), item)


def _finished(report: InputReport, item: StreamItem) -> InputReport:
    """The report as its settings want it."""
    notes = [*item.notes, *report.notes] if item.notes else report.notes
    whole = report._replace(
        fail_on=item.settings.fail_on, kernel=item.kernel, notes=notes, blob=b""
    )
    found = reported(sieved(whole, item.settings))
    if found.checked:
        return found
    from dtlink.config.unchecked import unchecked_note

    note = unchecked_note(Totals.of([found]), [item.settings])
    return found._replace(notes=[*found.notes, note])
