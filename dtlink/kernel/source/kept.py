"""The index that is shipped, unpacked and with the places of its words, in the cache."""

from __future__ import annotations

from collections.abc import Mapping

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
    few, text = cache.load_with_text(name, key)
    try:
        if few:
            return KeptIndex(few, text)
    except (AttributeError, KeyError, TypeError, ValueError):
        pass
    index = SourceIndex.load("", version)
    few, text = packed(index)
    cache.store(name, key, few, text=text)
    return index


class KeptIndex(SourceIndex):
    """An index of which nothing is made that is not asked for."""

    def __init__(self, few: Mapping[str, Any], text: str) -> None:
        """What :func:`packed` returned. Raises :class:`ValueError` and the like."""
        columns = Columns(text, few["sizes"])
        tables = columns.read_text()
        super().__init__(few["release"], tables, few["path"], settled=few["settled"])
        self._lines = Lines(tables, COMPATIBLES, columns.read_table())
        self._facts = Lines(columns.read_text(), FILE, columns.read_table())
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
