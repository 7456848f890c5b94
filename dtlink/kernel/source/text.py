"""A C file as stretches of code, each under the conditions of the preprocessor that apply to it.

No parser: comments go, strings stay, and lines that begin with ``#`` are taken for what they are.
What a file includes is read with it where it may hold tables, or macros for them.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from dtlink.kernel.source.conditions import NEVER, Conditions, joined, negated, of_expression
from dtlink.kernel.source.files import read_source
from dtlink.kernel.source.index import UNKNOWN
from dtlink.kernel.source.macros import Macro, define, telling, tells
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Final

#: How deep files include files.
_DEPTH: Final = 6
#: How deep, and for how many branches, conditions are followed: a compiler must know a depth of 63
#: (C11, 5.2.4.1), and Linux has a few.
_CONDITIONS: Final = 63

_COMMENT_OR_STRING = re.compile(
    r"//[^\n]*|/\*.*?(?:\*/|\Z)|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.DOTALL
)
_DIRECTIVE = re.compile(r"^[ \t]*#[ \t]*(\w+)[ \t]*([^\n]*)$", re.MULTILINE)
_INCLUDED = re.compile(r"(?:\"([^\"]+)\"|<([^>]+)>)")
#: A size, and what is between it and the entries, are short: else each beginning of a table that
#: has no end would be searched to the end of the file.
_TABLE = re.compile(r"\bof_device_id\b[\w\s]{0,200}\[[^\[\]]{0,200}\][^;{]{0,1000}\{")
#: A macro that expands to a string: perhaps a compatible one.
_NAMED_STRING = re.compile(r"^[ \t]*#[ \t]*define[ \t]+\w+[ \t]+\"", re.MULTILINE)


class Stretch(NamedTuple):
    """Code, and the conditions under which it is compiled."""

    code: str
    also: Conditions


@dataclass
class Unit:
    """A file with what it includes: its stretches in order, and its macros by name."""

    stretches: list[Stretch] = field(default_factory=list)
    macros: dict[str, Macro] = field(default_factory=dict)

    def shared(self) -> Unit:
        """What is of use to those that include it: tables, and macros for them or for strings."""
        macros = telling(self.macros)
        macros |= {name: m for name, m in self.macros.items() if m.body.startswith('"')}
        holds = any(_TABLE.search(part.code) for part in self.stretches)
        return Unit(self.stretches if holds else [], macros)


class SourceReader:
    """Reads the files of a tree; headers once."""

    def __init__(self, tree: Path) -> None:
        self.tree = tree
        self._headers: dict[str, Unit | None] = {}
        self._telling: dict[str, bool] = {}

    def text(self, path: str) -> str | None:
        """The text of a file of the tree, as it is; ``None`` if there is none."""
        return read_source(self.tree, path)

    def headers(self) -> Iterator[str]:
        """The texts of the headers for all: those of include/ and of the architectures."""
        folders = [self.tree / "include", *sorted(self.tree.glob("arch/*/include"))]
        for path in (each for folder in folders for each in sorted(folder.rglob("*.h"))):
            name = path.relative_to(self.tree).as_posix()
            if "dt-bindings/" not in name:
                yield self.text(name) or ""

    def unit(self, path: str, text: str, depth: int = 0) -> Unit:
        """Take a file apart."""
        result, branches = Unit(), _Branches()
        code, start = bare(text), 0
        for match in _DIRECTIVE.finditer(code):
            _add(result, code[start : match.start()], branches.now)
            start = match.end()
            word, rest = match[1], match[2]
            if branches.take(word, rest) or NEVER in branches.now:
                continue
            if word == "define" and (macro := define(rest)) is not None:
                result.macros.setdefault(*macro)
            elif word == "include" and depth < _DEPTH:
                self._include(result, path, rest, branches.now, depth)
        _add(result, code[start:], branches.now)
        return result

    def is_telling(self, path: str) -> bool:
        """Whether a header of the tree holds tables, or macros for them."""
        path = posixpath.normpath(path)
        if path not in self._telling:
            text = self.text(path)
            found = self._header(path, 1) if text and tells(text) else None
            hides = found is not None and bool(found.stretches or telling(found.macros))
            self._telling[path] = hides
        return self._telling[path]

    def _include(self, unit: Unit, path: str, rest: str, also: Conditions, depth: int) -> None:
        name = _INCLUDED.match(rest)
        if name is None:
            return
        beside = name[1] and posixpath.normpath(posixpath.join(posixpath.dirname(path), name[1]))
        # A header for all is not followed further: what it includes is for its own ends.
        found = self._header(beside, depth + 1) if beside else None
        found = found or self._header(f"include/{name[1] or name[2]}", _DEPTH)
        if found is not None:
            unit.stretches += [Stretch(code, joined(also, more)) for code, more in found.stretches]
            for key, macro in found.macros.items():
                unit.macros.setdefault(key, macro)

    def _header(self, path: str, depth: int) -> Unit | None:
        """What an included file holds, if it may be of use."""
        if path not in self._headers:
            self._headers[path] = None  # while it is read: for those that include each other
            text = self.text(path)
            if text and (tells(text) or _NAMED_STRING.search(text)):
                self._headers[path] = self.unit(path, text, depth).shared()
        return self._headers[path]


class _Branches:
    """The ``#if`` and its kind around the code."""

    def __init__(self) -> None:
        self.now: Conditions = ()
        self._stack: list[tuple[Conditions, Conditions]] = []  # this branch; none before it

    def take(self, word: str, rest: str) -> bool:
        """Whether a directive is one of them; keeps ``now``."""
        if word in ("if", "ifdef", "ifndef"):
            expression = {"ifdef": "defined({})", "ifndef": "!defined({})"}.get(word, "{}")
            this = of_expression(expression.format(rest.strip()))
            self._stack.append((this, negated(this)))
        elif word in ("elif", "else") and self._stack:
            _, before = self._stack[-1]
            this = of_expression(rest.strip()) if word == "elif" else ()
            others = joined(before, negated(this))
            known = others if len(others) <= _CONDITIONS else (UNKNOWN,)
            self._stack[-1] = joined(before, this), known
        elif word == "endif" and self._stack:
            self._stack.pop()
        else:
            return False
        unknown = (UNKNOWN,) if len(self._stack) > _CONDITIONS else ()
        self.now = joined(*(this for this, _ in self._stack[:_CONDITIONS]), unknown)
        return True


def bare(text: str) -> str:
    """C without comments, and with continued lines joined."""
    text = text.replace("\r\n", "\n").replace("\\\n", " ")
    return _COMMENT_OR_STRING.sub(lambda m: " " if m[0][0] == "/" else m[0], text)


def _add(unit: Unit, code: str, also: Conditions) -> None:
    if NEVER not in also and not code.isspace() and code:
        unit.stretches.append(Stretch(code, also))
