"""What is kept of a run of many inputs, and what is asked of it for each."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from dtlink.cli.main import cli
from dtlink.config.plan import LintPlan

BOARDS = Path(__file__).resolve().parents[2] / "fixtures/boards"


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A run of ``dtlink lint`` in a folder without a configuration."""
    monkeypatch.chdir(tmp_path)

    def invoke(*arguments):
        return CliRunner().invoke(cli, ["lint", "--no-config", *map(str, arguments)])

    return invoke


def test_a_line_of_jsonl_asks_nothing_of_the_other_inputs(run, monkeypatch):
    for number in range(5):
        shutil.copy(BOARDS / "clean-board.dtb", f"{number}.dtb")
    asked, notes = [], LintPlan.notes.fget
    monkeypatch.setattr(LintPlan, "notes", property(lambda plan: asked.append(1) or notes(plan)))
    result = run(".", "--format", "jsonl")
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["inputs"][0]["path"] for line in lines] == [
        f"./{number}.dtb" for number in range(5)
    ]
    assert len(asked) < 5
