"""Which brace of devicetree source is probably not closed."""

from __future__ import annotations

import re

_BRACE = re.compile(
    r"\"(?>(?:[^\"\\]++|\\.)*)(?:\"|\\?\Z)|'(?>(?:[^'\\]++|\\.)*)(?:'|\\?\Z)|[{}]", re.DOTALL
)

#: How far before a brace its line may begin, in characters.
_LINE = 1_000


def unclosed(text: str, end: int) -> int:
    """The offset of a ``{`` before ``end`` that is not closed; -1 if all are.

    With one ``}`` too few, each node is closed by the one that was meant for its parent. So the
    first node whose ``{`` and ``}`` are on lines of different indentation is the one; if there is
    none, it is the innermost one that is open.
    """
    opened: list[int] = []
    first = -1
    for match in _BRACE.finditer(text, 0, end):
        if match[0] == "{":
            opened.append(match.start())
        elif match[0] == "}" and opened:
            start = opened.pop()
            if first < 0 and _indentation(text, start) != _indentation(text, match.start()):
                first = start
    return first if first >= 0 and opened else opened[-1] if opened else -1


def _indentation(text: str, at: int) -> str:
    """The blanks at the beginning of the line of a brace; none of a line that is very long."""
    begin = text.rfind("\n", max(at - _LINE, 0), at) + 1
    line = text[begin : at + 1] if begin or at < _LINE else ""
    return line[: len(line) - len(line.lstrip())]
