"""What the user named on the command line, as a configuration wants it."""

from __future__ import annotations

from typing import Any

import click
from click.core import ParameterSource

from dtlink.config.model import Settings

#: Options that are called otherwise inside a command than in the settings.
_FIELDS = {
    "version": "kernel_version",
    "least": "show",
    "build": "kernel",
    "index": "kernel_index",
}


def named(context: click.Context) -> dict[str, Any]:
    """What the user named, by field of the settings."""
    values = {_FIELDS.get(name, name): name for name in context.params}
    return {
        field: context.params[name]
        for field, name in values.items()
        if field in Settings._fields
        if context.get_parameter_source(name) is not ParameterSource.DEFAULT
    }
