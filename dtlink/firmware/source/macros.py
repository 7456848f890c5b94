"""Macros of the C preprocessor: definitions, and their expansion (C11, 6.10.3)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from functools import cached_property
from typing import Final, NamedTuple

#: Upper bound on the tokens that one use of a macro expands to, and on those looked at for it.
MAX_TOKENS: Final = 1 << 15

_DEFINE = re.compile(r"([A-Za-z_]\w*)(\()?")
_TOKEN = re.compile(
    r"(\s+)|([A-Za-z_]\w*)|(\.?[0-9](?:[eEpP][+-]|[\w.])*)"
    r"|(\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*')|(##|<<|>>|&&|\|\||[=!<>]=|--|\+\+|.)",
    re.DOTALL,
)
_VARIABLE: Final = "__VA_ARGS__"
#: What would make one token of two (gcc, cpp_avoid_paste).
_JOINS = re.compile(r"[\w.][\w.]|<<|>>|&&|\|\||[=!<>]=|--|\+\+|##|//|/\*")
_NOTHING: Final[frozenset[str]] = frozenset()


#: How deep the arguments of macros may be nested in each other.
_DEPTH: Final = 100


class MacroError(ValueError):
    """A macro that cannot be expanded."""


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

    def __init__(
        self, name: str, parameters: tuple[str, ...] | None, body: str, *, takes_more: bool = False
    ) -> None:
        self.name = name
        self.takes_more = takes_more
        """The last parameter is all the arguments that are left."""
        self.parameters = parameters
        self.body = body

    @cached_property
    def tokens(self) -> Sequence[Token]:
        """The tokens of its body."""
        return tokens(self.body)

    @cached_property
    def plain(self) -> str | None:
        """What it expands to whatever else is defined; ``None`` if that is not so."""
        if self.parameters is not None or any(
            each.is_name or each.text == "##" for each in self.tokens
        ):
            return None
        return joined(self.tokens)


def read_define(text: str) -> Macro | None:
    """The macro of a line, without its ``#define``; ``None`` if it is none."""
    match = _DEFINE.match(text)
    if match is None:
        return None
    if match[2] is None:
        return Macro(match[1], None, text[match.end() :].strip())
    inside, close, body = text[match.end() :].partition(")")
    names = [name.strip() for name in inside.split(",")] if inside.strip() else []
    # "x..." is gcc's: as "...", with a name of its own.
    takes_more = bool(names) and names[-1].endswith("...")
    if takes_more:
        names[-1] = names[-1].removesuffix("...").strip() or _VARIABLE
    made = Macro(match[1], tuple(names), body.strip(), takes_more=takes_more)
    return made if close else None


def tokens(text: str) -> list[Token]:
    """The tokens of a text."""
    found, spaced = [], False
    for match in _TOKEN.finditer(text):
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
    return bool(left and right and _JOINS.fullmatch(left[-1] + right[0]))


