"""What a lint of sources of Linux costs, against gcc, dtc and a lint of the blobs."""

from __future__ import annotations

import os
import random
import shlex
import shutil
import tempfile
from pathlib import Path

from tests.benchmarks.pairs import LINT, ROOT, Figures, compare, peak

TREE = Path(os.environ.get("DTLINK_KERNEL_SOURCE", ROOT.parent / "src-7.2"))


def sources(_: Path) -> Figures:
    """150 boards of the source of Linux in ``DTLINK_KERNEL_SOURCE``."""
    prefixes = TREE / "scripts/dtc/include-prefixes"
    if not prefixes.is_dir() or shutil.which("gcc") is None:
        print("sources: not measured, needs gcc and DTLINK_KERNEL_SOURCE")
        return {}
    every = sorted(TREE.glob("arch/*/boot/dts/**/*.dts"))
    boards = [str(path) for path in random.Random(14).sample(every, 150)]  # noqa: S311
    lint = [*LINT, "--no-cache", "-j1"]
    with tempfile.TemporaryDirectory() as folder:
        gcc = f"gcc -E -nostdinc -I {prefixes} -undef -D__DTS__ -x assembler-with-cpp"
        dtc = f"dtc -q -I dts -O dtb -i {prefixes}"
        rows = [
            f"{gcc} {board} | {dtc} -i {Path(board).parent} -o {folder}/{number}.dtb -"
            for number, board in enumerate(boards)
        ]
        theirs = "\n".join((*rows, shlex.join([*lint, folder])))
        ratio = compare("150 sources / gcc, dtc and lint", [*lint, *boards], theirs, 5)
    used = peak(["-j1", *boards])
    print(f"MB, 150 sources: {used.value:.0f}")
    return {"sources / gcc, dtc and lint": ratio, "MB, 150 sources": used}
