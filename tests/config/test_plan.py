"""What is kept of the inputs of a run: their paths, packed, and settings where they differ."""

from __future__ import annotations

import os
import tracemalloc
from pathlib import Path

import pytest

from dtlink.config.by_input import SettingsByInput
from dtlink.config.model import LintSettings
from dtlink.config.plan import LintPlan
from dtlink.firmware.inputs import Input
from dtlink.packed import Packed

BOARD = Path(__file__).resolve().parents[2] / "fixtures/boards/clean-board.dtb"


def test_settings_are_kept_where_they_differ() -> None:
    first, other = LintSettings(), LintSettings(ignore=("tree",))
    inputs = [Input(f"{number}.dtb") for number in range(9)]
    held = SettingsByInput(
        (each, other if at in {4, 7} else LintSettings()) for at, each in enumerate(inputs)
    )
    assert [held[each] for each in inputs] == [*[first] * 4, other, *[first] * 2, other, first]
    assert held.kinds == [first, other]
    with pytest.raises(KeyError):
        SettingsByInput()[inputs[0]]


def test_the_plan_of_many_inputs_is_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Less than 50 bytes for each beyond those that are not packed; a path alone has 70."""
    monkeypatch.chdir(tmp_path)
    for folder in range(30):
        Path(f"boards/{folder:03}").mkdir(parents=True)
        for number in range(400):
            os.link(BOARD, f"boards/{folder:03}/board-{number:05}.dtb")
    settings = LintSettings()
    tracemalloc.start()
    try:
        plan = LintPlan.of(["boards"], lambda _: settings)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert plan.total == 12_000
    assert isinstance(plan.named, Packed)
    assert plan.notes == []
    assert kept < 4096 * 300 + (12_000 - 4096) * 50
