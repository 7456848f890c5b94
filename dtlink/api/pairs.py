"""Which input of OLD is which of NEW."""

from __future__ import annotations

import os
import sys
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from io import BufferedReader

from dtlink import engine, reading
from dtlink.firmware.errors import InputError
from dtlink.firmware.fdt import MAGIC, MAX_SIZE
from dtlink.firmware.inputs import Input
from dtlink.firmware.read import STDIN, SUFFIXES, load
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.firmware.git.commit import CommitFile
    from dtlink.views.diff.saved import SavedInput

#: Bytes at the start of a file that distinguish a saved report from firmware.
_HEAD = 64


class PairInput(NamedTuple):
    """One input of a side."""

    path: str
    below: str
    """Its path below the folder; empty for a file of its own."""
    saved: SavedInput | None = None
    at: CommitFile | None = None
    """Where it is, if it is a file of a commit."""

    @property
    def place(self) -> str:
        """Its path in the working tree."""
        return self.at.path if self.at else self.path

    def data(self) -> bytes:
        """The bytes of the file. Raises :class:`InputError` for what cannot be read."""
        if self.at is None:
            return load(self.path)
        from dtlink.firmware.git.tree import tree_of

        return tree_of(self.at.commit).load(self.at.path, MAX_SIZE)


class UnpairedError(ValueError):
    """A file that no input of the other side can be compared with."""


Pair = tuple[PairInput | None, PairInput | None]


def inputs(path: str) -> list[PairInput]:
    """The inputs of a file, a folder or a saved report, or one of these in a commit (``REF:path``).

    Raises :class:`InputError`.
    """
    reading.allow(path)
    if ":" in path:
        from dtlink.firmware.git.commit import file_at

        if file := file_at(path):
            return _of_commit(path, file)
    if path != STDIN and os.path.isdir(path):  # noqa: PTH112 - paths stay as the user wrote them
        return [
            PairInput(str(each), str(each._replace(path=os.path.relpath(each.path, path))))
            for each in engine.expand([path])
        ]
    members = [each for each in engine.expand([path]) if each.member] if path != STDIN else []
    if len(members) > 1:
        return [PairInput(str(each), each.member) for each in members]
    return _saved(PairInput(path, "")) if _may_be_report(path) else [PairInput(path, "")]


def _of_commit(named: str, file: CommitFile) -> list[PairInput]:
    from dtlink.engine.commits import files_of, is_folder

    top = named if named.endswith((":", "/")) else f"{named}/"
    found = []
    for each in files_of(file, named):
        below = os.path.relpath(each.path, file.path)
        path, below = (named, "") if below == "." else (f"{top}{below}", below)
        found.append(PairInput(path, below, at=each))
    first = found[0]
    if first.path == named and not is_folder(file) and _begins_so(first.data()[:_HEAD]):
        return _saved(first)
    return found


def _saved(item: PairInput) -> list[PairInput]:
    """The inputs of a saved report."""
    from dtlink.views.diff.saved import read

    try:
        found = read(item.data())
    except InputError as error:
        error.path = error.path or item.path
        raise
    folders = [os.path.dirname(each.side.path) for each in found]  # noqa: PTH120 - paths stay as given
    top = _common(folders)
    paths = [each.side.path for each in found]
    return [
        PairInput(each, os.path.relpath(each, top or "."), saved)
        for each, saved in zip(paths, found, strict=True)
    ]


def _common(folders: Sequence[str]) -> str:
    """The folder that all are in; empty if there is none."""
    try:
        return os.path.commonpath(folders)
    except ValueError:
        return ""


def _may_be_report(path: str) -> bool:
    """By how a file begins. What a pipe has given is gone: only a report can come by one."""
    if path == STDIN:
        stream = sys.stdin.buffer
        reading.note_stream(stream)
        return isinstance(stream, BufferedReader) and _begins_so(stream.peek(_HEAD)[:_HEAD])
    if os.path.exists(path) and not os.path.isfile(path):  # noqa: PTH110, PTH113 - paths stay as given
        return True
    try:
        with open(path, "rb", opener=reading.looked_at) as stream:
            return _begins_so(stream.read(_HEAD))
    except OSError:
        return False  # who reads it says so


