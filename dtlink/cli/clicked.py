"""Click's options, of the rows for plain command lines (:mod:`dtlink.cli.plain`)."""

from __future__ import annotations

from collections.abc import Callable

import click

from dtlink.cli.param import ParamType, WholeNumber
from dtlink.typed import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dtlink.cli.plain import PlainOption


class _Parsed(ParamType[Any]):
    """The type of an option whose row has a function that reads a word."""

    def __init__(self, row: PlainOption) -> None:
        self._row = row
        self.name = row.metavar or "TEXT"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The value, or a usage error."""
        if not isinstance(value, str) or value == self._row.default:
            return value
        try:
            return self._row.value(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


def clicked(row: PlainOption, **more: Any) -> Callable[[Any], Any]:
    """The decorator that adds an option; ``more``: what only click needs."""
    given: dict[str, Any] = {
        "help": row.help,
        "metavar": row.metavar,
        "show_default": row.show_default,
    }
    if row.is_flag:
        given["is_flag"] = True
    else:
        given |= {"type": _type(row), "multiple": row.multiple}
    if row.default is not None:
        given["default"] = row.default
    return click.option(*row.flags, row.name, **given | more)


def _type(row: PlainOption) -> Any:
    if row.choices:
        return click.Choice(list(row.choices))
    if row.minimum is not None:
        return WholeNumber(min=row.minimum)
    return str if row.parse is str else _Parsed(row)
