"""The README and the pages say what the program does."""

import os
import re
import subprocess
import sys
from itertools import groupby
from pathlib import Path

import pytest
from click.testing import CliRunner

from dtlink.cli.main import COMMANDS, cli
from dtlink.report.rules import markdown_table
from dtlink.rules.catalogue import all_rules
from tests.support.readme import PARTS, README, filled
from tools.docs.commands import commands, help_of
from tools.docs.picture import COMMAND, FILE, printed, text_of
from tools.docs.rules import FAMILIES

ROOT = Path(__file__).resolve().parents[2]
HELPED = ((), ("lint",))


def test_the_readme_is_short():
    assert len(README.read_text(encoding="utf-8").splitlines()) <= 200


def test_the_generated_parts_are_current() -> None:
    text = README.read_text(encoding="utf-8")
    assert text == filled(text), "run: python tests/support/readme.py"


@pytest.mark.parametrize("part", PARTS)
def test_a_stale_part_is_noticed(part: str) -> None:
    text = README.read_text(encoding="utf-8")
    stale = text.replace(f"<!-- /{part} -->\n", f"stale\n<!-- /{part} -->\n")
    assert stale != text
    assert filled(stale) == filled(text)


def test_a_lost_marker_is_an_error() -> None:
    with pytest.raises(ValueError, match="<!-- /families -->"):
        filled("<!-- families -->\n")


def test_every_family_is_described() -> None:
    families = [family for family, _ in groupby(all_rules(), key=lambda rule: rule.family)]
    assert list(FAMILIES) == families, "tools/docs/rules.py: describe each family, in order"


def test_the_picture_is_what_the_command_prints() -> None:
    shown = " ".join(text_of(FILE.read_text(encoding="utf-8")).split())
    told = re.sub(r"\x1b\][^\x1b]*\x1b\\|\x1b\[[\d;]*m", "", printed())
    assert " ".join(COMMAND) in shown
    for word in dict.fromkeys(told.split()):
        assert word in shown, f"{word}: run: python -m tools.docs.picture"


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
    printed = CliRunner().invoke(cli, ["rules", "--format", "markdown"]).output
    assert printed == markdown_table(all_rules())


def test_every_command_has_help() -> None:
    assert {words[0] for words in commands() if words} == set(COMMANDS)
    for words in commands():
        assert help_of(words).startswith(f"Usage: {' '.join(('dtlink', *words))} ")
