"""Two commands in turn, and how the processor time of one stands to that of the other."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("DTLINK_SHARED", ROOT.parent / "shared"))
DTLINK = [sys.executable, "-m", "dtlink"]
LINT = [*DTLINK, "lint", "--fail-on", "never"]
_ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": ""}

#: Statuses of a command that did its work: of dtlink, with findings; of xargs, where dtc warned.
_DONE = (0, 1, 123)

#: A command, or a line for the shell.
Command = Sequence[str] | str


class Figure(NamedTuple):
    """What was measured: seconds, megabytes or a ratio, as its name says."""

    value: float
    low: float | None = None
    """The lower quartile of the runs, where there are several."""
    high: float | None = None


#: Figures by name.
Figures = Mapping[str, Figure]


def compare(title: str, ours: Command, theirs: Command, runs: int) -> Figure:
    """Alternate two commands, since machines drift, and print medians of both.

    Returns the median of the ratios of processor time of neighbours, and their quartiles.
    """
    cost(ours), cost(theirs)
    pairs = [(cost(ours), cost(theirs)) for _ in range(runs)]
    (cpu, wall), (their_cpu, their_wall) = (
        [statistics.median(pair[side][kind] for pair in pairs) for kind in (0, 1)]
        for side in (0, 1)
    )
    figure, of_wall = (quartiles([us[kind] / it[kind] for us, it in pairs]) for kind in (0, 1))
    print(
        f"{title}: CPU {cpu:.3f} s against {their_cpu:.3f} s, ratio {figure.value:.2f} "
        f"({figure.low:.2f} to {figure.high:.2f}); "
        f"wall {wall:.3f} s against {their_wall:.3f} s, ratio {of_wall.value:.2f}",
        flush=True,
    )
    return figure


def quartiles(values: Sequence[float]) -> Figure:
    """The median of at least two values, between their quartiles."""
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return Figure(*(round(each, 3) for each in (middle, low, high)))


def cost(command: Command) -> tuple[float, float]:
    """Processor and wall seconds of a command and its children.

    Raises :class:`SystemExit` if the shell or Python could not do it: what failed costs nothing.
    """
    before, start = _used(), time.perf_counter()
    done = subprocess.run(
        command,
        shell=isinstance(command, str),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
        env=_ENVIRONMENT,
    )
    wall = time.perf_counter() - start
    if done.returncode not in _DONE:
        sys.exit(f"status {done.returncode}: {command}")
    return _used() - before, wall


def _used() -> float:
    """Processor seconds of all children so far. (os.times() counts in hundredths.)"""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def peak(arguments: Sequence[str]) -> Figure:
    """Peak resident megabytes of a lint."""
    code = (
        "import resource, sys\n"
        "from dtlink.cli.main import cli\n"
        "try: cli(['lint', '--no-cache', '--fail-on', 'never', *sys.argv[1:]])\n"
        "except SystemExit: pass\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        check=True,
        env=_ENVIRONMENT,
    )
    return Figure(round(float(done.stderr.split()[-1]), 1))


def boards(folder: Path, ending: str = "dtb") -> Iterator[Path]:
    """The blobs below a folder, in order."""
    return iter(sorted(folder.rglob(f"*.{ending}")))
