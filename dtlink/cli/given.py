"""What the user named on the command line, as a configuration wants it."""

from __future__ import annotations

from typing import Any

import click
from click.core import ParameterSource

from dtlink.config.model import FIELDS


def named(context: click.Context) -> dict[str, Any]:
    """What the user named, by field of the settings."""
    return {
        name: value
        for name, value in context.params.items()
        if name in FIELDS
        if context.get_parameter_source(name) is not ParameterSource.DEFAULT
    }
