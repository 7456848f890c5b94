"""The README says what the program does."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from dtlink.cli.main import COMMANDS, cli
from tests.support.readme import HELPED, PARTS, README, filled, help_of, index

ROOT = Path(__file__).resolve().parents[2]


def test_the_generated_parts_are_current() -> None:
    text = README.read_text(encoding="utf-8")
    # Where lines of --help end is click's to choose, and may change with its version.
    assert text.split() == filled(text).split(), "run: python tests/support/readme.py"


@pytest.mark.parametrize("part", PARTS)
def test_a_stale_part_is_noticed(part: str) -> None:
    text = README.read_text(encoding="utf-8")
    stale = text.replace(f"<!-- /{part} -->\n", f"stale\n<!-- /{part} -->\n")
    assert stale != text
    assert filled(stale) == filled(text)


def test_a_lost_marker_is_an_error() -> None:
    with pytest.raises(ValueError, match="<!-- /rules -->"):
        filled("<!-- rules -->\n")


@pytest.mark.parametrize("command", HELPED, ids=" ".join)
def test_the_help_is_what_a_terminal_of_80_columns_shows(command: tuple[str, ...]) -> None:
    for columns in ("80", "200"):
        shown = subprocess.run(
            [sys.executable, "-m", "dtlink", *command, "--help"],
            capture_output=True,
            text=True,
            env={**os.environ, "COLUMNS": columns, "PYTHONPATH": str(ROOT)},
            check=True,
        )
        assert shown.stdout == help_of(command)


def test_the_help_does_not_depend_on_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    before = [help_of(command) for command in HELPED]
    for name, value in {"COLUMNS": "40", "NO_COLOR": "1", "TERM": "dumb", "LANG": "de_DE"}.items():
        monkeypatch.setenv(name, value)
    assert [help_of(command) for command in HELPED] == before


def test_the_index_is_what_the_command_prints() -> None:
    assert CliRunner().invoke(cli, ["rules", "--format", "markdown"]).output == index()


def test_every_command_is_named_in_the_readme_and_has_help() -> None:
    text = README.read_text(encoding="utf-8")
    for command in COMMANDS:
        assert f"dtlink {command}" in text, f"README.md, Usage: add a line for dtlink {command}"
        result = CliRunner().invoke(cli, [command, "--help"])
        assert result.exit_code == 0
        assert result.output.startswith("Usage:")
