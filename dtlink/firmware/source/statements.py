"""The statements of one file as they are written: properties and nodes, by where they stand.

A file is taken as it is, without what it includes and whatever is defined: this is about what
people see in it. What is read of a board is :mod:`dtlink.firmware.source.parse`'s.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from operator import attrgetter

from dtlink.firmware.fdt import MAX_DEPTH
from dtlink.firmware.source.scan import Kind, SourceFile
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Final

#: Strings, references with a path, what ends a statement or a node, and all other text.
_PART = re.compile(
    r"\"(?>(?:[^\"\\]++|\\.)*)(?:\"|\\?\Z)|'(?>(?:[^'\\]++|\\.)*)(?:'|\\?\Z)|&\{[^}\n]*\}|([;{]|\}\s*;?)"
    r"|[^\s\"'&;{}]+|[\"'&]",
    re.DOTALL,
)
#: Statements that may precede all nodes and are about none.
_OF_THE_FILE: Final = ("/dts-v1/", "/plugin/", "/memreserve/")


class Statement:
    """A property up to its ``;``, or a node up to the one after its ``}``."""

    __slots__ = ("brace", "depth", "end", "parent", "start")

    def __init__(self, start: int, parent: Statement | None) -> None:
        self.start = start
        self.end = -1
        """Offset after it; -1: it does not end in a way that is understood."""
        self.brace = -1
        """Offset of its ``{``; -1: it is not a node."""
        self.parent = parent
        self.depth: int = parent.depth + 1 if parent else 0


class Statements:
    """The statements of a file, in order."""

    def __init__(self, file: SourceFile) -> None:
        self._found: list[Statement] = []
        self._read(file)
        for each in self._found:
            if each.end < 0:
                each.end = each.brace + 1 if each.brace >= 0 else len(file.code)
        nodes = (
            each.start for each in self._found if not file.code.startswith(_OF_THE_FILE, each.start)
        )
        self.head_end = next(nodes, len(file.code))
        """Where the first statement begins that is not about the file."""

    def after(self, offset: int, within: Statement | None = None) -> Statement | None:
        """The first statement after an offset, in the same node."""
        number = bisect_right(self._found, offset, key=_START)
        found = self._found[number] if number < len(self._found) else None
        return None if found is None or (within and found.start >= within.end) else found

    def around(self, offset: int) -> Statement | None:
        """The innermost statement that has an offset in it."""
        number = bisect_right(self._found, offset, key=_START) - 1
        found = self._found[number] if number >= 0 else None
        while found is not None and found.end <= offset:
            found = found.parent
        return found

    def _read(self, file: SourceFile) -> None:
        open_now: Statement | None = None
        before: list[Statement | None] = []
        for segment in file.segments:
            if segment.kind is Kind.IF:
                before.append(open_now)
            elif segment.kind in (Kind.ELIF, Kind.ELSE) and before:
                open_now = before[-1]
            elif segment.kind is Kind.ENDIF and before:
                before.pop()
            elif segment.kind is Kind.TEXT:
                open_now = self._text(file.code, segment.start, segment.end, open_now)
            if open_now is not None and open_now.depth > MAX_DEPTH:
                return  # such a file is refused

    def _text(
        self, code: str, start: int, end: int, open_now: Statement | None
    ) -> Statement | None:
        """Read a stretch; the statement that is open before it, and the one after it."""
        for match in _PART.finditer(code, start, end):
            sign = match[1]
            in_value = open_now is not None and open_now.brace < 0
            if sign is None:
                if not in_value:
                    open_now = Statement(match.start(), open_now)
                    self._found.append(open_now)
                    if open_now.depth > MAX_DEPTH:
                        break
            elif open_now is None:
                continue
            elif sign == "{":
                open_now.brace = match.start() if in_value else open_now.brace
            elif sign == ";":
                open_now = _ended(open_now, match.end()) if in_value else open_now
            else:
                open_now = _ended(open_now, match.start()) if in_value else open_now
                open_now = _ended(open_now, match.end()) if open_now else None
        return open_now


_START = attrgetter("start")


def _ended(statement: Statement, end: int) -> Statement | None:
    statement.end = end
    return statement.parent
