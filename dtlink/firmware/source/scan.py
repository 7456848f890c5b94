"""A source file as stretches of text and preprocessor directives, found once per file.

Comments become blanks of the same shape, so that an offset in the text is one in the file.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from sys import intern

from dtlink.enums import Enum
from dtlink.firmware.source.macros import Macro, read_define
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Final

#: A quote that is not closed goes to the end of its line (gcc, libcpp/lex.c, lex_string()).
_QUOTED: Final = r"\"(?>(?:[^\"\\\n]++|\\.)*)\"?|'(?>(?:[^'\\\n]++|\\.)*)'?"
_STRING = re.compile(_QUOTED, re.DOTALL)
COMMENT_OR_STRING: Final = re.compile(
    _QUOTED + r"|//(?>(?:[^\\\n]++|\\[ \t]*\n|\\)*)|/\*.*?(?:\*/|\Z)|\\[ \t]*\n", re.DOTALL
)
#: The byte order mark of UTF-8, which gcc skips (libcpp/charset.cc, _cpp_convert_input()).
_BOM: Final = "\ufeff"
#: Digits of a line's number that count: it has at most as many as 2147483647.
_DIGITS: Final = 10
_CONTINUED = re.compile(r"\\[ \t]*\n")
_NOT_NEWLINE = re.compile(r"[^\n]")
_HASH = re.compile(r"[ \t]*#")
#: Only these words are directives. Other lines that begin with ``#`` are properties, such as
#: ``#address-cells``: the preprocessor passes them on (gcc, -x assembler-with-cpp).
_DIRECTIVE = re.compile(
    r"^[ \t]*#[ \t]*(?:(define|undef|ifdef|ifndef|if|elif|else|endif|include|error|warning|pragma)"
    r"(?![\w,.+*?@-])[ \t]*([^\n]*)"
    r"|(?:line[ \t]+)?([0-9]+)(?![\w.])(?:[ \t]+\"((?>(?:[^\"\\\n]++|\\.)*))\")?[^\n]*|$)"
    r"|/include/\s*(\"(?>(?:[^\"\\\n]++|\\.)*)\")",
    re.MULTILINE,
)
#: Strings, numbers (also such as 0x1f_000 and 12mA), and identifiers, which are the group.
WORD: Final = re.compile(_QUOTED + r"|\.?[0-9](?>(?:[eEpP][+-]|[\w.])*)|([A-Za-z_]\w*)", re.ASCII)
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
#: Files with more characters have no index of words: one takes more memory than the text.
_INDEXED: Final = 1 << 19

#: How much of a line is shown, in characters.
_LINE: Final = 500


class Kind(Enum):
    """What a segment is."""

    TEXT = "text"
    DEFINES = "#define, several in a row"
    UNDEF = "#undef"
    IF = "#if, #ifdef, #ifndef"
    ELIF = "#elif"
    ELSE = "#else"
    ENDIF = "#endif"
    INCLUDE = "#include"
    DTC_INCLUDE = "/include/"
    ERROR = "#error"
    FAULT = "a directive that means nothing"


class Segment(NamedTuple):
    """A stretch of a file."""

    kind: Kind
    start: int
    end: int
    argument: str = ""
    """What follows the directive; for ``#ifdef X`` the condition ``defined(X)``."""
    words: Mapping[str, Sequence[int]] | None = None
    """The identifiers of a text, with their offsets in the file, unless the file is large."""
    macros: Mapping[str, Macro] = {}
    """What ``#define`` lines define."""


class LineMarker(NamedTuple):
    """A line ``# 12 "file"``: of what another preprocessor has written."""

    end: int
    """The offset of the line that follows."""
    line: int
    file: str
    """Empty: the same file."""


