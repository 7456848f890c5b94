"""Values of properties in devicetree source (dtc, dtc-parser.y, propdata)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

from dtlink.firmware.source.absent import Unread
from dtlink.firmware.source.expressions import (
    ExpressionError,
    character,
    evaluate,
    number,
    unescaped,
)
from dtlink.firmware.source.kept import Kept
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from typing import Final

_REFERENCE = r"&(?:\{([A-Za-z0-9,._+*#?@/-]*)\}|([A-Za-z_]\w*))"
_LITERAL = r"(?:0[xX][0-9a-fA-F]+|[0-9]+)"
#: A number, a character or an expression in parentheses.
_INTEGER = r"(\w+|'(?>(?:[^'\\]++|\\.)*)'|\([^,]*\))"
_BLANK = re.compile(r"\s*", re.ASCII)
_ITEM = re.compile(
    r"\s*(?:([A-Za-z_]\w*):|(\"(?>(?:[^\"\\]++|\\.)*)\")|(<)|(\[)|(/bits/)|(/incbin/)|"
    + _REFERENCE
    + r"|(,))",
    re.DOTALL | re.ASCII,
)
_LABEL, STRING, CELLS, BYTES, _BITS, FILE, PATH, _NODE, _COMMA = range(1, 10)
#: Kinds of lists of numbers, and of paths: how they are written makes no difference.
_SAME: Final = {_BITS: CELLS, _NODE: PATH}
#: The widths of numbers, in bits, unless ``/bits/`` says another.
_WIDTH_OF: Final = {CELLS: 32, BYTES: 8}
_CELL = re.compile(
    r"\s*(?:([A-Za-z_]\w*):|(>)|(\()|(" + _LITERAL + r")(?:ULL|UL|LL|U|L)?(?!\w)|"
    r"'((?>(?:[^'\\]++|\\.)*))'|" + _REFERENCE + ")",
    re.DOTALL | re.ASCII,
)
_BYTE = re.compile(r"\s*(?:([A-Za-z_]\w*):|([0-9a-fA-F]{2})|(\]))", re.ASCII)
_WIDTH = re.compile(r"\s*(" + _LITERAL + r")(?:ULL|UL|LL|U|L)?\s*<", re.ASCII)
_INCLUDED = re.compile(
    r"\s*\(\s*\"((?>(?:[^\"\\]++|\\.)*))\"\s*(?:,\s*"
    + (_INTEGER + r"\s*,\s*" + _INTEGER + r"\s*)?\)"),
    re.DOTALL | re.ASCII,
)
_PARENTHESIS = re.compile(r"[()]|'(?>(?:[^'\\]++|\\.)*)'")
#: Cells without anything but numbers and references by label: nearly all lists.
_SIMPLE = re.compile(r"\s*<([\s\w&]*)>\s*\Z", re.ASCII)
_SIMPLE_CELL = re.compile(r"(?:&([A-Za-z_]\w*)|(" + _LITERAL + r")(?:ULL|UL|LL|U|L)?)\Z", re.ASCII)
_NUMBER = re.compile(_LITERAL, re.ASCII)
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
#: A word for a message, or else one character.
_NEXT = re.compile(r"\s*([^\s<>()\[\],;\"]+|.)", re.ASCII | re.DOTALL)
_SHOWN: Final = 40
_WIDTHS: Final = (8, 16, 32, 64)
#: How many cells, and how many bytes of values, are kept: many boards of a run share theirs.
_KEPT: Final = 1 << 14
_KEPT_BYTES: Final = 16 << 20


class Reference(NamedTuple):
    """A reference in a value: to a node, whose phandle or whose path stands there."""

    offset: int
    """Where it stands in the value, in bytes; a path is put in there."""
    name: str
    """A label, a path, or a label and a path below it."""
    is_path: bool


class Value(NamedTuple):
    """The bytes of a value, with 0xffffffff for each phandle, and without the paths."""

    data: bytes
    references: Sequence[Reference] = ()
    labels: Sequence[str] = ()
    spans: Sequence[tuple[int, int, int]] = ()
    """For each cell, string or byte, if asked for: its offset in the bytes, where it stands in
    the text, and where the text goes on."""


class ValuePart(NamedTuple):
    """A string, a list in ``<>`` or ``[]``, a path, or a file, as a value has it."""

    kind: int
    """One of :data:`STRING`, :data:`CELLS`, :data:`BYTES`, :data:`PATH` and :data:`FILE`."""
    width: int
    """Of a list's numbers, in bits; else 0."""
    words: Sequence[tuple[str, bytes]]
    """Each number, string or reference as it is written, and its bytes; none of a path."""


