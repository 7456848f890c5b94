"""What dtlink costs, beside other tools, on the same files in the same run.

    python tests/benchmarks/bench.py [--record] [FOLDER]

FOLDER holds DTBs (default: ../shared/corpus/arm64). Prints processor time (user + system), and the
ratios of docs/performance.md: commands take turns, since machines drift, and medians are printed.
``--record`` appends the figures to tests/benchmarks/history.jsonl, with the commit. Needs dtc, and
for sources gcc and a source of Linux (``DTLINK_KERNEL_SOURCE``).
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import random
import resource
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import dtlink
from dtlink.firmware import fdt
from dtlink.firmware.fdt_write import SourceNode, cells, strings, write

ROOT = Path(__file__).resolve().parents[2]
HISTORY = Path(__file__).with_name("history.jsonl")

_PARSER = argparse.ArgumentParser(description="What dtlink costs, beside other tools.")
_PARSER.add_argument("--record", action="store_true", help="append the figures to the history")
_PARSER.add_argument(
    "folder",
    nargs="?",
    type=Path,
    default=ROOT.parent / "shared" / "corpus" / "arm64",
    help="DTBs (default: ../shared/corpus/arm64)",
)
_GIVEN = _PARSER.parse_args()
RECORD: bool = _GIVEN.record
FOLDER: Path = _GIVEN.folder
DTLINK = [sys.executable, "-m", "dtlink"]
LINT = [*DTLINK, "lint", "--fail-on", "never"]

#: Figures by name; seconds, megabytes or ratios, as the name says.
Figures = Mapping[str, float]


def cost(command: list[str] | str) -> tuple[float, float]:
    """Processor and wall seconds of a command and its children."""
    before, start = _used(), time.perf_counter()
    subprocess.run(
        command,
        shell=isinstance(command, str),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": ""},
    )
    wall = time.perf_counter() - start
    return _used() - before, wall


def _used() -> float:
    """Processor seconds of all children so far. (os.times() counts in hundredths.)"""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def compare(title: str, ours: list[str] | str, theirs: list[str] | str, runs: int) -> float:
    """Alternate two commands, print medians, and return the median CPU ratio of neighbours."""
    cost(ours), cost(theirs)
    pairs = [(cost(ours), cost(theirs)) for _ in range(runs)]
    cpu, wall = (
        [statistics.median(pair[side][kind] for pair in pairs) for side in (0, 1)]
        for kind in (0, 1)
    )
    ratio = statistics.median(pair[0][0] / pair[1][0] for pair in pairs)
    ratio_wall = statistics.median(pair[0][1] / pair[1][1] for pair in pairs)
    print(
        f"{title}: CPU {cpu[0]:.3f} s against {cpu[1]:.3f} s, ratio {ratio:.2f}; "
        f"wall {wall[0]:.3f} s against {wall[1]:.3f} s, ratio {ratio_wall:.2f}"
    )
    return round(ratio, 3)


def corpus() -> Figures:
    """The whole folder: two processes of dtlink, against one dtc per file, two at a time."""
    ours = [*LINT, "--no-cache", "-j2", str(FOLDER)]
    files = f"find {FOLDER} -name '*.dtb' -print0 -o -name '*.dtbo' -print0 | xargs -0 -n1 -P2"
    return {
        f"folder / dtc -O {form}": compare(
            f"lint -j2 of the folder, against dtc -O {form} per file",
            ours,
            f"{files} dtc -q -I dtb -O {form} -o /dev/null",
            5,
        )
        for form in ("dtb", "null")
    }


def unchanged() -> Figures:
    """A folder whose results are in the cache, against dtc; and what keeping results costs."""
    per_file = "xargs -0 -n1 -P2 dtc -q -I dtb -O null -o /dev/null"
    theirs = f"find {shlex.quote(str(FOLDER))} -name '*.dtb' -print0 | {per_file}"
    with tempfile.TemporaryDirectory() as kept:
        first = [*LINT, "-j1", str(FOLDER)]
        cached = [*first, "--cache-dir", kept]
        title = "lint of an unchanged folder, against dtc -O null per file"
        ratio = compare(title, cached, theirs, 5)
        anew = f"rm -rf {kept}; {shlex.join(cached)}"
        title = "lint that keeps its results, against one that does not"
        cost_of_keeping = compare(title, anew, [*first, "--no-cache"], 3)
    return {"unchanged folder / dtc -O null": ratio, "kept / not kept": cost_of_keeping}


def cold() -> Figures:
    """One DTB of about 60 KB in a new process, against the import of click alone.

    The one that is nearest in size; one of which the tree says all, in both formats; one with a
    finding for which the index of drivers is read.
    """
    board = min(FOLDER.rglob("*.dtb"), key=lambda path: abs(path.stat().st_size - 60_000))
    tree_alone = next(FOLDER.rglob("imx8mp-dhcom-pdk2.dtb"), board)
    disabled = next(FOLDER.rglob("rk3399-rockpro64.dtb"), board)
    lines = {
        "cold / import click": [str(board)],
        "cold, no drivers / import click": [str(tree_alone)],
        "cold, no drivers, JSON / import click": ["--format", "json", str(tree_alone)],
        "cold, disabled supplier / import click": [str(disabled)],
    }
    theirs = [sys.executable, "-c", "import click"]
    return {
        name: compare(
            f"lint of {Path(words[-1]).name}, {name}",
            [*DTLINK, "lint", "--fail-on", "never", *words],
            theirs,
            15,
        )
        for name, words in lines.items()
    }


#: The kernel, and what may be named with it, by what the figures call them.
BUILD = ROOT.parent / "shared" / "kernel" / "debian-6.12-arm64"
KERNELS = {
    "--kernel": ["--kernel", str(BUILD)],
    "--kernel --initramfs": [
        *("--kernel", str(BUILD)),
        *("--initramfs", str(BUILD / "boot" / "initrd.img-list")),
    ],
}


def kernel_of_many() -> Figures:
    """150 boards with a kernel, against the same boards without one.

    What is known of the kernel is in the cache; results of lints are not.
    """
    if not BUILD.is_dir():
        return {}
    every = sorted(FOLDER.rglob("*.dtb"))
    boards = [str(path) for path in random.Random(14).sample(every, min(150, len(every)))]  # noqa: S311
    with tempfile.TemporaryDirectory() as kept:
        plain = [*LINT, "-j1", "--cache-dir", kept, *boards]
        anew = f"rm -f {kept}/lint-*; {shlex.join(plain)}"
        return {
            f"150 boards: lint {name} / lint": compare(
                f"lint {name} of 150 boards, against a plain lint",
                f"rm -f {kept}/lint-*; {shlex.join([*plain, *words])}",
                anew,
                3,
            )
            for name, words in KERNELS.items()
        }


def kernel() -> Figures:
    """One board with a kernel that is in the cache, against a plain lint; and a ``diff``.

    Of the board that is nearest to 60 KB, and of one with many cycles.
    """
    if not BUILD.is_dir():
        return {}
    old, new = sorted(FOLDER.rglob("sc7180-trogdor-lazor-r*.dtb"))[:2]
    middle = min(FOLDER.rglob("*.dtb"), key=lambda path: abs(path.stat().st_size - 60_000))
    lint = [*DTLINK, "lint", "--fail-on", "never"]
    found = {
        f"{board}: lint {name} / lint": compare(
            f"lint {name} of {path.name}", [*lint, *words, str(path)], [*lint, str(path)], 9
        )
        for board, path in (("60 KB", middle), ("lazor", old))
        for name, words in KERNELS.items()
    }
    diff = [*DTLINK, "diff", *KERNELS["--kernel"], str(old), str(new)]
    return {**found, "diff --kernel / lint": compare("diff --kernel", diff, [*lint, str(old)], 5)}


def source() -> Figures:
    """150 boards of Linux from source, against gcc, dtc and a lint of the blobs."""
    tree = Path(os.environ.get("DTLINK_KERNEL_SOURCE", ROOT.parent / "src-7.2"))
    prefixes = tree / "scripts/dtc/include-prefixes"
    if not prefixes.is_dir() or shutil.which("gcc") is None:
        return {}
    boards = random.Random(14).sample(sorted(tree.glob("arch/*/boot/dts/**/*.dts")), 150)  # noqa: S311
    lint = [*LINT, "--no-cache", "-j1"]
    ours = [*lint, *map(str, boards)]
    with tempfile.TemporaryDirectory() as folder:
        gcc = f"gcc -E -nostdinc -I {prefixes} -undef -D__DTS__ -x assembler-with-cpp"
        dtc = f"dtc -q -I dts -O dtb -i {prefixes}"
        rows = [
            f"{gcc} {board} | {dtc} -i {board.parent} -o {folder}/{number}.dtb -"
            for number, board in enumerate(boards)
        ]
        theirs = "\n".join((*rows, shlex.join([*lint, folder])))
        title = "lint of 150 sources, against gcc, dtc and lint of the blobs"
        ratio = compare(title, ours, theirs, 3)
    used = peak(["-j1", *map(str, boards)])
    print(f"peak memory, 150 sources: {used:.0f} MB")
    return {"sources / gcc, dtc and lint": ratio, "MB, 150 sources": round(used, 1)}


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


def ring(count: int) -> bytes:
    """Clocks of which each needs the next, and the last the first."""
    root = SourceNode("", {}, [])
    for number in range(1, count + 1):
        values = {
            "compatible": strings("x,clock"),
            "#clock-cells": cells(0),
            "phandle": cells(number),
            "clocks": cells(number % count + 1),
        }
        root.children.append(SourceNode(f"clock-{number}", values, []))
    return write(root)


def growth() -> Figures:
    """Time per node of large trees: how it grows from the smallest to the largest."""
    return {
        "growth, 100,000 nodes / 1,000": _growth("lint", synthetic, (1_000, 10_000, 100_000)),
        "growth, ring of 10,000 / 400": _growth("lint of one cycle", ring, (400, 2_000, 10_000)),
    }


def _growth(title: str, make: Callable[[int], bytes], counts: tuple[int, ...]) -> float:
    per_node = {}
    with tempfile.TemporaryDirectory() as folder:
        for count in counts:
            path = Path(folder) / f"{count}.dtb"
            path.write_bytes(make(count))
            per_node[count] = linted(path) / len(fdt.read(path.read_bytes())) * 1e6
    ratio = per_node[counts[-1]] / per_node[counts[0]]
    each = ", ".join(f"{count:,}: {value:.1f} µs" for count, value in per_node.items())
    print(f"{title}, per node: {each}; ratio {ratio:.2f}")
    return round(ratio, 3)


def memory() -> Figures:
    """The peak memory of the largest board, and of all."""
    largest = max(FOLDER.rglob("*.dtb"), key=lambda path: path.stat().st_size)
    one, all_of_them = peak([str(largest)]), peak(["-j1", str(FOLDER)])
    print(f"peak memory, {largest.name}: {one:.0f} MB; the whole folder: {all_of_them:.0f} MB")
    return {"MB, largest board": round(one, 1), "MB, folder": round(all_of_them, 1)}


def linted(path: Path) -> float:
    """Processor seconds of one lint in this process, best of three."""

    def once() -> float:
        start = time.process_time()
        dtlink.lint([str(path)])
        return time.process_time() - start

    return min(once() for _ in range(3))


def peak(arguments: list[str]) -> float:
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
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": ""},
    )
    return float(done.stderr.split()[-1])


def record(figures: Figures) -> None:
    """Append the figures to the history: one line, the commit and the day first."""
    commit = subprocess.run(
        ["git", "-C", str(ROOT), "describe", "--always", "--dirty"],  # noqa: S607
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    day = dt.datetime.now(tz=dt.UTC).date().isoformat()
    entry = {"day": day, "commit": commit, "python": sys.version.split()[0], **figures}
    with HISTORY.open("a", encoding="utf-8") as file:
        file.write(json.dumps(entry, ensure_ascii=False) + "\n")


def main() -> None:
    """All of it."""
    if not FOLDER.is_dir() or shutil.which("dtc") is None:
        sys.exit(f"needs dtc, and DTBs in {FOLDER}")
    record_all = dict(_figures())
    if RECORD:
        record(record_all)


def _figures() -> Iterator[tuple[str, float]]:
    # Memory first: a child process inherits the peak of its parent.
    for step in (memory, corpus, unchanged, cold, source, kernel, kernel_of_many, growth):
        yield from step().items()


if __name__ == "__main__":
    main()
