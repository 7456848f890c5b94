"""Errors of usage, for modules that a plain command line imports: they do without click."""

from __future__ import annotations

from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    import click


def usage_error(message: str) -> click.UsageError:
    """What to raise for arguments that do not go together."""
    import click

    return click.UsageError(message)


def check_configuration(file: str | None, *, isolated: bool) -> None:
    """Raise :class:`click.UsageError` for a configuration that is named, and none asked for."""
    if isolated and file is not None:
        raise usage_error("--config and --no-config exclude each other")
