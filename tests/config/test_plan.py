"""What is kept of the inputs of a run: their paths, packed, and settings where they differ."""

from __future__ import annotations

import os
import random
import tracemalloc
from collections.abc import Sequence
from pathlib import Path

import pytest

from dtlink.config.by_input import SettingsByInput
from dtlink.config.model import LintSettings
from dtlink.config.plan import LintPlan
from dtlink.firmware.inputs import Input
from dtlink.packed import Packed

BOARD = Path(__file__).resolve().parents[2] / "fixtures/boards/clean-board.dtb"


def held(pairs: Sequence[tuple[str, int]]) -> tuple[SettingsByInput, list[Input]]:
    """Settings of paths, by number, as other objects each time."""
    inputs = [Input(path) for path, _ in pairs]
    kinds = (LintSettings(ignore=(f"tree/{number}",)) for _, number in pairs)
    return SettingsByInput(zip(inputs, kinds, strict=True)), inputs


@pytest.mark.parametrize("seed", range(200))
def test_each_input_has_its_settings(seed: int) -> None:
    """In whatever order they come, and where settings change within a folder."""
    chance = random.Random(seed)  # noqa: S311 - the same in each run
    pairs = [(f"{chance.choice('ab')}/{at:02}", chance.randrange(3)) for at in range(12)]
    if seed % 2:
        pairs.sort()
    made, inputs = held(pairs)
    assert [made[each].ignore for each in inputs] == [(f"tree/{number}",) for _, number in pairs]
    order = dict.fromkeys(number for _, number in pairs)
    assert [each.ignore for each in made.kinds] == [(f"tree/{number}",) for number in order]


def test_parts_of_one_file_may_differ() -> None:
    first, other = LintSettings(), LintSettings(ignore=("tree",))
    pairs = [(Input("a"), first), (Input("b"), first), (Input("b", "x"), other)]
    made = SettingsByInput([*pairs, (Input("c"), other)])
    assert [made[each] for each, _ in pairs] == [first, first, other]
    assert made[Input("c")] == other


def test_settings_of_folders_are_small() -> None:
    """They are kept where they change, not for each input."""
    kinds = [LintSettings(ignore=(f"tree/{number}",)) for number in range(2)]
    paths = (f"{folder:03}/{number:04}.dtb" for folder in range(20) for number in range(1000))
    tracemalloc.start()
    try:
        made = SettingsByInput((Input(path), kinds[int(path[:3]) % 2]) for path in paths)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 20_000
    assert made[Input("007/0999.dtb")] is kinds[1]


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
