"""Indexes of several releases in one file, in which what they share is kept once.

The file begins with text: ``dtlink source indexes 2`` and the releases, after tabs; a line for each
set of releases, parted by blanks, with the numbers of bytes of the parts of its tables; lines of
the same form that end in a tab and ``facts``, for the facts about drivers; an empty line. Then come
the parts, compressed with gzip: which releases are asked for, whether for facts, and for which
word, decides what is unpacked. A table whose compatible strings differ between releases or are in
several parts, or a driver whose facts do, has several lines. In a file of an older dtlink (``1``)
each set is one part.
"""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, pairwise
from zlib import crc32

from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Final

#: More digits than a number of bytes has.
_DIGITS: Final = 20
#: The first field of a file, and of one of an older dtlink.
HEADING: Final = b"dtlink source indexes 2"
_OLDER: Final = b"dtlink source indexes 1"

#: How many parts the tables, and the facts, of a set of releases have: a board asks for a few
#: strings, most of one vendor.
PARTS: Final = 16

#: Upper bound on the bytes before the tables.
_HEAD: Final = 64 << 10
#: The fields before the compatible strings of a table.
_TABLE: Final = 5
#: The fields before the facts of a file.
_FACTS: Final = 2
#: What ends the line of a set of facts.
_OF_FACTS: Final = "facts"

Tables = Mapping[tuple[str, ...], Iterable[str]]
"""Compatible strings by the other fields of their table; facts by the fields before them."""


class Held(NamedTuple):
    """What some releases have in common."""

    releases: Sequence[str]
    places: Sequence[slice]
    """Those of its parts, or the one of all."""


class Contents(NamedTuple):
    """What a file holds."""

    releases: Sequence[str]
    sets: Sequence[Held]
    """The tables."""
    facts: Sequence[Held] = ()
    """The facts about drivers."""

    def places(self, *held: str, facts: bool = False, part: int | None = None) -> Iterator[slice]:
        """The places of the tables, or of the facts, that all of some releases have.

        ``part``: only of those that may be in it.
        """
        for each in self.facts if facts else self.sets:
            if set(held).issubset(each.releases):
                if part is None or len(each.places) != PARTS:
                    yield from each.places
                else:
                    yield each.places[part]


def part_of_string(compatible: str) -> int:
    """The part of a ``compatible`` string: that of its vendor."""
    return crc32(compatible.partition(",")[0].encode("utf-8", "surrogatepass")) % PARTS


def part_of_file(file: str) -> int:
    """The part of the facts about a driver's file: that of its folder."""
    return crc32(file.rpartition("/")[0].encode("utf-8", "surrogatepass")) % PARTS


def contents(data: bytes) -> Contents | None:
    """What a file's bytes hold; ``None`` for a file of another kind."""
    if not data.startswith((HEADING, _OLDER)):
        return None
    end = data.find(b"\n\n", 0, _HEAD)
    first, *rows = data[: max(end, 0)].decode("latin-1").split("\n")
    start = end + 2
    sets: list[Held] = []
    facts: list[Held] = []
    for row in rows:
        releases, _, rest = row.partition("\t")
        sizes, _, what = rest.partition("\t")
        stops = list(accumulate(map(_number, sizes.split(" ")), initial=start))
        places = [slice(*ends) for ends in pairwise(stops)]
        (facts if what == _OF_FACTS else sets).append(Held(releases.split(" "), places))
        start = stops[-1]
    return Contents(first.split("\t")[1:], sets, facts)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < _DIGITS else 0


def joined(
    indexes: Mapping[str, Iterable[Sequence[str]]], facts: Mapping[str, Iterable[Sequence[str]]]
) -> bytes:
    """The file of several releases, each with its tables and facts, one as its fields."""
    head, parts = ["\t".join((HEADING.decode("ascii"), *indexes))], []
    for held, size, ending in ((indexes, _TABLE, ""), (facts, _FACTS, f"\t{_OF_FACTS}")):
        for releases, tables in sorted(_sets(held, size).items()):
            packed = [_packed(part) for part in tables]
            sizes = " ".join(str(len(part)) for part in packed)
            head.append(f"{' '.join(releases)}\t{sizes}{ending}")
            parts += packed
    return b"".join(("\n".join((*head, "\n")).encode("ascii"), *parts))


def _sets(
    indexes: Mapping[str, Iterable[Sequence[str]]], size: int
) -> Mapping[tuple[str, ...], Sequence[Tables]]:
    """The parts of tables, or of facts, by the releases that have them.

    ``size`` fields are their key.
    """
    holders: dict[tuple[tuple[str, ...], str], list[str]] = defaultdict(list)
    for release, tables in indexes.items():
        for fields in tables:
            for name in fields[size:]:
                holders[tuple(fields[:size]), name].append(release)
    found: dict[tuple[str, ...], list[dict[tuple[str, ...], list[str]]]] = {}
    for (table, name), releases in holders.items():
        parts = found.setdefault(tuple(releases), [{} for _ in range(PARTS)])
        part = part_of_string(name) if size == _TABLE else part_of_file(table[1])
        parts[part].setdefault(table, []).append(name)
    return found


def _packed(tables: Tables) -> bytes:
    rows = ("\t".join((*table, *sorted(names))) for table, names in sorted(tables.items()))
    return pack("".join(f"{row}\n" for row in rows))


def pack(plain: str) -> bytes:
    """A text, compressed: no name and no time, so that only the text decides about the bytes."""
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    return packer.compress(plain.encode("ascii")) + packer.flush()
