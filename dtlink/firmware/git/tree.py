"""The files of a commit, by the paths that they have in the working tree."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterator, Mapping
from functools import cached_property, lru_cache
from typing import Final, NamedTuple

from dtlink.firmware.errors import InputError
from dtlink.firmware.git.blobs import Blobs
from dtlink.firmware.git.command import run
from dtlink.firmware.git.commit import Commit
from dtlink.firmware.storage import Disk

#: Upper bound on a file of which only the first bytes are asked for: git prints it whole.
MAX_BEGUN: Final = 64 << 20
#: As long a path may be (Linux, PATH_MAX), and as many symbolic links may be on it (MAXSYMLINKS).
_MAX_TARGET: Final = 4096
_MAX_LINKS: Final = 40
_NO_NAMES: Final = ("", ".", "..")
_LINK: Final = b"120000"
_SUBMODULE: Final = b"160000"


class Entry(NamedTuple):
    """A file, a symbolic link or a submodule of a commit."""

    mode: bytes
    name: str
    """The object's id."""


class GitTree(Disk):
    """The files of a commit; those outside of the repository are on the disk."""

    def __init__(self, commit: Commit) -> None:
        self.commit = commit
        self._below = os.path.join(commit.top, "")
        self._blobs = Blobs(commit.top)
        self._links: dict[str, str | None] = {}
        self._folders_real: dict[str, str] = {}

    @cached_property
    def entries(self) -> Mapping[str, Entry]:
        """What the commit has, by the path below the top."""
        listing = run(self.commit.top, "ls-tree", "-r", "-z", "--full-tree", self.commit.name)
        return dict(_entries(listing))

    @cached_property
    def _folders(self) -> frozenset[str]:
        found = {""}
        for path in self.entries:
            folder = path.rpartition("/")[0]
            while folder not in found:
                found.add(folder)
                folder = folder.rpartition("/")[0]
        return frozenset(found)

    def has_place(self, path: str) -> bool:
        """Whether a real path is in the repository, so that the commit says what is there."""
        return self._inside(path) is not None

    def has(self, path: str, data: bytes) -> bool:
        """Whether the commit has a file with these bytes at a real path; line ends may differ."""
        entry = self.entry(path)
        if entry is None or entry.mode in (_LINK, _SUBMODULE):
            return False
        if entry.name == _object_id(data, len(entry.name)):
            return True
        return b"\r\n" in data and entry.name == _object_id(
            data.replace(b"\r\n", b"\n"), len(entry.name)
        )

    def named(self, path: str) -> str:
        """A path as git names the file, ``COMMIT:PATH``; one outside of the repository as it is."""
        inside = self._inside(self.real(os.path.dirname(path)))
        if inside is None:
            return path
        whole = f"{inside}/{os.path.basename(path)}" if inside else os.path.basename(path)
        return f"{self.commit.short}:{whole}"

    def entry(self, path: str) -> Entry | None:
        """What the commit has at a real path."""
        inside = self._inside(path)
        return self.entries.get(inside) if inside else None

    def exists(self, path: str) -> bool:
        folder, name = os.path.split(_absolute(path))
        is_name = name not in _NO_NAMES
        real = f"{self._real_folder(folder)}{os.sep}{name}" if is_name else self.real(path)
        inside = self._inside(real)
        if inside is None:
            return super().exists(real)
        return inside in self.entries or inside in self._folders

    def is_file(self, path: str) -> bool:
        real = self.real(path)
        if self._inside(real) is None:
            return super().is_file(real)
        entry = self.entry(real)
        return entry is not None and entry.mode not in (_LINK, _SUBMODULE)

    def is_folder(self, path: str) -> bool:
        real = self.real(path)
        inside = self._inside(real)
        return super().is_folder(real) if inside is None else inside in self._folders

    def is_repository(self, folder: str) -> bool:
        inside = self._inside(folder)
        if inside is None:
            return super().is_repository(folder)
        return not inside or self._is_submodule(inside)

    def real(self, path: str) -> str:
        folder, name = os.path.split(_absolute(path))
        if name in _NO_NAMES:
            return self._real_folder(_absolute(path))
        return self._resolved(name, self._real_folder(folder))

    def state(self, path: str) -> object:
        real = self.real(path)
        return super().state(real) if self._inside(real) is None else self.entry(real)

    def read(self, path: str, most: int) -> bytes | str:
        real = self.real(path)
        inside = self._inside(real)
        if inside is None:
            return super().read(real, most)
        if inside in self._folders:
            return "is not a regular file"
        entry = self.entries.get(inside)
        if entry is None:
            return f"is not in commit {self.commit.short}{self.absence(real)}"
        if entry.mode in (_LINK, _SUBMODULE):
            return "is not a regular file"
        return self._blobs.read(entry.name, most)

    def begin(self, path: str, most: int) -> bytes:
        real = self.real(path)
        if self._inside(real) is None:
            return super().begin(real, most)
        data = self.read(real, MAX_BEGUN)
        if isinstance(data, str):
            raise OSError(errno.EINVAL, data)
        return data[:most]

    def files_in(self, folder: str) -> list[str]:
        real = self.real(folder)
        if self._inside(real) is None:
            return super().files_in(real)
        below = (os.path.relpath(path, real) for path in self.files_below(real))
        return [name for name in below if os.sep not in name]

    def absence(self, path: str) -> str:
        """See :meth:`Disk.absence`: files of submodules are not in a commit."""
        inside = self._inside(os.path.normpath(_absolute(path))) or ""
        while inside and not self._is_submodule(inside):
            inside = inside.rpartition("/")[0]
        return f" ({inside} is a submodule, whose files a commit does not have)" if inside else ""

    def load(self, path: str, most: int) -> bytes:
        """The bytes of an input. Raises :class:`InputError`, with the path, for what is none."""
        real = self.real(path)
        if self._inside(real) is None:
            raise InputError(f"is outside of the repository {self.commit.top}", path=path)
        data = self.read(real, most)
        if isinstance(data, str):
            raise InputError(data, path=path)
        return data

    def files_below(self, folder: str) -> Iterator[str]:
        """The files in a folder and below it, sorted; each path begins as that of the folder."""
        inside = self._inside(self.real(folder))
        if inside is None:
            return
        start = f"{inside}/" if inside else ""
        for path, entry in self.entries.items():
            if path.startswith(start) and entry.mode not in (_LINK, _SUBMODULE):
                yield os.path.join(folder, path[len(start) :])

    def _inside(self, path: str) -> str | None:
        """A path below the top, with ``/``; empty for the top itself."""
        if path.startswith(self._below):
            return path[len(self._below) :].replace(os.sep, "/")
        return "" if path == self.commit.top else None

    def _is_submodule(self, inside: str) -> bool:
        entry = self.entries.get(inside)
        return entry is not None and entry.mode == _SUBMODULE

    def _real_folder(self, folder: str) -> str:
        if folder not in self._folders_real:
            self._folders_real[folder] = self._resolved(folder)
        return self._folders_real[folder]

    def _resolved(self, path: str, start: str = "") -> str:
        """A path below a real one, with symbolic links followed. A link too many stays."""
        done = start
        todo = path.split(os.sep)[::-1]
        left = _MAX_LINKS
        while todo:
            part = todo.pop()
            if part in ("", "."):
                continue
            if part == "..":
                done = os.path.dirname(done)
                continue
            at = f"{done.rstrip(os.sep)}{os.sep}{part}"
            target = self._link(at) if left else None
            if target is None:
                done = at
                continue
            left -= 1
            if os.path.isabs(target):
                done = ""
            todo += target.split(os.sep)[::-1]
        return done or os.sep

    def _link(self, path: str) -> str | None:
        """What a path points to, if it is a symbolic link."""
        if path not in self._links:
            self._links[path] = self._target(path)
        return self._links[path]

    def _target(self, path: str) -> str | None:
        if self._inside(path) is None:
            try:
                return os.readlink(path)
            except OSError:
                return None
        entry = self.entry(path)
        if entry is None or entry.mode != _LINK:
            return None
        data = self._blobs.read(entry.name, _MAX_TARGET)
        return None if isinstance(data, str) else os.fsdecode(data)


@lru_cache(maxsize=2)
def tree_of(commit: Commit) -> GitTree:
    """The files of a commit; listed once by a process."""
    return GitTree(commit)


def _entries(listing: bytes) -> Iterator[tuple[str, Entry]]:
    """The rows of ``ls-tree -r -z``: mode, type, id, a tab, and the path."""
    for row in listing.split(b"\0"):
        head, tab, path = row.partition(b"\t")
        fields = head.split()
        if tab and len(fields) == 3:
            yield os.fsdecode(path), Entry(fields[0], fields[2].decode("ascii"))


def _object_id(data: bytes, length: int) -> str:
    """The id that git gives to a file's bytes: SHA-1 has 40 digits, SHA-256 has 64."""
    digest = hashlib.sha256 if length == 64 else hashlib.sha1
    return digest(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def _absolute(path: str) -> str:
    """An absolute path; ``..`` stays, for what is before it may be a link."""
    return path if os.path.isabs(path) else f"{os.path.realpath('.')}{os.sep}{path}"
