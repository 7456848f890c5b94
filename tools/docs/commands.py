"""The help of every command, as the program prints it at 80 columns."""

from __future__ import annotations

from collections.abc import Iterator

import click
from click.testing import CliRunner

from dtlink.cli.main import COMMANDS, cli


def commands() -> Iterator[tuple[str, ...]]:
    """The words of each command: the program, its commands, and theirs."""
    yield ()
    for name in COMMANDS:
        yield (name,)
        command = cli.get_command(click.Context(cli), name)
        if isinstance(command, click.Group):
            yield from ((name, inner) for inner in sorted(command.commands))


def help_of(command: tuple[str, ...]) -> str:
    """The help of a command at 80 columns, however wide the terminal is."""
    # click hands this on to the context. It leaves two columns of a terminal free.
    result = CliRunner().invoke(cli, [*command, "--help"], prog_name="dtlink", terminal_width=78)
    if result.exit_code:
        raise RuntimeError(result.output)
    return result.output


def page() -> str:
    """A section for each command."""
    parts = [
        "# Commands\n",
        "[Options and exit status](../options.md) explains what the help cannot.\n",
    ]
    for words in commands():
        name = " ".join(("dtlink", *words))
        parts += [f"## {name}\n", f"```text\n{help_of(words)}```\n"]
    return "\n".join(parts)
