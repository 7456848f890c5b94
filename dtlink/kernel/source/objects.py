"""Which module each source file is linked into, and under which symbols: a walk of the Makefiles.

Documentation/kbuild/makefiles.rst says what the lists mean: ``obj-`` holds objects and directories
to go on in, ``lib-`` objects of a library that is always built in, and a list of an object's own
name makes it a composite of several files.
"""

from __future__ import annotations

import os
import posixpath
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from dtlink.kernel.source.conditions import NEVER, Conditions, joined
from dtlink.kernel.source.files import read_source
from dtlink.kernel.source.index import UNKNOWN
from dtlink.kernel.source.makefiles import Makefile, Word, read_makefile
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Final

#: The symbol of each folder of arch/ (the ``def_bool y`` of its Kconfig).
_ARCH_SYMBOLS: Final = {"powerpc": "PPC", "sh": "SUPERH", "um": "UML"}

#: Lists of a folder's Makefile of whole directories, named from the top of the tree.
_TOP_LISTS: Final = ("core-", "drivers-", "libs-", "net-", "virt-")

#: How deep directories lie.
_DEPTH: Final = 24


class ObjectPlace(NamedTuple):
    """A module that a file is linked into, as fields of ``source_index.Source``."""

    module: str
    """As its file is named, without the suffix."""
    symbol: str
    also: Conditions


class _Way(NamedTuple):
    """A place, its conditions parted: of the object, and of the directories on the way to it."""

    module: str
    symbol: str
    own: Conditions
    outer: Conditions


class _Entrance(NamedTuple):
    """How a directory is entered: under a symbol, and conditions of directories above."""

    symbol: str
    also: Conditions


@dataclass
class Objects:
    """The source files that the Makefiles of a tree name."""

    tree: Path
    places: dict[str, set[ObjectPlace]] = field(default_factory=dict)
    _ways: dict[str, set[_Way]] = field(default_factory=dict)
    _seen: set[tuple[str, _Entrance]] = field(default_factory=set)
    _read: dict[str, Makefile] = field(default_factory=dict)

    def _visit(self, directory: str, entrance: _Entrance, depth: int = 0) -> None:
        """Go through a directory."""
        if depth > _DEPTH or (directory, entrance) in self._seen or NEVER in entrance.also:
            return
        self._seen.add((directory, entrance))
        makefile = self._makefile(directory)
        for word in makefile.words("obj-"):
            if not word.text.endswith("/"):
                self._object(makefile, directory, word, entrance)
                continue
            inner = _through(word, entrance)
            for path in self._directories(posixpath.join(directory, word.text)):
                under = inner._replace(also=joined(inner.also, _of_arch(path)))
                self._visit(path, under, depth + 1)
        for word in makefile.words("lib-"):
            self._file(directory, word.text, _module(word.text), word, entrance)

    def _directories(self, path: str) -> Iterator[str]:
        """A directory, or those of all architectures; none outside of the tree."""
        path = posixpath.normpath(path)
        if path == "arch/<all>":
            arches = sorted(item.name for item in (self.tree / "arch").iterdir() if item.is_dir())
            yield from (f"arch/{name}" for name in arches)
        elif not path.startswith(("../", "/")) and os.path.isdir(self.tree / path):  # noqa: PTH112
            yield path  # Path.is_dir() raises for a name that is too long

    def _object(self, makefile: Makefile, directory: str, word: Word, entrance: _Entrance) -> None:
        if not word.text.endswith(".o"):
            return
        module = _module(word.text)
        parts = list(makefile.words(f"{word.text[:-2]}-"))
        for part in parts:
            also = joined(word.also, (part.symbol,) if part.symbol else (), part.also)
            self._file(directory, part.text, module, word._replace(also=also), entrance)
        if not parts:
            self._file(directory, word.text, module, word, entrance)

    def _file(
        self, directory: str, name: str, module: str, word: Word, entrance: _Entrance
    ) -> None:
        path = posixpath.normpath(posixpath.join(directory, name))
        symbol, outer = _through(word._replace(also=()), entrance)
        if name.endswith(".o") and NEVER not in word.also:
            way = _Way(module, symbol, word.also, outer)
            self._ways.setdefault(f"{path[:-2]}.c", set()).add(way)

    def _makefile(self, directory: str) -> Makefile:
        if directory not in self._read:
            kbuild = read_source(self.tree, f"{directory}/Kbuild")
            text = kbuild or read_source(self.tree, f"{directory}/Makefile") or ""
            self._read[directory] = self._parse(directory, text)
        return self._read[directory]

    def _parse(self, directory: str, text: str) -> Makefile:
        def include(name: str) -> str | None:
            inside = name[1:] if name.startswith("/") else posixpath.join(directory, name)
            return read_source(self.tree, posixpath.normpath(inside))

        return read_makefile(text.replace("$(SRCARCH)", "<all>"), include)

    def _tops(self, directory: str) -> None:
        """Directories that a Makefile (not Kbuild) names from the top of the tree.

        What the top Makefile asks without naming a symbol is how make was called.
        """
        makefile = self._parse("", read_source(self.tree, f"{directory}/Makefile") or "")
        unasked = (UNKNOWN,) if directory == "." else ()
        for word in (each for name in _TOP_LISTS for each in makefile.words(name)):
            also = tuple(each for each in word.also if each not in unasked)
            for path in self._directories(word.text):
                self._visit(path, _Entrance(word.symbol, joined(also, _of_arch(path))))

    @classmethod
    def of(cls, tree: Path) -> Objects:
        """Walk a tree, from its top and from each architecture."""
        objects = cls(tree)
        objects._visit(".", _Entrance("", ()))
        objects._tops(".")
        for path in objects._directories("arch/<all>"):
            objects._tops(path)
        objects.places = {path: _least(_merged(ways)) for path, ways in objects._ways.items()}
        return objects


