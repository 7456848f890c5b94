"""``dtlink lint`` of a plain command line, without click."""

from __future__ import annotations

import sys

from dtlink.cli.plain import read
from dtlink.cli.plain_options import PLAIN
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def lint_plainly(words: Sequence[str]) -> None:
    """Lint and exit; returns if click has to read the words that follow ``lint``."""
    line = read(words, PLAIN.values())
    if line is None:
        return
    from dtlink.cli.caching import cached
    from dtlink.cli.lint import run
    from dtlink.config.model import FIELDS

    if sys.stderr.isatty():
        from dtlink.cli.progress import show_steps

        show_steps()
    given = {name: value for name, value in line.values.items() if name in FIELDS}
    others = {name: value for name, value in line.values.items() if name not in FIELDS}
    kept = {name: others.pop(name) for name in ("no_cache", "cache_dir") if name in others}
    try:
        with cached(**kept):
            run(given, paths=line.paths, **others)
    except Exception as error:
        _add_usage(error)
        raise


def _add_usage(error: Exception) -> None:
    """Let click print the usage of ``lint`` before an error of usage, as it does for its own."""
    if "click" not in sys.modules:
        return
    import click

    if isinstance(error, click.UsageError):
        from dtlink.cli.main import cli

        outer = click.Context(cli, info_name="dtlink", **cli.context_settings)
        command = cli.get_command(outer, "lint")
        assert command is not None  # noqa: S101 - for type checkers
        names = outer.help_option_names
        error.ctx = click.Context(command, outer, "lint", help_option_names=names)
