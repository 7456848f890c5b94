"""Tables and Makefiles together: the sources of every compatible string of a tree."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from dtlink.kernel.progress import step
from dtlink.kernel.source.bus_names import WORDS, names_bound
from dtlink.kernel.source.children import ANY_CHILD
from dtlink.kernel.source.code import MODULE_NAME, Code, TableEntry
from dtlink.kernel.source.conditions import NEVER, joined
from dtlink.kernel.source.driver_facts import DriverFacts
from dtlink.kernel.source.drivers import Drivers
from dtlink.kernel.source.index import Source
from dtlink.kernel.source.library import Library
from dtlink.kernel.source.macros import tells
from dtlink.kernel.source.makers import Maker, Makers, makes
from dtlink.kernel.source.objects import ObjectPlace, Objects
from dtlink.kernel.source.tables import FileTables, Table, read_tables
from dtlink.kernel.source.text import SourceReader
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Final

#: A source, and the compatible string, or the alias, it names.
NamedSource = tuple[str, Source]

#: A step of the progress that is shown.
_STEP: Final = 250


class Collected(NamedTuple):
    """All that a tree's source says."""

    sources: set[NamedSource]
    facts: Mapping[str, DriverFacts]
    """What is known of drivers, by file."""


def collect(tree: Path) -> Collected:
    """All that a tree's source says: what drivers bind to, with the sources, and what they do."""
    places = Objects.of(tree).places
    reader = SourceReader(tree)
    modules = {path: frozenset(each.module for each in found) for path, found in places.items()}
    makers = Makers(reader.text, lambda path, text: reader.unit(path, text).macros, modules)
    library = Library(reader, places)
    files = {}
    for number, path in enumerate(sorted(places)):
        if number % _STEP == 0:
            step(f"match tables, {number:,} of {len(places):,} files of the source")
        text = reader.text(path)
        if text is not None:
            makers.enter(path, text)
            library.enter(path, text)
            if (tables := _read(reader, path, text)) is not None:
                files[path] = tables
    step("which drivers make devices")
    makers.follow()
    linker = _Linker(files, places)
    sources, aliases = set(linker.sources()), set(linker.aliases())
    made = _made(makers, [each for each in (*sources, *aliases) if each[1].kind == "driver"])
    named = sources | set(_of_use(aliases, sources, made))
    return Collected(named, _facts(library, sorted({each.file for _, each in named}), made))


def _facts(
    library: Library, paths: Sequence[str], made: Mapping[str, frozenset[str]]
) -> dict[str, DriverFacts]:
    """What is known of the drivers in files."""
    drivers, found = Drivers(library), {}
    for number, path in enumerate(paths):
        if number % _STEP == 0:
            step(f"what drivers do, {number:,} of {len(paths):,} files")
        facts = drivers.facts(path)
        if facts is not None or path in made:
            makes_here = made.get(path, frozenset())
            populates = ANY_CHILD in makes_here
            known = facts or DriverFacts()
            found[path] = known._replace(makes=makes_here - {ANY_CHILD}, populates=populates)
    step("")
    return found


def _of_use(
    aliases: Iterable[NamedSource],
    sources: Iterable[NamedSource],
    made: Mapping[str, Iterable[str]],
) -> Iterator[NamedSource]:
    """The aliases of devices that a driver makes, and those of nodes without a matching string.

    A node on I²C or SPI whose strings no table has is bound by the part after the comma. A driver
    that makes others is found by its own aliases, too.
    """
    wanted = {each.partition(" ")[0] for found in made.values() for each in found}
    matched = {(source.file, name.rpartition(",")[2]) for name, source in sources}
    for alias, source in aliases:
        bus, _, name = alias.partition(":")
        alone = bus in ("i2c", "spi") and (source.file, name) not in matched
        if alias in wanted or source.file in made or alone:
            yield alias, source


def _made(makers: Makers, drivers: Iterable[NamedSource]) -> dict[str, frozenset[str]]:
    """The aliases of what each driver makes, by its file."""
    names: dict[str, set[str]] = defaultdict(set)
    for name, source in drivers:
        names[source.file].add(name)
    known = frozenset(name for found in names.values() for name in found)
    made = {
        file: frozenset(makes(makers, Maker(file, frozenset(own)), known))
        for file, own in sorted(names.items())
    }
    return {file: found for file, found in made.items() if found}


def _read(reader: SourceReader, path: str, text: str) -> FileTables | None:
    """The tables of a file, and the names it binds by, if it has any to do with such."""
    has_names = any(word in text for word in WORDS)
    if not (has_names or tells(text) or _uses(reader, path, text)):
        return None
    code = Code(reader.unit(path, text))
    found = read_tables(code)
    found.names += names_bound(code) if has_names else ()
    return found


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

    def aliases(self) -> Iterator[NamedSource]:
        """Every name that a file's drivers bind by, with its sources."""
        for path, found in self._files.items():
            for alias, source in self._named(path, "driver", found.names):
                yield alias.replace(MODULE_NAME, source.module), source

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
