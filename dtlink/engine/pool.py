"""Work in several processes, any of which may be killed."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing.connection import Connection

from dtlink.engine.task import Task
from dtlink.report.model import InputFault, InputReport

#: So many inputs at most go to a process at a time.
_CHUNK = 32

Plan = Sequence[tuple[str, Task]]
Work = Callable[[Plan], Iterator[InputReport]]


def elsewhere(plan: Plan, work: Work, jobs: int) -> Iterator[InputReport]:
    """The reports, in the order of the plan.

    A process that ends before its time takes the whole pool with it. What it had at hand is then
    done input by input, each in a process of its own, which names the one that is to blame, and
    a new pool does the rest.
    """
    size = max(1, min(_CHUNK, len(plan) // (jobs * 4)))
    chunks = [plan[at : at + size] for at in range(0, len(plan), size)]
    while chunks:
        done = 0
        for reports in _pooled(chunks, work, jobs):
            yield from reports
            done += 1
        if done < len(chunks):
            yield from (_alone(job, work) for job in chunks[done])
        chunks = chunks[done + 1 :]


def _pooled(chunks: Sequence[Plan], work: Work, jobs: int) -> Iterator[list[InputReport]]:
    """The reports chunk by chunk, up to the first that a broken pool keeps back."""
    pool = ProcessPoolExecutor(jobs, initializer=_ignore_interrupt)
    try:
        told: list[Future[list[InputReport]]] = [
            pool.submit(_listed, chunk, work) for chunk in chunks
        ]
        for each in told:
            yield each.result()
    except BrokenProcessPool:
        return
    except BaseException:
        # Nobody waits for what is still under way.
        for child in multiprocessing.active_children():
            child.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _ignore_interrupt() -> None:
    """Ctrl-C goes to every process of the terminal: the one that the user started answers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _listed(chunk: Plan, work: Work) -> list[InputReport]:
    return list(work(chunk))


def _alone(job: tuple[str, Task], work: Work) -> InputReport:
    """The report of one input, from a process that may end before it tells anything."""
    receiver, sender = multiprocessing.Pipe(duplex=False)
    child = multiprocessing.Process(target=_send, args=(sender, partial(_listed, [job], work)))
    child.start()
    sender.close()
    try:
        report = receiver.recv()
    except EOFError:
        report = None
    child.join()
    return report or InputReport(job[0], error=InputFault(_ended(child.exitcode), bug=True))


def _send(sender: Connection, work: Callable[[], list[InputReport]]) -> None:
    _ignore_interrupt()
    sender.send(work()[0])


def _ended(code: int | None) -> str:
    """How a process ended before its time; negative codes are signals."""
    try:
        how = f"was killed by {signal.Signals(-(code or 0)).name}"
    except ValueError:
        how = f"ended with status {code}"
    return f"the process that read it {how}"
