"""The index that is shipped, of which a part is unpacked when a word of it is asked for.

A board without a kernel asks for the drivers of few devices, most of them of one vendor: the parts
that have those are unpacked in a tenth of the time that the whole index takes.
"""

from __future__ import annotations

from functools import cached_property

from dtlink.facts.kernels import DEFAULT, KernelVersion
from dtlink.facts.shipped import SOURCES, read_data
from dtlink.kernel.source.index import (
    COMPATIBLES,
    FILE,
    SourceIndex,
    releases_for,
    tables_of,
    texts_of,
)
from dtlink.kernel.source.lookup import Lines
from dtlink.kernel.source.several import Contents, contents, part_of_file, part_of_string


class PartedIndex(SourceIndex):
    """The shipped index of the release nearest to a version."""

    def __init__(self, version: KernelVersion = DEFAULT) -> None:
        self._data = read_data(SOURCES)
        self._held = contents(self._data) or Contents((), ())
        self._releases = releases_for(self._held, version)
        super().__init__(self._releases[0], "", SOURCES, self._all_facts)
        self._table_parts: dict[int, tuple[Lines, int]] = {}
        self._fact_parts: dict[int, Lines] = {}

    @cached_property
    def _lines(self) -> Lines:
        text, self.settled = tables_of(self._data, self._held, self._releases, SOURCES)
        return Lines(text, COMPATIBLES)

    def _all_facts(self) -> str:
        return self._facts_in(None)

    def _facts_in(self, part: int | None) -> str:
        places = self._held.places(self._releases[0], facts=True, part=part)
        return texts_of(self._data, places, SOURCES)

    def _rows(self, compatible: str) -> list[tuple[list[str], bool]]:
        part = part_of_string(compatible)
        if part not in self._table_parts:
            found = tables_of(self._data, self._held, self._releases, SOURCES, part)
            self._table_parts[part] = Lines(found[0], COMPATIBLES), found[1]
        lines, settled = self._table_parts[part]
        return [(fields, at < settled) for at, fields in lines.with_word(compatible)]

    def _facts_of(self, file: str) -> list[str]:
        part = part_of_file(file)
        if part not in self._fact_parts:
            self._fact_parts[part] = Lines(self._facts_in(part), FILE)
        return [fact for _, fields in self._fact_parts[part].with_word(file) for fact in fields[2:]]
