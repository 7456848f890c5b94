"""What a lint of a folder of blobs costs, and of one of them."""

from __future__ import annotations

import random
import shlex
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.pairs import DTLINK, LINT, Command, Figures, boards, compare, peak


def memory(folder: Path) -> Figures:
    """The peak memory of the largest board, and of all."""
    largest = max(boards(folder), key=lambda path: path.stat().st_size)
    figures = {"MB, largest board": peak([str(largest)]), "MB, folder": peak(["-j1", str(folder)])}
    for name, figure in figures.items():
        print(f"{name} ({largest.name if 'board' in name else folder}): {figure.value:.0f}")
    return figures


def all_of_it(folder: Path) -> Figures:
    """The whole folder, against one dtc per file, as many at a time as dtlink has processes."""
    found = {}
    for form, jobs in (("dtb", 2), ("null", 2), ("null", 1)):
        name = f"folder, -j{jobs} / dtc -O {form}"
        ours = [*LINT, "--no-cache", f"-j{jobs}", str(folder)]
        found[name] = compare(name, ours, _dtc(_found(folder), form, jobs), 9)
    return found


def some(folder: Path) -> Figures:
    """150 boards with two processes, of which a start is a large part."""
    paths = sample(folder)
    name = "150 boards, -j2 / dtc -O null"
    listed = f"printf '%s\\0' {shlex.join(paths)}"
    ours = [*LINT, "--no-cache", "-j2", *paths]
    return {name: compare(name, ours, _dtc(listed, "null", 2), 15)}


def unchanged(folder: Path) -> Figures:
    """A folder whose results are in the cache, against dtc; and what keeping results costs."""
    with tempfile.TemporaryDirectory() as kept:
        first = [*LINT, "-j1", str(folder)]
        cached = [*first, "--cache-dir", kept]
        anew = f"rm -rf {kept}; {shlex.join(cached)}"
        theirs: dict[str, tuple[Command, Command, int]] = {
            "unchanged folder / dtc -O null": (cached, _dtc(_found(folder), "null", 2), 7),
            "kept / not kept": (anew, [*first, "--no-cache"], 5),
        }
        return {name: compare(name, *given) for name, given in theirs.items()}


def cold(folder: Path) -> Figures:
    """One DTB of about 60 KB in a new process, against the import of click alone.

    The one that is nearest in size; one of which the tree says all, in both formats; one with a
    finding for which the index of drivers is read.
    """
    board = nearest(folder)
    tree_alone = next(folder.rglob("imx8mp-dhcom-pdk2.dtb"), board)
    disabled = next(folder.rglob("rk3399-rockpro64.dtb"), board)
    lines = {
        "cold / import click": [str(board)],
        "cold, JSON / import click": ["--format", "json", str(board)],
        "cold, no drivers / import click": [str(tree_alone)],
        "cold, no drivers, JSON / import click": ["--format", "json", str(tree_alone)],
        "cold, disabled supplier / import click": [str(disabled)],
    }
    theirs = [sys.executable, "-c", "import click"]
    return {
        name: compare(
            f"{name} ({Path(words[-1]).name})",
            [*DTLINK, "lint", "--fail-on", "never", *words],
            theirs,
            31,
        )
        for name, words in lines.items()
    }


def sample(folder: Path, count: int = 150) -> list[str]:
    """The paths of some boards, the same each time."""
    every = [str(path) for path in boards(folder)]
    return random.Random(14).sample(every, min(count, len(every)))  # noqa: S311


def nearest(folder: Path, size: int = 60_000) -> Path:
    """The board that is nearest in size."""
    return min(boards(folder), key=lambda path: abs(path.stat().st_size - size))


def _found(folder: Path) -> str:
    return f"find {shlex.quote(str(folder))} -name '*.dtb' -print0 -o -name '*.dtbo' -print0"


def _dtc(paths: str, form: str, jobs: int) -> str:
    return f"{paths} | xargs -0 -n1 -P{jobs} dtc -q -I dtb -O {form} -o /dev/null"
