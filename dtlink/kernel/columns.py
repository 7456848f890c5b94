"""Lists and tables of strings as one text, of which nothing is made that is not asked for.

What is known of a kernel is some 60,000 strings, and a board asks for a few hundred. As JSON they
take a third of a run to read. A list is made again by one ``split()``. A table's rows are in groups
by the checksums of their names, so that a name is looked for among a few.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from zlib import crc32

from dtlink.typed import Any

#: Parts the strings of a list, and names from values.
_END = "\0"
#: Begins the rows of a table. No string of a kernel's files has either.
_ROW = "\1"
#: How many rows a group has, on average.
_GROUP = 8

#: How many characters a list or table has, how many strings or rows, and where groups begin.
Size = tuple[int, int, list[int]]


class KeptTable(Mapping[str, str]):
    """Strings by name. Iteration is in the order of the groups."""

    def __init__(self, data: bytes, start: int, count: int, starts: list[int]) -> None:
        """``start``: where the text begins; ``starts``: where each group does in it, and where the
        last one ends.
        """
        self._data = data
        self._start = start
        self._count = count
        self._starts = starts
        self._known: dict[str, str | None] = {}

    def __getitem__(self, name: str) -> str:
        if (found := self._find(name)) is None:
            raise KeyError(name)
        return found

    def get(self, name: str, default: Any = None) -> Any:
        """The string of a name."""
        found = self._find(name)
        return default if found is None else found

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._find(name) is not None

    def __iter__(self) -> Iterator[str]:
        start, end = self._start + self._starts[0], self._start + self._starts[-1]
        rows = self._data[start:end].decode("latin-1").split(_ROW)[1:]
        return (row.partition(_END)[0] for row in rows)

    def __len__(self) -> int:
        return self._count

    def _find(self, name: str) -> str | None:
        if name not in self._known:
            if len(self._known) > self._count + len(self._starts):
                self._known.clear()  # mostly names that it does not have
            self._known[name] = self._search(name)
        return self._known[name]

    def _search(self, name: str) -> str | None:
        try:
            wanted = f"{_ROW}{name}{_END}".encode("latin-1")
        except UnicodeEncodeError:
            return None
        group, data = _group(name, len(self._starts) - 1), self._data
        start, end = (self._start + each for each in self._starts[group : group + 2])
        at = data.find(wanted, start, end)
        if at < 0:
            return None
        begin = at + len(wanted)
        stop = data.find(b"\1", begin, end)
        return data[begin : end if stop < 0 else stop].decode("latin-1")


class Columns:
    """Lists, tables and texts, one after the other in a text."""

    def __init__(self, data: bytes, sizes: Iterable[Size], start: int = 0) -> None:
        """``start``: where the text begins in the data. ``sizes``: as :class:`ColumnWriter` has
        them.
        """
        self._data = data
        self._start = start
        self._sizes = iter(sizes)
        self._at = 0

    def read(self) -> list[str]:
        """The next list. Raises :class:`ValueError` for a text of another form."""
        start, end, count, _ = self._next()
        found = self._text(start, end).split(_END) if count else []
        if len(found) != count:
            raise ValueError("a text of another form")
        return found

    def read_place(self) -> slice:
        """Where the next text is in the data."""
        start, end, _, _ = self._next()
        return slice(self._start + start, self._start + end)

    def read_table(self) -> KeptTable:
        """The next table. Raises :class:`ValueError` for a text of another form."""
        start, end, count, starts = self._next()
        is_whole = len(starts) > 1 and (starts[0], starts[-1]) == (start, end)
        if not is_whole or starts != sorted(starts):
            raise ValueError("a text of another form")
        return KeptTable(self._data, self._start, count, starts)

    def _text(self, start: int, end: int) -> str:
        return self._data[self._start + start : self._start + end].decode("latin-1")

    def _next(self) -> tuple[int, int, int, list[int]]:
        size, count, starts = next(self._sizes, (0, -1, []))
        start, self._at = self._at, self._at + size
        return start, self._at, count, starts


class ColumnWriter:
    """Puts lists, tables and texts into one.

    Raises :class:`ValueError` for strings that cannot be kept.
    """

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._at = 0
        self.sizes: list[Size] = []

    def write(self, strings: Iterable[str]) -> None:
        """Add a list."""
        found = list(strings)
        text = _END.join(found)
        if text.count(_END) != max(len(found) - 1, 0):
            raise ValueError("a string with NUL")
        self._add(text, len(found), [])

    def write_text(self, text: str) -> None:
        """Add a text, of whatever characters."""
        self._add(text, 1, [])

    def write_table(self, pairs: Mapping[str, str]) -> None:
        """Add a table."""
        groups = [""] * (len(pairs) // _GROUP + 1)
        for name, value in pairs.items():
            groups[_group(name, len(groups))] += f"{_ROW}{name}{_END}{value}"
        text = "".join(groups)
        if text.count(_END) != len(pairs) or text.count(_ROW) != len(pairs):
            raise ValueError("a string with NUL or SOH")
        starts = [self._at]
        for group in groups:
            starts.append(starts[-1] + len(group))
        self._add(text, len(pairs), starts)

    def _add(self, text: str, count: int, starts: list[int]) -> None:
        self._parts.append(text)
        self._at += len(text)
        self.sizes.append((len(text), count, starts))

    @property
    def text(self) -> str:
        """All of them."""
        return "".join(self._parts)


def _group(name: str, count: int) -> int:
    return crc32(name.encode("latin-1", "replace")) % count
