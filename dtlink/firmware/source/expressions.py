"""Integer expressions, as the preprocessor and dtc evaluate them.

Both have C's operators with C's precedence. The preprocessor computes with signed numbers of 64
bits (C11, 6.10.1), dtc with unsigned ones (dtc-parser.y).
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from functools import partial

from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Final

#: How deep parentheses, prefixes and operators that bind closer may be nested.
_DEPTH: Final = 300
_BITS: Final = 64
_MASK: Final = (1 << _BITS) - 1

_TOKEN = re.compile(
    r"\s*(?:(0[xX][0-9a-fA-F]+|[0-9]+)(?:[uU]?[lL]{0,2}|[lL]{1,2}[uU])\b"
    r"|'((?>(?:[^'\\]++|\\.)*))'"
    r"|(<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%<>&^|?:!~()]))"
)
_ESCAPES: Final = {"n": 10, "t": 9, "r": 13, "a": 7, "b": 8, "v": 11, "f": 12}
_SHORT: Final = {'"': r"\"", "\\": r"\\", "\n": r"\n", "\t": r"\t", "\r": r"\r"}
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{1,2}|[0-7]{1,3}|.)", re.DOTALL)

#: The binary operators by precedence (dtc-parser.y, integer_bitor and so on), loosest first.
_LEVELS: Final = {
    **dict.fromkeys(("||",), 1),
    **dict.fromkeys(("&&",), 2),
    **dict.fromkeys(("|",), 3),
    **dict.fromkeys(("^",), 4),
    **dict.fromkeys(("&",), 5),
    **dict.fromkeys(("==", "!="), 6),
    **dict.fromkeys(("<", ">", "<=", ">="), 7),
    **dict.fromkeys(("<<", ">>"), 8),
    **dict.fromkeys(("+", "-"), 9),
    **dict.fromkeys(("*", "/", "%"), 10),
}
_PLAIN: Final[Mapping[str, Callable[[int, int], int]]] = {
    "||": lambda left, right: int(bool(left) or bool(right)),
    "&&": lambda left, right: int(bool(left) and bool(right)),
    "|": operator.or_,
    "^": operator.xor,
    "&": operator.and_,
    "==": lambda left, right: int(left == right),
    "!=": lambda left, right: int(left != right),
    "<": lambda left, right: int(left < right),
    ">": lambda left, right: int(left > right),
    "<=": lambda left, right: int(left <= right),
    ">=": lambda left, right: int(left >= right),
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
}


class ExpressionError(ValueError):
    """An expression that has no value; ``place`` is where in its text that was seen."""

    def __init__(self, message: str, place: int) -> None:
        super().__init__(message)
        self.message = message
        self.place = place


def evaluate(text: str, *, signed: bool) -> int:
    """The value of an expression: from -2⁶³ if ``signed``, else from 0 to 2⁶⁴-1.

    Raises :class:`ExpressionError`.
    """
    return _Expression(text, signed=signed).value()


def character(text: str) -> int:
    """The value of what is between the quotes of a character.

    Raises ``ValueError`` if that is not exactly one character of one byte.
    """
    data = unescaped(text)
    if len(data) != 1:
        raise ValueError("a character literal holds one character")
    return data[0]


def quoted(data: bytes) -> str:
    """Bytes as a string in quotation marks, which :func:`unescaped` reads as the same bytes."""
    text = data.decode("utf-8", "surrogateescape")
    return f'"{"".join(map(_written, text))}"'


def _written(character: str) -> str:
    if character in _SHORT:
        return _SHORT[character]
    if character.isprintable():
        return character
    return "".join(f"\\x{byte:02x}" for byte in character.encode("utf-8", "surrogateescape"))


def unescaped(text: str) -> bytes:
    """The bytes of what is between the quotes of a string (dtc, data.c, data_copy_escape_string).

    Raises ``ValueError`` for an escape that means nothing.
    """
    if "\\" not in text:
        return _encoded(text)
    data = bytearray()
    start = 0
    for match in _ESCAPE.finditer(text):
        data += _encoded(text[start : match.start()])
        data += _escaped(match[1])
        start = match.end()
    return bytes(data + _encoded(text[start:]))


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _escaped(code: str) -> bytes:
    if code[0] == "x":
        if len(code) == 1:
            raise ValueError(r"\x is followed by no hexadecimal digit")
        return bytes([int(code[1:], 16)])
    if code[0] in "01234567":
        return bytes([int(code, 8) & 0xFF])
    found = _ESCAPES.get(code)
    return _encoded(code) if found is None else bytes([found])


class _Expression:
    """Precedence climbing over the text."""

    def __init__(self, text: str, *, signed: bool) -> None:
        self._text = text
        self._signed = signed
        self._at = 0
        self._depth = 0
        self._unused = 0
        self._number = 0
        self._start = 0
        self._sign = ""
        self._advance()

    def value(self) -> int:
        result = self._conditional()
        if self._sign:
            self._fail(f"unexpected {self._sign!r} in an expression")
        return self._fitted(result)

    def _advance(self) -> None:
        match = _TOKEN.match(self._text, self._at)
        if match is None:
            rest = self._text[self._at :].strip()
            self._start = (
                self._at + len(self._text[self._at :]) - len(self._text[self._at :].lstrip())
            )
            self._sign = ""
            if rest:
                self._fail(f"unexpected {rest.split()[0][:20]!r} in an expression")
            return
        self._at, self._start = match.end(), match.start(match.lastindex or 0)
        digits, quoted, sign = match.groups()
        if sign:
            self._sign = sign
            if self._signed and self._text.startswith(("++", "--"), self._start):
                self._fail("unexpected '++' or '--' in an expression")
            return
        self._sign = "number"
        self._number = self._literal(digits, quoted)

    def _literal(self, digits: str | None, quoted: str | None) -> int:
        try:
            found = character(quoted or "") if digits is None else number(digits)
        except ValueError as error:
            raise ExpressionError(str(error), self._start) from error
        if found > _MASK:
            self._fail(f"{str(digits)[:24]} does not fit in 64 bits")
        return found

    def _fail(self, message: str) -> None:
        raise ExpressionError(message, self._start)

    def _conditional(self) -> int:
        condition = self._binary(1)
        if self._sign != "?":
            return condition
        self._enter()
        self._advance()
        yes = self._operand(self._conditional, is_used=bool(condition))
        if self._sign != ":":
            self._fail("'?' without ':' in an expression")
        self._advance()
        no = self._operand(self._conditional, is_used=not condition)
        self._depth -= 1
        return yes if condition else no

    def _binary(self, level: int) -> int:
        self._enter()
        left = self._unary()
        while (own := _LEVELS.get(self._sign, 0)) >= level:
            sign = self._sign
            self._advance()
            decided = (sign == "&&" and not left) or (sign == "||" and left)
            right = self._operand(partial(self._binary, own + 1), is_used=not decided)
            left = self._apply(sign, left, right)
        self._depth -= 1
        return left

    def _operand(self, read: Callable[[], int], *, is_used: bool) -> int:
        """An operand; a division by zero in one that is not used counts for dtc only."""
        self._unused += not is_used
        result = read()
        self._unused -= not is_used
        return result

    def _apply(self, sign: str, left: int, right: int) -> int:
        left, right = self._fitted(left), self._fitted(right)
        if sign in ("/", "%"):
            if right == 0 and self._signed and self._unused:
                return 0
            if right == 0:
                self._fail("division by zero")
            rest = abs(left) % abs(right) * (-1 if left < 0 else 1)
            return rest if sign == "%" else (left - rest) // right
        if sign in ("<<", ">>"):
            if right < 0:  # gcc: as far in the other direction (num_lshift(), num_rshift())
                sign, right = {"<<": ">>", ">>": "<<"}[sign], -right
            right = min(right, _BITS)
            return left << right if sign == "<<" else left >> right
        return _PLAIN[sign](left, right)

    def _unary(self) -> int:
        self._enter()
        sign, result = self._sign, self._number
        if not sign:
            self._fail("an expression ends too early")
        self._advance()
        if sign == "(":
            result = self._conditional()
            if self._sign != ")":
                self._fail("'(' without ')' in an expression")
            self._advance()
        elif sign == "!":
            result = int(not self._fitted(self._unary()))
        elif sign in ("-", "~") or (sign == "+" and self._signed):
            operand = self._fitted(self._unary())
            result = {"-": -operand, "~": ~operand, "+": operand}[sign]
        elif sign != "number":
            self._fail(f"unexpected {sign!r} in an expression")
        self._depth -= 1
        return self._fitted(result)

    def _enter(self) -> None:
        self._depth += 1
        if self._depth > _DEPTH:
            self._fail(f"expressions are nested deeper than {_DEPTH} levels")

    def _fitted(self, value: int) -> int:
        value &= _MASK
        return value - (1 << _BITS) if self._signed and value >> (_BITS - 1) else value


def number(digits: str) -> int:
    """The value of a literal without its suffix: hexadecimal, octal if it begins with 0, decimal.

    Raises ``ValueError``, as for 08.
    """
    if digits[:2] in ("0x", "0X"):
        return int(digits, 16)
    if digits[0] == "0" and len(digits) > 1:
        try:
            return int(digits, 8)
        except ValueError:
            raise ValueError(f"{digits} is not an octal number") from None
    if len(digits) > 24:
        raise ValueError(f"{digits[:24]}… does not fit in 64 bits")
    return int(digits)
