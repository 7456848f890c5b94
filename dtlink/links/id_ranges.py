"""Maps of IDs as ranges: 65,536 requester IDs at once instead of one by one.

A map is a list of :class:`MappedRange`, in ascending order and without overlap. The IDs between
them are unmapped.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence

from dtlink.records import NamedTuple
from dtlink.typed import Generic, TypeVar

T = TypeVar("T")
A = TypeVar("A")
B = TypeVar("B")


class IdRange(NamedTuple):
    """IDs from ``first`` to ``last``, inclusive; empty if ``last`` is less than ``first``."""

    first: int
    last: int

    @property
    def size(self) -> int:
        """The number of IDs."""
        return self.last - self.first + 1

    def __and__(self, other: IdRange) -> IdRange:
        """Return the common IDs; empty if there are none."""
        return IdRange(max(self.first, other.first), min(self.last, other.last))

    def __bool__(self) -> bool:
        return self.first <= self.last


#: All requester IDs of a segment: bus, device and function are 16 bits.
REQUESTER_IDS = IdRange(0, 0xFFFF)


def contains(spans: Sequence[IdRange], ident: int) -> bool:
    """Whether one of the spans has an ID; they are in ascending order and do not overlap."""
    at = bisect_left(spans, ident, key=lambda span: span.last)
    return at < len(spans) and spans[at].first <= ident


class MappedRange(NamedTuple, Generic[T]):
    """A range of IDs and the value that they map to."""

    span: IdRange
    value: T


class Ids(NamedTuple):
    """Output IDs as ``offset + step * id``; ``step`` is 1, or 0 if all IDs map to one."""

    offset: int
    step: int = 1

    @classmethod
    def line(cls, ident: int, output: int) -> Ids:
        """Return the mapping with step 1 that maps ``ident`` to ``output``."""
        return cls(output - ident)

    def at(self, ident: int) -> int:
        """Return the output ID of an ID."""
        return self.offset + self.step * ident

    def of(self, span: IdRange) -> IdRange:
        """Return the output IDs of a range."""
        return IdRange(self.at(span.first), self.at(span.last))

    def after(self, first: Ids) -> Ids:
        """Return the composition: first ``first``, then this mapping."""
        return Ids(self.offset + self.step * first.offset, self.step * first.step)


def first_match(entries: Sequence[tuple[IdRange, T]]) -> list[MappedRange[T]]:
    """Return entries that may overlap as a map: the first entry that contains an ID is used.

    Takes O(n log n) for n entries.
    """
    from heapq import heappop, heappush

    order = sorted(range(len(entries)), key=lambda number: entries[number][0].first)
    pieces: list[MappedRange[T]] = []
    waiting: list[int] = []
    at, begun = 0, 0
    while begun < len(order) or waiting:
        if not waiting:
            at = max(at, entries[order[begun]][0].first)
        while begun < len(order) and entries[order[begun]][0].first <= at:
            heappush(waiting, order[begun])
            begun += 1
        while waiting and entries[waiting[0]][0].last < at:
            heappop(waiting)
        if not waiting:
            continue
        span, value = entries[waiting[0]]
        last = span.last
        if begun < len(order):
            last = min(last, entries[order[begun]][0].first - 1)
        pieces.append(MappedRange(IdRange(at, last), value))
        at = last + 1
    return joined(pieces)


def joined(pieces: Iterable[MappedRange[T]]) -> list[MappedRange[T]]:
    """Neighbours that are given the very same as one piece."""
    found: list[MappedRange[T]] = []
    for piece in pieces:
        before = found[-1] if found else None
        if before and before.span.last + 1 == piece.span.first and before.value == piece.value:
            found[-1] = MappedRange(IdRange(before.span.first, piece.span.last), piece.value)
        else:
            found.append(piece)
    return found


def within(pieces: Sequence[MappedRange[T]], span: IdRange) -> Iterator[MappedRange[T]]:
    """The pieces of a span, cut where they go beyond it."""
    low, high = 0, len(pieces)
    while low < high:
        middle = (low + high) // 2
        if pieces[middle].span.last < span.first:
            low = middle + 1
        else:
            high = middle
    for number in range(low, len(pieces)):
        piece = pieces[number]
        if piece.span.first > span.last:
            return
        yield MappedRange(piece.span & span, piece.value)


def filled(pieces: Sequence[MappedRange[T]], whole: IdRange) -> Iterator[MappedRange[T | None]]:
    """The pieces of a span, and ``None`` for what lies between them."""
    at = whole.first
    for piece in within(pieces, whole):
        if at < piece.span.first:
            yield MappedRange(IdRange(at, piece.span.first - 1), None)
        yield MappedRange(piece.span, piece.value)
        at = piece.span.last + 1
    if at <= whole.last:
        yield MappedRange(IdRange(at, whole.last), None)


def side_by_side(
    one: Sequence[MappedRange[A]], other: Sequence[MappedRange[B]], whole: IdRange
) -> Iterator[MappedRange[tuple[A | None, B | None]]]:
    """Two maps over one span, cut wherever either of them changes."""
    left, right = filled(one, whole), filled(other, whole)
    a, b = next(left, None), next(right, None)
    while a is not None and b is not None:
        both = a.span & b.span
        yield MappedRange(both, (a.value, b.value))
        a = next(left, None) if a.span.last == both.last else a
        b = next(right, None) if b.span.last == both.last else b


def merged(spans: Iterable[IdRange]) -> list[IdRange]:
    """Spans in order, those that touch or overlap as one."""
    found: list[IdRange] = []
    for span in sorted(spans):
        if found and span.first <= found[-1].last + 1:
            found[-1] = IdRange(found[-1].first, max(found[-1].last, span.last))
        else:
            found.append(span)
    return found


def without(whole: Iterable[IdRange], taken: Sequence[IdRange]) -> list[IdRange]:
    """What is left of spans."""
    gone = [MappedRange(span, True) for span in merged(taken)]
    return [rest.span for span in whole for rest in filled(gone, span) if rest.value is None]


def common(spans: Iterable[IdRange], others: Sequence[IdRange]) -> list[IdRange]:
    """What both lists of spans have, in order."""
    there = [MappedRange(span, True) for span in merged(others)]
    return [piece.span for span in merged(spans) for piece in within(there, span)]
