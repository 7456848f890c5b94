"""A board's sources that can be changed as text: what faults are planted in.

Nothing here uses how fixes are written: a statement is found at the place that its property has,
and ends at the next semicolon outside of comments and strings.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import NamedTuple, TypeVar

from dtlink.board.tree import TreeBoard
from dtlink.firmware.tree import Node, Tree
from dtlink.links.reference import Flaw, Reference

T = TypeVar("T")

_SKIPPED = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:[^"\\]|\\.)*"|;', re.DOTALL)
_NAME = re.compile(r"[\w#,.+?*-]+")


class Splice(NamedTuple):
    """A stretch of a file, and what takes its place."""

    file: str
    start: int
    end: int
    text: str


class Statement(NamedTuple):
    """A property as a file sets it."""

    file: str
    start: int
    """Where the name begins."""
    end: int
    """After the semicolon."""
    name: str
    text: str

    @property
    def value(self) -> str:
        """What is between ``=`` and ``;``."""
        return self.text.partition("=")[2].rstrip(";").strip()

    def renamed(self, new: str) -> Splice:
        """The statement with another name."""
        return Splice(self.file, self.start, self.start + len(self.name), new)

    def replaced(self, text: str) -> Splice:
        """Another statement in its place."""
        return Splice(self.file, self.start, self.end, text)

    def deleted(self) -> Splice:
        """The file without the statement."""
        return self.replaced("")

    def with_value(self, value: str) -> Splice:
        """The statement with another value."""
        return self.replaced(f"{self.name} = {value};")

    def longer(self, more: str) -> Splice:
        """The statement with more at the end of its value."""
        return Splice(self.file, self.end - 1, self.end - 1, more)

    def followed_by(self, text: str) -> Splice:
        """Another statement after this one."""
        return Splice(self.file, self.end, self.end, f"\n\t{text}")


class Bed:
    """One board, read from source, and a source of chance."""

    def __init__(self, tree: Tree, seed: str) -> None:
        self.tree = tree
        self.random = random.Random(seed)  # noqa: S311 - repeatable is what it must be
        self._files: dict[str, str] = {}

    @cached_property
    def board(self) -> TreeBoard:
        """What is known of the board."""
        return TreeBoard(self.tree)

    def pick(self, choices: Iterable[T]) -> T | None:
        """One of several; ``None`` if there are none."""
        found = list(choices)
        return self.random.choice(found) if found else None

    def text(self, file: str) -> str:
        """A file as it is."""
        if file not in self._files:
            self._files[file] = Path(file).read_text(encoding="utf-8")
        return self._files[file]

    def holders(self, *names: str) -> Sequence[Node]:
        """The enabled nodes that have all these properties."""
        tree, first = self.tree, names[0]
        return [
            tree[node]
            for node in sorted(tree.holders(first))
            if node not in tree.disabled and all(node in tree.holders(name) for name in names)
        ]

    def named(self, pattern: str) -> Sequence[tuple[Node, str]]:
        """The enabled nodes with a property whose whole name fits a pattern, and the name."""
        wanted = re.compile(pattern)
        names = [name for name in self.tree.columns if wanted.fullmatch(name)]
        return [(node, name) for name in names for node in self.holders(name)]

    def references(self, *bindings: str) -> Sequence[Reference]:
        """The good references of these bindings between enabled nodes."""
        off = self.tree.disabled
        return [
            ref
            for ref in self.board.graph.references
            if ref.flaw is Flaw.NONE and ref.binding.name in bindings
            if ref.node not in off and ref.supplier not in off
        ]

    def statement(self, node: Node, name: str) -> Statement | None:
        """The statement that sets a property; ``None`` if it is not plain text of a file."""
        origins = self.tree.origins
        place = origins.location(node.path, name) if origins and node.has(name) else None
        if place is None or not place.column:
            return None
        text = self.text(place.file)
        lines = text.split("\n")
        if place.line > len(lines):
            return None
        start = sum(len(line) + 1 for line in lines[: place.line - 1]) + place.column - 1
        label = re.match(r"(?:\w+:\s*)*", text[start:])
        start += label.end() if label else 0
        found = _NAME.match(text, start)
        if found is None or found[0] != name or _is_directive(lines[place.line - 1]):
            return None
        end = next((m.end() for m in _SKIPPED.finditer(text, start) if m[0] == ";"), -1)
        body = text[start:end]
        if end < 0 or "\n#" in body or "{" in body or text.count("\r"):
            return None
        return Statement(place.file, start, end, name, body)

    def label(self, node: Node) -> str:
        """A label of a node; empty if it has none."""
        return node.label


def _is_directive(line: str) -> bool:
    return (
        line.lstrip().startswith("#") and re.match(r"\s*#\s*(define|if|include)", line) is not None
    )
