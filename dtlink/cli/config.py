"""``dtlink config``: the effective configuration of an input."""

from __future__ import annotations

import os
import sys

import click

from dtlink.cli.given import named
from dtlink.cli.messages import say
from dtlink.cli.options import options
from dtlink.cli.usage import check_configuration
from dtlink.cli.writing import emit_data, emit_lines
from dtlink.config.keys import KEYS, ConfigKey
from dtlink.config.resolve import effective, forget
from dtlink.firmware.errors import InputError
from dtlink.firmware.read import STDIN
from dtlink.typed import Any


def _from_rows(command: Any) -> Any:
    """Decorate a command with an option for each key."""
    for key in reversed(KEYS):
        command = _option(key)(command)
    return command


def _option(key: ConfigKey) -> Any:
    told = key.help.replace("`", "")
    if isinstance(key.default, bool):
        return click.option(f"--{key.name}/--no-{key.name}", key.field, default=None, help=told)
    many = isinstance(key.default, tuple) and "array" in key.takes
    return click.option(f"--{key.name}", key.field, multiple=many, metavar="…", help=told)


@click.command(
    help="Show the effective configuration for PATH (default: the working folder) and where each "
    "value comes from."
)
@click.argument("path", metavar="[PATH]", default=".")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Output format; text is TOML.",
)
@options("config")
@click.option("--expect", multiple=True, metavar="RULE[:NODE]", help="Expect this finding.")
@_from_rows
@options("color")
@click.pass_context
def config(
    context: click.Context,
    /,
    path: str,
    form: str,
    file: str | None,
    color: str,
    *,
    isolated: bool,
    **_others: Any,
) -> None:
    """Print the configuration that holds for a path."""
    from dtlink.config.show import ConfigView

    check_configuration(file, isolated=isolated)
    forget()
    if path != STDIN and not os.path.lexists(path):
        say(f"dtlink: {path}: No such file or directory")
        sys.exit(2)
    try:
        told = effective(path, named(context), file=file, isolated=isolated)
    except InputError as error:
        say(f"dtlink: {error}")
        sys.exit(2)
    whole = os.path.isdir(path)  # noqa: PTH112 - a str, as all paths
    view = ConfigView.of(path, told, whole=whole)
    if form == "json":
        emit_data(view)
    else:
        emit_lines(view.text(), None, color, fold=False)
