"""``dtlink kernel``: files that are made once for a kernel, for other commands."""

from __future__ import annotations

import sys

import click

from dtlink.cli.completion import complete_files
from dtlink.cli.groups import CheckedGroup
from dtlink.cli.messages import say
from dtlink.cli.overwriting import file_of, watched_output
from dtlink.cli.terminal import is_terminal
from dtlink.cli.usage import usage_error
from dtlink.cli.writing import write_file
from dtlink.firmware.errors import InputError
from dtlink.typed import Any


def _place(ctx: click.Context, param: click.Parameter, value: Any) -> Any:
    """The file of an index; ``None``: standard output, unless a person would see the bytes."""
    if is_terminal(file_of(value)):
        raise usage_error(f"{value}: an index is not text: name a file, or redirect the output")
    return watched_output(ctx, param, value)


@click.group(cls=CheckedGroup, help="Prepare what dtlink needs to know of a kernel.")
def kernel() -> None:
    """Hold the commands of this group."""


@kernel.command(help="Index a kernel's source: which file and symbol drives each compatible.")
@click.argument("tree", metavar="SOURCE-TREE", shell_complete=complete_files)
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(dir_okay=False),
    callback=_place,
    is_eager=True,
    help="Write the index to this file ('-': to standard output).",
)
def index(tree: str, output: str | None) -> None:
    """Make the index of a source tree."""
    from dtlink.kernel.source.write import make_index

    try:
        packed = make_index(tree)
    except InputError as error:
        say(f"dtlink: {error}")
        sys.exit(2)
    write_file(packed, output)