def _begins_so(data: bytes) -> bool:
    """As a JSON document does: neither blobs, nor sources, nor tables begin so."""
    return data.lstrip()[:1] == b"{"


def pairs(old: Sequence[PairInput], new: Sequence[PairInput]) -> list[Pair]:
    """The inputs that are one: by their paths, then by their names. The rest have no other.

    Raises :class:`UnpairedError` for one file that none of several on the other side can be.
    """
    if len(old) == len(new) == 1:
        return [(old[0], new[0])]
    found: list[Pair] = []
    left, right = list(old), list(new)
    for key in (_path, _below, _stem, _name):
        pairs, left, right = _paired(left, right, key)
        found += pairs
    if [each.below for each in old] == [""] or [each.below for each in new] == [""]:
        return _one(found, old, new)
    rest: list[Pair] = [*((each, None) for each in left), *((None, each) for each in right)]
    return sorted([*found, *rest], key=_place)


def _one(found: list[Pair], old: Sequence[PairInput], new: Sequence[PairInput]) -> list[Pair]:
    """The one pair that a file of its own is in."""
    if not found:
        single, name, other, many = (
            (old[0], "OLD", "NEW", new) if len(old) == 1 else (new[0], "NEW", "OLD", old)
        )
        if _is_missing(single):
            raise InputError("No such file or directory", path=single.path)
        raise UnpairedError(
            f"{name} is one file, and {other} has {len(many)} inputs: none is named {single.path}"
        )
    return found


def _is_missing(item: PairInput) -> bool:
    is_on_disk = item.at is None and item.saved is None and item.path != STDIN
    return is_on_disk and not os.path.lexists(Input.named(item.path).path)


def _place(pair: Pair) -> str:
    one = pair[1] or pair[0]
    return one.below if one else ""


def _path(item: PairInput) -> str:
    return os.path.normpath(item.place)


def _below(item: PairInput) -> str:
    return item.below


def _stem(item: PairInput) -> str:
    """Source and blob are one."""
    return item.below.removesuffix(".dts").removesuffix(".dtb")


def _name(item: PairInput) -> str:
    """The name of a devicetree: boards move between folders, and names are theirs alone."""
    name = os.path.basename(item.place)  # noqa: PTH119 - paths stay as given
    return name if name.endswith(SUFFIXES) else ""


def _paired(
    old: Iterable[PairInput], new: Iterable[PairInput], key: Callable[[PairInput], str]
) -> tuple[list[Pair], list[PairInput], list[PairInput]]:
    """The pairs by one key, and what is left of both; names that several have say nothing."""
    old, new = list(old), list(new)
    twice = {
        name
        for side in (old, new)
        for name, count in Counter(map(key, side)).items()
        if count > 1 and key is _name
    }
    there: dict[str, deque[PairInput]] = {}
    for item in new:
        there.setdefault(key(item), deque()).append(item)
    found: list[Pair] = []
    left = []
    for item in old:
        name = key(item)
        if name and name not in twice and there.get(name):
            found.append((item, there[name].popleft()))
        else:
            left.append(item)
    used = {id(pair[1]) for pair in found}
    return found, left, [item for item in new if id(item) not in used]


def is_same_blob(pair: Pair) -> bool:
    """Whether two blobs are the same bytes: then nothing has to be worked out."""
    old, new = pair
    if old is None or new is None or old.saved or new.saved or STDIN in (old.path, new.path):
        return False
    on_disk = old.at is None and new.at is None
    try:
        if on_disk and os.path.getsize(old.path) != os.path.getsize(new.path):  # noqa: PTH202 - paths stay as given
            return False
        data = old.data()
        return data[:4] == MAGIC and data == new.data()
    except (OSError, InputError):
        return False
