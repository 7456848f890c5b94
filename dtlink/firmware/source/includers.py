"""Which sources a file reaches: the boards and overlays that include it, directly or not.

The lines that include are read, of every board of the tree. Those between ``#if`` and ``#endif``
count: what is asked there is not known.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from dtlink import reading
from dtlink.firmware.source.included import included
from dtlink.firmware.source.options import NO_OPTIONS, SourceOptions
from dtlink.firmware.source.surroundings import surroundings
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Final

#: What is compiled.
COMPILED: Final = (".dts", ".dtso")

#: Where boards are in the trees that are known; elsewhere they may be anywhere.
_FOLDERS: Final = ("arch/*/boot/dts", "arch/*/dts", "dts/upstream/src")
#: Upper bound on the files that are passed by, on those that are read, and on the bytes of one.
_PASSED: Final = 1_000_000
_READ: Final = 50_000
_SIZE: Final = 16 << 20
_BLOCK: Final = 32 << 10


def boards_with(path: str, options: SourceOptions = NO_OPTIONS) -> Sequence[str]:
    """The sources that include a file, sorted; their paths are relative if ``path`` is.

    ``options``: how the sources are read. Boards are those of the file's own tree; of the working
    folder, if it has none and is above the file.
    """
    real = os.path.realpath(path)
    root, here = surroundings(path).root, os.getcwd()
    found = _above(_users(root, options), real)
    if not found and real.startswith(f"{here}/") and here != root:
        found = _above(_users(here, options), real)
    boards = sorted(each for each in found if each.endswith(COMPILED))
    return boards if os.path.isabs(path) else [os.path.relpath(each) for each in boards]


def is_complete(path: str, options: SourceOptions = NO_OPTIONS) -> bool:
    """Whether all files are there that a source includes, or may include under a condition."""
    folder, name = os.path.split(os.path.realpath(path))
    return _tree_of(_sight(folder, options)).has_all(os.path.join(folder, name))


def forget() -> None:
    """Look at the files anew."""
    for kept in (_users, _sight, _tree_of):
        kept.cache_clear()


class _Sight(NamedTuple):
    """What the sources of a folder may include."""

    include: Sequence[str]
    """Where files are looked for."""
    inside: tuple[str, ...]
    """The folders that have them all, real; with a slash."""


@lru_cache(maxsize=4096)
def _sight(folder: str, options: SourceOptions) -> _Sight:
    where = surroundings(os.path.join(folder, "x"))
    include = (*options.include, *where.include)
    tops = (where.root, *include, *options.allow_include)
    inside = dict.fromkeys(os.path.join(os.path.realpath(each), "") for each in tops)
    return _Sight(include, tuple(inside))


@lru_cache(maxsize=64)
def _tree_of(sight: _Sight) -> _Tree:
    return _Tree(sight, defaultdict(set))


def _above(users: Mapping[str, Iterable[str]], path: str) -> set[str]:
    """The files that include one, directly or not."""
    found: set[str] = set()
    todo = [path]
    while todo:
        for user in users.get(todo.pop(), ()):
            if user not in found:
                found.add(user)
                todo.append(user)
    return found - {path}


@lru_cache(maxsize=4)
def _users(root: str, options: SourceOptions) -> Mapping[str, set[str]]:
    """The files that include each file, by real paths."""
    trees: dict[_Sight, list[str]] = defaultdict(list)
    for board in _boards(os.path.realpath(root)):
        trees[_sight(os.path.dirname(board), options)].append(board)
    users: dict[str, set[str]] = defaultdict(set)
    for sight, boards in trees.items():
        _Tree(sight, users).follow(boards)
    return users


def _boards(root: str) -> Iterator[str]:
    tops = [str(each) for pattern in _FOLDERS for each in sorted(Path(root).glob(pattern))]
    left = _PASSED
    for top in tops or [root]:
        for folder, below, names in os.walk(top):
            below[:] = sorted(each for each in below if not each.startswith("."))
            left -= len(names)
            yield from (f"{folder}/{name}" for name in sorted(names) if name.endswith(COMPILED))
            if left < 0:
                return


class _Tree:
    """The sources that have the same include paths; ``users`` gets what they include."""

    def __init__(self, sight: _Sight, users: dict[str, set[str]]) -> None:
        self._folders, self._inside = sight
        self._users = users
        self._found: dict[tuple[str, str], str] = {}
        self._real: dict[str, str] = {}
        self._complete: set[str] = set()

    def has_all(self, path: str) -> bool:
        """Whether all files are there that a file includes."""
        todo, seen = [path], {path}
        while todo:
            by = todo.pop()
            for name, quoted in included(_content(by)) if by not in self._complete else ():
                found = self._find(name, os.path.dirname(by) if quoted else "") if name else by
                if not found:
                    return False
                if found not in seen:
                    seen.add(found)
                    todo.append(found)
        self._complete |= seen
        return True

    def follow(self, boards: Iterable[str]) -> None:
        """Go from the boards to all that they include."""
        todo, seen = list(boards), set(boards)
        while todo and len(seen) < _READ:
            path = todo.pop()
            folder = os.path.dirname(path)
            for name, quoted in included(_content(path)):
                found = self._find(name, folder if quoted else "") if name else ""
                if not found:
                    continue
                self._users[found].add(path)
                if found not in seen:
                    seen.add(found)
                    todo.append(found)

    def _find(self, name: str, folder: str) -> str:
        """The file of a name, as the preprocessor finds it; empty if there is none."""
        found = self._found.get((folder, name))
        if found is None:
            folders = (folder, *self._folders) if folder else self._folders
            paths = (os.path.join(each, name) for each in folders)
            found = next((self._plain(path) for path in paths if os.path.exists(path)), "")
            self._found[folder, name] = found
        return found

    def _plain(self, path: str) -> str:
        """The real path, folders resolved once; empty for a file that no source may read."""
        folder, name = os.path.split(path)
        if folder not in self._real:
            self._real[folder] = os.path.realpath(folder)
        plain = f"{self._real[folder]}/{name}"
        real = os.path.realpath(plain) if os.path.islink(plain) else plain
        return real if real.startswith(self._inside) else ""


def _content(path: str) -> bytes:
    """The bytes of a file; none of one that can't be read, or that never ends."""
    try:
        file = reading.looked_at(path, os.O_RDONLY)
    except OSError:
        return b""
    try:
        # Most files end within a block: no need to ask for their size.
        data = os.read(file, _BLOCK)
        while len(data) % _BLOCK == 0 and len(data) < _SIZE and (more := os.read(file, _SIZE)):
            data += more
    except OSError:
        return b""
    finally:
        os.close(file)
    return data