class Expander:
    """Expands with the macros of one place; ``macros`` may change between calls."""

    def __init__(self, macros: MutableMapping[str, Macro]) -> None:
        self._macros = macros
        self._left = MAX_TOKENS
        self._depth = 0

    def expand(self, text: str) -> str:
        """A text with every macro expanded. Raises :class:`MacroError`."""
        self._left, self._depth = MAX_TOKENS, 0
        return joined(self._expanded(tokens(text)))

    def use(self, macro: Macro, text: str, end: int) -> tuple[str, int] | None:
        """What a use of a macro expands to, and where it ends; its name ends at ``end``.

        ``None``: a macro with parameters, whose name no parenthesis follows. Raises
        :class:`MacroError`.
        """
        given: list[list[Token]] = []
        if macro.parameters is not None:
            found = _arguments(text, end)
            if found is None:
                return None
            parts, end = found
            given = [tokens(part) for part in parts]
        self._left, self._depth = MAX_TOKENS, 0
        result = self._substituted(macro, given, frozenset((macro.name,)))
        return joined(self._expanded(result)), end

    def _expanded(self, given: list[Token]) -> list[Token]:
        out: list[Token] = []
        todo = given[::-1]
        while todo:
            self._spend(1)
            token = todo.pop()
            macro = self._macros.get(token.text) if token.is_name else None
            if macro is None or token.text in token.hidden:
                out.append(token)
                continue
            hidden = token.hidden
            parts: list[list[Token]] = []
            if macro.parameters is not None:
                taken = _taken(todo)
                if taken is None:
                    out.append(token)
                    continue
                parts, last = taken
                hidden &= last.hidden
            result = self._substituted(macro, parts, hidden | {macro.name})
            if result:
                result[0] = result[0]._replace(spaced=token.spaced)
            todo += reversed(result)
        return out

    def _spend(self, count: int) -> None:
        self._left -= count
        if self._left < 0:
            raise MacroError(f"a macro expands to more than {MAX_TOKENS} tokens")

    def _substituted(
        self, macro: Macro, given: list[list[Token]], hidden: frozenset[str]
    ) -> list[Token]:
        """The body of a macro with its arguments in it."""
        values = self._bound(macro, given)
        expanded: dict[str, list[Token]] = {}
        self._depth += 1
        if self._depth > _DEPTH:
            raise MacroError(f"macros are nested deeper than {_DEPTH} levels")
        out: list[Token] = []
        body, at = macro.tokens, 0
        while at < len(body):
            token = body[at]
            if token.text == "#" and at + 1 < len(body) and body[at + 1].text in values:
                at += 1
                quoted = _quoted(values[body[at].text])
                out.append(Token(quoted, is_name=False, spaced=token.spaced))
            elif token.text == "##" and out and at + 1 < len(body):
                at += 1
                _paste(out, values.get(body[at].text, [body[at]]))
            elif token.text in values:
                pasted = at + 1 < len(body) and body[at + 1].text == "##"
                if not pasted and token.text not in expanded:
                    expanded[token.text] = self._expanded(values[token.text])
                part = values[token.text] if pasted else expanded[token.text]
                self._spend(len(part))
                out += (
                    [part[0]._replace(spaced=token.spaced), *part[1:]]
                    if part
                    else [Token("", is_name=False, spaced=token.spaced)]
                )
            else:
                out.append(token)
            at += 1
        self._depth -= 1
        return [each._replace(hidden=each.hidden | hidden) for each in out if each.text]

    def _bound(self, macro: Macro, given: list[list[Token]]) -> Mapping[str, list[Token]]:
        names = macro.parameters or ()
        if macro.takes_more:
            fixed = len(names) - 1
            rest: list[Token] = []
            for number, part in enumerate(given[fixed:]):
                rest += [Token(",", is_name=False, spaced=False)] if number else []
                rest += part
            given = [*given[:fixed], rest]
        if not names and given == [[]]:
            given = []
        if len(names) != len(given):
            raise MacroError(f"{macro.name}() takes {len(names)} arguments, not {len(given)}")
        return dict(zip(names, given, strict=True))


def _paste(out: list[Token], part: Sequence[Token]) -> None:
    """Make one token of the last one and the first of ``part``."""
    left = out.pop()
    first = part[0].text if part else ""
    both = tokens(left.text + first)
    both[:1] = [each._replace(spaced=left.spaced, hidden=left.hidden) for each in both[:1]]
    out += both or [left]
    out += part[1:]


def _quoted(part: Sequence[Token]) -> str:
    text = "".join(f" {each.text}" if each.spaced else each.text for each in part).strip()
    strings = {each.text for each in part if each.text[:1] in "\"'"}
    for each in sorted(strings):
        text = text.replace(each, each.replace("\\", "\\\\").replace('"', '\\"'))
    return f'"{text}"'


def _arguments(text: str, at: int) -> tuple[list[str], int] | None:
    """The arguments that begin at or after a place, and where they end."""
    depth, parts, start = 0, [], at
    for match in _TOKEN.finditer(text, at):
        sign = match[0]
        if depth == 0 and match.lastindex != 1 and sign != "(":
            return None
        if sign == "(":
            depth += 1
            start = match.end() if depth == 1 else start
        elif sign == "," and depth == 1:
            parts.append(text[start : match.start()])
            start = match.end()
        elif sign == ")":
            depth -= 1
            if depth == 0:
                return [*parts, text[start : match.start()]], match.end()
        if match.end() - at > MAX_TOKENS:
            break
    return None


def _taken(todo: list[Token]) -> tuple[list[list[Token]], Token] | None:
    """The arguments that come next, taken off, and the token that closes them; else ``None``."""
    if not todo or todo[-1].text != "(":
        return None
    depth = 0
    parts: list[list[Token]] = [[]]
    for number, token in enumerate(_backwards(todo)):
        if token.text == "(":
            depth += 1
        elif token.text == ")":
            depth -= 1
            if depth == 0:
                del todo[len(todo) - number - 1 :]
                return parts, token
        if depth == 1 and token.text == ",":
            parts.append([])
        elif depth > 1 or token.text != "(":
            parts[-1].append(token)
    return None


def _backwards(todo: Sequence[Token]) -> Iterator[Token]:
    return reversed(todo)
