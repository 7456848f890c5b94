"""The files of a commit, by the paths that they have in the working tree."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from functools import lru_cache

from dtlink.firmware.errors import InputError
from dtlink.firmware.git.blobs import Blobs
from dtlink.firmware.git.commit import Commit
from dtlink.firmware.git.listing import Entry, Listing
from dtlink.firmware.storage import Disk
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Final

#: Upper bound on a file of which only the first bytes are asked for: git prints it whole.
MAX_BEGUN: Final = 64 << 20
#: As long a path may be (Linux, PATH_MAX), and as many symbolic links may be on it (MAXSYMLINKS).
_MAX_TARGET: Final = 4096
_MAX_LINKS: Final = 40
_NO_NAMES: Final = ("", ".", "..")


class GitTree(Disk):
    """The files of a commit; those outside of the repository are on the disk."""

    is_disk = False

    def __init__(self, commit: Commit) -> None:
        self.commit = commit
        self._below = os.path.join(commit.top, "")
        self._listing = Listing(commit)
        self._blobs: dict[str, Blobs] = {}
        self._links: dict[str, str | None] = {}
        self._folders_real: dict[str, str] = {}

    def has_place(self, path: str) -> bool:
        """Whether a real path is in the repository, so that the commit says what is there."""
        return self._inside(path) is not None

    def has(self, path: str, data: bytes) -> bool:
        """Whether the commit has a file with these bytes at a real path; line ends may differ."""
        entry = self.entry(path)
        return entry is not None and entry.has(data)

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
        return self._listing.entries.get(inside) if inside else None

    def exists(self, path: str) -> bool:
        folder, name = os.path.split(_absolute(path))
        is_name = name not in _NO_NAMES
        real = f"{self._real_folder(folder)}{os.sep}{name}" if is_name else self.real(path)
        inside = self._inside(real)
        if inside is None:
            return super().exists(real)
        return self._listing.has(inside)

    def is_file(self, path: str) -> bool:
        real = self.real(path)
        inside = self._inside(real)
        return super().is_file(real) if inside is None else self._listing.is_file(inside)

    def is_folder(self, path: str) -> bool:
        real = self.real(path)
        inside = self._inside(real)
        return super().is_folder(real) if inside is None else inside in self._listing.folders

    def is_link(self, path: str) -> bool:
        folder, name = os.path.split(_absolute(path))
        return self._link(f"{self._real_folder(folder)}{os.sep}{name}") is not None

    def is_repository(self, folder: str) -> bool:
        inside = self._inside(folder)
        if inside is None:
            return super().is_repository(folder)
        return not inside or self._listing.is_submodule(inside)

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
        if not self._listing.has(inside):
            return f"is not in commit {self.commit.short}{self.absence(real)}"
        entry = self._listing.entries.get(inside)
        if entry is None or not entry.is_file:
            return "is not a regular file"
        return self._content(entry, most)

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
        inside = self._inside(real)
        if inside is None:
            return super().files_in(real)
        return [name for name in self._listing.files_below(inside) if "/" not in name]

    def folders_in(self, folder: str) -> list[str]:
        real = self.real(folder)
        inside = self._inside(real)
        if inside is None:
            return super().folders_in(real)
        below = (name.partition("/") for name in self._listing.files_below(inside))
        return sorted({name for name, slash, _ in below if slash})

    def absence(self, path: str) -> str:
        """See :meth:`Disk.absence`: files of submodules that are not cloned here are missing."""
        inside = self._inside(os.path.normpath(_absolute(path))) or ""
        module = self._listing.submodule_of(inside)
        if not module or module in self._listing.folders:
            return ""
        commit = self._listing.entries[module].name[:12]
        return f" ({module} is a submodule, and its commit {commit} is not in a clone there)"

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
        if inside is not None:
            for path in self._listing.files_below(inside):
                yield os.path.join(folder, path)

    def files_named(self, name: str) -> Sequence[str]:
        """The files of this name, in whichever folder; absolute paths."""
        return [f"{self._below}{path}" for path in self._listing.by_name.get(name, ())]

    def _content(self, entry: Entry, most: int) -> bytes | str:
        if entry.repository not in self._blobs:
            self._blobs[entry.repository] = Blobs(entry.repository)
        return self._blobs[entry.repository].read(entry.name, most)

    def _inside(self, path: str) -> str | None:
        """A path below the top, with ``/``; empty for the top itself."""
        if path.startswith(self._below):
            return path[len(self._below) :].replace(os.sep, "/")
        return "" if path == self.commit.top else None

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
        if entry is None or not entry.is_link:
            return None
        data = self._content(entry, _MAX_TARGET)
        return None if isinstance(data, str) else os.fsdecode(data)


@lru_cache(maxsize=2)
def tree_of(commit: Commit) -> GitTree:
    """The files of a commit; listed once by a process."""
    return GitTree(commit)


def _absolute(path: str) -> str:
    """An absolute path; ``..`` stays, for what is before it may be a link."""
    return path if os.path.isabs(path) else f"{os.path.realpath('.')}{os.sep}{path}"
