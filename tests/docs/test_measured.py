"""The figures about boards that boot are those that dtlink reports today."""

from __future__ import annotations

import pytest

from tests.support.boards import SHARED
from tools.docs import measure
from tools.docs.generated import ROOT


def test_every_set_was_measured_and_read():
    found = measure.load()
    assert found.keys() == measure.SETS.keys()
    for row in found.values():
        assert row["boards"] >= 100
        assert row["unread"] == 0
        assert len(row["found"]) == row["errors"]


def test_each_error_is_explained():
    text = (ROOT / "docs" / "accuracy.md").read_text(encoding="utf-8")
    for row in measure.load().values():
        for board, *_ in row["found"]:
            assert f"`{board}`" in text, "docs/accuracy.md: say whether this error is a real fault"


def test_the_readme_says_how_many_errors_arm64_has():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "The two errors of arm64" in text
    assert measure.load()["arm64"]["errors"] == 2


@pytest.mark.corpus
@pytest.mark.parametrize("name", measure.SETS)
def test_the_figures_are_current(name: str):
    if not (SHARED / "corpus" / name).is_dir():
        pytest.skip(f"no corpus of real boards in {SHARED} (set DTLINK_SHARED)")
    assert measure.measured(name) == measure.load()[name], "run: python -m tools.docs.measure"
