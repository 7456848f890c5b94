"""Which sources a change reaches: those that differ from a commit, or include a file that does.

Nothing is compiled: the names that a file includes are found by their directives, also those that
a condition leaves out. So a source may be reached in vain, but none is missed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from dtlink.firmware.git.tree import GitTree
from dtlink.firmware.source.included import IncludedName, included
from dtlink.firmware.source.surroundings import Surroundings, surroundings
from dtlink.firmware.storage import Disk
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Final

#: Upper bound on a file that is compared; a larger one counts as changed.
_MAX_SIZE: Final = 256 << 20


class Reach:
    """What differs between a commit and another storage of files: the disk, or another commit."""

    def __init__(self, old: GitTree, new: Disk) -> None:
        self._old, self._new = old, new
        self._differs: dict[str, bool] = {}
        self._names: dict[str, Sequence[IncludedName]] = {}
        self._found: dict[tuple[str, str, tuple[str, ...]], str | None] = {}
        self._folders: dict[str, str] = {}
        self._where: dict[str, Surroundings | None] = {}

    def reaches(self, path: str, include: Sequence[str] = ()) -> bool:
        """Whether a file, or a file that it includes, differs; ``include`` is searched first.

        Of a folder: whether a file in it does.
        """
        if self._new.is_folder(path) or self._old.is_folder(path):
            return any(map(self.differs, self._files_in(path)))
        if self.differs(path):
            return True
        where = self._surroundings(path)
        if where is None:
            return True
        folders = tuple(os.path.join(each, "") for each in (*include, *where.include))
        return self._below(os.path.normpath(path), folders)

    def _below(self, path: str, include: tuple[str, ...]) -> bool:
        """Whether a file that is included differs."""
        seen = {path}
        todo = [path]
        while todo:
            by = todo.pop()
            for each in self._included(by):
                if not each.name:  # a macro's: it may be any file
                    return True
                found = self._find(each, os.path.dirname(by), include)
                # A file that is missing on both sides is no change.
                if found is not None and found not in seen:
                    if self.differs(found):
                        return True
                    seen.add(found)
                    todo.append(found)
        return False

    def _find(self, each: IncludedName, folder: str, include: tuple[str, ...]) -> str | None:
        """The file that a name in a folder's file is, on either side."""
        key = folder if each.quoted else "", each.name, include
        if key not in self._found:
            self._found[key] = next(self._places(*key, quoted=each.quoted), None)
        return self._found[key]

    def _places(
        self, folder: str, name: str, include: tuple[str, ...], *, quoted: bool
    ) -> Iterator[str]:
        beside = os.path.join(folder, "") if folder else ""
        for each in (*((beside,) if quoted else ()), *include):
            path = os.path.join(each, name)
            if self._new.exists(path) or self._old.exists(path):
                above, last = os.path.split(path)
                # As the reader of sources does: links to folders of the tree are include paths.
                yield path if each == beside else os.path.join(self._real_folder(above), last)

    def differs(self, path: str) -> bool:
        """Whether a file differs."""
        if path not in self._differs:
            self._differs[path] = self._compare(path)
        return self._differs[path]

    def _compare(self, path: str) -> bool:
        real = self._real(path)
        if self._old.real(path) != real:
            return True
        if not self._old.has_place(real):
            return False  # on the disk for both
        if isinstance(self._new, GitTree):
            return self._old.entry(real) != self._new.entry(real)
        data = self._new.read(real, _MAX_SIZE)
        if isinstance(data, str):
            return self._old.exists(real) or self._new.exists(real)
        self._names[path] = included(data)
        return not self._old.has(real, data)

    def _real(self, path: str) -> str:
        """The real path; folders are resolved once."""
        folder, name = os.path.split(path)
        plain = os.path.join(self._real_folder(folder), name)
        return self._new.real(path) if self._new.is_link(plain) else plain

    def _real_folder(self, folder: str) -> str:
        if folder not in self._folders:
            self._folders[folder] = self._new.real(folder)
        return self._folders[folder]

    def _included(self, path: str) -> Sequence[IncludedName]:
        if path not in self._names:
            data = self._new.read(self._real(path), _MAX_SIZE)
            self._names[path] = () if isinstance(data, str) else included(data)
        return self._names[path]

    def _files_in(self, folder: str) -> Iterator[str]:
        if isinstance(self._new, GitTree):
            yield from self._new.files_below(folder)
        else:
            with os.scandir(folder) as entries:
                yield from (each.path for each in entries if each.is_file())
        yield from self._old.files_below(folder)

    def _surroundings(self, path: str) -> Surroundings | None:
        """Where a file stands; ``None``: not in the same on both sides."""
        folder = os.path.dirname(path)
        if folder not in self._where:
            new, old = (surroundings(path, each) for each in (self._new, self._old))
            self._where[folder] = new if new == old else None
        return self._where[folder]