def _through(word: Word, entrance: _Entrance) -> _Entrance:
    """How a word of a directory's list is come to; its own symbol is the inner one."""
    if not word.symbol:
        return _Entrance(entrance.symbol, joined(entrance.also, word.also))
    above = (entrance.symbol,) if entrance.symbol else ()
    return _Entrance(word.symbol, joined(entrance.also, above, word.also))


def _of_arch(path: str) -> Conditions:
    """The symbol of the architecture that a directory belongs to."""
    parts = path.split("/")
    if parts[0] != "arch" or len(parts) < 2:
        return ()
    return (_ARCH_SYMBOLS.get(parts[1], parts[1].upper()),)


def _module(name: str) -> str:
    return posixpath.basename(name)[:-2]


def _merged(ways: set[_Way]) -> set[ObjectPlace]:
    """Places of a file, those that differ only in the way to the directory taken together.

    ``drivers/usb/host/`` is entered for any of a dozen symbols. One of them is always set where a
    symbol inside is: Kconfig sees to it; so what all the ways have in common is enough to ask.
    """
    outers: dict[tuple[str, str, Conditions], list[Conditions]] = {}
    for module, symbol, own, outer in sorted(ways):
        outers.setdefault((module, symbol, own), []).append(outer)
    merged = set()
    for (module, symbol, own), found in outers.items():
        common = [condition for condition in found[0] if all(condition in o for o in found)]
        also = joined(common, own)
        if NEVER not in also:
            left = tuple(condition for condition in also if condition != symbol)
            merged.add(ObjectPlace(module, symbol, left))
    return merged


def _least(places: set[ObjectPlace]) -> set[ObjectPlace]:
    """Places without those that ask for more than another does."""
    alike: dict[tuple[str, str], list[ObjectPlace]] = {}
    for place in places:
        alike.setdefault((place.module, place.symbol), []).append(place)
    return {place for each in alike.values() for place in _minimal(each)}


def _minimal(places: list[ObjectPlace]) -> Iterator[ObjectPlace]:
    """Places whose conditions include all those of no other.

    One set of conditions is looked for in others by its rarest condition: a file that is built
    under each of thousands of symbols is compared with few.
    """
    if len(places) == 1:
        yield places[0]
        return
    often = Counter(condition for place in places for condition in place.also)
    by_rarest: dict[str, list[set[str]]] = {}
    for place in sorted(places, key=lambda each: len(set(each.also))):
        asked = set(place.also)
        if any(less < asked for key in ("", *asked) for less in by_rarest.get(key, ())):
            continue
        yield place
        rarest = min(asked, key=lambda each: (often[each], each), default="")
        by_rarest.setdefault(rarest, []).append(asked)
