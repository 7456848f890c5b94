"""Expansion of macros (C11, 6.10.3.1 to 6.10.3.4), as gcc does it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence

from dtlink.firmware.source.macros import TOKEN, Macro, Token, joined, tokens
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Final

#: Upper bound on what all macros of one source cost: a token is 1, and so are 8 characters of it.
#: Boards of the kernel need up to 250,000, for the lists of pins of STM32MP.
MAX_WORK: Final = 600_000

#: How deep macros, and the arguments of macros, may be nested in each other.
_DEPTH: Final = 100

#: The arguments that are left, where there are none; never changed.
_OMITTED: Final[list[Token]] = []
_EMPTY: Final = Token("", is_name=False, spaced=False)


class MacroError(ValueError):
    """A macro that cannot be expanded."""


class MacroBoundError(MacroError):
    """Macros that expand to more than is read."""


def _spaced(token: Token, spaced: bool) -> Token:  # noqa: FBT001 - the two fields differ in that
    return Token(token.text, token.is_name, spaced, token.hidden)


def _hidden(parts: Iterable[Token], by: frozenset[str]) -> list[Token]:
    """Tokens that are not expanded again by some macros.

    Names are expanded, and the parenthesis that ends their arguments has a say in it.
    """
    return [
        Token(text, is_name, spaced, own | by) if is_name or text == ")" else each
        for each in parts
        for text, is_name, spaced, own in (each,)
        if text
    ]


class Expander:
    """Expands with the macros of one place; ``macros`` may change between calls."""

    def __init__(self, macros: MutableMapping[str, Macro]) -> None:
        self._macros = macros
        self._left = MAX_WORK
        self._depth = 0

    def expand(self, text: str) -> str:
        """A text with every macro expanded. Raises :class:`MacroError`."""
        self._depth = 0
        self._spend(len(text))
        return self._joined(self._expanded(tokens(text)))

    def _joined(self, parts: Sequence[Token]) -> str:
        self._spend(sum(len(each.text) for each in parts) // 8)
        return joined(parts)

    def use(self, macro: Macro, text: str, start: int, end: int) -> tuple[str, int] | None:
        """What a use of a macro expands to, and where it ends; its name ends at ``start``.

        The text ends at ``end``. ``None``: a macro with parameters, whose name no parenthesis
        follows. Raises :class:`MacroError`.
        """
        self._depth = 0
        used = self._used(macro, text, start, end)
        if used is None:
            return None
        result, at = used
        # What is left may end in the name of a macro whose arguments follow in the text.
        while result and result[-1].is_name and result[-1].text not in result[-1].hidden:
            last = self._macros.get(result[-1].text)
            used = None if last is None else self._used(last, text, at, end)
            if used is None:
                break
            more, at = used
            result = [*result[:-1], *more]
        return self._joined(result), at

    def _used(
        self, macro: Macro, text: str, start: int, end: int
    ) -> tuple[list[Token], int] | None:
        given: list[list[Token]] = []
        if macro.parameters is not None:
            found = _arguments(text, start, end)
            if found is None:
                return None
            parts, at = found
            self._spend(at - start)
            if parts is None:
                raise MacroError(f"{macro.name}(: the parenthesis is not closed")
            given = [tokens(part) for part in parts]
            start = at
        result = self._substituted(macro, given, frozenset((macro.name,)))
        return self._expanded(result), start

    def _expanded(self, given: list[Token]) -> list[Token]:
        self._spend(len(given))
        macros = self._macros
        if not any(each.is_name and each.text in macros for each in given):
            return given
        out: list[Token] = []
        todo = given[::-1]
        while todo:
            token = todo.pop()
            macro = macros.get(token.text) if token.is_name else None
            if macro is None or token.text in token.hidden:
                out.append(token)
                continue
            hidden = token.hidden
            parts: list[list[Token]] = []
            if macro.parameters is not None:
                before = len(todo)
                taken = _taken(todo)
                self._spend(before if taken is None else before - len(todo))
                if taken is None:
                    out.append(token)
                    continue
                parts, last = taken
                hidden &= last.hidden
            result = self._substituted(macro, parts, hidden | {macro.name})
            if result:
                result[0] = _spaced(result[0], token.spaced)
            todo += reversed(result)
        return out

    def _spend(self, count: int) -> None:
        self._left -= count
        if self._left < 0:
            raise MacroBoundError(f"macros expand to more than {MAX_WORK} tokens")

    def _substituted(
        self, macro: Macro, given: list[list[Token]], hidden: frozenset[str]
    ) -> list[Token]:
        """The body of a macro with its arguments in it."""
        self._spend(len(macro.body) // 16)
        values = self._bound(macro, given)
        self._depth += 1
        if max(self._depth, len(hidden)) > _DEPTH:
            raise MacroError(f"macros are nested deeper than {_DEPTH} levels")
        if macro.has_operators:
            out = self._operated(macro, values)
        else:
            out = []
            expanded: dict[str, list[Token]] = {}
            for token in macro.tokens:
                if token.is_name and token.text in values:
                    self._put(out, token, values, expanded)
                else:
                    out.append(token)
        self._depth -= 1
        self._spend(len(out) * (1 + len(hidden) // 16))
        return _hidden(out, hidden)

    def _put(
        self,
        out: list[Token],
        token: Token,
        values: Mapping[str, list[Token]],
        expanded: dict[str, list[Token]],
    ) -> None:
        """An argument in place of its parameter; ``expanded`` has those that were there before."""
        part = expanded.get(token.text)
        if part is None:
            part = expanded[token.text] = self._expanded(values[token.text])
        self._spend(len(part))
        out.append(_spaced(part[0] if part else _EMPTY, token.spaced))
        out += part[1:]

    def _operated(self, macro: Macro, values: Mapping[str, list[Token]]) -> list[Token]:
        """The body of a macro that quotes or pastes."""
        out: list[Token] = []
        expanded: dict[str, list[Token]] = {}
        body, at = macro.tokens, 0
        while at < len(body):
            token = body[at]
            follower = body[at + 1].text if at + 1 < len(body) else ""
            if token.text == "#" and follower in values:
                at += 1
                quoted = _quoted(values[follower])
                self._spend(len(quoted) // 8)
                out.append(Token(quoted, is_name=False, spaced=token.spaced))
            elif token.text == "##" and out and follower:
                at += 1
                if out[-1].text == "," and macro.takes_rest(follower):
                    # gcc: no comma before arguments that are not there
                    rest = values[follower]
                    out[-1:] = [] if rest is _OMITTED else [out[-1], *rest]
                else:
                    is_quoted = follower == "#" and at + 1 < len(body)
                    if is_quoted and body[at + 1].text in values:
                        at += 1
                        part = [Token(_quoted(values[body[at].text]), is_name=False, spaced=False)]
                    else:
                        part = values.get(follower, [body[at]])
                    _paste(out, part)
                    self._spend(len(out[-1].text) // 8)
            elif token.text in values and follower == "##":
                part = values[token.text]
                self._spend(len(part))
                out.append(_spaced(part[0] if part else _EMPTY, token.spaced))
                out += part[1:]
            elif token.text in values:
                self._put(out, token, values, expanded)
            else:
                out.append(token)
            at += 1
        return out

    def _bound(self, macro: Macro, given: list[list[Token]]) -> Mapping[str, list[Token]]:
        names = macro.parameters or ()
        if macro.takes_more:
            fixed = len(names) - 1
            is_omitted = len(given) == fixed or (not fixed and given == [[]])
            rest: list[Token] = _OMITTED if is_omitted else []
            for number, part in enumerate(given[fixed:]):
                rest = [*rest, Token(",", is_name=False, spaced=False)] if number else rest
                rest = rest if is_omitted else [*rest, *part]
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
    text = "".join(" " * each.spaced + _escaped(each.text) for each in part)
    return f'"{text.strip()}"'


def _escaped(text: str) -> str:
    if text[:1] not in ('"', "'"):
        return text
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _arguments(text: str, at: int, end: int) -> tuple[list[str] | None, int] | None:
    """The arguments that begin at or after a place, and where they end.

    ``None``: nothing begins there; ``None`` for the arguments: they do not end.
    """
    depth, parts, start = 0, list[str](), at
    for match in TOKEN.finditer(text, at, end):
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
    return (None, end) if depth else None


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
