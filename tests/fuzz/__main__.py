"""``python -m tests.fuzz``: run damaged inputs, print those that are faults of dtlink."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from tests.fuzz.case import name_of
from tests.fuzz.journal import Journal
from tests.fuzz.oracle import run, write
from tests.fuzz.readers import READERS, case
from tests.fuzz.run import CHUNK, Chunk, Fault, Tally, run_chunks, work

#: Inputs of each reader after which what is imported late is there.
WARM = 40


def options(words: Sequence[str] | None = None) -> argparse.Namespace:
    """The options of the command."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    add = parser.add_argument
    add("--reader", action="append", choices=READERS, help="only this reader; repeatable")
    add("--seed", type=int, default=1, help="another seed makes other inputs [1]")
    add("--count", type=int, default=10_000, help="inputs, of all readers together [10000]")
    add("--first", type=int, default=0, help="number of the first input of each reader [0]")
    add("--seconds", type=float, default=0, help="start no more inputs after so long")
    add("-j", "--jobs", type=int, default=1, help="processes [1]")
    add("--number", type=int, help="run one input of one reader in this process")
    add("--journal", type=Path, help="folder for progress and faults; a run that is there goes on")
    add("--slowest", type=int, default=1, help="print so many of the slowest inputs, up to 100 [1]")
    add("--keep", type=Path, help="with --number: also write its files to this folder")
    add("--shrink", type=Path, help="with --number: write a smaller input with the fault there")
    add("--stop", type=int, default=100, help="faults after which the run ends [100]")
    return parser.parse_args(words)


def chunks(readers: Sequence[str], seed: int, count: int, first: int) -> Iterator[Chunk]:
    """The inputs of some readers, by their shares, in chunks that take turns."""
    total = sum(READERS[each].share for each in readers)
    left = {each: max(count * READERS[each].share // total, 1) for each in readers}
    at = dict.fromkeys(readers, first)
    while any(left.values()):
        # The reader that is furthest behind.
        each = max(readers, key=lambda name: left[name] / READERS[name].share)
        size = min(CHUNK, left[each])
        yield Chunk(each, seed, range(at[each], at[each] + size))
        at[each] += size
        left[each] -= size


def warm(readers: Iterable[str]) -> None:
    """Import and read in the parent what every child would: by some inputs of each reader.

    Nothing that an input does may end the parent, so faults are left to the children.
    """
    with tempfile.TemporaryDirectory() as folder:
        for name in readers:
            work(Chunk(name, 0, range(WARM)), Path(folder))


def one(chosen: argparse.Namespace) -> int:
    """Run one input here."""
    made = case(chosen.reader[0], chosen.seed, chosen.number)
    if chosen.keep:
        write(made, chosen.keep)
    for call in made.calls:
        print("dtlink", *call)
    with tempfile.TemporaryDirectory() as folder:
        outcome = run(made, Path(folder))
    print(outcome.fault or f"no fault; exit statuses {list(outcome.statuses)}")
    if outcome.fault and chosen.shrink:
        from tests.fuzz.shrink import shrunk

        write(shrunk(made), chosen.shrink)
    return int(bool(outcome.fault))


def main(words: Sequence[str] | None = None) -> int:
    """Run the inputs; the exit status is 1 if one of them is a fault."""
    chosen = options(words)
    if chosen.number is not None:
        return one(chosen)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # its folders are removed
    start = time.monotonic()
    warm(chosen.reader or READERS)
    tally = many(chosen)
    summary(tally, chosen, time.monotonic() - start)
    return int(bool(tally.faults))


def many(chosen: argparse.Namespace) -> Tally:
    """Run the inputs of some readers, and print faults."""
    there = chunks(chosen.reader or list(READERS), chosen.seed, chosen.count, chosen.first)
    journal = Journal(chosen.journal, chosen.seed) if chosen.journal else None
    tally = journal.earlier if journal else Tally()

    def tell(fault: Fault) -> None:
        print(fault, flush=True)
        if journal:
            journal.fault(fault)

    there = journal.left(there) if journal else there
    for chunk, found in run_chunks(there, chosen.jobs, chosen.seconds, tell):
        tally.add(found)
        if journal:
            journal.done(chunk, found, tally)
        done = sum(tally.inputs.values())
        if done // 10_000 != (done - sum(found.inputs.values())) // 10_000:
            print(f"{done} inputs", file=sys.stderr, flush=True)
        if len(tally.faults) >= chosen.stop:
            break
    if journal:
        journal.progress(tally)
    return tally


def summary(tally: Tally, chosen: argparse.Namespace, took: float) -> None:
    """Print what a run did."""
    told = ", ".join(f"{name} {count}" for name, count in tally.inputs.items())
    print(f"{sum(tally.inputs.values())} inputs ({told}), {tally.commands} commands")
    print("exit status of lint:", dict(sorted(tally.statuses.items())))
    for seconds, reader, number in tally.slowest[: chosen.slowest]:
        print(f"{seconds:.2f} s: {name_of(reader, chosen.seed, number)}")
    print(f"{took:.0f} s in all")
    print(f"{len(tally.faults)} faults (seed {chosen.seed})")


if __name__ == "__main__":
    sys.exit(main())
