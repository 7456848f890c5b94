"""Words of the command line that no user means: empty ones, and ``-o=FILE``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from dtlink.cli.kernel import kernel
from dtlink.cli.main import COMMANDS, cli
from tests.cli.conftest import Run


def commands() -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """All commands, by their words."""
    context = click.Context(cli)
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from (((name, each), command.commands[each]) for each in command.commands)
        else:
            yield (name,), command


ALL = dict(commands())
TAKING = [
    (*words, option.opts[0])
    for words, command in ALL.items()
    for option in command.params
    if isinstance(option, click.Option) and not (option.is_flag or option.count)
]
NAMED = [
    words
    for words, command in ALL.items()
    if any(isinstance(each, click.Argument) for each in command.params)
]


@pytest.mark.parametrize("words", TAKING, ids=" ".join)
def test_an_option_with_an_empty_value_is_refused_by_name(
    run: Run, words: tuple[str, ...], bad_dts: Path
) -> None:
    *command, option = words
    result = run(*command, bad_dts, option, "")
    if option == "--cmdline":  # a kernel without parameters
        assert "empty" not in result.stderr
        return
    assert (result.exit_code, result.stdout) == (2, "")
    message = result.stderr.splitlines()[-1]
    assert option in message
    assert message.endswith(": the value is empty")


@pytest.mark.parametrize("words", NAMED, ids=" ".join)
def test_an_empty_argument_is_refused(run: Run, words: tuple[str, ...]) -> None:
    result = run(*words, "", "")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "the value is empty" in result.stderr or "unexpected extra" in result.stderr


def test_help_is_shown_beside_an_empty_value(run: Run) -> None:
    assert run("lint", "--kernel", "", "--help").exit_code == 0


@pytest.mark.parametrize(
    "words", [("-o=out",), ("-vo=out",), ("-o", "out"), ("-oout",), ("--output=out",)], ids=" ".join
)
def test_a_short_option_takes_a_value_after_an_equals_sign(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], bad_dts: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("lint", bad_dts, *words).exit_code == 1
    assert (tmp_path / "out").exists()
    assert not (tmp_path / "=out").exists()


def test_what_only_looks_so_stays_as_it_is(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bad_dts: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("lint", bad_dts, "-o", "-o=out").exit_code == 1
    assert (tmp_path / "-o=out").exists()
    assert "dtlink: -v=out: No such file or directory" in run("lint", "--", "-v=out").stderr


def test_a_flag_takes_no_value(run: Run, bad_dts: Path) -> None:
    result = run("lint", bad_dts, "-q=1")
    assert result.exit_code == 2
    assert "Option '-q' does not take a value." in result.stderr


def test_the_help_of_a_group_has_the_whole_help_of_its_commands(run: Run) -> None:
    told = " ".join(run("kernel", "--help").stdout.split())
    assert all((each.help or "") in told for each in kernel.commands.values())
    assert "..." not in told.partition("Commands:")[2]
