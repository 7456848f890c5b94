"""What the comments of a source cover: looked up, since a source may have a thousand of each."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import accumulate
from operator import itemgetter

from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.firmware.source.placed_comments import SourceComment
    from dtlink.firmware.tree import Location

#: Where a comment begins to cover and ends to, and its number.
_Extent = tuple[tuple[int, int], tuple[int, int], int]


class Coverage:
    """The comments that cover a fault, by its node and its place in the source."""

    def __init__(self, comments: Sequence[SourceComment]) -> None:
        self._by_node: defaultdict[str, list[int]] = defaultdict(list)
        extents: defaultdict[str, list[_Extent]] = defaultdict(list)
        for number, comment in enumerate(comments):
            extents[comment.place.file].append((comment.start, comment.end, number))
            for node in comment.nodes:
                self._by_node[node].append(number)
        self._by_file = {file: _Extents(each) for file, each in extents.items()}

    def covering(self, node: str, location: Location | None) -> Collection[int]:
        """The comments, by number, that cover a node, or a location.

        What a comment covers includes the files that are included there, and all of the nodes that
        open there, wherever their properties are set.
        """
        found = set(self._by_node.get(node, ()))
        if location is not None:
            if here := self._by_file.get(location.file):
                found.update(here.at((location.line, location.column)))
            for file, line in location.chain:
                if including := self._by_file.get(file):
                    found.update(including.of_line(line))
        return found


class _Extents:
    """The extents of one file, by their starts."""

    def __init__(self, extents: Iterable[_Extent]) -> None:
        self._sorted = sorted(extents)
        self._starts = [start for start, _, _ in self._sorted]
        self._reach = [*accumulate(map(itemgetter(1), self._sorted), max)]
        """The last end of an extent and all before it: where it is passed, none is left."""

    def at(self, position: tuple[int, int]) -> Iterator[int]:
        """Those that start at a position or before it, and end after it."""
        for end, number in self._before(bisect_right(self._starts, position), position):
            if position < end:
                yield number

    def of_line(self, line: int) -> Iterator[int]:
        """Those that have a part of a line."""
        for end, number in self._before(bisect_right(self._starts, (line + 1, -1)), (line, 0)):
            if line <= end[0]:
                yield number

    def _before(self, count: int, least: tuple[int, int]) -> Iterator[tuple[tuple[int, int], int]]:
        """The first ``count`` extents, last to first, while one may end at ``least`` or later."""
        while count and self._reach[count - 1] >= least:
            count -= 1
            yield self._sorted[count][1:]
