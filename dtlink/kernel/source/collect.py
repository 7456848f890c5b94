"""Tables and Makefiles together: the sources of every compatible string of a tree."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from dtlink.kernel.source.conditions import NEVER, joined
from dtlink.kernel.source.index import Source
from dtlink.kernel.source.macros import tells
from dtlink.kernel.source.objects import ObjectPlace, Objects
from dtlink.kernel.source.tables import FileTables, Table, TableEntry, read_tables
from dtlink.kernel.source.text import SourceReader

#: A source, and the compatible string it names.
NamedSource = tuple[str, Source]


def collect(tree: Path) -> set[NamedSource]:
    """All that a tree's source says: compatible strings with their sources."""
    places = Objects.of(tree).places
    reader = SourceReader(tree)
    files = {path: tables for path in sorted(places) if (tables := _read(reader, path)) is not None}
    return set(_Linker(files, places).sources())


def _read(reader: SourceReader, path: str) -> FileTables | None:
    """The tables of a file, if it has any to do with such."""
    text = reader.text(path)
    if text is None or not (tells(text) or _uses(reader, path, text)):
        return None
    return read_tables(reader.unit(path, text))


def _uses(reader: SourceReader, path: str, text: str) -> bool:
    """Whether a file uses a header's macro that hides a table."""
    beside = (part.partition('"')[0] for part in text.split('#include "')[1:])
    return any(reader.is_telling(posixpath.join(posixpath.dirname(path), name)) for name in beside)


class _Linker:
    """Finds the users of each table, also those in other files."""

    def __init__(self, files: dict[str, FileTables], places: dict[str, set[ObjectPlace]]) -> None:
        self._files = files
        self._places = places
        self._users: dict[str, list[str]] = defaultdict(list)
        for path, found in files.items():
            own = {table.name for table in found.tables}
            for name in found.driver_uses - own:
                self._users[name].append(path)

    def sources(self) -> Iterator[NamedSource]:
        """Every source of every file."""
        for path, found in self._files.items():
            yield from self._named(path, "early", found.declared, declared=True)
            for table in found.tables:
                yield from self._of_table(path, found, table)

    def _of_table(self, path: str, found: FileTables, table: Table) -> Iterator[NamedSource]:
        users = [] if table.static else self._others(path, table.name)
        apart = [user for user in users if not self._together(path, user)]
        if table.name in found.driver_uses or len(apart) < len(users):
            users = [path, *apart]
        if users:
            for user in users:
                yield from self._named(user, "driver", table.entries)
        else:
            kind = "early" if table.name in found.early_uses else "helper"
            yield from self._named(path, kind, table.entries)

    def _others(self, path: str, name: str) -> list[str]:
        """Other files whose drivers use a table: of its module, else of its directory."""
        users = [user for user in self._users[name] if user != path]
        near = [user for user in users if self._together(path, user)]
        return near or [u for u in users if posixpath.dirname(u) == posixpath.dirname(path)]

    def _together(self, path: str, other: str) -> bool:
        """Whether two files are linked into one module."""
        return bool(
            {place.module for place in self._places[path]}
            & {place.module for place in self._places[other]}
        )

    def _named(
        self, path: str, kind: str, entries: Iterable[TableEntry], *, declared: bool = False
    ) -> Iterator[NamedSource]:
        for compatible, conditions in entries:
            for module, symbol, outer in self._places[path]:
                # In a module OF_DECLARE macros declare nothing.
                built_in = (f"{symbol}=y",) if declared and symbol else ()
                also = joined(outer, (c for c in conditions if c != symbol), built_in)
                if NEVER not in also:
                    yield compatible, Source(path, module, symbol, kind, also)
