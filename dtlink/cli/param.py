"""The types of options: their base, generic for type checkers, with any click from 8.1 on."""

from __future__ import annotations

import click

from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from click import ParamType
else:

    class ParamType(click.ParamType):
        """click's base, which has a type argument from 8.4 on only."""

        def __class_getitem__(cls, value: object) -> type[click.ParamType]:
            """The class itself: the argument, the type of a value, is for type checkers."""
            del value
            return cls


class WholeNumber(click.IntRange):
    """A whole number, called so in messages."""

    name = "whole number"


class Seconds(click.FloatRange):
    """A number of seconds."""

    name = "number of seconds"


__all__ = ["ParamType", "Seconds", "WholeNumber"]
