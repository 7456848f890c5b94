"""What the user's paths mean: the inputs of a run, and what is said of those it leaves out."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from types import ModuleType

from dtlink import reading
from dtlink.engine.inputs import expand
from dtlink.firmware.choice import InputOptions
from dtlink.firmware.inputs import Input
from dtlink.firmware.read import BLOBS, INCLUDED, STDIN
from dtlink.packed import Packed, may_repeat
from dtlink.records import NamedTuple
from dtlink.report.model import InputFault, InputReport
from dtlink.typed import TypeVar
from dtlink.wording import counted, listed

_ItemT = TypeVar("_ItemT")
#: Text in a file that makes it a devicetree source of its own, whatever it is called.
_OWN = b"/dts-v1/"
_LISTED = 3

OptionsOf = Callable[[str], InputOptions]


class ChosenInputs(NamedTuple):
    """The inputs of a run."""

    inputs: Sequence[Input]
    notes: Sequence[str] = ()
    """What was left out, and how to have it."""
    unread: Sequence[InputReport] = ()
    """The named files that mean no input."""

    def without_unread(self) -> ChosenInputs:
        """The same, with a note in the place of each file that means no input."""
        notes = [f"{item.path}: {item.error.message}" for item in self.unread if item.error]
        return ChosenInputs(self.inputs, [*self.notes, *notes])


def choose(paths: Iterable[str], options_of: OptionsOf, *, search: bool = False) -> ChosenInputs:
    """The inputs that paths mean: files, those of folders, and the boards that include a file.

    Each is an input once, where it is mentioned first.

    ``options_of`` gives the options that hold for a path; ``search`` is as in :func:`expand`.
    Raises :class:`InputError` for a pattern in the options that is none.
    """
    choice = _Choice(options_of, search=search)
    for path in paths:
        choice.add(path)
    return choice.end()


class _Choice:
    """The inputs as far as they are known."""

    def __init__(self, options_of: OptionsOf, *, search: bool) -> None:
        self._options_of = options_of
        self._search = search
        self._inputs: Packed[Input] = Packed()
        self._number = 0
        self._included: dict[str, None] = {}
        self._notes: list[str] = []
        self._excluded: set[str] = set()
        self._ignored: set[str] = set()
        self._incomplete = 0

    def add(self, path: str) -> None:
        """Add what a path means."""
        self._number += 1
        if path != STDIN and os.path.isdir(path):
            self._add_folder(path)
        elif path == STDIN or not self._is_excluded_file(path):
            if path.endswith(INCLUDED) and os.path.isfile(path):
                self._included[path] = None
            else:
                self._inputs.extend(expand([path], search=self._search, passed=self._notes))

    def end(self) -> ChosenInputs:
        """The inputs."""
        unread = self._add_boards() if self._included else []
        if self._ignored:
            what = counted(len(self._ignored), "source")
            self._notes.append(
                f"{what} that git ignores left out (--no-respect-gitignore: read too)"
            )
        if self._has_given_up:
            self._notes.append("the patterns of .gitignore take too long: not all were asked")
        if self._incomplete:
            what = counted(self._incomplete, "source includes", "sources include")
            self._notes.append(
                f"{what} files that are missing: the blob beside it is read (-I: where they are)"
            )
        if self._excluded and not (self._inputs or unread):
            all_of_them = "" if self._ignored else "all: "
            what = counted(len(self._excluded), "input")
            self._notes.append(f"exclude leaves out {all_of_them}{what}")
        if self._number == 1:
            return ChosenInputs(self._inputs, self._notes, unread)
        return ChosenInputs(_each_once(self._inputs), list(dict.fromkeys(self._notes)), unread)

    @cached_property
    def _left_out(self) -> ModuleType:
        """The module that knows what is left out; a lint of one file does not need it."""
        from dtlink.engine import excluded

        excluded.forget()  # files may have changed since an earlier run of this process
        return excluded

    @property
    def _has_given_up(self) -> bool:
        return "_left_out" in self.__dict__ and bool(self._left_out.has_given_up())

    @cached_property
    def _includers(self) -> ModuleType:
        """The module that knows what sources include; most runs do not need it."""
        from dtlink.firmware.source import includers

        includers.forget()  # files may have changed since an earlier run of this process
        return includers

    def _add_folder(self, folder: str) -> None:
        found = expand([folder], search=self._search, passed=self._notes)
        respects = self._options_of(folder).respect_gitignore
        ignores = respects and not self._left_out.is_ignored_folder(folder)
        self._inputs.extend(_in_order(self._kept(found, ignores=ignores)))

    def _kept(self, found: Iterable[Input], *, ignores: bool) -> Iterator[tuple[str, Input]]:
        """What is read of a folder, each with the path at which it was found."""
        for each in found:
            source = self._source(each, ignores=ignores)
            if source or self._is_kept(each.path, ignores=ignores):
                yield each.path, source or each

    def _source(self, item: Input, *, ignores: bool) -> Input | None:
        """The source beside a blob of a folder: what is edited counts, not what was built once.

        ``None`` where there is none, it is left out, or files that it includes are missing.
        """
        path = _source_of(item.path)
        if not path or item.member or not os.path.isfile(path):
            return None
        if self._is_excluded(path) or (ignores and self._left_out.is_ignored(path)):
            return None
        if self._includers.is_complete(path, self._options_of(path).sources):
            return Input(path)
        self._incomplete += 1
        return None

    def _is_excluded_file(self, path: str) -> bool:
        """Whether a file that is named is left out."""
        options = self._options_of(path)
        return options.force_exclude and not self._is_kept(path, ignores=options.respect_gitignore)

    def _is_excluded(self, path: str) -> bool:
        exclude = self._options_of(path).exclude
        return bool(exclude) and self._left_out.is_excluded(path, exclude)

    def _is_kept(self, path: str, *, ignores: bool) -> bool:
        """Whether an input is not left out, which is counted."""
        if self._is_excluded(path):
            self._excluded.add(os.path.abspath(path))
            return False
        if ignores and self._left_out.is_ignored(path):
            self._ignored.add(os.path.abspath(path))
            return False
        return True

    def _add_boards(self) -> list[InputReport]:
        """Add the boards that include the named files, each once; reports of those without any."""
        boards: dict[str, str] = {}
        reaching: list[str] = []
        unread: list[InputReport] = []
        for path in self._included:
            found = self._includers.boards_with(path, self._options_of(path).sources)
            kept = [each for each in found if self._is_kept_board(each)]
            boards.update((os.path.realpath(each), each) for each in kept)
            if kept:
                reaching.append(path)
            elif not found and _is_own(path):
                self._inputs.append(Input(path))
            else:
                unread.append(InputReport(path, error=_ALL_LEFT_OUT if found else _ALONE))
        for each in self._inputs:
            boards.pop(os.path.realpath(each.path), None)
        self._add_spread(reaching, sorted(boards.values()))
        return unread

    def _is_kept_board(self, path: str) -> bool:
        return self._is_kept(path, ignores=self._options_of(path).respect_gitignore)

    def _add_spread(self, included: Sequence[str], boards: Sequence[str]) -> None:
        """Add the boards, or as many as are wanted of them."""
        most = max((self._options_of(path).max_boards for path in included), default=0)
        kept = spread(boards, most) if most else boards
        self._inputs.extend(map(Input, kept))
        if len(kept) < len(boards):
            self._notes.append(_cut(included, len(kept), len(boards)))


def _in_order(found: Iterable[tuple[str, Input]]) -> Iterator[Input]:
    """Inputs in the order of their paths, each with the path at which it was found.

    Those are in order, and the path of an input is never before its own: ``.dts`` follows ``.dtb``.
    """
    from heapq import heappop, heappush

    waiting: list[tuple[str, int, Input]] = []
    for number, (path, item) in enumerate(found):
        heappush(waiting, (item.path, number, item))
        while waiting and waiting[0][0] <= path:
            yield heappop(waiting)[-1]
    yield from (item for *_, item in sorted(waiting))


def _each_once(inputs: Sequence[Input]) -> Packed[Input]:
    """The inputs without those that an earlier one is, by another path to the same place."""
    is_suspect = may_repeat(map(_place, inputs), len(inputs))
    seen: set[Input] = set()
    kept: Packed[Input] = Packed()
    for each in inputs:
        place = _place(each)
        if place in seen:
            continue
        if is_suspect(place):
            seen.add(place)
        kept.append(each)
    return kept


def _place(item: Input) -> Input:
    """An input by its absolute path."""
    return item if item.path == STDIN else item._replace(path=os.path.abspath(item.path))


def spread(items: Sequence[_ItemT], number: int) -> Sequence[_ItemT]:
    """At most so many items, evenly from all of them: of a sorted list, some of each kind."""
    if len(items) <= number:
        return items
    return [items[at * len(items) // number] for at in range(number)]


def _cut(included: Sequence[str], kept: int, there: int) -> str:
    them = "it" if len(included) == 1 else "them"
    return (
        f"{listed(included, _LISTED)}: {there:,} boards include {them}; {kept:,} of them, spread "
        f"over all, are read and {there - kept:,} are not (--max-boards 0: all)"
    )


def _source_of(blob: str) -> str:
    """The source from which a build makes a blob; of another file an empty string."""
    stem, dot, suffix = blob.rpartition(".")
    endings = (source for source, made in BLOBS.items() if made == dot + suffix)
    return next((stem + ending for ending in endings), "")


def _is_own(path: str) -> bool:
    """Whether a file is a source of its own, although it is called like one that is included."""
    try:
        with open(path, "rb", opener=reading.looked_at) as file:
            return _OWN in file.read(65536)
    except OSError:
        return True  # reading it says why it can't be


_ALONE = InputFault("nothing was checked: no board (.dts, .dtso) of its tree includes it")
_ALL_LEFT_OUT = InputFault("nothing was checked: all boards that include it are left out")
