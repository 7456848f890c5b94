"""What dtlink costs, as the documentation says it: from the last line of the benchmarks' history.

``python tests/benchmarks/bench.py --record`` adds a line to ``tests/benchmarks/history.jsonl``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from textwrap import fill
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
HISTORY = ROOT / "tests" / "benchmarks" / "history.jsonl"

_DTC = "`dtc -I dtb -O {}`, one process for each file"
_CLICK = '`python -c "import click"`'
_PLAIN = "the same without"
_KERNEL = "`dtlink lint --kernel` of {}, of a kernel that is in the [cache](cache.md)"
_INITRAMFS = "`dtlink lint --kernel --initramfs` of {}"
_LAZOR = "one board with many cycles"

#: What the ratios are of: what is run, and what beside it, by the name of the figure.
RATIOS: Mapping[str, tuple[str, str]] = {
    "folder, -j2 / dtc -O dtb": (
        "`dtlink lint -j2` of 1,023 DTBs and 48 overlays",
        _DTC.format("dtb") + ", two at a time",
    ),
    "folder, -j2 / dtc -O null": ("the same", _DTC.format("null") + ", two at a time"),
    "folder, -j1 / dtc -O null": ("the same, `-j1`", _DTC.format("null")),
    "150 boards, -j2 / dtc -O null": ("`dtlink lint -j2` of 150 DTBs", _DTC.format("null")),
    "unchanged folder / dtc -O null": (
        "`dtlink lint -j1` of the folder, unchanged since the last run ([cache](cache.md))",
        _DTC.format("null"),
    ),
    "kept / not kept": ("a run that keeps its results", "one that does not (`--no-cache`)"),
    "cold / import click": ("`dtlink lint` of one 60 KB DTB, cold", _CLICK),
    "cold, JSON / import click": ("the same, `--format json`", _CLICK),
    "cold, no drivers / import click": (
        "`dtlink lint` of one DTB without a finding that names a driver, cold",
        _CLICK,
    ),
    "cold, no drivers, JSON / import click": ("the same, `--format json`", _CLICK),
    "cold, disabled supplier / import click": (
        "`dtlink lint` of one DTB with a disabled supplier, cold",
        _CLICK,
    ),
    "60 KB: lint --kernel / lint": (_KERNEL.format("one 60 KB DTB"), _PLAIN),
    "60 KB: lint --kernel --initramfs / lint": (_INITRAMFS.format("one 60 KB DTB"), _PLAIN),
    "many cycles: lint --kernel / lint": (_KERNEL.format(_LAZOR), _PLAIN),
    "many cycles: lint --kernel --initramfs / lint": (_INITRAMFS.format(_LAZOR), _PLAIN),
    "150 boards: lint --kernel / lint": (_KERNEL.format("150 DTBs, `-j1`"), _PLAIN),
    "150 boards: lint --kernel --initramfs / lint": (
        _INITRAMFS.format("150 DTBs, `-j1`"),
        _PLAIN,
    ),
    "diff --kernel / lint": ("`dtlink diff --kernel` of two DTBs", "a lint of the first"),
    "sources / gcc, dtc and lint": (
        "`dtlink lint -j1` of 150 sources of Linux",
        "gcc, dtc, and a lint of the blobs",
    ),
}

_PHASE = "phase, ms a board: "


def last() -> dict[str, Any]:
    """The figures that were recorded last, by name; ``quartiles`` has those of each ratio."""
    lines = HISTORY.read_text(encoding="utf-8").splitlines()
    found: dict[str, Any] = json.loads(lines[-1])
    return found


def table() -> str:
    """The ratios, as a table in Markdown."""
    return "\n".join(_rows(last()))


def _rows(found: Mapping[str, Any]) -> Iterator[str]:
    yield "| what | compared with | ratio | quartiles |"
    yield "|---|---|---|---|"
    for name, (what, other) in RATIOS.items():
        low, high = found["quartiles"][name]
        yield f"| {what} | {other} | {found[name]:.2f} | {low:.2f} to {high:.2f} |"


def phases() -> str:
    """Of what the time of a lint consists, as a table in Markdown."""
    found = last()
    rows = ["| phase | milliseconds for a board | quartiles |", "|---|---|---|"]
    for name, (low, high) in found["quartiles"].items():
        if name.startswith(_PHASE):
            phase = name.removeprefix(_PHASE)
            rows.append(f"| {phase} | {found[name]:.2f} | {low:.2f} to {high:.2f} |")
    return "\n".join(rows)


def memory() -> str:
    """Peak memory and growth, as a sentence."""
    found = last()
    return (
        f"Peak memory is {found['MB, largest board']:.0f} MB for the largest DTB, "
        f"{found['MB, folder']:.0f} MB for all of them in one process, and "
        f"{found['MB, 150 sources']:.0f} MB for 150 sources. Time per node of a tree of 100,000 "
        f"nodes is {found['growth, 100,000 nodes / 1,000']:.2f} times that of one of 1,000."
    )


def summary() -> str:
    """What the README says."""
    found = last()
    cold = sorted(found[name] for name in RATIOS if name.startswith("cold"))
    text = (
        f"Linting 1,023 DTBs and 48 overlays takes {found['folder, -j2 / dtc -O dtb']:.2f} times "
        "the processor time of `dtc -I dtb -O dtb`, "
        f"{found['folder, -j2 / dtc -O null']:.2f} times that of `dtc -I dtb -O null`, which "
        f"writes nothing, and {found['unchanged folder / dtc -O null']:.2f} times if nothing has "
        f"changed since the last run. It takes {found['MB, folder']:.0f} MB of memory. A cold run "
        f"on one DTB takes {cold[0]:.1f} to {cold[-1]:.1f} times the time of {_CLICK}. "
        "`make bench` measures it: [performance](docs/performance.md)."
    )
    # Code is not broken into lines.
    held = re.sub(r"`[^`]+`", lambda code: code[0].replace(" ", "\0"), text)
    return fill(held, 120, break_on_hyphens=False).replace("\0", " ") + "\n"
