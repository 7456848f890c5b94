"""The README says what the program does."""

from click.testing import CliRunner

from dtlink.cli.main import COMMANDS, cli
from tests.support.readme import README, filled


def test_the_index_of_rules_is_current() -> None:
    text = README.read_text(encoding="utf-8")
    assert text == filled(text), "run: python tests/support/readme.py"


def test_every_command_is_named_in_the_readme_and_has_help() -> None:
    text = README.read_text(encoding="utf-8")
    for command in COMMANDS:
        assert f"dtlink {command}" in text
        result = CliRunner().invoke(cli, [command, "--help"])
        assert result.exit_code == 0
        assert result.output.startswith("Usage:")
