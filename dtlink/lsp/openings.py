"""The nodes that a file opens, by its text alone: also of a file with errors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from dtlink.firmware.source.scan import SourceFile
from dtlink.lsp.positions import Span
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Final

_TOKEN = re.compile(
    r"(?P<string>\"(?>(?:[^\"\\\n]++|\\.)*)\"?)"
    r"|(?P<directive>^[ \t]*#[ \t]*(?:define|undef|ifdef|ifndef|if|elif|else|endif|include|error"
    r"|warning|pragma|line)(?![\w,.+*?@-])[^\n]*)"
    r"|(?P<label>[A-Za-z_]\w*+)[ \t]*:(?!:)"
    r"|(?P<word>&\{[\w,.+*?#@/-]*+\}|/[a-z0-9-]++/|/(?=\s*\{)|&?[\w,.+*?#@-]++)"
    r"|(?P<mark>[{};])",
    re.MULTILINE | re.DOTALL | re.ASCII,
)
#: What is under a cursor: a reference, a word, with a colon for a label.
_WORD = re.compile(r"&\{[\w,.+*?#@/-]*\}|&\w*|[\w,.+*?#@-]+", re.ASCII)
#: Upper bounds on nodes in one file, and on their depth.
_MOST: Final = 50_000
_DEPTH: Final = 64
_LONGEST: Final = 4096


@dataclass(slots=True)
class OpenedProperty:
    """A statement in a node that is no node: a property, with or without a value."""

    name: str
    start: int
    end: int
    """After the semicolon."""


@dataclass(slots=True)
class Opening:
    """A place that opens a node; offsets are those of the file's text."""

    name: str
    """As it is written: a node's name, ``/``, ``&label`` or ``&{/path}``."""
    name_at: int
    start: int
    """Of the labels, if there are any."""
    labels: tuple[str, ...]
    parent: Opening | None
    end: int = -1
    """After the brace that closes it, and the semicolon; the end of the text, if none does."""
    children: list[Opening] = field(default_factory=list)
    properties: list[OpenedProperty] = field(default_factory=list)

    def walk(self) -> Iterator[Opening]:
        """This opening and all in it, in the order of the text."""
        todo: list[Opening] = [self]
        while todo:
            each = todo.pop()
            yield each
            todo.extend(reversed(each.children))

    def property_at(self, offset: int) -> OpenedProperty | None:
        """The property that has an offset."""
        found = (each for each in self.properties if each.start <= offset < each.end)
        return next(found, None)


def openings(text: str) -> list[Opening]:
    """The nodes that a text opens at its top level; those in them are their children."""
    return _Reader(SourceFile("", "", text.replace("\r\n", " \n")).code).read()


def opening_at(tops: list[Opening], offset: int) -> Opening | None:
    """The innermost node that has an offset."""
    found: Opening | None = None
    below = tops
    while True:
        inner = next((each for each in below if each.start <= offset < each.end), None)
        if inner is None:
            return found
        found, below = inner, inner.children


def word_at(text: str, offset: int) -> Span:
    """The word, or the reference, that has an offset, or ends there; empty: there is none."""
    start = text.rfind("\n", 0, offset) + 1
    end = text.find("\n", offset)
    end = len(text) if end < 0 else end
    start, end = max(start, offset - _LONGEST), min(end, offset + _LONGEST)
    for match in _WORD.finditer(text, start, end):
        if match.start() <= offset <= match.end():
            return Span(*match.span())
        if match.start() > offset:
            break
    return Span(offset, offset)


class _Reader:
    def __init__(self, code: str) -> None:
        self._code = code
        self._tops: list[Opening] = []
        self._stack: list[Opening] = []
        self._too_deep = 0
        self._count = 0
        self._forget()

    def read(self) -> list[Opening]:
        for match in _TOKEN.finditer(self._code):
            kind = match.lastgroup
            if kind == "mark":
                self._mark(match[0], match.end())
                if self._count > _MOST:
                    break
            elif kind in ("label", "word"):
                self._word(kind, match[kind], match.start(kind))
        for each in self._stack:
            each.end = len(self._code)
        return self._tops

    def _forget(self) -> None:
        self._labels: list[str] = []
        self._start = self._last_at = -1
        self._first = self._last = ""

    def _word(self, kind: str, word: str, at: int) -> None:
        if self._start < 0:
            self._start = at
        if kind == "label":
            self._labels.append(word)
        else:
            self._first = self._first or word
            self._last, self._last_at = word, at

    def _mark(self, mark: str, end: int) -> None:
        if mark == "{":
            self._open(end)
        elif mark == "}":
            self._close(end)
        elif self._stack and not self._too_deep and self._first and self._first[0] not in "/&":
            held = OpenedProperty(self._first, self._start, end)
            self._stack[-1].properties.append(held)
        self._forget()

    def _open(self, end: int) -> None:
        if len(self._stack) >= _DEPTH:
            self._too_deep += 1
            return
        self._count += 1
        parent = self._stack[-1] if self._stack else None
        at = self._last_at if self._last else end - 1
        start = self._start if self._start >= 0 else at
        opened = Opening(self._last, at, start, tuple(self._labels), parent)
        (parent.children if parent else self._tops).append(opened)
        self._stack.append(opened)

    def _close(self, end: int) -> None:
        if self._too_deep:
            self._too_deep -= 1
        elif self._stack:
            after = re.compile(r"[ \t]*;").match(self._code, end)
            self._stack.pop().end = after.end() if after else end
