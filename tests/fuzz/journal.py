"""The folder of a long run: what is done, how far it is, and each fault when it is found.

``chunks.jsonl`` has a line for each chunk that is done, which a run that goes on counts and does
not run again; ``progress.log`` a line each minute; ``faults.log`` each fault with its command.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.fuzz.run import Chunk, Fault, Tally

#: Seconds between two lines of progress.
EVERY = 60.0


class Journal:
    """The folder, which an earlier run of the same seed may have begun."""

    def __init__(self, folder: Path, seed: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._seed = seed
        self._done: dict[str, list[range]] = {}
        self._start = self._told = time.monotonic()
        self.earlier = Tally()
        self._read()
        self._before = sum(self.earlier.inputs.values())

    def _read(self) -> None:
        """Count what is done; the line at which an earlier run was killed does not count."""
        path = self._folder / "chunks.jsonl"
        self._end_line(path)
        for line in path.read_text("utf-8").splitlines() if path.exists() else ():
            try:
                row = json.loads(line)
            except ValueError:
                continue
            if row["seed"] == self._seed:
                self._done.setdefault(row["reader"], []).append(range(row["first"], row["stop"]))
                self.earlier.add(_tally(row["tally"]))

    def left(self, chunks: Iterable[Chunk]) -> Iterator[Chunk]:
        """The chunks, or the parts of them, that are not done."""
        for chunk in chunks:
            for numbers in _without(chunk.numbers, self._done.get(chunk.reader, ())):
                yield chunk._replace(numbers=numbers)

    def fault(self, fault: Fault) -> None:
        """Write a fault."""
        self._append("faults.log", f"{fault}\n")

    def done(self, chunk: Chunk, found: Tally, whole: Tally) -> None:
        """Write that a chunk is done; a line of progress if it is time for one."""
        numbers = chunk.numbers
        row = {"reader": chunk.reader, "seed": chunk.seed, "first": numbers.start}
        line = json.dumps({**row, "stop": numbers.stop, "tally": vars(found)})
        self._append("chunks.jsonl", f"{line}\n")
        if time.monotonic() - self._told >= EVERY:
            self.progress(whole)

    def progress(self, whole: Tally) -> None:
        """Write how far the run is."""
        self._told = time.monotonic()
        took = self._told - self._start
        number = sum(whole.inputs.values())
        rate = (number - self._before) / max(took, 0.001)
        now = time.strftime("%Y-%m-%d %H:%M:%S")
        slowest = "".join(f"; {took:.2f} s: {name} {at}" for took, name, at in whole.slowest[:1])
        told = f"{number} inputs, {whole.commands} commands, {len(whole.faults)} faults"
        self._append("progress.log", f"{now} {told}, {rate:.0f} inputs/s{slowest}\n")

    def _append(self, name: str, text: str) -> None:
        with (self._folder / name).open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)

    def _end_line(self, path: Path) -> None:
        """End the line at which an earlier run was killed."""
        if path.exists() and not path.read_bytes().endswith(b"\n"):
            self._append(path.name, "\n")


def _tally(row: dict[str, object]) -> Tally:
    """A tally as it was before it was written."""
    tally = Tally(**row)  # type: ignore[arg-type]
    tally.inputs, tally.statuses = Counter(tally.inputs), Counter(tally.statuses)
    tally.faults = [Fault(*each) for each in tally.faults]
    tally.slowest = [(took, name, at) for took, name, at in tally.slowest]
    return tally


def _without(numbers: range, done: Iterable[range]) -> Iterator[range]:
    """What is left of numbers."""
    at = numbers.start
    for each in sorted(done, key=lambda each: each.start):
        if each.stop > at and each.start < numbers.stop:
            if at < each.start:
                yield range(at, each.start)
            at = each.stop
    if at < numbers.stop:
        yield range(at, numbers.stop)
