"""Comments that allow or expect findings: ``/* dtlink: allow RULE: reason */``.

Which rules there are is not known here. What a comment covers is decided by the text that people
see, once for each file; a board has those that the preprocessor did not pass over.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache
from operator import attrgetter

from dtlink.firmware.source.scan import COMMENT_OR_STRING, Kind, Segment, SourceFile
from dtlink.firmware.source.statements import Statement, Statements
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Final

_BLANK_LINE = re.compile(r"\n(?=\s*?\n)")
_BEGIN = re.compile(r"/[/*][\s*/]*(dtlink:)")
#: What was meant for such a comment: ``dtlink allow RULE``, ``DTLINK: allow RULE``.
_MEANT = re.compile(
    r"/[/*][\s*/]*(dtlink)[\s:;,.=-]*\b(?:allow|expect)\b[\s:]*[a-z]+(?:/[a-z]|\s*(?::|\*/|$))",
    re.IGNORECASE,
)
_FORM = re.compile(r"(allow|expect)\b\s*([^:]*?)\s*(?::\s*(.*))?", re.DOTALL)
_STARS = re.compile(r"\n[ \t]*\*+")
_WORDS = re.compile(r"[\s,]+")
#: Upper bounds: on the comments of a source, the rules of one, and the characters of a reason.
MAX_COMMENTS: Final = 1_000
_RULES: Final = 50
_REASON: Final = 1_000
#: How much of a comment is read, in characters.
_LONGEST: Final = 10_000
_INCLUDES: Final = (Kind.INCLUDE, Kind.DTC_INCLUDE)

FORM: Final = "/* dtlink: allow RULE: reason */"
#: Why a comment is not followed that may be a sentence about dtlink.
NO_COLON: Final = f"it does not begin with dtlink: (with a colon), as in {FORM}"
_NOTHING: Final = "it precedes no property and no node that it could be about"
_IN_DIRECTIVE: Final = "it is in a line of the preprocessor, which is about no property and no node"


class Extent(NamedTuple):
    """A stretch of a file; ``brace`` is where the node opens that it is, else -1."""

    start: int
    end: int
    brace: int = -1


class FileComment(NamedTuple):
    """A comment as it is in a file."""

    at: int
    """Where ``dtlink`` is."""
    kind: str
    """``allow`` or ``expect``."""
    rules: tuple[str, ...]
    reason: str
    fault: str
    """Why it cannot be followed; empty if it can."""
    extent: Extent


def one_too_many(comment: FileComment) -> FileComment:
    """The comment after the last one that is followed."""
    return comment._replace(fault=f"the source has more than {MAX_COMMENTS} such comments")


@lru_cache(maxsize=1024)
def comments_of(file: SourceFile) -> Sequence[FileComment]:
    """The comments of a file that begin with ``dtlink:``, or were meant to, in order."""
    return list(_Reader(file).run())


class _Reader:
    def __init__(self, file: SourceFile) -> None:
        self._file = file
        self._statements = Statements(file)

    def run(self) -> Iterator[FileComment]:
        left = MAX_COMMENTS + 1  # one more than a source may have is reported there
        for match in COMMENT_OR_STRING.finditer(self._file.text):
            begin = _BEGIN.match(match[0])
            meant = None if begin else _MEANT.match(match[0])
            if begin:
                yield self._comment(match, begin)
            elif meant:
                yield self._without_colon(match, meant)
            else:
                continue
            left -= 1
            if left == 0:
                return

    def _without_colon(self, match: re.Match[str], begin: re.Match[str]) -> FileComment:
        covered = self._extent(*match.span())
        extent = Extent(*match.span()) if isinstance(covered, str) else covered
        return FileComment(match.start() + begin.start(1), "", (), "", NO_COLON, extent)

    def _comment(self, match: re.Match[str], begin: re.Match[str]) -> FileComment:
        body = match[0][begin.end() : begin.end() + _LONGEST]
        if match[0].startswith("/*"):
            body = _STARS.sub("\n", body.removesuffix("*/"))
        kind, rules, reason, fault = _read(body)
        covered = self._extent(*match.span())
        if isinstance(covered, str):
            fault, covered = fault or covered, Extent(*match.span())
        return FileComment(match.start() + begin.start(1), kind, rules, reason, fault, covered)

    # What a comment covers

    def _extent(self, at: int, end: int) -> Extent | str:
        """What a comment covers; a message if that is nothing."""
        code = self._file.code
        before = code[code.rfind("\n", 0, at) + 1 : at].rstrip()
        if before:
            return self._of_line(code.rfind("\n", 0, at) + len(before))
        if self._file.in_directive(at):
            return _IN_DIRECTIVE
        if at < self._statements.head_end:
            return self._of_head(end)
        around = self._statements.around(at)
        if around is not None and at < (around.brace if around.brace >= 0 else around.end):
            return _whole(around)  # it is in the middle of it
        following = self._statements.after(at, around)
        return self._included(end) or (_whole(following) if following else _NOTHING)

    def _of_line(self, last: int) -> Extent | str:
        """What the line covers that a comment ends; ``last`` is the last character before it."""
        segment = self._segment(last)
        if segment is not None and segment.kind in _INCLUDES:
            return Extent(segment.start, segment.end)
        if segment is None or segment.kind is not Kind.TEXT:
            return _IN_DIRECTIVE
        around = self._statements.around(last)
        if around is None or around.start < self._statements.head_end:
            return Extent(0, len(self._file.text)) if around else _NOTHING
        return _whole(around)

    def _of_head(self, end: int) -> Extent:
        """A comment at the head of a file: directly above a node it is about that node."""
        start = self._statements.head_end
        if start < len(self._file.code) and end > max(self._above):
            first = self._statements.around(start)
            if first is not None:
                return _whole(first)
        return Extent(0, len(self._file.text))

    @cached_property
    def _above(self) -> tuple[int, int]:
        """The last line that is blank, and the last code, before the first statement."""
        start = self._statements.head_end
        blank = [match.start() for match in _BLANK_LINE.finditer(self._file.text, 0, start)]
        return (blank or [-1])[-1], len(self._file.code[:start].rstrip()) - 1

    def _included(self, end: int) -> Extent | None:
        """The line that includes a file, if one comes next."""
        found = bisect_right(self._file.segments, end - 1, key=_START)
        segment = self._file.segments[found] if found < len(self._file.segments) else None
        if segment is None or segment.kind not in _INCLUDES:
            return None
        is_next = not self._file.code[end : segment.start].strip()
        return Extent(segment.start, segment.end) if is_next else None

    def _segment(self, offset: int) -> Segment | None:
        found = bisect_right(self._file.segments, offset, key=_START) - 1
        segment = self._file.segments[found] if found >= 0 else None
        return segment if segment and offset < segment.end else None


_START = attrgetter("start")


def _whole(statement: Statement) -> Extent:
    return Extent(statement.start, statement.end, statement.brace)


def _read(body: str) -> tuple[str, tuple[str, ...], str, str]:
    """Kind, rules and reason of a comment, and what is wrong with it."""
    body = body.strip().encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    match = _FORM.fullmatch(body)
    if match is None:
        return "", (), "", f"dtlink: is followed by allow or expect, as in {FORM}"
    kind = match[1]
    rules = tuple(dict.fromkeys(filter(None, _WORDS.split(match[2]))))
    reason = " ".join((match[3] or "").split())[:_REASON]
    fault = ""
    if not rules:
        fault = f"no rule is named after {kind}: {FORM}"
    elif len(rules) > _RULES:
        rules, fault = rules[:_RULES], f"more than {_RULES} rules are named"
    elif not reason:
        fault = f"the reason is missing (why is the finding acceptable?): {FORM}"
    return kind, rules, reason, fault
