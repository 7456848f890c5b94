"""Pairing the rows of two sides: by what identifies them, then by what they say."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import partial

from dtlink.firmware.names import stable
from dtlink.records import NamedTuple
from dtlink.typed import Generic, TypeVar
from dtlink.views.data import ABSENT

RowT = TypeVar("RowT")
Key = Callable[[RowT], Hashable]


class MatchedRows(NamedTuple, Generic[RowT]):
    """Rows that have no equal on the other side, those of one identity as they pair."""

    gained: list[RowT]
    lost: list[RowT]
    changed: list[tuple[RowT, RowT]]


def match(
    old: Iterable[RowT],
    new: Iterable[RowT],
    identity: Key[RowT],
    keys: Callable[[Sequence[RowT]], Sequence[Key[RowT]]],
) -> MatchedRows[RowT]:
    """Pair the rows of each identity.

    ``keys`` makes, of all rows of one identity, what they are paired by, one after the other: what
    the first pairs is equal, and left out. What none pairs is paired as it comes.
    """
    groups: dict[Hashable, tuple[list[RowT], list[RowT]]] = {}
    for side, rows in enumerate((old, new)):
        for row in rows:
            groups.setdefault(identity(row), ([], []))[side].append(row)
    found: MatchedRows[RowT] = MatchedRows([], [], [])
    for before, after in groups.values():
        first, *others = keys([*before, *after])
        if len(before) == len(after) == 1:  # nearly all
            if first(before[0]) != first(after[0]):
                found.changed.append((before[0], after[0]))
            continue
        _, lost, gained = _paired(before, after, first)
        for key in (*others, _anything):
            if not lost or not gained:
                break
            pairs, lost, gained = _paired(lost, gained, key)
            found.changed.extend(pairs)
        found.lost.extend(lost)
        found.gained.extend(gained)
    return found


def _paired(
    old: Sequence[RowT], new: Sequence[RowT], key: Key[RowT]
) -> tuple[list[tuple[RowT, RowT]], list[RowT], list[RowT]]:
    """The pairs by one key, each row used once, and what is left of both sides."""
    there: dict[Hashable, deque[RowT]] = {}
    for row in new:
        there.setdefault(key(row), deque()).append(row)
    pairs, left = [], []
    for row in old:
        equal = there.get(key(row))
        if equal:
            pairs.append((row, equal.popleft()))
        else:
            left.append(row)
    rest = {id(row) for rows in there.values() for row in rows}
    return pairs, left, [row for row in new if id(row) in rest]


def _anything(_: object) -> Hashable:
    return None


def by(*groups: Sequence[str]) -> Callable[[Sequence[RowT]], Sequence[Key[RowT]]]:
    """Keys of these fields, as far as all rows have them.

    A saved report may say less of a link than is known of firmware.
    """
    names = {name for group in groups for name in group}
    whole: list[Key[object]] = [partial(_fields, names=group) for group in groups]

    def keys(rows: Sequence[RowT]) -> Sequence[Key[RowT]]:
        absent = {name for name in names for row in rows if getattr(row, name) is ABSENT}
        if not absent:
            return whole
        return [partial(_fields, names=[n for n in group if n not in absent]) for group in groups]

    return keys


def _fields(row: object, names: Iterable[str]) -> Hashable:
    return tuple(_stable(getattr(row, name)) for name in names)


def _stable(value: Hashable) -> Hashable:
    return stable(value) if isinstance(value, str) else value
