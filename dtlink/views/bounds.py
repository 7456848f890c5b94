"""How long the lists of a result may become, whatever the input is.

Of the devicetrees of Linux and the tables of real machines none comes near: the largest has 1,626
links, 1,044 nodes with supplier properties, 325 devices, and all its paths have 177,000 characters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import fields
from itertools import takewhile

from dtlink.typed import Any, Generic, TypeVar
from dtlink.views.data import ABSENT, Absent, JsonRow

ItemT = TypeVar("ItemT")
MadeT = TypeVar("MadeT")

#: Upper bounds on the rows of a list, and on the characters of their paths and names.
MOST, CHARACTERS = 10_000, 1_500_000


class Room:
    """What is left for the rows of a list, or of several lists that share it."""

    __slots__ = ("characters", "rows")

    def __init__(self, rows: int = MOST, characters: int = CHARACTERS) -> None:
        self.rows: int = rows
        self.characters: int = characters

    def takes(self, *texts: str) -> bool:
        """Whether a row with these texts fits; after one that does not, none does."""
        self.characters -= sum(map(len, texts))
        self.rows = self.rows - 1 if self.characters >= 0 else -1
        return self.rows >= 0

    def first(self, items: Iterable[ItemT], texts: Callable[[ItemT], Iterable[str]]) -> list[ItemT]:
        """The first items, as many as fit."""
        return list(takewhile(lambda item: self.takes(*texts(item)), items))


def texts_of(row: object) -> Iterator[str]:
    """All texts of a row and its parts."""
    if isinstance(row, str):
        yield row
    elif isinstance(row, JsonRow):
        for field in fields(row):
            yield from texts_of(getattr(row, field.name))
    elif isinstance(row, (tuple, list)):
        for part in row:
            yield from texts_of(part)


class Made(Generic[MadeT]):
    """A list whose items are made when they are asked for."""

    __slots__ = ("_items", "_make")

    def __init__(self, items: Sequence[ItemT], make: Callable[[ItemT], MadeT]) -> None:
        self._items: Sequence[Any] = items
        self._make: Callable[[Any], MadeT] = make

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[MadeT]:
        return map(self._make, self._items)


def left_out(**lists: tuple[Sized, Sized]) -> Mapping[str, int] | Absent:
    """How many rows of each list are left out, given the whole list and its first rows."""
    numbers = {name: len(whole) - len(first) for name, (whole, first) in lists.items()}
    return {name: number for name, number in numbers.items() if number} or ABSENT
