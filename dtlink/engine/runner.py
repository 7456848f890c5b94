"""Many inputs: one after the other here, or in several processes."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice

from dtlink import reading
from dtlink.engine.task import Task, process
from dtlink.firmware.inputs import Input
from dtlink.firmware.read import STDIN, SUFFIXES
from dtlink.report.model import InputFault, InputReport
from dtlink.typed import TYPE_CHECKING

#: Fewer inputs than this are not worth another process.
_WORTH_A_PROCESS = 24
#: Upper bound on inputs per chunk: larger chunks cost more repeated work if a process is killed.
_CHUNK = 32
#: Inputs between two runs of the garbage collector, for cycles that libraries may make.
_COLLECT_EVERY = 32
#: New objects from which on it runs at once: those of tables refer to each other.
_MANY_OBJECTS = 200_000
#: Upper bound on tasks that are prepared: most of what one imports serves the others.
_PREPARATIONS = 4
#: Inputs whose tasks are looked at for them.
_LOOKED_AT = 256

if TYPE_CHECKING:
    from dtlink.engine.executors import Executor

    #: A number of processes, or what calls functions elsewhere.
    Workers = int | Executor

#: An input, and what is done with it.
Job = tuple[Input, Task]


def run(
    inputs: Sequence[Input | str],
    task: Task | Callable[[Input], Task],
    *,
    jobs: Workers = 0,
    digest: bool = False,
) -> Iterator[InputReport]:
    """Do a task, or the one that an input gets, on every input, in the order of the inputs.

    ``jobs`` is an executor, or the number of processes; 0 takes as many as there are processors,
    where there are inputs enough to be worth it. Standard input is read here, with all others.
    """
    plan = _Plan(inputs, task)
    if jobs == 0:
        jobs = os.cpu_count() or 1 if len(plan.inputs) >= _WORTH_A_PROCESS else 1
    if jobs == 1 or len(plan.inputs) < 1 or plan.reads_stdin:
        return _here(plan, digest=digest)
    if not isinstance(jobs, int):
        return _elsewhere(plan, jobs, digest=digest)
    if min(jobs, len(plan.inputs)) == 1:
        return _here(plan, digest=digest)
    return _in_processes(plan, min(jobs, len(plan.inputs)), digest=digest)


class _Plan:
    """Inputs, and what is done with each; of many inputs nothing else is kept."""

    def __init__(self, inputs: Sequence[Input | str], task: Task | Callable[[Input], Task]) -> None:
        self.inputs = inputs
        self._task = task

    def __iter__(self) -> Iterator[Job]:
        of = self._task
        if isinstance(of, Task):
            return ((item, of) for item in map(Input.of, self.inputs))
        return ((item, of(item)) for item in map(Input.of, self.inputs))

    @property
    def reads_stdin(self) -> bool:
        """Whether an input is standard input."""
        return any(each.path == STDIN for each in map(Input.of, self.inputs))

    def chunks(self, workers: int) -> Iterator[Sequence[Job]]:
        """The jobs, as many together as go to a worker at a time."""
        size = max(1, min(_CHUNK, len(self.inputs) // (workers * 4)))
        jobs = iter(self)
        while chunk := list(islice(jobs, size)):
            yield chunk


def do(
    chunk: Sequence[Job], *, digest: bool, watched: Mapping[tuple[int, int], str] | None = None
) -> list[InputReport]:
    """Do the tasks of some inputs, in whichever process and thread this is.

    ``watched`` are the files that the process that asks will write, if it is of this machine.
    """
    if watched:
        reading.adopt(watched)
    return [done(job, digest=digest) for job in chunk]


def done(job: Job, *, digest: bool) -> InputReport:
    """The report of an input; of a fault of dtlink too, whatever it is."""
    try:
        report, finish = process(*job, digest=digest), job[1].finish
        report = report if finish is None else finish(report)
        overwritten = reading.overwritten()
        return report._replace(overwrites=overwritten) if overwritten else report
    except Exception as error:  # noqa: BLE001 - the other inputs are still done
        return lost(job, f"{type(error).__name__}: {error}")


def lost(job: Job, how: str) -> InputReport:
    """The report of an input that was not done because of a fault of dtlink."""
    item = job[0]
    return InputReport(
        item.path,
        member=item.member,
        overlays=item.overlays,
        variant=item.variant,
        error=InputFault(how, bug=True),
    )


def _here(plan: _Plan, *, digest: bool) -> Iterator[InputReport]:
    """In this process. Trees hold no reference cycles: the collector would look in vain."""
    may_pause = gc.isenabled() and _is_main_thread()
    if may_pause:
        gc.disable()
    try:
        for number, job in enumerate(plan, 1):
            yield _alone(done(job, digest=digest)) if may_pause else done(job, digest=digest)
            if may_pause and number % _COLLECT_EVERY == 0:
                gc.collect(0)  # what is new: the reports before were looked at once
    finally:
        if may_pause:
            gc.enable()


def _alone(report: InputReport) -> InputReport:
    """A report, once the large tables that it is of are gone."""
    if gc.get_count()[0] > _MANY_OBJECTS:
        gc.collect(0)
    return report


def _is_main_thread() -> bool:
    """Whether this is the main thread: others would switch the collector off for one another."""
    threading = sys.modules.get("threading")
    return threading is None or threading.current_thread() is threading.main_thread()


def _preparations(plan: _Plan) -> Iterable[Callable[[], object]]:
    """What is worth doing once, here, rather than in every process."""
    first = islice(plan, _LOOKED_AT)
    found = {id(task.prepare): task.prepare for item, task in first if item.path.endswith(SUFFIXES)}
    return islice(filter(None, found.values()), _PREPARATIONS)


def _in_processes(plan: _Plan, jobs: int, *, digest: bool) -> Iterator[InputReport]:
    from dtlink.engine.ordered import Work, in_order
    from dtlink.engine.pool import Processes

    for prepare in _preparations(plan):
        prepare()
    with Processes(jobs) as pool:
        work = Work(partial(do, digest=digest, watched=reading.watched()), lost)
        for report in in_order(plan.chunks(jobs), work, pool):
            reading.note_output(report.overwrites)
            yield report


def _elsewhere(plan: _Plan, executor: Executor, *, digest: bool) -> Iterator[InputReport]:
    """On an executor, whose processes may be those of other machines."""
    from dtlink.engine.executors import workers_of
    from dtlink.engine.ordered import Work, in_order
    from dtlink.engine.remote import Home, spare

    work = Work(partial(Home.of(executor).call, partial(do, digest=digest), paths), lost)
    with spare() as more:
        yield from in_order(plan.chunks(workers_of(executor)), work, executor, more)


def paths(jobs: Iterable[Job]) -> Iterator[str]:
    """The paths that some jobs read."""
    for item, task in jobs:
        yield from item.paths if task.data is None else item.overlays
        yield from task.paths
