"""The files of sources: found as the preprocessor finds them, bounded, each read once.

A source is untrusted: what it includes may be a device that never ends, a pipe that never begins,
or a file that has nothing to do with it, whose content a message could show.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from dtlink.firmware.errors import InputError
from dtlink.firmware.source.absent import Unread, is_of_kernel, missing, outside, shortened
from dtlink.firmware.source.kept import Kept
from dtlink.firmware.source.scan import SourceFile
from dtlink.firmware.storage import DISK, Content, Disk
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Final

#: Upper bounds on a text, on other data, and on all that one source reads, in bytes. A board of
#: the kernel reads 0.6 MB, and its largest file has 0.25 MB.
MAX_TEXT: Final = 4 << 20
MAX_DATA: Final = 16 << 20
MAX_FILES: Final = 64 << 20
#: What is kept of files for the next source, in bytes. Texts take about six times their size.
_KEPT: Final = 48 << 20
_PER_CHARACTER: Final = 6


class _ReadFile(NamedTuple):
    """A file that was read for an earlier source."""

    state: object
    """That of before it was read."""
    file: SourceFile
    content: Content | None
    """The hash of the bytes that it was made of, where the storage notes it."""

    @property
    def size(self) -> int:
        """What it takes, in bytes."""
        return len(self.file.text) * _PER_CHARACTER


_known: Kept[tuple[Disk, str], _ReadFile] = Kept(_KEPT, lambda held: held.size)


class SourceFiles:
    """The files that sources may include: below ``roots``, and below the ``include`` paths.

    ``include`` is searched in order. Both are folders. ``storage`` has the files.
    """

    def __init__(
        self, roots: Iterable[str], include: Sequence[str] = (), storage: Disk = DISK
    ) -> None:
        self._storage = storage
        self._include = [os.path.join(path, "") for path in include]
        self._tops = (*roots, *include)
        self._inside = [storage.real(path) for path in self._tops]
        self._current: dict[str, SourceFile | Unread] = {}
        self._found: dict[tuple[str, str, bool], SourceFile | Unread] = {}
        self._folders: dict[str, str] = {}
        self._left = MAX_FILES

    def source(self, path: str) -> SourceFile:
        """The source itself, which the user named. Raises :class:`InputError`."""
        # Files may have changed since the last source was read.
        self._current.clear()
        self._found.clear()
        self._left = MAX_FILES
        self._folders.clear()
        if self._storage.notes:
            self._inside = [self._storage.real(each) for each in self._tops]
        found = self._read(path, inside=False)
        if isinstance(found, Unread):
            raise InputError(found.message, path=path)
        return found

    def find(self, name: str, by: SourceFile, *, quoted: bool) -> SourceFile | Unread:
        """An included file; why not, if there is none, or it may not be read.

        A quoted name is looked up beside the file that includes it first (C11, 6.10.2).
        """
        folder = os.path.dirname(by.path)
        key = folder if quoted else "", name, quoted
        if key not in self._found:
            self._found[key] = self._search(name, by, folder if quoted else None)
        return self._found[key]

    def data(self, name: str, by: str) -> bytes | Unread:
        """The bytes of a file that ``/incbin/`` in the file ``by`` names; else why not."""
        folders = (os.path.join(os.path.dirname(by), ""), *self._include)
        for path in (os.path.join(each, name) for each in folders):
            if self._storage.exists(path):
                return self._bytes(path, name)
        return self._missing(name, by, folders)

    def _search(self, name: str, by: SourceFile, beside: str | None) -> SourceFile | Unread:
        if os.path.isabs(name):
            return self._read(name)
        folders = [] if beside is None else [os.path.join(beside, "") if beside else ""]
        for each in folders:
            if self._storage.exists(path := f"{each}{name}"):
                return self._read(path)
        for each in self._include:
            if self._storage.exists(path := f"{each}{name}"):
                return self._read(self._plain(path, by))
        return self._missing(name, by.path, (*folders, *self._include))

    def _missing(self, name: str, by: str, folders: Sequence[str]) -> Unread:
        if self._storage.is_disk:
            return missing(name, by, folders)
        where = ", ".join(each.rstrip("/") or "." for each in folders)
        absent = (self._storage.absence(f"{each}{name}") for each in folders)
        why = next(filter(None, absent), "")
        where = where or "any include path: there is none"
        return Unread(f"{shortened(name)} was not found{why} in {where}")

    def _plain(self, path: str, by: SourceFile) -> str:
        """A path without links on the way, as other files name it that include the file.

        Linux's include paths are links to folders of the tree (scripts/dtc/include-prefixes).
        """
        folder, name = os.path.split(path)
        real = self._folders.get(folder)
        if real is None:
            real = self._folders[folder] = self._storage.real(folder)
        here = os.path.join(os.getcwd(), "")
        plain = os.path.join(real, name)
        return plain if os.path.isabs(by.path) else plain.removeprefix(here)

    def _read(self, path: str, *, inside: bool = True) -> SourceFile | Unread:
        path = os.path.normpath(path)
        if path not in self._current:
            self._current[path] = self._kept(path, inside=inside)
        return self._current[path]

    def _kept(self, path: str, *, inside: bool) -> SourceFile | Unread:
        """A file as it was read for an earlier source, unless it has changed since."""
        key = self._storage.keeper(path), path
        known, state = _known.get(key), self._storage.state(path)
        if known is None or state is None or known.state != state or self._is_missed(known):
            return self._fresh(key, state, known, inside=inside)
        self._storage.uses(path, known.content)
        # It was read for another tree, perhaps, which may include it.
        is_inside = not inside or self._has(known.file.real)
        return known.file if is_inside else outside(path, known.file.real)

    def _is_missed(self, known: _ReadFile) -> bool:
        """Whether the hash of a file's bytes is needed, which was not when they were read."""
        return self._storage.notes and known.content is None

    def _fresh(
        self, key: tuple[Disk, str], state: object, known: _ReadFile | None, *, inside: bool
    ) -> SourceFile | Unread:
        """A file as it is; the one that is known if that has the same text."""
        path = key[1]
        data = self._bytes(path, path, MAX_TEXT, inside=inside)
        found = data if isinstance(data, Unread) else self._text(path, data)
        if isinstance(found, Unread):
            return found
        if known is not None and (known.file.real, known.file.text) == (found.real, found.text):
            found = known.file
        content = self._storage.content(found.real)
        self._storage.uses(path, content)
        _known.put(key, _ReadFile(state, found, content))
        return found

    def _has(self, real: str) -> bool:
        """Whether sources may include a file; one of the running kernel in no case."""
        if is_of_kernel(real):
            return False
        return any(os.path.commonpath((real, each)) == each for each in self._inside)

    def _bytes(
        self, path: str, name: str, limit: int = MAX_DATA, *, inside: bool = True
    ) -> bytes | Unread:
        real = self._storage.real(path)
        if inside and not self._has(real):
            return outside(name, real)
        data = self._storage.read(real, min(limit, self._left))
        if isinstance(data, str):
            link = self._link(path)
            also = f": it is a link to {link}" if link else ""
            return Unread(f"{shortened(name)} {data}{also}")
        self._left -= len(data)
        return data

    def _link(self, path: str) -> str:
        """Where a link points that leads nowhere; empty if it is none."""
        if self._storage.is_disk and os.path.islink(path) and not os.path.exists(path):
            return os.readlink(path)
        return ""

    def _text(self, path: str, data: bytes) -> SourceFile | Unread:
        if b"\0" in data:
            return Unread(f"{path} is not text")
        # What is not UTF-8 stays as it is in strings, and is not a fault in comments.
        text = data.decode("utf-8", "surrogateescape")
        return SourceFile(path, self._storage.real(path), text.replace("\r\n", " \n"))
