"""The macros that hide match tables: what ``#define`` says, and its expansion.

Only macros whose text, or that of a macro in it, has to do with match tables are expanded; those
that declare an early table (``DECLARATIONS``) are known by name and stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Final

#: Macros that declare one node as started early, and the place of ``compatible`` among their
#: arguments. The general ones take the name of the table first.
DECLARATIONS: Final = {
    "IRQCHIP_DECLARE": 1,
    "CLK_OF_DECLARE": 1,
    "CLK_OF_DECLARE_DRIVER": 1,
    "TIMER_OF_DECLARE": 1,
    "CLOCKSOURCE_OF_DECLARE": 1,
    "RESERVEDMEM_OF_DECLARE": 1,
    "OF_DECLARE_1": 2,
    "OF_DECLARE_1_RET": 2,
    "OF_DECLARE_2": 2,
    "_OF_DECLARE": 2,
}

#: Macros that are known by name, and so not expanded.
_KNOWN: Final = frozenset(
    {
        *DECLARATIONS,
        "MODULE_DEVICE_TABLE",
        "CPU_METHOD_OF_DECLARE",
        "CPUIDLE_METHOD_OF_DECLARE",
        "OF_EARLYCON_DECLARE",
        "EARLYCON_DECLARE",
    }
)

#: How deep macros are nested.
_DEPTH: Final = 8
#: How long code may become: so many times its length, or so long if that is more. Macros that
#: contain each other many times would make megabytes of a line.
_GROWTH: Final = 16
_LEAST: Final = 16 << 10

#: What a file or a macro says that has to do with match tables; one of it at least.
WORDS: Final = ("of_device_id", "of_match_table", "OF_DECLARE", "IRQCHIP_")
#: What else a macro may hide of one.
_HIDDEN = re.compile(r"\.\s*compatible\b|MODULE_DEVICE_TABLE")
_DEFINED = re.compile(r"(\w+)(\(([^()]*)\))?(.*)", re.DOTALL)
_PIECE = re.compile(r"\"(?:\\.|[^\"\\])*\"|(?<!#)#(?!#)\s*(?P<quoted>\w+)|(?P<word>\w+)")
_PASTE = re.compile(r"\s*##\s*")
#: A bracket, a comma, or a string, in which these mean nothing.
BRACKET: Final = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|[(){}\[\],]")
_STRINGS = re.compile(r"\"(?:\\.|[^\"\\])*\"|\w+")


class Macro(NamedTuple):
    """A macro: its parameters (``None``: it takes none and no parentheses), and its text."""

    parameters: tuple[str, ...] | None
    body: str


def define(line: str) -> tuple[str, Macro] | None:
    """The macro of a ``#define`` line."""
    match = _DEFINED.fullmatch(line.strip())
    if match is None:
        return None
    parameters = None
    if match[2] is not None:
        # "args..." and "..." take what is left; the latter is called __VA_ARGS__ in the text.
        names = (name.strip() for name in match[3].split(","))
        parameters = tuple(
            "..." + (n[:-3].strip() or "__VA_ARGS__") if n.endswith("...") else n
            for n in names
            if n
        )
    return match[1], Macro(parameters, match[4].strip())


def tells(text: str) -> bool:
    """Whether a text has to do with match tables."""
    return any(word in text for word in WORDS)


def telling(macros: Mapping[str, Macro]) -> dict[str, Macro]:
    """The macros that hide tables, without those that are known by name."""
    left = {name: macro for name, macro in macros.items() if name not in _KNOWN}
    found = {n: m for n, m in left.items() if tells(m.body) or _HIDDEN.search(m.body)}
    chosen: dict[str, Macro] = {}
    while found:
        chosen |= found
        left = {name: macro for name, macro in left.items() if name not in found}
        words = re.compile(rf"\b(?:{'|'.join(found)})\b")
        found = {name: macro for name, macro in left.items() if words.search(macro.body)}
    return chosen


def expand(code: str, macros: Mapping[str, Macro], depth: int = 0, length: int = 0) -> str:
    """Code with these macros expanded, which ends where it has got too long."""
    length = length or max(_LEAST, _GROWTH * len(code))
    if not macros or depth >= _DEPTH or len(code) > length:
        return code
    words = re.compile(rf"\b(?:{'|'.join(macros)})\b")
    parts, start, size = [], 0, 0
    while size <= length and (match := words.search(code, start)) is not None:
        parts.append(code[start : match.start()])
        text, start = _call(code, match, macros[match[0]])
        parts.append(expand(text, macros, depth + 1, length) if text != match[0] else text)
        size += len(parts[-1])
    return "".join(parts) + code[start:]


def _call(code: str, match: re.Match[str], macro: Macro) -> tuple[str, int]:
    """The expansion of one use of a macro, and where the code continues."""
    if macro.parameters is None:
        return macro.body, match.end()
    given = arguments(code, match.end())
    if given is None:
        return match[0], match.end()
    values, end = given
    return _substituted(macro, values), end


def _substituted(macro: Macro, values: list[str]) -> str:
    names = macro.parameters or ()
    if names and names[-1].startswith("..."):
        values = [*values[: len(names) - 1], ", ".join(values[len(names) - 1 :])]
    by_name = {name.lstrip("."): value for name, value in zip(names, values, strict=False)}

    def one(piece: re.Match[str]) -> str:
        if piece["quoted"] is not None:
            value = by_name.get(piece["quoted"])
            return piece[0] if value is None else f'"{value}"'
        return by_name.get(piece[0], piece[0])

    return _PASTE.sub("", _PIECE.sub(one, macro.body))


def arguments(code: str, start: int) -> tuple[list[str], int] | None:
    """The arguments in the parentheses that open after ``start``, and where these end."""
    opening = re.compile(r"\s*\(").match(code, start)
    if opening is None:
        return None
    values, depth, begin = [], 1, opening.end()
    for bracket in BRACKET.finditer(code, opening.end()):
        depth += (bracket[0] in "([{") - (bracket[0] in ")]}")
        if depth == 0 or (depth == 1 and bracket[0] == ","):
            values.append(code[begin : bracket.start()].strip())
            begin = bracket.end()
        if depth == 0:
            return values, bracket.end()
    return None


def string(text: str, macros: Mapping[str, Macro], depth: int = 0) -> str | None:
    """The string that literals, and macros that expand to some, make together."""
    pieces = []
    for match in _STRINGS.finditer(text):
        if match[0].startswith('"'):
            pieces.append(match[0][1:-1])
            continue
        macro = macros.get(match[0])
        if macro is None or macro.parameters is not None or depth >= _DEPTH:
            return None
        piece = string(macro.body, macros, depth + 1)
        if piece is None:
            return None
        pieces.append(piece)
    return "".join(pieces) if pieces else None
