"""Indexes of several releases in one file, in which what they share is kept once.

The file begins with text: ``dtlink source indexes 1`` and the releases, after tabs; a line for each
set of releases, parted by blanks, with the number of bytes of its tables; an empty line. Then come
the tables of each set, compressed with gzip: which releases are asked for decides what is unpacked.
A table whose compatible strings differ between releases has a line in several sets.
"""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

#: The first field of a file.
HEADING: Final = b"dtlink source indexes 1"

#: Upper bound on the bytes before the tables.
_HEAD: Final = 64 << 10
#: The fields before the compatible strings of a table.
_TABLE: Final = 5

Tables = Mapping[tuple[str, ...], Iterable[str]]
"""Compatible strings by the other fields of their table."""


class Contents(NamedTuple):
    """What a file holds."""

    releases: Sequence[str]
    sets: Sequence[tuple[Sequence[str], slice]]
    """Sets of releases, each with the place of its tables."""

    def places(self, release: str) -> Iterator[slice]:
        """The places of the tables that a release has."""
        return (place for releases, place in self.sets if release in releases)


def contents(data: bytes) -> Contents | None:
    """What a file's bytes hold; ``None`` for a file of another kind."""
    if not data.startswith(HEADING):
        return None
    end = data.find(b"\n\n", 0, _HEAD)
    first, *rows = data[: max(end, 0)].decode("latin-1").split("\n")
    start, sets = end + 2, []
    for row in rows:
        releases, _, size = row.partition("\t")
        stop = start + (int(size) if size.isascii() and size.isdecimal() else 0)
        sets.append((releases.split(" "), slice(start, stop)))
        start = stop
    return Contents(first.split("\t")[1:], sets)


def joined(indexes: Mapping[str, Iterable[Sequence[str]]]) -> bytes:
    """The file of several releases, each with its tables, a table as its fields."""
    sets = {" ".join(each): _packed(tables) for each, tables in sorted(_sets(indexes).items())}
    head = ["\t".join((HEADING.decode("ascii"), *indexes))]
    head += (f"{releases}\t{len(data)}" for releases, data in sets.items())
    return b"".join(("\n".join((*head, "\n")).encode("ascii"), *sets.values()))


def _sets(indexes: Mapping[str, Iterable[Sequence[str]]]) -> Mapping[tuple[str, ...], Tables]:
    """The tables by the releases that have them."""
    holders: dict[tuple[tuple[str, ...], str], list[str]] = defaultdict(list)
    for release, tables in indexes.items():
        for fields in tables:
            for name in fields[_TABLE:]:
                holders[tuple(fields[:_TABLE]), name].append(release)
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
