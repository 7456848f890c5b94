"""Faults put into real sources, and fixed: no fix is wrong.

``DTLINK_FIX_SEEDS=5000 pytest -m corpus -s tests/cli/test_fix_sweep.py`` puts so many faults into a
scratch copy of a kernel's sources, and prints what became of them, by rule.
"""

from __future__ import annotations

import os
import random
import shutil
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.kernel_sources import need_compilers, trees
from tests.support.source_faults.kinds import FAULTS
from tests.support.source_faults.sweep import Sweep, Verdict

SEED = 20261130
#: Faults in all, and upper bound on those of one board.
SEEDS, TOGETHER = int(os.environ.get("DTLINK_FIX_SEEDS", "300")), 25
_WANTED = (
    *("arch/arm64/boot/dts", "arch/arm/boot/dts", "arch/riscv/boot/dts"),
    *("include/dt-bindings", "include/uapi/linux", "scripts/dtc/include-prefixes"),
)
#: The sweep over boards as they are takes every so-manyth.
EVERY = int(os.environ.get("DTLINK_FIX_EVERY", "100"))
_WORDS = ("restored", "fixed", "refused", "advice", "silent", "unreadable", "wrong")


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what boards are made of, in which faults can be put."""
    found = [tree for tree in trees() if (tree / _WANTED[0]).is_dir()]
    if not found:
        pytest.skip("no kernel sources: set DTLINK_KERNEL_SOURCE")
    need_compilers()
    top = tmp_path_factory.mktemp("linux")
    for name in _WANTED:
        shutil.copytree(found[-1] / name, top / name, symlinks=True)
    return top


def verdicts(top: Path, count: int) -> Iterator[Verdict]:
    """What became of at least so many faults, on boards by chance."""
    boards = sorted((top / _WANTED[0]).rglob("*.dts"))
    sweep, done, number = Sweep(top), 0, 0
    while done < count:
        seed = f"{SEED}-{number}"
        rng = random.Random(seed)  # noqa: S311 - repeatable is what it must be
        board, faults = rng.choice(boards), rng.sample(FAULTS, len(FAULTS))
        for each in sweep.board(board, faults[:TOGETHER], seed):
            done += 1
            yield each
        number += 1


def table(found: list[Verdict]) -> Iterator[str]:
    """How often each rule's fixes had each outcome."""
    rows: dict[str, Counter[str]] = defaultdict(Counter)
    for each in found:
        rows[each.rule or each.fault.rule][each.word] += 1
    yield f"{'rule':32}" + "".join(f"{word:>11}" for word in _WORDS)
    for rule in sorted(rows):
        yield f"{rule:32}" + "".join(f"{rows[rule][word]:11}" for word in _WORDS)
    total = Counter(each.word for each in found)
    yield f"{'all':32}" + "".join(f"{total[word]:11}" for word in _WORDS)


@pytest.mark.corpus
def test_no_fix_is_wrong(sources: Path) -> None:
    found = list(verdicts(sources, SEEDS))
    sys.stdout.write("\n".join(("", *table(found), "")))
    assert [each for each in found if each.word == "wrong"] == []
    words = Counter(each.word for each in found)
    assert words["restored"] + words["fixed"] > len(found) // 2


@pytest.mark.corpus
def test_no_fix_of_a_board_as_it_is_is_wrong(sources: Path) -> None:
    sweep, counts = Sweep(sources), Counter[tuple[str, str]]()
    wrong: list[tuple[str, str, str]] = []
    for path in sorted((sources / _WANTED[0]).rglob("*.dts"))[::EVERY]:
        for rule, word, reason in sweep.as_it_is(path):
            counts[rule, word] += 1
            wrong += [(path.name, rule, reason)] if word == "wrong" else []
    lines = (f"{rule:32}{word:>11}{count:6}" for (rule, word), count in sorted(counts.items()))
    sys.stdout.write("\n".join(("", *lines, "")))
    assert wrong == []
