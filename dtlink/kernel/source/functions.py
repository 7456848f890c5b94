"""The functions of a C file, their calls, and the data around them, by the kernel's regular style.

No parser either: a function's body is between a ``{`` and a ``}`` that begin a line, as
Documentation/process/coding-style.rst asks for. What is written otherwise is not found.
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cached_property

from dtlink.kernel.source.brackets import arguments_within
from dtlink.kernel.source.code import up_to_next
from dtlink.kernel.source.macros import Macro, arguments, define
from dtlink.kernel.source.text import bare
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Final

_DIRECTIVE = re.compile(r"^[ \t]*#[ \t]*(\w+)[ \t]*([^\n]*)$", re.MULTILINE)
_NAME = re.compile(r"(\w+)\s*\(")
_CALL = re.compile(r"((?:->|\.)\s*)?\b([A-Za-z_]\w*)\s*\(")
_PARAMETER = re.compile(r"(\w+)\s*(?:\[[^\]]{0,200}\]\s*)*$")
_POINTER_PARAMETER = re.compile(r"\(\s*\*\s*(?:const\s+)?(\w+)\s*\)\s*\(")
#: ``static const struct type name[] = {``: the data of a file.
_DATA = re.compile(
    r"^(?:static|const|struct|extern|__\w+)\b[^;={}()]*?\b(?P<name>\w+)\s*(?P<dims>(?:\[[^\]]{0,200}\]\s*)*)"
    r"(?:__\w+(?:\([^()]*\))?\s*)*=\s*(?P<value>\{|\"|\w|&)",
    re.MULTILINE,
)
_TYPE = re.compile(r"\bstruct\s+(\w+)")
_MEMBER = re.compile(r"\.\s*(\w+)\s*(?:\[[^\]]{0,200}\]\s*)?=(?!=)\s*")
_STRING = re.compile(r"\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'")
_ASSIGNED = re.compile(r"(?:->|\.)\s*(\w+)\s*=(?!=)\s*([^;]*);")
_ADDRESS = re.compile(r"&\s*\w[\w>.\[\]-]*(?:->|\.)\s*(\w+)\b")
_DECLARED = re.compile(r"\b(\w+)\s*(?:\[[^\]]{0,200}\]\s*)*(?::\s*\d+\s*)?;")
_STRUCTURE = re.compile(r"\bstruct\s+(\w+)\s*\{")
#: Words before a parenthesis that call nothing.
KEYWORDS: Final = frozenset(
    {
        *("if", "for", "while", "switch", "return", "sizeof", "typeof", "__typeof__", "do", "else"),
        *("case", "defined", "offsetof", "__attribute__", "alignof", "_Generic", "goto"),
    }
)


class Call(NamedTuple):
    """A call in a function's body."""

    name: str
    start: int
    """Where the name begins in the body."""
    end: int
    """After the closing parenthesis."""
    arguments: tuple[str, ...]
    is_member: bool
    """Called through a pointer in a structure: ``ops->name()``."""


class Function(NamedTuple):
    """A function: its parameters' names and its body without the braces."""

    name: str
    parameters: tuple[str, ...]
    body: str
    path: str
    signature: str = ""

    def called(self) -> dict[tuple[str, bool], list[int]]:
        """Where it calls what: names, with whether it is a member, and the places of the calls."""
        found: dict[tuple[str, bool], list[int]] = {}
        for match in _CALL.finditer(self.body):
            if match[2] not in KEYWORDS:
                found.setdefault((match[2], bool(match[1])), []).append(match.start(2))
        return found

    def call(self, name: str, start: int, *, is_member: bool = False) -> Call | None:
        """The call at a place; ``None`` if its parentheses do not close."""
        given = arguments_within(self.body, start + len(name))
        return Call(name, start, given[1], tuple(given[0]), is_member) if given else None

    def quotes(self, name: str) -> bool:
        """Whether a name is only called in strings of its body."""
        plain = _STRING.sub("", self.body)
        return re.search(rf"\b{name}\s*\(", plain) is None


class Data(NamedTuple):
    """An initialized variable of a file."""

    name: str
    type: str
    """The name of its structure; empty for other types."""
    value: str