class ValueTextError(ValueError):
    """A text that is not a value; ``place`` is the offset in it."""

    def __init__(self, message: str, place: int, fix: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix
        self.place = place


Included = Callable[[str], bytes | Unread]
"""What ``/incbin/`` reads: the bytes of a file by its name; else why there are none."""

_known: Kept[str, Value] = Kept(_KEPT_BYTES, lambda value: 600 + 3 * len(value.data))
_cells: dict[str, tuple[bytes, str]] = {}


def read_value(text: str, included: Included) -> Value:
    """The value of a text between ``=`` and ``;``. Raises :class:`ValueTextError`."""
    found = _known.get(text)
    if found is not None:
        return found
    found = _simple(text) or _Reader(text, included).read()
    if "/incbin/" not in text:
        _known.put(text, found)
    return found


def spans(text: str, included: Included) -> Sequence[tuple[int, int, int]]:
    """The parts of a value. Raises :class:`ValueTextError`."""
    return _Reader(text, included, keeps_spans=True).read().spans


def parts(text: str, included: Included) -> Sequence[ValuePart]:
    """A value as it is written. Raises :class:`ValueTextError`."""
    reader = _Reader(text, included, keeps_spans=True)
    value = reader.read()
    starts = [*reader.items, (len(value.spans), 0, 0)]
    ends = (len(value.data), 0, 0)
    words = [
        (text[start:end].strip(), value.data[offset:after])
        for (offset, start, end), (after, _, _) in pairwise((*value.spans, ends))
    ]
    return [
        ValuePart(_SAME.get(kind, kind), width, words[first:last])
        for (first, kind, width), (last, _, _) in pairwise(starts)
    ]


def _simple(text: str) -> Value | None:
    """The value of a plain list of numbers and labels; ``None`` if it is none."""
    match = _SIMPLE.match(text)
    if match is None:
        return None
    parts: list[bytes] = []
    references: list[Reference] = []
    for word in match[1].split():
        cell = _cells.get(word) or _cell(word)
        if cell is None:
            return None
        if cell[1]:
            references.append(Reference(len(parts) * 4, cell[1], is_path=False))
        parts.append(cell[0])
    return Value(b"".join(parts), references)


def _cell(word: str) -> tuple[bytes, str] | None:
    match = _SIMPLE_CELL.match(word)
    if match is None:
        return None
    try:
        found = (b"\xff" * 4, match[1]) if match[1] else (number(match[2]).to_bytes(4, "big"), "")
    except (ValueError, OverflowError):
        return None
    if len(_cells) < _KEPT:
        _cells[word] = found
    return found


def _width(digits: str) -> int:
    try:
        return number(digits)
    except ValueError:
        return 0


def _word_start(match: re.Match[str]) -> int:
    """Where a match begins, after the blanks."""
    return match.start() + len(match[0]) - len(match[0].lstrip())


class _Reader:
    def __init__(self, text: str, included: Included, *, keeps_spans: bool = False) -> None:
        self._text = text
        self._keeps_spans = keeps_spans
        self._included = included
        self._at = 0
        self._data = bytearray()
        self._references: list[Reference] = []
        self._labels: list[str] = []
        self._spans: list[tuple[int, int, int]] = []
        self.items: list[tuple[int, int, int]] = []
        """For each part: the number of its first span, its kind, and the width of its numbers."""

    def read(self) -> Value:
        needs_item = True
        while not self._is_at_end():
            match = _ITEM.match(self._text, self._at)
            if match is None:
                self._fail(self._no_item(needs_item=needs_item))
            kind = match.lastindex or 0
            if kind != _LABEL and needs_item == (kind == _COMMA):
                self._at = match.start(kind)
                self._fail("expected a value, found ','" if needs_item else "a ',' is missing")
            self._at = match.end()
            if kind == _LABEL:
                self._labels.append(match[1])
            else:
                needs_item = kind == _COMMA
                self._item(kind, match)
        if needs_item:
            self._fail("a value is missing")
        return Value(bytes(self._data), self._references, self._labels, self._spans)

    def _is_at_end(self) -> bool:
        blank = _BLANK.match(self._text, self._at)
        return blank is not None and blank.end() == len(self._text)

    def _item(self, kind: int, match: re.Match[str]) -> None:
        start = _word_start(match)
        if self._keeps_spans and kind != _COMMA:
            self.items.append((len(self._spans), kind, _WIDTH_OF.get(kind, 0)))
        if kind == STRING:
            self._add(self._string(match[STRING][1:-1], start) + b"\0", start)
        elif kind == CELLS:
            self._read_cells(32)
        elif kind == BYTES:
            self._read_bytes()
        elif kind == _BITS:
            width = self._width()
            if self._keeps_spans:
                self.items[-1] = len(self._spans), kind, width
            self._read_cells(width)
        elif kind == FILE:
            self._read_included(start)
        elif kind in (PATH, _NODE):
            name = match[PATH] if kind == PATH else match[_NODE]
            self._references.append(Reference(len(self._data), name, is_path=True))
            self._add(b"", start)

    def _add(self, data: bytes, start: int) -> None:
        if self._keeps_spans:
            self._spans.append((len(self._data), start, self._at))
        self._data += data

    def _fail(self, message: str) -> NoReturn:
        raise ValueTextError(message, self._at)

    def _no_item(self, *, needs_item: bool) -> str:
        """What is wrong where no part of a value begins."""
        found = self._next()
        if not needs_item:
            return f"expected ',' or ';', found {found!r}: is a ';' missing?"
        hint = f": a number is written <{found}>" if _NUMBER.fullmatch(found) else ""
        return f"expected a value, found {found!r}{hint}"

    def _no_cell(self) -> str:
        """What is wrong where no cell begins."""
        if self._is_at_end():
            return "'<' without '>'"
        found = self._next()
        hint = ", which is not a macro: is an #include missing?" if _NAME.fullmatch(found) else ""
        return f"expected a number, a reference or '>', found {found!r}{hint}"

    def _next(self) -> str:
        match = _NEXT.match(self._text, self._at)
        return match[1][:_SHOWN] if match else ""

    def _string(self, text: str, start: int) -> bytes:
        try:
            return unescaped(text)
        except ValueError as error:
            raise ValueTextError(str(error), start) from error

    def _width(self) -> int:
        match = _WIDTH.match(self._text, self._at)
        width = _width(match[1]) if match else 0
        if match is None or width not in _WIDTHS:
            self._fail("/bits/ is followed by 8, 16, 32 or 64 and a list in <>")
        self._at = match.end()
        return width

    def _read_cells(self, width: int) -> None:
        while True:
            match = _CELL.match(self._text, self._at)
            if match is None:
                self._fail(self._no_cell())
            label, close, parenthesis, digits, quoted, path, node = match.groups()
            start = _word_start(match)
            self._at = match.end()
            if close:
                return
            if label:
                self._labels.append(label)
            elif path is not None or node:
                self._reference(str(path if node is None else node), width, start)
            else:
                value = self._number(parenthesis, digits, quoted, start)
                self._add(self._packed(value, width), start)

    def _reference(self, name: str, width: int, start: int) -> None:
        if width != 32:
            self._at = start
            self._fail("a reference needs cells of 32 bits")
        self._references.append(Reference(len(self._data), name, is_path=False))
        self._add(b"\xff" * 4, start)

    def _number(self, parenthesis: str, digits: str, quoted: str, start: int) -> int:
        try:
            if parenthesis:
                inside = self._inside()
                return evaluate(inside, signed=False)
            value = number(digits) if digits else character(quoted)
        except ExpressionError as error:
            raise ValueTextError(error.message, start + 1 + error.place) from error
        except ValueError as error:
            raise ValueTextError(str(error), start) from error
        if value >> 64:
            raise ValueTextError(f"{digits[:24]} does not fit in 64 bits", start)
        return value

    def _inside(self) -> str:
        """What is between the parenthesis that was read and the one that closes it."""
        depth, start = 1, self._at
        for match in _PARENTHESIS.finditer(self._text, start):
            depth += {"(": 1, ")": -1}.get(match[0], 0)
            if depth == 0:
                break
        else:
            self._fail("'(' without ')'")
        self._at = match.end()
        return self._text[start : match.start()]

    @staticmethod
    def _packed(value: int, width: int) -> bytes:
        # What does not fit is cut (dtc-parser.y, arrayprefix integer_prim), with a warning if it is
        # no negative number; dtc before 1.7.0 refuses it then.
        return (value & (1 << width) - 1).to_bytes(width // 8, "big")

    def _read_bytes(self) -> None:
        while True:
            match = _BYTE.match(self._text, self._at)
            if match is None:
                self._fail("expected a byte of two hexadecimal digits, or ']'")
            start = match.start(match.lastindex or 0)
            self._at = match.end()
            if match[3]:
                return
            if match[1]:
                self._labels.append(match[1])
            else:
                self._add(bytes.fromhex(match[2]), start)

    def _read_included(self, start: int) -> None:
        match = _INCLUDED.match(self._text, self._at)
        if match is None:
            self._fail('/incbin/ is followed by ("file") or ("file", offset, length)')
        data = self._included(self._string(match[1], start).decode("utf-8", "surrogateescape"))
        if isinstance(data, Unread):
            raise ValueTextError(data.message, self._at, data.fix)
        if match[2] is not None:
            first, size = (self._count(part) for part in match.group(2, 3))
            data = data[first : first + size]
        self._at = match.end()
        self._add(data, start)

    def _count(self, text: str) -> int:
        try:
            return evaluate(text, signed=False)
        except ExpressionError as error:
            self._fail(error.message)
