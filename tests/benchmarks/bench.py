"""What dtlink costs, beside other tools, on the same files in the same run.

    python tests/benchmarks/bench.py [FOLDER]

FOLDER holds DTBs (default: ../shared/corpus/arm64). Prints processor time (user + system) and the
ratios that the README quotes. Runs take turns, since machines drift; medians are told. Needs dtc.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from dtlink.firmware import fdt
from dtlink.firmware.fdt_write import SourceNode, cells, strings, write

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT.parent / "shared" / "corpus" / "arm64"
DTLINK = [sys.executable, "-m", "dtlink"]


def cost(command: list[str] | str) -> tuple[float, float]:
    """Processor and wall seconds of a command and its children."""
    before, start = os.times(), time.perf_counter()
    subprocess.run(
        command,
        shell=isinstance(command, str),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": ""},
    )
    wall, after = time.perf_counter() - start, os.times()
    used = after.children_user + after.children_system
    return used - before.children_user - before.children_system, wall


def compare(title: str, ours: list[str] | str, theirs: list[str] | str, runs: int) -> None:
    """Alternate two commands and print medians and the median ratio of neighbours."""
    cost(ours), cost(theirs)
    pairs = [(cost(ours), cost(theirs)) for _ in range(runs)]
    cpu, wall = (
        [statistics.median(pair[who][kind] for pair in pairs) for who in (0, 1)] for kind in (0, 1)
    )
    ratio = statistics.median(pair[0][0] / pair[1][0] for pair in pairs)
    ratio_wall = statistics.median(pair[0][1] / pair[1][1] for pair in pairs)
    print(
        f"{title}: CPU {cpu[0]:.3f} s against {cpu[1]:.3f} s, ratio {ratio:.2f}; "
        f"wall {wall[0]:.3f} s against {wall[1]:.3f} s, ratio {ratio_wall:.2f}"
    )


def corpus() -> None:
    """The whole folder: two processes of dtlink, against one dtc per file, two at a time."""
    ours = [*DTLINK, "lint", "-j2", "--fail-on", "never", str(FOLDER)]
    files = f"find {FOLDER} -name '*.dtb' -print0 -o -name '*.dtbo' -print0 | xargs -0 -n1 -P2"
    for form in ("dtb", "null"):
        theirs = f"{files} dtc -q -I dtb -O {form} -o /dev/null"
        compare(f"lint -j2 of the folder, against dtc -O {form} per file", ours, theirs, 5)


def cold() -> None:
    """One DTB of about 60 KB in a new process, against the import of click alone."""
    board = min(FOLDER.rglob("*.dtb"), key=lambda path: abs(path.stat().st_size - 60_000))
    ours = [*DTLINK, "lint", "--fail-on", "never", str(board)]
    theirs = [sys.executable, "-c", "import click"]
    compare(f"cold lint of {board.name}, against import click", ours, theirs, 15)


def synthetic(count: int) -> bytes:
    """A bus with ``count`` nodes, each with a clock, a supply and an interrupt."""
    root = SourceNode("", {"#address-cells": cells(1), "#size-cells": cells(1)})
    soc = root.child("soc")
    soc.properties |= {"compatible": strings("simple-bus"), "interrupt-parent": cells(1)}
    suppliers = {"gic": "interrupt-controller", "clk": "#clock-cells", "reg": "regulator-name"}
    for number, (name, cells_property) in enumerate(suppliers.items(), 1):
        soc.child(name).properties |= {
            "compatible": strings(f"x,{name}"),
            "phandle": cells(number),
            cells_property: cells(1),
            "#interrupt-cells": cells(3),
            "interrupt-controller": b"",
            "#clock-cells": cells(1),
        }
    for number in range(count - 5):
        soc.children.append(
            SourceNode(
                f"dev@{number:x}",
                {
                    "compatible": strings("x,device"),
                    "reg": cells(number, 1),
                    "clocks": cells(2, number),
                    "vdd-supply": cells(3),
                    "interrupts": cells(0, number, 4),
                    "phandle": cells(number + 10),
                    "dmas-names": b"",
                    "status": strings("okay"),
                },
            )
        )
    return write(root)


def growth() -> None:
    """Time per node from 1,000 to 100,000 nodes."""
    with tempfile.TemporaryDirectory() as folder:
        per_node = {}
        for count in (1_000, 10_000, 100_000):
            path = Path(folder) / f"{count}.dtb"
            path.write_bytes(synthetic(count))
            per_node[count] = linted(path) / len(fdt.read(path.read_bytes())) * 1e6
        told = ", ".join(f"{count:,}: {value:.1f} µs" for count, value in per_node.items())
        print(f"lint per node: {told}; ratio {per_node[100_000] / per_node[1_000]:.2f}")


def memory() -> None:
    """The peak memory of the largest board, and of all."""
    largest = max(FOLDER.rglob("*.dtb"), key=lambda path: path.stat().st_size)
    print(
        f"peak memory, {largest.name}: {peak([str(largest)]):.0f} MB; "
        f"the whole folder: {peak(['-j1', str(FOLDER)]):.0f} MB"
    )


def linted(path: Path) -> float:
    """Processor seconds of one lint in this process, best of three."""
    from dtlink import engine

    def once() -> float:
        start = time.process_time()
        list(engine.run([str(path)], engine.Task(engine.lint_tree)))
        return time.process_time() - start

    return min(once() for _ in range(3))


def peak(arguments: list[str]) -> float:
    """Peak resident megabytes of a lint."""
    code = (
        "import resource, sys\n"
        "from dtlink.cli.main import cli\n"
        "try: cli(['lint', '--fail-on', 'never', *sys.argv[1:]])\n"
        "except SystemExit: pass\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": ""},
    )
    return float(done.stderr.split()[-1])


def main() -> None:
    """All of it."""
    if not FOLDER.is_dir() or shutil.which("dtc") is None:
        sys.exit(f"needs dtc, and DTBs in {FOLDER}")
    # Memory first: a child process inherits the peak of its parent.
    steps: list[Callable[[], None]] = [memory, corpus, cold, growth]
    for step in steps:
        step()


if __name__ == "__main__":
    main()
