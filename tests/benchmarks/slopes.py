"""How the cost of inputs that were made to be slow grows with their size.

    python tests/benchmarks/slopes.py [--runs N] [--every-size | --small] [--kept FILE] [WORD…]

Makes each shape (tests/benchmarks/shapes) at three sizes and runs the commands on it; WORDs choose
shapes and commands by parts of their names. Prints processor time, the slope (of the logarithms: 1
is linear, 2 quadratic), peak memory and the size of the output. Exits with 1 if a slope is above
1.3, or a run uses more than the limit for its size. What a start costs is taken off for the slope.

A run is a copy of this process, which has imported all of dtlink. The largest size is left out
where the smaller ones show that it is within its limits. What comes near a limit is measured again
at all sizes in new processes, three times where one is too close to tell, and the median counts.
With --kept, a run that was stopped goes on where it was; a run that comes to its end removes the
file.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.benchmarks.costs import Cost, copied, cost, import_all, middle  # noqa: E402
from tests.benchmarks.rows import Row, kept, summary  # noqa: E402
from tests.benchmarks.shapes.shape import Shape  # noqa: E402

RUNS = 3

Measure = Callable[[Sequence[str]], Cost]


class Starts:
    """What a start of each command costs: that of one that cannot read its input."""

    def __init__(self, measure: Measure) -> None:
        self.measure = measure
        self.known: dict[str, float] = {}

    def of(self, command: str) -> float:
        """The seconds of a start."""
        word = command.split(maxsplit=1)[0]
        if word not in self.known:
            costs = [self.measure([word, os.devnull]) for _ in range(RUNS)]
            self.known[word] = min(each.seconds for each in costs)
        return self.known[word]


class Inputs:
    """Makes inputs when they are asked for: few commands need those of the largest size."""

    def __init__(self, top: Path) -> None:
        self.top = top

    def arguments(self, name: str, shape: Shape, command: str, size: int) -> list[str]:
        """The arguments of a command, whose files are there."""
        folder = self.top / re.sub(r"\W", "-", name) / str(size)
        if not folder.exists():
            _in_child(name, shape, size, folder)
            for each in shape.before:
                cost(shape.arguments(each, folder))
        return shape.arguments(command, folder)


def _in_child(name: str, shape: Shape, size: int, folder: Path) -> None:
    """Make an input in a child: what this process held would count for dtlink."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            shape.write(size, folder)
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


class Bench:
    """Measures rows."""

    def __init__(self, top: Path, runs: int, *, every_size: bool) -> None:
        self.inputs = Inputs(top)
        self.runs = runs
        self.every_size = every_size
        self.warm, self.cold = Starts(copied), Starts(cost)

    def row(self, name: str, shape: Shape, command: str) -> Row:
        """The costs of a command on a shape."""

        def runs(measure: Measure) -> Iterator[Cost]:
            for size in shape.sizes:
                yield measure(self.inputs.arguments(name, shape, command, size))

        row = Row(name, command, shape.sizes, (), self.warm.of(command))
        row = self._until_clear(row, runs(copied))
        if self.runs == 1 and not row.is_near_a_limit:
            return row
        row = row._replace(start=self.cold.of(command), costs=list(runs(cost)))
        if self.runs == 1 and not row.is_close_to_a_limit:
            return row
        more = [list(runs(cost)) for _ in range(max(self.runs, RUNS) - 1)]
        return row._replace(costs=[middle(each) for each in zip(row.costs, *more, strict=True)])

    def _until_clear(self, row: Row, costs: Iterable[Cost]) -> Row:
        """The row, with no more costs than tell that it is near a limit, or that it is not."""
        for each in costs:
            row = row._replace(costs=(*row.costs, each))
            if row.is_near_a_limit or (row.is_enough and not self.every_size):
                break
        return row


def rows(bench: Bench, words: Sequence[str], known: Iterable[Row], *, small: bool) -> Iterator[Row]:
    """The rows of all that is chosen but not known; ``small``: without the largest size."""
    done = {(row.name, row.command) for row in known}
    for name, shape, command in chosen(words):
        if (name, command) not in done:
            sizes = shape.sizes[:-1] if small else shape.sizes
            yield bench.row(name, shape._replace(sizes=sizes), command)


def main() -> int:
    """Print a line for each command and shape."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=1, help="how often each is run")
    parser.add_argument("--every-size", action="store_true", help="leave out no size")
    parser.add_argument("--small", action="store_true", help="leave out the largest size")
    parser.add_argument("--kept", type=Path, help="the file for the rows of a run that is stopped")
    parser.add_argument("words", nargs="*", metavar="WORD")
    given = parser.parse_args()
    found = kept(given.kept)
    for row in found:
        print(row)
    import_all()
    with tempfile.TemporaryDirectory() as top:
        bench = Bench(Path(top), given.runs, every_size=given.every_size)
        for row in rows(bench, given.words, tuple(found), small=given.small):
            found.append(row)
            print(row, flush=True)
            if given.kept:
                row.keep(given.kept)
    print(*summary(found), sep="\n")
    if given.kept:
        given.kept.unlink(missing_ok=True)
    return int(any(row.faults for row in found))


if __name__ == "__main__":
    sys.exit(main())
