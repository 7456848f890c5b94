"""Pairing the entries of two reports: by what identifies them, then by what they say."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import partial
from typing import Any, NamedTuple

from dtlink.firmware.names import stable
from dtlink.views.parts import Entry

Key = Callable[[Entry], Hashable]


class Change(NamedTuple):
    """Entries that have no equal on the other side, those of one identity as they pair."""

    gained: list[Entry]
    lost: list[Entry]
    changed: list[tuple[Entry, Entry]]


def match(
    old: Iterable[Entry],
    new: Iterable[Entry],
    identity: Key,
    keys: Callable[[Sequence[Entry]], Sequence[Key]],
) -> Change:
    """Pair the entries of each identity.

    ``keys`` makes, of all entries of one identity, what they are paired by, one after the other:
    what the first pairs is equal, and is not told. What none pairs is paired as it comes.
    """
    groups: dict[Hashable, tuple[list[Entry], list[Entry]]] = {}
    for side, entries in enumerate((old, new)):
        for entry in entries:
            groups.setdefault(identity(entry), ([], []))[side].append(entry)
    change = Change([], [], [])
    for before, after in groups.values():
        first, *others = keys([*before, *after])
        _, lost, gained = _paired(before, after, first)
        for key in (*others, _anything):
            pairs, lost, gained = _paired(lost, gained, key)
            change.changed.extend(pairs)
        change.lost.extend(lost)
        change.gained.extend(gained)
    return change


def _paired(
    old: Sequence[Entry], new: Sequence[Entry], key: Key
) -> tuple[list[tuple[Entry, Entry]], list[Entry], list[Entry]]:
    """The pairs by one key, each entry used once, and what is left of both sides."""
    there: dict[Hashable, deque[Entry]] = {}
    for entry in new:
        there.setdefault(key(entry), deque()).append(entry)
    pairs, left = [], []
    for entry in old:
        equal = there.get(key(entry))
        if equal:
            pairs.append((entry, equal.popleft()))
        else:
            left.append(entry)
    rest = {id(entry) for entries in there.values() for entry in entries}
    return pairs, left, [entry for entry in new if id(entry) in rest]


def _anything(_: Entry) -> Hashable:
    return None


def by(*groups: Sequence[str]) -> Callable[[Sequence[Entry]], Sequence[Key]]:
    """Keys that hold these members, as far as all entries have them.

    A saved report may tell less of an entry than is known of firmware.
    """

    def keys(entries: Sequence[Entry]) -> Sequence[Key]:
        there = {name for group in groups for name in group if all(name in x for x in entries)}
        return [partial(_members, names=[n for n in group if n in there]) for group in groups]

    return keys


def _members(entry: Entry, names: Iterable[str]) -> Hashable:
    return tuple(_frozen(entry[name]) for name in names)


def _frozen(value: Any) -> Hashable:
    if isinstance(value, str):
        return stable(value)
    return tuple(value) if isinstance(value, list) else value