class CFile:
    """One C file."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.macros: dict[str, Macro] = {}
        self.includes: list[str] = []
        """The headers that it includes by a path from its own folder."""
        self.code = _DIRECTIVE.sub(self._directive, bare(text))

    def _directive(self, match: re.Match[str]) -> str:
        if match[1] == "define" and (macro := define(match[2])) is not None:
            self.macros.setdefault(*macro)
        elif match[1] == "include" and match[2].startswith('"'):
            self.includes.append(match[2].split('"')[1])
        return ""

    @cached_property
    def functions(self) -> dict[str, list[Function]]:
        """Its functions by name: several where ``#ifdef`` has one for each case."""
        found: dict[str, list[Function]] = defaultdict(list)
        for begin, end in self._bodies:
            if (head := _head(self.code, begin)) is not None:
                name, parameters, signature = head
                body = self.code[begin + len("\n{") : end]
                found[name].append(Function(name, parameters, body, self.path, signature))
        return dict(found)

    @cached_property
    def _bodies(self) -> list[tuple[int, int]]:
        places, begin = [], self.code.find("\n{")
        while begin >= 0 and (end := self.code.find("\n}", begin)) >= 0:
            places.append((begin, end))
            begin = self.code.find("\n{", end)
        return places

    @cached_property
    def outside(self) -> str:
        """The text outside of functions."""
        parts, start = [], 0
        for begin, end in self._bodies:
            if _head(self.code, begin) is not None:
                parts.append(self.code[start:begin])
                start = end + len("\n}")
        return "\n".join([*parts, self.code[start:]])

    @cached_property
    def data(self) -> dict[str, Data]:
        """Its initialized variables by name."""
        found = {}
        for match, stop in up_to_next(_DATA, self.outside):
            value = _value(self.outside, match.start("value"), stop)
            kind = _TYPE.search(match[0])
            found[match["name"]] = Data(match["name"], kind[1] if kind else "", value)
        return found

    @cached_property
    def members(self) -> dict[str, list[str]]:
        """What initializers give the members of structures, by the member's name."""
        return members_of(self.outside)

    @cached_property
    def assignments(self) -> dict[str, list[tuple[Function, str]]]:
        """What its functions assign to members of structures, by the member's name."""
        found: dict[str, list[tuple[Function, str]]] = defaultdict(list)
        for functions in self.functions.values():
            for function in functions:
                for match in _ASSIGNED.finditer(function.body):
                    found[match[1]].append((function, match[2].strip()))
        return dict(found)

    @cached_property
    def written(self) -> frozenset[str]:
        """The members of structures whose addresses are taken: something may write to them."""
        return frozenset(_ADDRESS.findall(self.code))

    def sets(self, member: str) -> bool:
        """Whether something in it sets a member of a structure, or may do so."""
        if member.isupper():
            return re.search(rf"_cap_set\s*\([^()]*\b{member}\b", self.code) is not None
        if member in self.members or member in self.assignments or member in self.written:
            return True
        return any(member in macro.body for macro in self.macros.values())

    @cached_property
    def declared(self) -> frozenset[str]:
        """The words that end the declarations outside of functions: members of structures."""
        return frozenset(_DECLARED.findall(self.outside))

    @cached_property
    def structures(self) -> frozenset[str]:
        """The structures that it defines."""
        return frozenset(_STRUCTURE.findall(self.outside))


def members_of(text: str) -> dict[str, list[str]]:
    """What initializers in a text give the members of structures."""
    found: dict[str, list[str]] = defaultdict(list)
    for match in _MEMBER.finditer(text):
        found[match[1]].append(_value(text, match.end()))
    return dict(found)


def _head(code: str, begin: int) -> tuple[str, tuple[str, ...], str] | None:
    """The name, parameters and signature of the function whose brace is after ``begin``."""
    start = begin
    while start > 0:
        start = code.rfind("\n", 0, start)
        letter = code[start + 1 : start + 2]
        if letter.isalpha() or letter == "_":
            break
        if letter in "}#":
            return None
    signature = code[start + 1 : begin]
    match = _NAME.search(signature)
    # __init and the like come before the name; DEFINE_X(a) { … } is no function.
    if match is None or "=" in signature or ";" in signature:
        return None
    given = arguments(signature, match.end() - 1)
    if given is None:
        return None
    return match[1], tuple(map(_parameter, given[0])), signature


def _parameter(text: str) -> str:
    match = _POINTER_PARAMETER.search(text) or _PARAMETER.search(text)
    return match[1] if match else ""


def _value(text: str, start: int, stop: int | None = None) -> str:
    """An initializer, up to the comma, semicolon or brace that ends it, at most to ``stop``."""
    depth, place = 0, start
    for match in _PUNCTUATION.finditer(text, start, len(text) if stop is None else stop):
        sign = match[0]
        if depth == 0 and sign in ",;})":
            return text[start : match.start()].strip()
        depth += (sign in "({[") - (sign in ")}]")
        place = match.end()
    return text[start:place].strip()


_PUNCTUATION = re.compile(r"\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|[(){}\[\],;]")
