"""The code of one C file as one text, with the conditions of each place and its macros."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping

from dtlink.kernel.source.conditions import Conditions
from dtlink.kernel.source.macros import Macro, expand, string, telling
from dtlink.kernel.source.text import Unit
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Final

#: What stands for the name of the module that a file is linked into.
MODULE_NAME: Final = "KBUILD_MODNAME"
_BRACE = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|[{}]")


class TableEntry(NamedTuple):
    """A compatible string, and the conditions it is there under."""

    compatible: str
    also: Conditions


class Code:
    """Stretches as one text, and their conditions by place."""

    def __init__(self, unit: Unit) -> None:
        hidden = telling(unit.macros)
        parts = [(expand(code, hidden), also) for code, also in unit.stretches]
        self.text = "".join(code for code, _ in parts)
        own_name = Macro(None, f'"{MODULE_NAME}"')
        self.macros: Mapping[str, Macro] = {**unit.macros, MODULE_NAME: own_name}
        self._also = [also for _, also in parts]
        self._starts = [0]
        for code, _ in parts:
            self._starts.append(self._starts[-1] + len(code))

    def also(self, place: int) -> Conditions:
        """The conditions under which the code at a place is compiled."""
        return self._also[bisect_right(self._starts, place) - 1]

    def entry(self, text: str, place: int) -> Iterator[TableEntry]:
        """The entry of a string, or of macros that expand to one; none if they do not."""
        name = string(text, self.macros) or string(variable(self.text, text) or "", self.macros)
        if name and name.isascii() and name.isprintable() and "\\" not in name:
            yield TableEntry(name, self.also(place))


def variable(text: str, name: str) -> str | None:
    """What a string variable of a file is set to, as it is written; ``None`` if it has none."""
    name = name.strip()
    if not name.isidentifier():
        return None
    found = re.search(rf"\bchar\b[\s*\w]*\b{name}\s*(?:\[\w*\]\s*)?=\s*([^;{{}}]+);", text)
    return found and found[1]


def up_to_next(pattern: re.Pattern[str], text: str) -> Iterator[tuple[re.Match[str], int]]:
    """The matches of a pattern, each with where the next begins: braces may never close."""
    before: re.Match[str] | None = None
    for match in pattern.finditer(text):
        if before is not None:
            yield before, match.start()
        before = match
    if before is not None:
        yield before, len(text)


def end_of(text: str, start: int, stop: int | None = None) -> int:
    """Where the brace that opens before ``start`` closes; ``stop`` if it does not before that."""
    stop = len(text) if stop is None else stop
    depth = 1
    for match in _BRACE.finditer(text, start, stop):
        depth += (match[0] == "{") - (match[0] == "}")
        if depth == 0:
            return match.start()
    return stop
