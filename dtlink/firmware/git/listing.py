"""What a commit holds, by the paths below the top of its repository."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Final, NamedTuple

from dtlink.firmware.git.command import run
from dtlink.firmware.git.commit import Commit

_LINK: Final = b"120000"
_SUBMODULE: Final = b"160000"


class Entry(NamedTuple):
    """A file, a symbolic link or a submodule of a commit."""

    mode: bytes
    name: str
    """The object's id."""

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
        top, name = self._commit
        return dict(_entries(run(top, "ls-tree", "-r", "-z", "--full-tree", name)))

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
        """Whether a path is a submodule, whose files a commit does not have."""
        entry = self.entries.get(path)
        return entry is not None and entry.mode == _SUBMODULE

    def submodule_of(self, path: str) -> str:
        """The submodule that a path is in; empty if there is none."""
        while path and not self.is_submodule(path):
            path = path.rpartition("/")[0]
        return path


def _entries(listing: bytes) -> Iterator[tuple[str, Entry]]:
    """The rows of ``ls-tree -r -z``: mode, type, id, a tab, and the path."""
    for row in listing.split(b"\0"):
        head, tab, path = row.partition(b"\t")
        fields = head.split()
        if tab and len(fields) == 3:
            yield os.fsdecode(path), Entry(fields[0], fields[2].decode("ascii"))
