"""Runs inputs in processes that are bounded and watched: one that does not come back is a fault."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from ctypes import c_longlong
from dataclasses import dataclass, field
from heapq import nlargest
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

from tests.fuzz.case import Case, name_of
from tests.fuzz.limits import bound_memory, bound_next
from tests.fuzz.oracle import Outcome, run
from tests.fuzz.readers import case

#: Inputs that one process does: it begins with what the parent has, so no input sees many others.
CHUNK = 500
#: Runs of an input that takes too long, before it is a fault.
ATTEMPTS = 3
#: Of so many inputs the time is kept: the slowest.
SLOWEST = 100
#: Wall-clock seconds after which a process that makes no progress is ended.
STUCK = 120.0
_FORK = get_context("fork")


class Fault(NamedTuple):
    """An input that did what none may, with the command that runs it again."""

    reader: str
    seed: int
    number: int
    told: str

    def __str__(self) -> str:
        return f"{name_of(self.reader, self.seed, self.number)}\n    {self.told}"


@dataclass
class Tally:
    """What the inputs of a run did."""

    inputs: Counter[str] = field(default_factory=Counter)
    """By reader."""
    statuses: Counter[str] = field(default_factory=Counter)
    """By reader and the exit status of the first command."""
    commands: int = 0
    faults: list[Fault] = field(default_factory=list)
    slowest: list[tuple[float, str, int]] = field(default_factory=list)
    """CPU seconds, reader and number, the slowest first."""

    def add(self, other: Tally) -> None:
        """Add another's figures."""
        self.inputs += other.inputs
        self.statuses += other.statuses
        self.commands += other.commands
        self.faults += other.faults
        self.slowest = nlargest(SLOWEST, self.slowest + other.slowest)


class Chunk(NamedTuple):
    """Inputs of one reader, by their numbers."""

    reader: str
    seed: int
    numbers: range


def work(
    chunk: Chunk, folder: Path, at: Any = None, tell: Callable[[Fault], None] | None = None
) -> Tally:
    """Run the inputs of a chunk in this process.

    ``at`` is told the number of each before it runs, and ``tell`` a fault when it is found.
    """
    tally = Tally()
    tell = tell or tally.faults.append
    for number in chunk.numbers:
        if at is not None:
            at.value = number
            bound_next()
        outcome, took = _timed(case(chunk.reader, chunk.seed, number), folder)
        tally.inputs[chunk.reader] += 1
        tally.commands += len(outcome.statuses)
        first = outcome.statuses[0] if outcome.statuses else "none"
        tally.statuses[f"{chunk.reader} {first}"] += 1
        tally.slowest.append((took, chunk.reader, number))
        if outcome.fault:
            tell(Fault(chunk.reader, chunk.seed, number, outcome.fault))
    tally.slowest = nlargest(SLOWEST, tally.slowest)
    return tally


def _timed(made: Case, folder: Path) -> tuple[Outcome, float]:
    """What an input did, and its CPU seconds: of a slow one, those of the fastest attempt.

    CPU time grows where other processes take the caches, so one attempt proves nothing.
    """
    least = float("inf")
    for _ in range(ATTEMPTS):
        before = time.process_time()
        outcome = run(made, folder)
        least = min(least, time.process_time() - before)
        if not outcome.is_slow:
            break
    return outcome, least


class _Worker:
    """A process that does one chunk."""

    def __init__(self, chunk: Chunk, folder: Path) -> None:
        self.chunk = chunk
        self.at = _FORK.RawValue(c_longlong, chunk.numbers.start)
        self.seen = (chunk.numbers.start, time.monotonic())
        self.faults: list[Fault] = []
        self.answer, sender = _FORK.Pipe(duplex=False)
        self.process = _FORK.Process(
            target=_child, args=(chunk, folder, self.at, sender), daemon=True
        )
        self.process.start()
        sender.close()

    def result(self, tell: Callable[[Fault], None]) -> Tally | None:
        """What it found, once it has ended: of one that was killed, the input that did it too.

        ``tell`` is told each fault as soon as it is found.
        """
        if self.answer.poll(0):
            try:
                found: Tally | Fault = self.answer.recv()
            except EOFError:
                found = self._killed()
            if isinstance(found, Fault):
                self._keep(found, tell)
                return None
            for fault in found.faults:
                self._keep(fault, tell)
            found.faults = self.faults
            self.process.join()
            return found
        if self.at.value != self.seen[0]:
            self.seen = (self.at.value, time.monotonic())
        elif time.monotonic() - self.seen[1] > STUCK:
            self.process.kill()
        return None

    def _keep(self, fault: Fault, tell: Callable[[Fault], None]) -> None:
        self.faults.append(fault)
        tell(fault)

    def _killed(self) -> Tally:
        self.process.join()
        number = self.at.value
        code = self.process.exitcode or 0
        what = signal.Signals(-code).name if code < 0 else f"exit status {code}"
        tally = Tally()
        tally.inputs[self.chunk.reader] = number - self.chunk.numbers.start + 1
        tally.faults.append(
            Fault(self.chunk.reader, self.chunk.seed, number, f"the process ended: {what}")
        )
        return tally

    def done(self, rest: Chunk | None) -> Chunk:
        """The part of the chunk that was run."""
        stop = rest.numbers.start if rest else self.chunk.numbers.stop
        return self.chunk._replace(numbers=range(self.chunk.numbers.start, stop))

    def rest(self) -> Chunk | None:
        """What is left of the chunk after the input that ended the process."""
        left = range(self.at.value + 1, self.chunk.numbers.stop)
        return self.chunk._replace(numbers=left) if left else None


def _child(chunk: Chunk, folder: Path, at: Any, sender: Any) -> None:
    bound_memory()
    gc.set_threshold(50_000)  # as the command has it
    place = folder / f"w{os.getpid()}"
    place.mkdir()
    os.environ["XDG_CACHE_HOME"] = str(place / "cache")
    try:
        sender.send(work(chunk, place, at, sender.send))
    finally:
        shutil.rmtree(place, ignore_errors=True)


def run_chunks(
    chunks: Iterator[Chunk],
    jobs: int,
    seconds: float = 0,
    tell: Callable[[Fault], None] = lambda _: None,
) -> Iterator[tuple[Chunk, Tally]]:
    """Run chunks in so many processes, until there are no more or the time is over.

    ``tell`` is told each fault as soon as it is found. A chunk whose process ended comes in parts.
    """
    end = time.monotonic() + seconds if seconds else 0
    gc.collect()
    gc.freeze()
    base = Path("/dev/shm")  # noqa: S108 - of our own folder in it
    with tempfile.TemporaryDirectory(dir=base if base.is_dir() else None) as name:
        workers: list[_Worker] = []
        waiting: list[Chunk] = []
        while True:
            over = bool(end) and time.monotonic() > end
            while len(workers) < jobs and not over:
                chunk = waiting.pop() if waiting else next(chunks, None)
                if chunk is None:
                    break
                workers.append(_Worker(chunk, Path(name)))
            if not workers:
                return
            for worker in list(workers):
                if (tally := worker.result(tell)) is None:
                    continue
                workers.remove(worker)
                rest = worker.rest() if worker.process.exitcode else None
                if rest:
                    waiting.append(rest)
                yield worker.done(rest), tally
            time.sleep(0.01)
