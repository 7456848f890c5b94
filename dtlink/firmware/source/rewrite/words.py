"""The words of a value: as a source has them, with their places, and as an edit wants them.

Words are compared by what they mean, so that what stays the same is not touched: an expression, a
macro, a number in hexadecimal.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from dtlink.firmware.edit_text import number
from dtlink.firmware.edits import Cells, NodeRef, PropertyValue
from dtlink.records import NamedTuple

#: What a word means: its kind (``path``, ``cell``, ``text``, ``bytes``) and its value.
Meaning = tuple[str, str | int | bytes]
#: What an overlay has in place of the phandle of a node that is the base's.
OF_BASE: Meaning = ("cell", 0xFFFFFFFF)

_TOKEN = re.compile(
    r"\s+|(?P<text>\"(?>(?:[^\"\\]++|\\.)*)\"|'(?>(?:[^'\\]++|\\.)*)')|(?P<open>[<\[])|(?P<close>[>\]])"
    r"|(?P<comma>,)|(?P<sub>\()|(?P<word>&\{[^}]*\}|&?[\w/:.#@+-]+)|(?P<odd>.)",
    re.DOTALL,
)
_PARENTHESIS = re.compile(r"[()]|\"(?>(?:[^\"\\]++|\\.)*)\"|'(?>(?:[^'\\]++|\\.)*)'")


class Token(NamedTuple):
    """A word of a value as its file has it; offsets are those of the file."""

    kind: str
    """``text``, ``open``, ``close``, ``comma``, ``sub`` (in parentheses), ``word``, ``odd``."""
    start: int
    end: int


class Group(NamedTuple):
    """One ``<…>`` or ``[…]`` of a value, or a string: the tokens that it is of."""

    start: int
    end: int
    first: int
    """The number of its first word among all words."""
    last: int
    """The number after that of its last word."""


def tokens(code: str, start: int, end: int) -> Iterator[Token]:
    """The tokens of a value in a file, comments blanked; what calls a macro is one word."""
    at = start
    while at < end:
        match = _TOKEN.match(code, at, end)
        kind = match.lastgroup if match else "odd"
        stop = match.end() if match else at + 1
        if kind == "sub" or (kind == "word" and code[stop : stop + 1] == "("):
            stop = _closed(code, stop - (kind == "sub"), end)
        if kind:
            yield Token(kind, at, stop)
        at = stop


def labels_within(code: str, start: int, end: int) -> bool:
    """Whether a value has labels, such as in ``<&gpio flags: 0>``."""
    words = (
        code[each.start : each.end] for each in tokens(code, start, end) if each.kind == "word"
    )
    return any(each.endswith(":") for each in words)


def _closed(code: str, start: int, end: int) -> int:
    """Where the parenthesis ends that begins at an offset."""
    depth = 0
    for match in _PARENTHESIS.finditer(code, start, end):
        depth += {"(": 1, ")": -1}.get(match[0], 0)
        if depth == 0:
            return match.end()
    return end


class WantedWord(NamedTuple):
    """A word of the value that an edit wants."""

    meaning: Meaning
    text: str
    group: int
    """The number of the ``<…>`` or string that it is in."""

    @property
    def is_cell(self) -> bool:
        """Whether it stands in a ``<…>``."""
        return self.meaning[0] in ("cell", "path")

    @property
    def kind(self) -> str:
        """What it stands in: ``<``, ``[``, or ``"`` for a string."""
        return {"text": '"', "bytes": "["}.get(self.meaning[0], "<")


def wanted(value: PropertyValue, label: Mapping[str, str]) -> Sequence[WantedWord]:
    """The words of a value; ``label`` has the labels of nodes that have none in the edit."""
    return [
        WantedWord(meaning, text, group)
        for group, piece in enumerate(value)
        for meaning, text in _words(piece, label)
    ]


def _words(piece: str | bytes | Cells, label: Mapping[str, str]) -> Iterator[tuple[Meaning, str]]:
    if isinstance(piece, str):
        escaped = piece.replace("\\", "\\\\").replace('"', '\\"')
        yield ("text", piece.encode("latin-1")), f'"{escaped}"'
    elif isinstance(piece, bytes):
        yield ("bytes", piece), f"[{piece.hex(' ')}]"
    else:
        for cell in piece:
            if isinstance(cell, NodeRef):
                named = cell.label or label.get(cell.path, "")
                yield ("path", cell.path), str(cell._replace(label=named))
            else:
                yield ("cell", int(cell)), number(cell)
