"""The index that is shipped, unpacked and with the places of its words, in the cache."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from dtlink import cache
from dtlink.facts.kernels import KernelVersion
from dtlink.facts.shipped import SOURCES
from dtlink.kernel.columns import Columns, ColumnWriter
from dtlink.kernel.source.index import COMPATIBLES, FILE, SourceIndex
from dtlink.kernel.source.lookup import Lines
from dtlink.typed import Any


def kept_index(version: KernelVersion) -> SourceIndex:
    """The index of the release nearest to a version, from the cache if it is there.

    To unpack it and find its words takes a fifth of the time of a lint with a kernel.
    """
    name, key = f"{SOURCES}\0{version}", cache.key_of([SOURCES], ("index",))
    found = cache.load_with_text(name, key)
    try:
        if found.facts:
            return KeptIndex(*found)
    except (AttributeError, KeyError, TypeError, ValueError):
        pass
    index = SourceIndex.load("", version)
    few, text = packed(index)
    cache.store(name, key, few, text=text)
    return index


class KeptLines(Lines):
    """Lines of which no more text is made than is asked for."""

    def __init__(self, data: bytes, place: slice, words: slice, places: Mapping[str, str]) -> None:
        """``place``: where they are in the data; ``words``, ``places``: as those of other lines."""
        super().__init__("", words, places)
        self._data = data
        self._place = place

    @cached_property
    def text(self) -> str:
        """All of them."""
        return self._data[self._place].decode("latin-1")

    def _line(self, start: int) -> list[str]:
        at, data = self._place.start + start, self._data
        return data[at : data.index(b"\n", at)].decode("latin-1").split("\t")


class KeptIndex(SourceIndex):
    """An index of which nothing is made that is not asked for."""

    def __init__(self, few: Mapping[str, Any], data: bytes, start: int) -> None:
        """What :func:`packed` returned; ``start``: where the text begins in the data.

        Raises :class:`ValueError` and the like.
        """
        columns = Columns(data, few["sizes"], start)
        super().__init__(few["release"], "", few["path"], settled=few["settled"])
        self._lines = KeptLines(data, columns.read_place(), COMPATIBLES, columns.read_table())
        self._facts = KeptLines(data, columns.read_place(), FILE, columns.read_table())
        self.other_spellings = columns.read_table()


def packed(index: SourceIndex) -> tuple[dict[str, Any], str]:
    """All that an index has, with the places of its words."""
    columns = ColumnWriter()
    for lines in index.all_lines:
        columns.write_text(lines.text)
        columns.write_table(lines.places)
    columns.write_table(index.other_spellings)
    few = {"release": index.release, "settled": index.settled, "path": index.path}
    return {**few, "sizes": columns.sizes}, columns.text
