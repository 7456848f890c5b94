"""How the cost of inputs that were made to be slow grows with their size.

    python tests/benchmarks/slopes.py [--runs N] [WORD…]

Makes each shape (tests/benchmarks/shapes) at three sizes and runs the commands on it; WORDs choose
shapes and commands by parts of their names. Prints processor time, the slope (of the logarithms: 1
is linear, 2 quadratic), peak memory and the size of the output. Exits with 1 if a slope is above
1.3, or a run uses more than the limit for its size. What a start costs is taken off for the slope.
A run that is too much is done three times, and the median counts.
"""

from __future__ import annotations

import argparse
import math
import os
import resource
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.benchmarks.shapes.shape import MEGABYTES, SECONDS, Shape  # noqa: E402

STEEPEST = 1.3
#: Bytes of output at most, for a byte of input and in all: a listing has a line for each entry.
OUTPUT, LEAST_OUTPUT = 20, 4_000_000
#: A growth of less is noise: seconds.
NOISE = 0.25
#: Where a run is stopped: seconds of processor time, and bytes of memory.
STOPPED, ROOM = 30, 4 << 30
RUNS = 3


class Cost(NamedTuple):
    """What one run of a command used."""

    seconds: float
    megabytes: float
    output: int
    status: int


class Row(NamedTuple):
    """A command on a shape at all sizes."""

    name: str
    command: str
    sizes: Sequence[int]
    costs: Sequence[Cost]
    start: float

    @property
    def slope(self) -> float:
        """The slope from the smallest to the largest input; 0 where the growth is noise."""
        first, last = (each.seconds - self.start for each in (self.costs[0], self.costs[-1]))
        if last < NOISE:
            return 0.0
        growth = self.sizes[len(self.costs) - 1] / self.sizes[0]
        return math.log(last / max(first, 0.02)) / math.log(growth)

    @property
    def faults(self) -> list[str]:
        """What is too much."""
        found = [f"slope {self.slope:.2f}"] if self.slope > STEEPEST else []
        inputs = 1 + self.command.startswith("diff")
        for size, cost in zip(self.sizes, self.costs, strict=False):
            if cost.seconds > SECONDS[size] * inputs:
                found.append(f"{cost.seconds:.1f} s for {size >> 10} KiB")
            if cost.megabytes > MEGABYTES[size]:
                found.append(f"{cost.megabytes:.0f} MB for {size >> 10} KiB")
            if cost.output > max(OUTPUT * size, LEAST_OUTPUT):
                found.append(f"{cost.output / 1e6:.1f} MB of output for {size >> 10} KiB")
            if cost.status not in (0, 1, 2):
                found.append(f"status {cost.status}")
        return found

    def __str__(self) -> str:
        times = " ".join(f"{each.seconds:6.2f}" for each in self.costs)
        last = self.costs[-1]
        told = f"{self.name:22} {self.command:38} {times} s {self.slope:5.2f} "
        told += f"{last.megabytes:5.0f} MB {last.output / 1000:7.0f} KB"
        return f"{told}  {'; '.join(self.faults)}".rstrip()


def cost(arguments: Sequence[str]) -> Cost:
    """Run dtlink in a new process; a lint reads its input, whatever results are kept."""
    kept = ["--no-cache"] if arguments[0] == "lint" else []
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "dtlink", *arguments, *kept],
            stdout=output,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
            preexec_fn=_limit,  # noqa: PLW1509 - no threads
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = used.ru_utime + used.ru_stime
        size = output.seek(0, os.SEEK_END)
        return Cost(seconds, used.ru_maxrss / 1024, size, process.returncode)


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (STOPPED, STOPPED))
    resource.setrlimit(resource.RLIMIT_AS, (ROOM, ROOM))


def middle(costs: Sequence[Cost]) -> Cost:
    """The median of each figure of several runs."""
    return Cost(
        seconds=median(each.seconds for each in costs),
        megabytes=median(each.megabytes for each in costs),
        output=int(median(each.output for each in costs)),
        status=max(each.status for each in costs),
    )


def in_child(name: str, shape: Shape, folder: Path) -> None:
    """Make the files of all sizes in a child: what this process held would count for dtlink."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            for size in shape.sizes:
                shape.write(size, folder / str(size))
            status = 0
        except Exception:  # noqa: BLE001 - the child ends here
            traceback.print_exc()
        finally:
            os._exit(status)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
        raise ValueError(f"{name}: the input could not be made")


def chosen(words: Sequence[str]) -> Iterator[tuple[str, Shape, str]]:
    """The shapes and commands that the words are part of."""
    from tests.benchmarks.shapes import SHAPES

    for name, shape in SHAPES.items():
        for command in shape.commands:
            title = f"{name}: {command}"
            if not words or any(word in title for word in words):
                yield name, shape, command


def rows(words: Sequence[str], runs: int) -> Iterator[Row]:
    """The rows of all that is chosen."""
    starts: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as top:
        for name, shape, command in chosen(words):
            folder = Path(top) / name.replace(" ", "-")
            if not folder.exists():
                in_child(name, shape, folder)
                for each in shape.before:
                    for size in shape.sizes:
                        cost(shape.arguments(each, folder / str(size)))
            if command not in starts:
                starts[command] = _start(command)
            arguments = [shape.arguments(command, folder / str(size)) for size in shape.sizes]
            yield measured(Row(name, command, shape.sizes, (), starts[command]), arguments, runs)


def measured(row: Row, arguments: Sequence[Sequence[str]], runs: int) -> Row:
    """The row with its costs: of several runs if that is wanted, or if one is too much."""
    first = [cost(each) for each in arguments]
    row = row._replace(costs=first)
    if runs == 1 and not row.faults:
        return row
    more = [[cost(each) for each in arguments] for _ in range(max(runs, RUNS) - 1)]
    return row._replace(costs=[middle(each) for each in zip(first, *more, strict=True)])


def _start(command: str) -> float:
    """What a start of the command costs: that of one that cannot read its input."""
    return min(cost([*command.split()[:1], "/dev/null"]).seconds for _ in range(RUNS))


def main() -> int:
    """Print a line for each command and shape."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=1, help="how often each is run")
    parser.add_argument("words", nargs="*", metavar="WORD")
    given = parser.parse_args()
    failed = 0
    for row in rows(given.words, given.runs):
        failed += bool(row.faults)
        print(row, flush=True)
    print(f"{failed} too much" if failed else "all within the limits")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
