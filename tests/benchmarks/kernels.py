"""What a lint costs for a kernel that is in the cache, against one without a kernel."""

from __future__ import annotations

import shlex
import tempfile
from pathlib import Path

from tests.benchmarks.folder import nearest, sample
from tests.benchmarks.pairs import DTLINK, LINT, SHARED, Figures, boards, compare

BUILD = SHARED / "kernel" / "debian-6.12-arm64"
#: The kernel, and what may be named with it, by what the figures call them.
OPTIONS = {
    "--kernel": ["--kernel", str(BUILD)],
    "--kernel --initramfs": [
        *("--kernel", str(BUILD)),
        *("--initramfs", str(BUILD / "boot" / "initrd.img-list")),
    ],
}


def many(folder: Path) -> Figures:
    """150 boards with a kernel. What is known of the kernel is in the cache, results are not."""
    if not BUILD.is_dir():
        return {}
    with tempfile.TemporaryDirectory() as kept:
        plain = [*LINT, "-j1", "--cache-dir", kept, *sample(folder)]
        anew = f"rm -f {kept}/lint-*; "
        return {
            (name := f"150 boards: lint {option} / lint"): compare(
                name, anew + shlex.join([*plain, *words]), anew + shlex.join(plain), 5
            )
            for option, words in OPTIONS.items()
        }


def one(folder: Path) -> Figures:
    """The board that is nearest to 60 KB, and one with many cycles; and ``diff`` of two boards."""
    if not BUILD.is_dir():
        return {}
    two = [path for path in boards(folder) if path.name.startswith("sc7180-trogdor-lazor-r")][:2]
    named = {"60 KB": nearest(folder), **({"many cycles": two[0]} if two else {})}
    found = {
        (name := f"{board}: lint {option} / lint"): compare(
            f"{name} ({path.name})", [*LINT, *words, str(path)], [*LINT, str(path)], 15
        )
        for board, path in named.items()
        for option, words in OPTIONS.items()
    }
    if len(two) < 2:
        print("diff --kernel: not measured, the folder lacks two sc7180-trogdor-lazor-r*.dtb")
        return found
    diff = [*DTLINK, "diff", *OPTIONS["--kernel"], *map(str, two)]
    return {
        **found,
        "diff --kernel / lint": compare("diff --kernel", diff, [*LINT, str(two[0])], 7),
    }
