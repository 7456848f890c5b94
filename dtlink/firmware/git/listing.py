"""What a commit holds, by the paths below the top of its repository."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property

from dtlink.firmware.git.command import GitError, run
from dtlink.firmware.git.commit import Commit
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Final

#: Submodules beyond the first are not listed, nor any once there are this many entries.
MAX_SUBMODULES: Final = 100
MAX_ENTRIES: Final = 1_000_000
_LINK: Final = b"120000"
_SUBMODULE: Final = b"160000"


class Entry(NamedTuple):
    """A file, a symbolic link or a submodule of a commit."""

    mode: bytes
    name: str
    """The object's id."""
    repository: str
    """The top folder of the repository that has the object: a submodule is one of its own."""

    @property
    def is_file(self) -> bool:
        """Whether it is a regular file."""
        return self.mode not in (_LINK, _SUBMODULE)

    @property
    def is_link(self) -> bool:
        """Whether it is a symbolic link; the object is the path that it points to."""
        return self.mode == _LINK

    def has(self, data: bytes) -> bool:
        """Whether it is a file of these bytes; line ends may differ, as git may convert them."""
        return self.is_file and (
            self._is_of(data) or (b"\r\n" in data and self._is_of(data.replace(b"\r\n", b"\n")))
        )

    def _is_of(self, data: bytes) -> bool:
        # Git's id of a file: SHA-1 has 40 digits, SHA-256 has 64.
        digest = hashlib.sha256 if len(self.name) == 64 else hashlib.sha1
        made = digest(b"blob %d\0" % len(data) + data, usedforsecurity=False)
        return made.hexdigest() == self.name


class Listing:
    """The entries of a commit, listed when they are asked for."""

    def __init__(self, commit: Commit) -> None:
        self._commit = commit

    @cached_property
    def entries(self) -> Mapping[str, Entry]:
        """All of them, in git's order."""
        found = _listed(self._commit)
        modules = [path for path, entry in found.items() if entry.mode == _SUBMODULE]
        for path in modules[:MAX_SUBMODULES]:
            if len(found) < MAX_ENTRIES:
                found |= self._submodule(path, found[path])
        return found

    def _submodule(self, path: str, entry: Entry) -> Mapping[str, Entry]:
        """The files of a submodule at the commit that it has here, if its clone has that one."""
        top = f"{self._commit.top}/{path}"
        # A hostile tree may have any path; another repository is none of this one.
        if os.path.realpath(top) != top or not os.path.lexists(f"{top}/.git"):
            return {}
        with suppress(GitError):
            below = _listed(Commit(top, entry.name))
            return {f"{path}/{name}": each for name, each in below.items()}
        return {}

    @cached_property
    def folders(self) -> frozenset[str]:
        """The folders; that of the top is empty."""
        found = {""}
        for path in self.entries:
            folder = path.rpartition("/")[0]
            while folder not in found:
                found.add(folder)
                folder = folder.rpartition("/")[0]
        return frozenset(found)

    @cached_property
    def by_name(self) -> Mapping[str, Sequence[str]]:
        """The regular files, by their names without folders."""
        found: dict[str, list[str]] = {}
        for path, entry in self.entries.items():
            if entry.is_file:
                found.setdefault(path.rpartition("/")[2], []).append(path)
        return found

    def has(self, path: str) -> bool:
        """Whether there is anything at a path."""
        return path in self.entries or path in self.folders

    def is_file(self, path: str) -> bool:
        """Whether there is a regular file."""
        entry = self.entries.get(path)
        return entry is not None and entry.is_file

    def files_below(self, folder: str) -> Iterator[str]:
        """The regular files in a folder and below it, by their paths below the folder."""
        start = f"{folder}/" if folder else ""
        for path, entry in self.entries.items():
            if path.startswith(start) and entry.is_file:
                yield path[len(start) :]

    def is_submodule(self, path: str) -> bool:
        """Whether a path is a submodule."""
        entry = self.entries.get(path)
        return entry is not None and entry.mode == _SUBMODULE

    def submodule_of(self, path: str) -> str:
        """The submodule that a path is in; empty if there is none."""
        while path and not self.is_submodule(path):
            path = path.rpartition("/")[0]
        return path


def _listed(commit: Commit) -> dict[str, Entry]:
    """The rows of ``ls-tree -r -z``: mode, type, id, a tab, and the path."""
    found = {}
    rows = run(commit.top, "ls-tree", "-r", "-z", "--full-tree", commit.name)
    for row in rows.split(b"\0"):
        head, tab, path = row.partition(b"\t")
        fields = head.split()
        if tab and len(fields) == 3:
            entry = Entry(fields[0], fields[2].decode("ascii"), commit.top)
            found[os.fsdecode(path)] = entry
    return found
