"""What the user named on the command line, as a configuration wants it."""

from __future__ import annotations

import click
from click.core import ParameterSource

from dtlink.typed import Any

#: Where a context has the options that no command takes as arguments: they choose its inputs.
_KEPT = "dtlink.kept"


def keep(context: click.Context, option: click.Parameter, value: Any) -> None:
    """Keep the value of an option for :func:`named`; a callback of click."""
    if option.name and context.get_parameter_source(option.name) is not ParameterSource.DEFAULT:
        context.meta.setdefault(_KEPT, {})[option.name] = value


def named(context: click.Context) -> dict[str, Any]:
    """What the user named, by field of the settings."""
    from dtlink.config.model import FIELDS

    kept: dict[str, Any] = context.meta.get(_KEPT, {})
    given = {
        name: value
        for name, value in context.params.items()
        if name in FIELDS
        if context.get_parameter_source(name) is not ParameterSource.DEFAULT
    }
    return given | kept
