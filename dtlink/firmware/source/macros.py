"""Macros of the C preprocessor: tokens and definitions (C11, 6.10.3)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Final

_DEFINE = re.compile(r"([A-Za-z_]\w*)(\()?", re.ASCII)
_PARAMETER = re.compile(r"[A-Za-z_]\w*\Z", re.ASCII)
#: Blanks, names, numbers, strings and characters, and other signs, in groups of this order.
TOKEN: Final = re.compile(
    r"(\s+)|([A-Za-z_]\w*)|(\.?[0-9](?>(?:[eEpP][+-]|[\w.])*))"
    r"|(\"(?>(?:[^\"\\\n]++|\\.)*)\"?|'(?>(?:[^'\\\n]++|\\.)*)'?)|(##|<<|>>|&&|\|\||[=!<>]=|--|\+\+|.)",
    re.DOTALL | re.ASCII,
)
#: Bodies with more characters are read only when they are used, and count.
_LONG: Final = 1 << 12
_VARIABLE: Final = "__VA_ARGS__"
#: What would make one token of two (gcc, cpp_avoid_paste).
_JOINS = re.compile(r"[\w.][\w.]|<<|>>|&&|\|\||[=!<>]=|--|\+\+|##|//|/\*", re.ASCII)
_NOTHING: Final[frozenset[str]] = frozenset()


class Token(NamedTuple):
    """A token of the preprocessor."""

    text: str
    is_name: bool
    spaced: bool
    """Blanks come before it."""
    hidden: frozenset[str] = _NOTHING
    """The macros it came from: it is not expanded by them again."""


class Macro:
    """A macro: ``parameters`` is ``None`` for one without parentheses."""

    __slots__ = ("_plain", "_tokens", "body", "has_operators", "name", "parameters", "takes_more")

    def __init__(
        self, name: str, parameters: tuple[str, ...] | None, body: str, *, takes_more: bool = False
    ) -> None:
        self.name = name
        self.takes_more = takes_more
        """The last parameter is all the arguments that are left."""
        self.parameters = parameters
        self.body = body
        self._tokens: Sequence[Token] | None = None
        self._plain: str | None = ""  # empty: not known
        self.has_operators = "#" in body
        """It may quote or paste its arguments."""

    def takes_rest(self, name: str) -> bool:
        """Whether a name is the parameter for all the arguments that are left."""
        return self.takes_more and self.parameters is not None and self.parameters[-1] == name

    @property
    def tokens(self) -> Sequence[Token]:
        """The tokens of its body."""
        if self._tokens is None:
            self._tokens = tokens(self.body)
        return self._tokens

    @property
    def plain(self) -> str | None:
        """What it expands to whatever else is defined; ``None`` if that is not so."""
        if self._plain == "" and self.body:
            is_long = len(self.body) > _LONG
            is_plain = self.parameters is None and not is_long and not self._changes()
            self._plain = joined(self.tokens) if is_plain else None
        return None if self.parameters is not None else self._plain

    def _changes(self) -> bool:
        return any(each.is_name or each.text == "##" for each in self.tokens)


def read_define(text: str) -> Macro | str:
    """The macro of a line, without its ``#define``; a message if it is none."""
    match = _DEFINE.match(text)
    if match is None or match[0] == "defined":
        return "#define without a name that can be one"
    if match[2] is None:
        return _made(match[1], None, text[match.end() :], takes_more=False)
    inside, close, body = text[match.end() :].partition(")")
    names = [name.strip() for name in inside.split(",")] if inside.strip() else []
    # "x..." is gcc's: as "...", with a name of its own.
    takes_more = bool(names) and names[-1].endswith("...")
    if takes_more:
        names[-1] = names[-1].removesuffix("...").strip() or _VARIABLE
    if not close or not all(map(_PARAMETER.match, names)) or len({*names}) < len(names):
        return f"#define {match[1]}: the parameters are not names in parentheses"
    return _made(match[1], tuple(names), body, takes_more=takes_more)


def _made(
    name: str, parameters: tuple[str, ...] | None, body: str, *, takes_more: bool
) -> Macro | str:
    body = body.strip()
    if body.startswith("##") or body.endswith("##"):
        return f"#define {name}: '##' is between two tokens"
    return Macro(name, parameters, body, takes_more=takes_more)


def tokens(text: str) -> list[Token]:
    """The tokens of a text."""
    found, spaced = [], False
    for match in TOKEN.finditer(text):
        if match.lastindex == 1:
            spaced = True
        else:
            found.append(Token(match[0], match.lastindex == 2, spaced))
            spaced = False
    return found


def joined(parts: Sequence[Token]) -> str:
    """Tokens as text, with blanks where they had some, or would become one token."""
    out: list[str] = []
    last = ""
    for token in parts:
        if out and (token.spaced or apart(last, token.text)):
            out.append(" ")
        out.append(token.text)
        last = token.text
    return "".join(out)


def apart(left: str, right: str) -> bool:
    """Whether two tokens beside each other would read as another one."""
    return bool(left and right) and _joins(left[-1] + right[0])


@lru_cache(maxsize=1 << 12)
def _joins(pair: str) -> bool:
    return _JOINS.fullmatch(pair) is not None
