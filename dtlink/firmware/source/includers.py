"""Which sources a file reaches: the boards and overlays that include it, directly or not."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

from dtlink.firmware.source.surroundings import Surroundings, surroundings

#: What is compiled, and what is only included.
COMPILED: Final = (".dts", ".dtso")
INCLUDED: Final = (".dtsi", ".h")

_INCLUDE = re.compile(
    rb"^[ \t]*#[ \t]*include[ \t]*[\"<]([^\">\n]+)[\">]|/include/\s*\"([^\"\n]+)\"", re.MULTILINE
)
#: Where sources are in the trees that are known; elsewhere they may be anywhere.
_FOLDERS: Final = ("arch/*/boot/dts", "arch/*/dts", "include/dt-bindings", "dts/upstream")
#: Upper bound on files that are looked at, and on the bytes of one.
_MOST: Final = 50_000
_SIZE: Final = 16 << 20


def boards_with(path: str) -> Sequence[str]:
    """The sources that include a file, sorted; their paths begin as ``path`` does."""
    where = surroundings(path)
    users = _users(where.root, tuple(where.include))
    found: set[str] = set()
    todo = [os.path.realpath(path)]
    while todo:
        for user in users.get(todo.pop(), ()):
            if user not in found:
                found.add(user)
                todo.append(user)
    return sorted(_shown(each, path) for each in found if each.endswith(COMPILED))


def _shown(found: str, path: str) -> str:
    """A path as the user would write it: relative if theirs is."""
    if Path(path).is_absolute():
        return found
    return os.path.relpath(found)


@lru_cache(maxsize=4)
def _users(root: str, include: tuple[str, ...]) -> Mapping[str, Sequence[str]]:
    """The files that include each file, by real paths."""
    where = Surroundings(root, include)
    files = dict.fromkeys(os.path.realpath(each) for each in _files(root))
    users: dict[str, list[str]] = defaultdict(list)
    folders = _Folders(where.include)
    for path in files:
        for name in _included(path):
            if (found := folders.find(name, path, files)) is not None:
                users[found].append(path)
    return users


def _files(root: str) -> Iterator[str]:
    tops = [each for pattern in _FOLDERS for each in sorted(Path(root).glob(pattern))]
    left = _MOST
    for top in tops or [Path(root)]:
        for folder, below, names in os.walk(top):
            below[:] = sorted(each for each in below if not each.startswith("."))
            for name in sorted(names):
                if name.endswith((*COMPILED, *INCLUDED)) and left > 0:
                    left -= 1
                    yield f"{folder}/{name}"


def _included(path: str) -> Iterator[str]:
    try:
        with open(path, "rb") as file:
            data = file.read(_SIZE)
    except OSError:
        return
    for match in _INCLUDE.finditer(data):
        yield (match[1] or match[2]).decode("utf-8", "surrogateescape")


class _Folders:
    """The include paths, each resolved once."""

    def __init__(self, include: Sequence[str]) -> None:
        self._include = include
        self._real: dict[str, str] = {}

    def find(self, name: str, by: str, files: Iterable[str]) -> str | None:
        """The file that a name in another file is."""
        for folder in (by.rpartition("/")[0], *self._include):
            path = os.path.normpath(f"{folder}/{name}")
            if path in files:
                return path
            above, _, last = path.rpartition("/")
            if above not in self._real:
                self._real[above] = os.path.realpath(above)
            if (path := f"{self._real[above]}/{last}") in files:
                return path
        return None
