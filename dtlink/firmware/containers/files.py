"""Files that were opened: each is read once by a process, for all of its members."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from functools import lru_cache

from dtlink import reading
from dtlink.firmware.containers import opening
from dtlink.firmware.containers.model import Entry, Problem
from dtlink.firmware.containers.opening import leaves
from dtlink.firmware.errors import InputError
from dtlink.firmware.tree import Tree
from dtlink.records import NamedTuple
from dtlink.stamps import stamp_of

#: Files whose members are kept: those of one file are asked for one after the other.
_KEPT = 2


class MemberProblem(NamedTuple):
    """A problem, with the member that has it; empty for the file."""

    member: str
    problem: Problem


class Member(NamedTuple):
    """An input in a file."""

    entry: Entry
    problems: tuple[MemberProblem, ...]
    """Its own, and those of what is before it in the file: they are reported with an input."""
    notes: tuple[str, ...]
    passed: tuple[str, ...]
    """What was passed over in the file."""

    def data(self) -> bytes:
        """Its bytes. Raises :class:`InputError` if it could not be opened."""
        if self.entry.error is not None:
            raise self.entry.error
        return self.entry.data or b""

    def tree(self) -> Tree | None:
        """The devicetree, of a member that is made of others. Raises :class:`InputError`."""
        return self.entry.make() if self.entry.make else None


class OpenedFile(NamedTuple):
    """What is in a file."""

    entry: Entry
    members: Mapping[str, Member]
    """The inputs, by name, in file order; the only name may be empty: then it is the file."""

    def member(self, name: str) -> Member:
        """An input by its name. Raises :class:`InputError`, with the names, for no such member."""
        if name in self.members:
            return self.members[name]
        from dtlink.wording import listed

        names = listed(filter(None, self.members), 6)
        there = f"; there is {names}" if names else ""
        raise InputError(f"the {self.entry.form} has no member {name!a}{there}")


def open_data(data: bytes, *, search: bool) -> OpenedFile:
    """Open the bytes of a file. Raises :class:`InputError`."""
    return _opened(opening.open_data(data, search=search))


def open_path(path: str, *, search: bool) -> OpenedFile:
    """Open a file. Raises :class:`InputError`."""
    try:
        about = os.stat(path)  # noqa: PTH116 - paths stay as the user wrote them
        if not stat.S_ISREG(about.st_mode):
            raise InputError("not a regular file")
        stamp = stamp_of(path)
        open_it = _of_path if stamp else _of_path.__wrapped__
        return open_it(path, tuple(stamp or ()), search)
    except OSError as error:
        raise InputError(error.strerror or str(error), path=path) from error


@lru_cache(maxsize=_KEPT)
def _of_path(path: str, _key: tuple[int, ...], search: bool) -> OpenedFile:  # noqa: FBT001
    with open(path, "rb", opener=reading.regular) as file:
        return _opened(opening.open_file(file, search=search))


def _opened(entry: Entry) -> OpenedFile:
    members = dict(_members(entry))
    if not members:
        raise InputError(f"{_article(entry.form)} {entry.form} without a devicetree{_has(entry)}")
    return OpenedFile(entry, members)


def _article(word: str) -> str:
    return "an" if word[:1].lower() in "aeio" else "a"


def _has(entry: Entry) -> str:
    from dtlink.wording import listed

    names = listed((each.name or each.form for each in entry.entries), 6)
    return f": it has {names}" if names else ""


def _members(entry: Entry) -> Iterator[tuple[str, Member]]:
    """The inputs, each with the problems and notes since the one before; the last has the rest."""
    found = list(leaves(entry))
    problems = list(_problems(entry, ""))
    notes = tuple(note for each in _all(entry) for note in each.notes)
    passed = tuple(note for each in _all(entry) for note in each.passed)
    places = {id(each): number for number, (_, each) in enumerate(found)}
    held: list[list[MemberProblem]] = [[] for _ in found]
    at = 0
    for owner, problem in problems if held else ():
        at = places.get(id(owner), at)
        held[at].append(problem)
    for number, (name, each) in enumerate(found):
        first = number == 0
        told = tuple(held[number])
        yield name, Member(each, told, notes if first else (), passed if first else ())


def _problems(entry: Entry, above: str) -> Iterator[tuple[Entry, MemberProblem]]:
    name = "!".join(filter(None, (above, entry.name)))
    for each in entry.problems:
        yield entry, MemberProblem(name, each)
    for below in entry.entries:
        yield from _problems(below, name)


def _all(entry: Entry) -> Iterator[Entry]:
    yield entry
    for each in entry.entries:
        yield from _all(each)
