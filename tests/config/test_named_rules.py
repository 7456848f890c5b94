"""Which rules run where ``[severity]`` and ``[[expect]]`` name some: ``select`` alone decides.

The command, its options, and the library agree.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import dtlink
from dtlink.cli.main import cli

ROOT = Path(__file__).resolve().parents[2]
#: Off by default, and found in the board.
OFF, ON = "legacy/singular-gpio", "iommu/stream-match-overlap"


@pytest.fixture
def board(tmp_path: Path) -> Path:
    return Path(shutil.copy(ROOT / "fixtures" / "boards" / "phone-soc.dtb", tmp_path))


def toml(options: dict[str, Any]) -> str:
    """The options as a configuration."""
    lines = [f"{name} = {options[name]!r}" for name in ("select", "ignore") if name in options]
    for rule, level in options.get("severity", {}).items():
        lines += ["[severity]", f'"{rule}" = "{level}"']
    for rule in options.get("expect", ()):
        lines += ["[[expect]]", f'rule = "{rule}"', 'reason = "known"']
    return "\n".join(lines).replace("'", '"')


def outcome(report: dtlink.Report) -> tuple[set[str], set[str], set[str]]:
    (item,) = report.inputs
    found, ignored = (
        {each.rule for each in item.findings},
        [each.finding for each in item.ignored],
    )
    return found, {each.rule for each in ignored}, {each.rule for each in item.unmet}


@pytest.mark.parametrize(
    ("options", "runs"),
    [
        ({"severity": {OFF: "error"}}, {OFF: True, ON: True}),
        ({"severity": {"legacy": "error"}}, {OFF: False, ON: True}),
        ({"expect": [OFF]}, {OFF: True, ON: True}),
        ({"severity": {OFF: "error"}, "select": ["iommu"]}, {OFF: False, ON: True}),
        ({"expect": [OFF], "select": ["iommu"]}, {OFF: False, ON: True}),
        ({"severity": {ON: "info"}, "select": ["cycle"]}, {OFF: False, ON: False}),
        ({"expect": [ON], "select": ["cycle"]}, {OFF: False, ON: False}),
        ({"expect": [ON], "ignore": [ON]}, {OFF: False, ON: False}),
        ({"severity": {OFF: "error"}, "ignore": ["legacy"]}, {OFF: False, ON: True}),
        ({"severity": {OFF: "error"}, "select": ["iommu", OFF]}, {OFF: True, ON: True}),
        ({"expect": [OFF], "select": ["default"]}, {OFF: False, ON: True}),
    ],
    ids=str,
)
def test_select_decides(board: Path, options: dict[str, Any], runs: dict[str, bool]) -> None:
    from_library = dtlink.lint(board, config=False, **options)
    (board.parent / "dtlink.toml").write_text(toml(options))
    from_file = dtlink.lint(board)
    assert outcome(from_library) == outcome(from_file)
    done = CliRunner().invoke(cli, ["lint", str(board), "--format", "json"])
    assert done.exit_code == from_file.status
    found, ignored, unmet = outcome(from_file)
    for rule, expected in runs.items():
        assert (rule in found | ignored | unmet) is expected


def test_what_select_leaves_out_is_not_missed(board: Path) -> None:
    """An expectation of a rule that did not run is neither met nor unmet."""
    for select, unmet in ((None, {"tree/duplicate-node"}), ("iommu", set())):
        report = dtlink.lint(board, config=False, select=select, expect="tree/duplicate-node")
        assert outcome(report)[2] == unmet
