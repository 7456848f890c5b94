"""What dtlink costs, beside other tools, on the same files in the same run.

    python tests/benchmarks/bench.py [--record] [FOLDER]

FOLDER holds DTBs (default: ../shared/corpus/arm64). Prints processor time (user + system), and the
ratios of docs/performance.md with their quartiles: commands take turns, since machines drift.
``--record`` appends the figures to tests/benchmarks/history.jsonl, with the commit; the tables of
docs/performance.md and the README are made from the last line. Needs dtc, and for sources gcc and a
source of Linux (``DTLINK_KERNEL_SOURCE``).
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.benchmarks import folder, growth, kernels, linux, phases  # noqa: E402 - after the path
from tests.benchmarks.pairs import SHARED, Figures  # noqa: E402

HISTORY = Path(__file__).with_name("history.jsonl")

#: What is measured, in this order. Memory first: a child process inherits the peak of its parent.
STEPS = (
    folder.memory,
    folder.all_of_it,
    folder.some,
    folder.unchanged,
    folder.cold,
    linux.sources,
    kernels.one,
    kernels.many,
    phases.phases,
    growth.growth,
)


def record(figures: Figures) -> None:
    """Append the figures to the history: one line, the commit and the day first."""
    git = ["git", "-C", str(ROOT), "describe", "--always", "--dirty"]
    commit = subprocess.run(git, capture_output=True, text=True, check=True).stdout.strip()
    entry = {
        "day": dt.datetime.now(tz=dt.UTC).date().isoformat(),
        "commit": commit,
        "python": sys.version.split()[0],
        **{name: figure.value for name, figure in figures.items()},
        "quartiles": {
            name: [figure.low, figure.high]
            for name, figure in figures.items()
            if figure.low is not None
        },
    }
    with HISTORY.open("a", encoding="utf-8") as file:
        file.write(json.dumps(entry, ensure_ascii=False) + "\n")


def main() -> None:
    """All of it."""
    parser = argparse.ArgumentParser(description="What dtlink costs, beside other tools.")
    parser.add_argument("--record", action="store_true", help="append the figures to the history")
    default = SHARED / "corpus" / "arm64"
    parser.add_argument("folder", nargs="?", type=Path, default=default, help="a folder of DTBs")
    given = parser.parse_args()
    if shutil.which("dtc") is None or not any(given.folder.rglob("*.dtb")):
        parser.error(f"needs dtc, and DTBs in {given.folder}")
    figures = {name: figure for step in STEPS for name, figure in step(given.folder).items()}
    if given.record:
        record(figures)


if __name__ == "__main__":
    main()
