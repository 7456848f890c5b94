"""The options about the cache: where results of lints and facts of kernels are kept."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from dtlink.cache import FOLDER
from dtlink.cli.options import Command
from dtlink.typed import Any

#: Where a context has that nothing is kept, in whatever order the options come.
_OFF = "dtlink.no_cache"


def cache_options(command: Command) -> Command:
    """Decorate a command with ``--no-cache`` and ``--cache-dir``."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def _at(context: click.Context, _: click.Parameter, value: Any) -> None:
    if not value or context.resilient_parsing:
        return
    context.meta[_OFF] = off = context.meta.get(_OFF, False) or value is True
    context.with_resource(_folder("" if off else os.path.abspath(str(value))))  # noqa: PTH100 - text


@contextmanager
def _folder(where: str) -> Iterator[None]:
    """Have the command, and the processes that it makes, ask for this folder."""
    before = os.environ.get(FOLDER)
    os.environ[FOLDER] = where
    try:
        yield
    finally:
        os.environ.pop(FOLDER)
        if before is not None:
            os.environ[FOLDER] = before


_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.option(
        "--no-cache",
        is_flag=True,
        expose_value=False,
        callback=_at,
        help="Do not use the cache: neither results nor facts of kernels are read or kept.",
    ),
    click.option(
        "--cache-dir",
        metavar="DIR",
        expose_value=False,
        callback=_at,
        help="Folder of the cache. [default: DTLINK_CACHE, else $XDG_CACHE_HOME/dtlink]",
    ),
)
