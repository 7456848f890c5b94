"""Of what the time of a lint consists: milliseconds for a board, in a process that is warm."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from dtlink.board.settings import Settings
from dtlink.engine.linting import lint
from dtlink.engine.task import Task, process
from dtlink.firmware import fdt
from dtlink.links.extract import Extraction
from tests.benchmarks.folder import sample
from tests.benchmarks.kernels import BUILD
from tests.benchmarks.pairs import Figure, Figures, quartiles

T = TypeVar("T")


def phases(folder: Path) -> Figures:
    """The time of 150 boards, phase by phase: each step does what the one before does, and more."""
    paths = sample(folder)
    blobs = [Path(path).read_bytes() for path in paths]
    steps = {
        "read": _each(blobs, fdt.read),
        "links": _each(blobs, _linked),
        "rules": _each(blobs, lambda blob: lint(fdt.read(blob))),
        "files and reports": _each(paths, _report),
    }
    found = _measured(steps, len(blobs))
    if BUILD.is_dir():
        settings = Settings(kernel=str(BUILD))
        with_kernel = {
            "rules": steps["rules"],
            "with a kernel": _each(blobs, lambda blob: lint(fdt.read(blob), settings)),
        }
        found["with a kernel"] = _measured(with_kernel, len(blobs))["with a kernel"]
    for name, figure in found.items():
        print(f"phase {name}: {figure.value:.2f} ms ({figure.low} to {figure.high}) a board")
    return {f"phase, ms a board: {name}": figure for name, figure in found.items()}


def _linked(blob: bytes) -> None:
    links = Extraction(fdt.read(blob))
    _ = links.common, links.vendor


def _report(path: str) -> None:
    process(path, Task(tree=lint), digest=True)


def _each(inputs: Iterable[T], work: Callable[[T], object]) -> Callable[[], object]:
    def all_of_them() -> None:
        for each in inputs:
            work(each)

    return all_of_them


def _measured(steps: dict[str, Callable[[], object]], boards: int) -> dict[str, Figure]:
    """What each step takes more than the one before, with the quartiles of seven turns."""
    gc.disable()  # as in a lint
    turns = [[_seconds(step) for step in steps.values()] for _ in range(8)][1:]
    gc.enable()
    found = {}
    for number, name in enumerate(steps):
        more = [turn[number] - (turn[number - 1] if number else 0) for turn in turns]
        found[name] = quartiles([each / boards * 1000 for each in more])
    return found


def _seconds(step: Callable[[], object]) -> float:
    start = time.process_time()
    step()
    return time.process_time() - start
