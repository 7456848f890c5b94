"""Damaged and hostile sources are read or refused: bounded, and without what they may not read.

``pytest -m corpus -s tests/firmware/source/test_damaged.py`` prints the figures.
"""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from pathlib import Path

import pytest

import dtlink
from tests.support.damaged_sources import BOMBS, CANARY, ESCAPES, Case, Damage, _files, write
from tests.support.limits import TookTooLongError, at_most

SEED = 20261130
#: CPU seconds that one source may take; sound code needs a small part of it.
LIMIT = 10.0
#: Characters of a large bomb: some have twice as many, which is nearly the largest file.
LARGE = 1_900_000
#: Characters that a report of one source may have.
LENGTH = 1 << 20


def lint(case: Case, folder: Path) -> str:
    """Lint a case in an empty folder: ``read`` or ``refused``."""
    shutil.rmtree(folder, ignore_errors=True)
    with at_most(LIMIT):
        board, include = write(case, folder), [str(folder / "tree" / "include")]
        report = dtlink.lint(board, config=False, include=include)
    (result,) = report.inputs
    text = json.dumps(report.to_dict())
    assert CANARY not in text
    assert "root:x:0" not in text
    assert len(text) < LENGTH
    assert not result.faults
    return "refused" if result.error else "read"


def check(case: Case, folder: Path) -> str:
    try:
        return lint(case, folder)
    except (Exception, TookTooLongError) as error:  # noqa: BLE001 - none may come
        pytest.fail(f"{case.name}: {type(error).__name__}: {error}"[:2_000])


@pytest.mark.parametrize(
    ("count", "size"),
    [(300, 1 << 12), pytest.param(20_000, 1 << 20, marks=pytest.mark.corpus)],
)
def test_damaged_sources_are_read_or_refused(count, size, tmp_path):
    outcomes: Counter[str] = Counter()
    for case in Damage(SEED, size).cases(count):
        outcome = check(case, tmp_path / "case")
        outcomes[f"{case.name.split()[2]} {outcome}"] += 1
        outcomes[outcome] += 1
    print(f"\n{dict(sorted(outcomes.items()))}")  # noqa: T201 - the figures
    # If nearly all were refused, or nearly all read, the damage would test only one half.
    assert min(outcomes["read"], outcomes["refused"]) > count / 8
    assert outcomes["read"] + outcomes["refused"] == count


def test_the_same_seed_makes_the_same_sources():
    first, second = (list(Damage(SEED).cases(50)) for _ in range(2))
    assert first == second


def test_the_sound_sources_are_read(tmp_path):
    for name, files in Damage(SEED).sources.items():
        assert check(Case(name, files), tmp_path / name) == "read"


@pytest.mark.parametrize("size", [1 << 12, pytest.param(LARGE, marks=pytest.mark.corpus)])
@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_bounded(name, size, tmp_path):
    assert check(Case(name, _files(BOMBS[name](size))), tmp_path / "case") in ("read", "refused")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no FIFOs")
@pytest.mark.parametrize("name", ESCAPES)
def test_files_outside_the_tree_are_not_read(name, tmp_path):
    assert check(Case(name, _files(ESCAPES[name](0))), tmp_path / "case") == "refused"