class SourceFile:
    """A file's text. ``path`` is as messages show it, ``real`` without symbolic links."""

    def __init__(self, path: str, real: str, text: str) -> None:
        self.path = path
        self.real = real
        self.text = text
        self._markers: list[LineMarker] = []
        self._defines: dict[str, Macro] = {}
        self._unclosed = -1
        # A line that is known to be, or not to be, in a directive; and the comment that made it so.
        self._line = (-1, False)
        self._joined = range(0)

    @cached_property
    def code(self) -> str:
        """The text without comments and continued lines; offsets are the same."""
        code = COMMENT_OR_STRING.sub(self._blanked, self.text)
        return f" {code[1:]}" if code.startswith(_BOM) else code

    @cached_property
    def has_comments(self) -> bool:
        """Whether comments may allow or expect findings."""
        return any(word in self.text for word in ("dtlink", "Dtlink", "DTLINK"))

    def in_directive(self, place: int) -> bool:
        """Whether a place is in a line of the preprocessor, or in one that continues it."""
        start = self.code.rfind("\n", 0, place) + 1
        return _HASH.match(self.code, start, place) is not None

    @cached_property
    def segments(self) -> Sequence[Segment]:
        """The stretches, in order."""
        return list(self._scan())

    def position(self, offset: int) -> tuple[str, int, int]:
        """File, line and column of an offset; lines and columns count from 1."""
        _ = self.segments
        line = bisect_right(self._lines, offset)
        column = offset - self._lines[line - 1] + 1
        found = bisect_right(self._markers, offset, key=lambda marker: marker.end) - 1
        if found < 0:
            return self.path, line, column
        marker = self._markers[found]
        named = (each.file for each in self._markers[found::-1] if each.file)
        first = bisect_right(self._lines, marker.end)
        return next(named, self.path), marker.line + line - first, column

    def uses(self, segment: Segment, macros: Mapping[str, Macro]) -> Iterable[int]:
        """Where the names of macros are in a text, in order."""
        if segment.words is None:
            found = WORD.finditer(self.code, segment.start, segment.end)
            return (match.start() for match in found if match[1] in macros)
        names = segment.words.keys() & macros.keys()
        return sorted(place for name in names for place in segment.words[name]) if names else ()

    def line_text(self, offset: int) -> str:
        """The line that an offset is in, without its end."""
        start = self._lines[bisect_right(self._lines, offset) - 1]
        end = self.text.find("\n", start)
        row = self.text[start : len(self.text) if end < 0 else end].rstrip()[:_LINE]
        return row.encode("utf-8", "surrogateescape").decode("utf-8", "replace")

    @cached_property
    def _lines(self) -> Sequence[int]:
        return [0, *(match.end() for match in re.finditer("\n", self.text))]

    def _scan(self) -> list[Segment]:
        found: list[Segment] = []
        start = 0
        strings = _STRING.finditer(self.code)
        string = range(0)
        for match in _DIRECTIVE.finditer(self.code):
            if match[5]:
                while string.stop <= match.start():
                    string = next(
                        (range(*each.span()) for each in strings), range(len(self.text) + 1)
                    )
                if string.start < match.start():
                    continue
            self._add_text(found, start, match.start())
            start = match.end()
            self._add(found, match)
        self._add_text(found, start, len(self.code))
        if self._unclosed >= 0:
            at = self._unclosed
            found.append(Segment(Kind.FAULT, at, at + 2, "a comment that does not end"))
        return found

    def _add_text(self, found: list[Segment], start: int, end: int) -> None:
        if self.code[start:end].isspace() or start == end:
            return
        if len(self.text) > _INDEXED:
            found.append(Segment(Kind.TEXT, start, end))
            return
        words: dict[str, array[int]] = {}
        for match in WORD.finditer(self.code, start, end):
            if match[1]:
                places = words.get(match[1])
                if places is None:
                    # Files share most of their words.
                    places = words[intern(match[1])] = array("I")
                places.append(match.start())
        found.append(Segment(Kind.TEXT, start, end, words=words))

    def _add(self, found: list[Segment], match: re.Match[str]) -> None:
        word, rest, line, file, included = match.groups()
        start, end = match.span()
        if line is not None:
            self._markers.append(
                LineMarker(min(end + 1, len(self.text)), int(line[:_DIGITS]), file or "")
            )
        elif included is not None:
            found.append(Segment(Kind.DTC_INCLUDE, start, end, included))
        elif word == "define":
            self._define(found, start, end, rest)
        elif word in ("ifdef", "ifndef"):
            test = "defined" if word == "ifdef" else "!defined"
            name = _NAME.match(rest)
            # Without a name it is a condition that has no value.
            found.append(Segment(Kind.IF, start, end, f"{test}({name[0]})" if name else ""))
        elif word == "undef" and not _NAME.match(rest):
            found.append(Segment(Kind.FAULT, start, end, "#undef without a name"))
        elif word and word not in ("pragma", "warning"):
            found.append(Segment(Kind[word.upper()], start, end, rest.strip()))

    def _define(self, found: list[Segment], start: int, end: int, rest: str) -> None:
        macro = read_define(rest)
        if isinstance(macro, str):
            found.append(Segment(Kind.FAULT, start, end, macro))
            return
        last = found[-1] if found else None
        if last is not None and last.kind is Kind.DEFINES and macro.name not in self._defines:
            self._defines[macro.name] = macro
            found[-1] = last._replace(end=end)
        else:
            self._defines = {macro.name: macro}
            found.append(Segment(Kind.DEFINES, start, end, macros=self._defines))

    def _blanked(self, match: re.Match[str]) -> str:
        text = match[0]
        if text[0] == "\\":
            return " " * len(text)
        if text[0] != "/":
            # What follows moves up to the string's first line, in which nothing else is changed.
            return _CONTINUED.sub("", text).ljust(len(text)) if "\n" in text else text
        if text[1] == "*" and (len(text) < 4 or not text.endswith("*/")):
            self._unclosed = match.start()
        if "\n" not in text:
            return " " * len(text)
        if self._in_directive(match.start()):
            # The directive goes on after a comment of several lines.
            self._joined = range(match.start(), match.end() + 1)
            return " " * len(text)
        return _NOT_NEWLINE.sub(" ", text)

    def _in_directive(self, place: int) -> bool:
        """Whether a place is in a line that begins with ``#``, or in one that continues it.

        Places are asked for in order: no line is looked at twice.
        """
        text = self.text
        first = start = text.rfind("\n", 0, place) + 1
        while start != self._line[0] and start not in self._joined:
            before = text.rfind("\n", 0, max(start - 1, 0)) + 1
            if not start or not text[before:start].rstrip(" \t\n").endswith("\\"):
                break
            start = before
        known = start == self._line[0] and self._line[1]
        answer = known or start in self._joined or _HASH.match(text, start, place) is not None
        self._line = first, answer
        return answer
