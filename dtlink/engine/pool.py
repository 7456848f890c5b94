"""A pool of processes, any of which may be killed.

The pools of the standard library only report that some process ended, and wait forever for one that
ends during its answer. Here each process has its own pipe, which identifies the one that ended.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait

from dtlink.engine.task import Task
from dtlink.firmware.inputs import Input
from dtlink.report.model import InputFault, InputReport

#: Upper bound on inputs per chunk: larger chunks cost more repeated work if a process is killed.
_CHUNK = 32

Jobs = Sequence[tuple[Input, Task]]
Work = Callable[[Jobs], Iterator[InputReport]]


def elsewhere(plan: Jobs, work: Work, jobs: int) -> Iterator[InputReport]:
    """Lint the inputs of a plan in ``jobs`` processes; yield the reports in that order."""
    size = max(1, min(_CHUNK, len(plan) // (jobs * 4)))
    chunks = [plan[at : at + size] for at in range(0, len(plan), size)]
    finished: dict[int, list[InputReport]] = {}
    due = 0
    for number, reports in _as_done(chunks, work, jobs):
        finished[number] = reports
        while due in finished:
            yield from finished.pop(due)
            due += 1


def _as_done(
    chunks: Sequence[Jobs], work: Work, jobs: int
) -> Iterator[tuple[int, list[InputReport]]]:
    """The reports of each chunk, with its number, in order of completion."""
    todo = iter(enumerate(chunks))
    busy: dict[Connection, tuple[_Worker, int]] = {}

    def give(worker: _Worker) -> None:
        number, chunk = next(todo, (0, None))
        if chunk is None:
            worker.stop()
        else:
            busy[worker.link] = worker, number
            worker.ask(chunk)

    try:
        for _ in range(min(jobs, len(chunks))):
            give(_Worker(work))
        while busy:
            ready = wait(list(busy))
            for link in [each for each in busy if each in ready]:
                worker, number = busy.pop(link)
                reports = worker.answer()
                give(worker if reports else _Worker(work))
                yield number, reports or list(_one_by_one(chunks[number], work))
    finally:
        for worker, _ in busy.values():
            worker.stop()


def _one_by_one(chunk: Jobs, work: Work) -> Iterator[InputReport]:
    """The reports of a chunk that ended its process: one process per input finds the culprit."""
    for job in chunk:
        worker = _Worker(work)
        worker.ask([job])
        reports = worker.answer()
        worker.stop()
        yield from reports or [_ended(job[0], worker.end())]


def _ended(item: Input, how: str) -> InputReport:
    fault = InputFault(how, bug=True)
    return InputReport(
        item.path, member=item.member, overlays=item.overlays, variant=item.variant, error=fault
    )


class _Worker:
    """A process and the pipe to it."""

    def __init__(self, work: Work) -> None:
        self.link, theirs = multiprocessing.Pipe()
        self._process = multiprocessing.Process(target=_serve, args=(theirs, work), daemon=True)
        self._process.start()
        theirs.close()

    def ask(self, chunk: Jobs) -> None:
        """Send a chunk to the process."""
        with suppress(OSError):  # the process has ended: answer() reports that
            self.link.send(chunk)

    def answer(self) -> list[InputReport] | None:
        """Wait for the reports; ``None`` if the process has ended."""
        try:
            reports: list[InputReport] = self.link.recv()
        except (EOFError, OSError):
            self._process.join()
            return None
        return reports

    def stop(self) -> None:
        """End the process."""
        if self._process.is_alive():
            self._process.terminate()
        self._process.join()
        self.link.close()

    def end(self) -> str:
        """How the process ended; negative exit codes are signals."""
        code = self._process.exitcode or 0
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with {code}"
        return f"the process that read it {how}"


def _serve(link: Connection, work: Work) -> None:
    """Answer until the parent process ends."""
    # Ctrl-C reaches every process of the terminal; the parent handles it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    while parent is not None and link in wait([link, parent.sentinel]):
        link.send(list(work(link.recv())))
    os._exit(0)
