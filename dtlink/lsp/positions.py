"""Offsets in a text, and positions as an editor counts them.

The reader counts characters, and its lines end with a newline. An editor counts the units of an
encoding, UTF-16 unless both sides agree on another, and its lines also end with a carriage return
(Language Server Protocol 3.17, Position).
"""

from __future__ import annotations

import os
import re
from bisect import bisect_right
from urllib.parse import unquote, urlsplit

from dtlink.escaping import uris
from dtlink.records import NamedTuple

_END = re.compile(r"\r\n|\r|\n")
_NEWLINE = re.compile(r"\n")
#: The size of a unit of each encoding, in bytes.
_UNITS = {"utf-8": 1, "utf-16": 2, "utf-32": 4}
_CODECS = {"utf-8": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}


class Position(NamedTuple):
    """A place in a document: both count from 0, the second one units of the encoding."""

    line: int
    character: int


class Span(NamedTuple):
    """A stretch of a text, by offsets of characters."""

    start: int
    end: int


class TextLines:
    """A text with its lines. ``encoding`` is ``utf-8``, ``utf-16`` or ``utf-32``."""

    def __init__(self, text: str, encoding: str = "utf-16") -> None:
        self.text = text
        self._codec = _CODECS[encoding]
        self._unit = _UNITS[encoding]
        self._starts = [0, *(match.end() for match in _END.finditer(text))]
        # Most texts have the same lines either way.
        self._rows = (
            [0, *(match.end() for match in _NEWLINE.finditer(text))]
            if "\r" in text
            else self._starts
        )

    def position(self, offset: int) -> Position:
        """The position of an offset; of one outside the text, the nearest one."""
        offset = max(0, min(offset, len(self.text)))
        line = bisect_right(self._starts, offset) - 1
        return Position(line, self._units(self.text[self._starts[line] : offset]))

    def offset(self, position: Position) -> int:
        """The offset of a position; a line has no more characters than it has."""
        line, character = position
        if line < 0 or line >= len(self._starts):
            return 0 if line < 0 else len(self.text)
        start = self._starts[line]
        row = self.text[start : self._end(line)]
        if row.isascii():
            return start + max(0, min(character, len(row)))
        left = character
        for number, each in enumerate(row):
            if left <= 0:
                return start + number
            left -= self._units(each)
        return start + len(row)

    def at(self, line: int, column: int) -> int:
        """The offset of a line and a column of the reader, which count from 1."""
        row = max(1, min(line, len(self._rows)))
        start = self._rows[row - 1]
        end = self._rows[row] - 1 if row < len(self._rows) else len(self.text)
        return max(start, min(start + max(column, 1) - 1, end))

    def row(self, offset: int) -> int:
        """The line of an offset as the reader counts it, from 1."""
        return bisect_right(self._rows, offset)

    def place(self, offset: int) -> tuple[int, int]:
        """The line and the column of an offset as the reader counts them."""
        row = self.row(offset)
        return row, offset - self._rows[row - 1] + 1

    def line_of(self, offset: int) -> Span:
        """The line that has an offset, without its end, and without blanks around it."""
        line = bisect_right(self._starts, max(0, min(offset, len(self.text)))) - 1
        start, end = self._starts[line], self._end(line)
        row = self.text[start:end]
        return Span(end - len(row.lstrip()) if row.strip() else start, start + len(row.rstrip()))

    def _end(self, line: int) -> int:
        """Where a line ends, without what ends it."""
        if line + 1 >= len(self._starts):
            return len(self.text)
        end = self._starts[line + 1]
        return end - 2 if self.text[end - 2 : end] == "\r\n" else end - 1

    def _units(self, text: str) -> int:
        if text.isascii():
            return len(text)
        return len(text.encode(self._codec, "surrogatepass")) // self._unit


def path_of(uri: str) -> str | None:
    """The path of a file's URI; ``None`` for any other one (``untitled:``, ``git:``)."""
    parts = urlsplit(uri)
    if parts.scheme != "file" or parts.netloc not in ("", "localhost"):
        return None
    path = unquote(parts.path, errors="surrogateescape")
    if re.match(r"/[A-Za-z]:", path) and os.sep == "\\":
        path = path[1:]
    return os.path.normpath(path) if path and "\0" not in path else None


def uri_of(path: str) -> str:
    """The URI of an absolute path."""
    path = path.replace(os.sep, "/")
    begin = "" if path.startswith("/") else "/"
    return f"file://{uris.path(begin + path)}"
