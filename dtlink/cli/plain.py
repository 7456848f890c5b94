"""Plain command lines, read without click: to import click takes longer than to lint a board.

A row declares an option once: :mod:`dtlink.cli.clicked` makes click's option of it, and
:func:`read` reads it here. What is not plain (an option without a row, an abbreviation, several
letters after one dash but ``-j4``, a value that is wrong) is for click, and so are help and errors.
"""

from __future__ import annotations

from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence


class PlainOption(NamedTuple):
    """An option that is read without click."""

    flags: tuple[str, ...]
    name: str
    """Its name among the values."""
    help: str
    metavar: str | None = None
    default: Any = None
    show_default: bool = False
    is_flag: bool = False
    """Whether it takes no value."""
    multiple: bool = False
    choices: Sequence[str] = ()
    """The values it takes; none: any."""
    minimum: int | None = None
    """The least value of a number; ``None``: it takes no number."""
    parse: Callable[[str], Any] = str
    """Makes its value of a word. Raises :class:`ValueError` for what is none."""

    def value(self, word: str) -> Any:
        """The value of a word. Raises :class:`ValueError` for one that the option does not take."""
        if not word:
            raise ValueError("the value is empty")
        if self.minimum is not None:
            number = int(word)
            if number < self.minimum:
                raise ValueError(f"{number} is not at least {self.minimum}")
            return number
        if self.choices and word not in self.choices:
            raise ValueError(f"{word!r} is not one of {', '.join(self.choices)}")
        return self.parse(word)


class PlainLine(NamedTuple):
    """A command line: its paths, and its options in the order of their first mention."""

    paths: tuple[str, ...]
    values: dict[str, Any]


def read(words: Sequence[str], rows: Iterable[PlainOption]) -> PlainLine | None:
    """What a command line says; ``None``: click has to read it."""
    by_flag = {flag: row for row in rows for flag in row.flags}
    paths: list[str] = []
    values: dict[str, Any] = {}
    rest = iter(words)
    for word in rest:
        if not word:
            return None  # refused with its name
        if word[:1] != "-" or word == "-":
            paths.append(word)
            continue
        flag, equals, given = _spelt_out(word, by_flag).partition("=")
        row = by_flag.get(flag)
        if row is None or (equals and (row.is_flag or flag[:2] != "--")):
            return None
        if row.is_flag:
            values[row.name] = True
            continue
        try:
            value = row.value(given if equals else next(rest))
        except (StopIteration, ValueError):
            return None
        values[row.name] = (*values.get(row.name, ()), value) if row.multiple else value
    return PlainLine(tuple(paths), values)


def _spelt_out(word: str, by_flag: dict[str, PlainOption]) -> str:
    """``--jobs=4`` for ``-j4``: a short option and its number; other words as they are."""
    row = by_flag.get(word[:2])
    if row is None or row.minimum is None or not word[2:].isdecimal():
        return word
    return f"{row.flags[-1]}={word[2:]}"
