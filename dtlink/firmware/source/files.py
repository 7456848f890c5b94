"""The files of sources: found as the preprocessor finds them, bounded, each read once.

A source is untrusted: what it includes may be a device that never ends, a pipe that never begins,
or a file that has nothing to do with it, whose content a message could show.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Sequence
from typing import Final

from dtlink.firmware.errors import InputError
from dtlink.firmware.source.scan import SourceFile

#: Upper bound on one file and on all of a run, in bytes. All devicetree sources of a kernel with
#: their headers have about 70 MB.
MAX_FILE: Final = 16 << 20
MAX_FILES: Final = 512 << 20


class SourceFiles:
    """The files that sources may include: below ``roots``, and below the ``include`` paths.

    ``include`` is searched in order. Both are folders.
    """

    def __init__(self, roots: Iterable[str], include: Sequence[str] = ()) -> None:
        self._include = [os.path.join(path, "") for path in include]
        self._inside = [os.path.realpath(path) for path in (*roots, *include)]
        self._known: dict[str, tuple[object, SourceFile | str]] = {}
        self._current: set[str] = set()
        self._found: dict[tuple[str, str, bool], SourceFile | str] = {}
        self._folders: dict[str, str] = {}
        self._left = MAX_FILES

    def source(self, path: str) -> SourceFile:
        """The source itself, which the user named. Raises :class:`InputError`."""
        # Files may have changed since the last source was read.
        self._current.clear()
        self._found.clear()
        self._folders.clear()
        found = self._read(path, inside=False)
        if isinstance(found, str):
            raise InputError(found, path=path)
        return found

    def find(self, name: str, by: SourceFile, *, quoted: bool) -> SourceFile | str:
        """An included file; a message if there is none, or it may not be read.

        A quoted name is looked up beside the file that includes it first (C11, 6.10.2).
        """
        folder = os.path.dirname(by.path)
        key = folder if quoted else "", name, quoted
        if key not in self._found:
            self._found[key] = self._search(name, by, folder if quoted else None)
        return self._found[key]

    def data(self, name: str, by: str) -> bytes | str:
        """The bytes of a file that ``/incbin/`` in the file ``by`` names; else a message."""
        beside = os.path.join(os.path.dirname(by), name)
        for path in (beside, *(f"{folder}{name}" for folder in self._include)):
            if os.path.lexists(path):
                return self._bytes(path, name)
        return f"{name} was not found"

    def _search(self, name: str, by: SourceFile, beside: str | None) -> SourceFile | str:
        if os.path.isabs(name):
            return self._read(name)
        folders = [] if beside is None else [os.path.join(beside, "") if beside else ""]
        for each in folders:
            if os.path.lexists(path := f"{each}{name}"):
                return self._read(path)
        for each in self._include:
            if os.path.lexists(path := f"{each}{name}"):
                return self._read(self._plain(path, by))
        where = ", ".join(each.rstrip("/") or "." for each in (*folders, *self._include))
        return f"{name} was not found in {where or 'any include path: there is none'}"

    def _plain(self, path: str, by: SourceFile) -> str:
        """A path without links on the way, as other files name it that include the file.

        Linux's include paths are links to folders of the tree (scripts/dtc/include-prefixes).
        """
        folder, name = os.path.split(path)
        real = self._folders.get(folder)
        if real is None:
            real = self._folders[folder] = os.path.realpath(folder)
        here = os.path.join(os.getcwd(), "")
        plain = os.path.join(real, name)
        return plain if os.path.isabs(by.path) else plain.removeprefix(here)

    def _read(self, path: str, *, inside: bool = True) -> SourceFile | str:
        path = os.path.normpath(path)
        if path not in self._current:
            self._current.add(path)
            state = _state(path)
            if state is None or self._known.get(path, (None,))[0] != state:
                data = self._bytes(path, path, inside=inside)
                self._known[path] = state, data if isinstance(data, str) else _decoded(path, data)
        return self._known[path][1]

    def _bytes(self, path: str, name: str, *, inside: bool = True) -> bytes | str:
        real = os.path.realpath(path)
        if inside and not any(os.path.commonpath((real, each)) == each for each in self._inside):
            return f"{name} is outside the tree of the source and the include paths"
        try:
            there = os.stat(real)
            if not stat.S_ISREG(there.st_mode):
                return f"{name} is not a regular file"
            if there.st_size > min(MAX_FILE, self._left):
                return f"{name} is too large: {there.st_size} bytes"
            with open(real, "rb") as file:
                # No more than its size: files of /proc have none, and some of them never end.
                data = file.read(there.st_size)
        except (OSError, ValueError) as error:
            return f"{name} can't be read: {getattr(error, 'strerror', None) or error}"
        self._left -= len(data)
        return data


def _state(path: str) -> object:
    """What changes when a file is written; ``None`` if there is none."""
    try:
        there = os.stat(path)
    except (OSError, ValueError):
        return None
    return there.st_mtime_ns, there.st_size, there.st_ino


def _decoded(path: str, data: bytes) -> SourceFile | str:
    if b"\0" in data:
        return f"{path} is not text"
    # What is not UTF-8 stays as it is in strings, and is no fault in comments.
    text = data.decode("utf-8", "surrogateescape")
    return SourceFile(path, os.path.realpath(path), text.replace("\r\n", " \n"))
