"""Indexes of several releases in one file, in which what they share is kept once.

The file begins with text: ``dtlink source indexes 1`` and the releases, after tabs; a line for each
set of releases, parted by blanks, with the number of bytes of its tables; lines of the same form
that end in a tab and ``facts``, for the facts about drivers; an empty line. Then come the tables,
and the facts, of each set, compressed with gzip: which releases are asked for, and whether for
facts, decides what is unpacked. A table whose compatible strings differ between releases, or a
driver whose facts do, has a line in several sets.
"""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Final

#: The first field of a file.
HEADING: Final = b"dtlink source indexes 1"

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


class Contents(NamedTuple):
    """What a file holds."""

    releases: Sequence[str]
    sets: Sequence[tuple[Sequence[str], slice]]
    """Sets of releases, each with the place of its tables."""
    facts: Sequence[tuple[Sequence[str], slice]] = ()
    """The same for facts about drivers."""

    def places(self, *held: str, facts: bool = False) -> Iterator[slice]:
        """The places of the tables, or of the facts, that all of some releases have."""
        sets = self.facts if facts else self.sets
        return (place for releases, place in sets if set(held) <= set(releases))


def contents(data: bytes) -> Contents | None:
    """What a file's bytes hold; ``None`` for a file of another kind."""
    if not data.startswith(HEADING):
        return None
    end = data.find(b"\n\n", 0, _HEAD)
    first, *rows = data[: max(end, 0)].decode("latin-1").split("\n")
    start = end + 2
    sets: list[tuple[Sequence[str], slice]] = []
    facts: list[tuple[Sequence[str], slice]] = []
    for row in rows:
        releases, _, rest = row.partition("\t")
        size, _, what = rest.partition("\t")
        stop = start + (int(size) if size.isascii() and size.isdecimal() else 0)
        (facts if what == _OF_FACTS else sets).append((releases.split(" "), slice(start, stop)))
        start = stop
    return Contents(first.split("\t")[1:], sets, facts)


def joined(
    indexes: Mapping[str, Iterable[Sequence[str]]], facts: Mapping[str, Iterable[Sequence[str]]]
) -> bytes:
    """The file of several releases, each with its tables and facts, one as its fields."""
    head, parts = ["\t".join((HEADING.decode("ascii"), *indexes))], []
    for held, size, ending in ((indexes, _TABLE, ""), (facts, _FACTS, f"\t{_OF_FACTS}")):
        for releases, tables in sorted(_sets(held, size).items()):
            parts.append(_packed(tables))
            head.append(f"{' '.join(releases)}\t{len(parts[-1])}{ending}")
    return b"".join(("\n".join((*head, "\n")).encode("ascii"), *parts))


def _sets(
    indexes: Mapping[str, Iterable[Sequence[str]]], size: int
) -> Mapping[tuple[str, ...], Tables]:
    """The tables, or the facts, by the releases that have them; ``size`` fields are their key."""
    holders: dict[tuple[tuple[str, ...], str], list[str]] = defaultdict(list)
    for release, tables in indexes.items():
        for fields in tables:
            for name in fields[size:]:
                holders[tuple(fields[:size]), name].append(release)
    found: dict[tuple[str, ...], dict[tuple[str, ...], list[str]]] = defaultdict(dict)
    for (table, name), releases in holders.items():
        found[tuple(releases)].setdefault(table, []).append(name)
    return found


def _packed(tables: Tables) -> bytes:
    rows = ("\t".join((*table, *sorted(names))) for table, names in sorted(tables.items()))
    return pack("".join(f"{row}\n" for row in rows))


def pack(plain: str) -> bytes:
    """A text, compressed: no name and no time, so that only the text decides about the bytes."""
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    return packer.compress(plain.encode("ascii")) + packer.flush()
