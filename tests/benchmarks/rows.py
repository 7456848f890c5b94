"""What was measured of a command on a shape, and what of it is too much."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.benchmarks.costs import Cost
from tests.benchmarks.shapes.shape import MEGABYTES, SECONDS

STEEPEST = 1.3
#: Bytes of output at most, for a byte of input and in all: a listing has a line for each entry.
OUTPUT, LEAST_OUTPUT = 20, 10_000_000
#: A growth of less is noise: seconds.
NOISE = 0.25
#: From which part of a limit a run is near it.
_NEAR = 0.75
#: How many rows a summary has of each.
_WORST = 10


class Row(NamedTuple):
    """A command on a shape, at all sizes or at those that were enough."""

    name: str
    command: str
    sizes: Sequence[int]
    costs: Sequence[Cost]
    start: float

    @property
    def slope(self) -> float:
        """The slope from the smallest to the largest input; 0 where the growth is noise."""
        first, last = (each.seconds - self.start for each in (self.costs[0], self.costs[-1]))
        if last < NOISE or len(self.costs) == 1:
            return 0.0
        growth = self.sizes[len(self.costs) - 1] / self.sizes[0]
        return math.log(last / max(first, 0.02)) / math.log(growth)

    @property
    def faults(self) -> list[str]:
        """What is too much."""
        found = [f"slope {self.slope:.2f}"] if self.slope > STEEPEST else []
        for size, cost in zip(self.sizes, self.costs, strict=False):
            if cost.seconds > self._seconds(size):
                found.append(f"{cost.seconds:.1f} s for {size >> 10} KiB")
            if cost.megabytes > MEGABYTES[size]:
                found.append(f"{cost.megabytes:.0f} MB for {size >> 10} KiB")
            if cost.output > _output(size):
                found.append(f"{cost.output / 1e6:.1f} MB of output for {size >> 10} KiB")
            if cost.status not in (0, 1, 2):
                found.append(f"status {cost.status}")
        return found

    @property
    def is_near_a_limit(self) -> bool:
        """Whether a copy of a process is not enough to tell."""
        return self.worst > _NEAR

    @property
    def is_close_to_a_limit(self) -> bool:
        """Whether one run is not enough to tell."""
        return _NEAR < self.worst < 1 / _NEAR

    @property
    def worst(self) -> float:
        """The largest part of a limit that is used."""
        used = zip(self.sizes, self.costs, strict=False)
        parts = (part for size, cost in used for part in self._parts(size, cost))
        return max(self.slope / STEEPEST, *parts)

    @property
    def is_enough(self) -> bool:
        """Whether all but the largest size show that it is within its limits."""
        if len(self.costs) != len(self.sizes) - 1 or len(self.costs) < 2:
            return False
        growth = (self.sizes[-1] / self.sizes[-2]) ** STEEPEST
        *_, first, last = self.costs
        grown = last.megabytes - first.megabytes  # what a start takes does not grow
        more = Cost(
            last.seconds * growth,
            last.megabytes + max(grown, 0) * growth,
            int(last.output * growth),
            0,
        )
        return max(self._parts(self.sizes[-1], more)) < _NEAR

    @property
    def slowest(self) -> float:
        """The largest part of the time that a size may take."""
        used = zip(self.sizes, self.costs, strict=False)
        return max(cost.seconds / self._seconds(size) for size, cost in used)

    def _seconds(self, size: int) -> float:
        return SECONDS[size] * (1 + self.command.startswith("diff"))

    def _parts(self, size: int, cost: Cost) -> tuple[float, ...]:
        return (
            cost.seconds / self._seconds(size),
            cost.megabytes / MEGABYTES[size],
            cost.output / _output(size),
            float(cost.status not in (0, 1, 2)),
        )

    def keep(self, file: Path) -> None:
        """Add the row to a file."""
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a", encoding="utf-8") as stream:
            print(json.dumps(self), file=stream)

    def __str__(self) -> str:
        times = " ".join(f"{each.seconds:6.2f}" for each in self.costs)
        last = self.costs[-1]
        told = f"{self.name:22} {self.command:38} {times:20} s {self.slope:5.2f} "
        told += f"{last.megabytes:5.0f} MB {last.output / 1000:7.0f} KB"
        return f"{told}  {'; '.join(self.faults)}".rstrip()


def _output(size: int) -> int:
    return max(OUTPUT * size, LEAST_OUTPUT)


def kept(file: Path | None) -> list[Row]:
    """The rows of a file; none if there is no file."""
    if file is None or not file.exists():
        return []
    lines = file.read_text(encoding="utf-8").splitlines()
    return [_row(*json.loads(each)) for each in lines]


def _row(name: str, command: str, sizes: list[int], costs: list[list[float]], start: float) -> Row:
    read = [Cost(each[0], each[1], int(each[2]), int(each[3])) for each in costs]
    return Row(name, command, sizes, read, start)


def summary(rows: Sequence[Row]) -> Iterator[str]:
    """The steepest, the slowest, the largest, and how many are too much."""
    for title, key in (
        ("steepest", lambda row: row.slope),
        ("slowest for its size", lambda row: row.slowest),
        ("most memory", lambda row: max(each.megabytes for each in row.costs)),
        ("largest output", lambda row: max(each.output for each in row.costs)),
    ):
        yield f"\n{title}:"
        yield from map(str, sorted(rows, key=key, reverse=True)[:_WORST])
    failed = [row for row in rows if row.faults]
    yield f"\n{len(rows)} pairs, {len(failed)} too much" if failed else "\nall within the limits"
    yield from map(str, failed)
