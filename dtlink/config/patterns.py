"""Which entries of a configuration concern a finding, found without trying each.

A pattern of nodes is one of :mod:`fnmatch` (:mod:`dtlink.config.globs`); it names a table's node
with or without its offset.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from fnmatch import translate

from dtlink.firmware.names import stable
from dtlink.rules.catalogue import words_for
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dtlink.config.model import FindingPattern
    from dtlink.rules.model import Finding

#: What stands for other characters; what a bracket begins is not looked at further.
_WILD = re.compile(r"[*?]+|\[.*", re.DOTALL)
#: Characters of a pattern that it is looked up by, at most.
_LOOKED_AT = 12

Matcher = Callable[[str], object]


class _Nodes:
    """Patterns of nodes for the findings of one rule or family, by a piece of text in them."""

    def __init__(self) -> None:
        self._exact: dict[str, list[int]] = {}
        self._by_size: dict[int, dict[str, list[tuple[int, Matcher]]]] = {}

    def add(self, number: int, pattern: str) -> None:
        """Keep a pattern; ``number`` is the entry's. An empty one is of all nodes."""
        pieces = _WILD.split(pattern or "*")
        if len(pieces) == 1:
            self._exact.setdefault(pattern, []).append(number)
            return
        piece = max(pieces, key=len)[-_LOOKED_AT:]
        matches = re.compile(translate(pattern or "*")).match
        of_size = self._by_size.setdefault(len(piece), {})
        of_size.setdefault(piece, []).append((number, matches))

    def hits(self, subject: str) -> Iterator[int]:
        """The numbers of the entries whose pattern matches a subject, some of them twice."""
        for name in {subject, stable(subject)}:
            yield from self._exact.get(name, ())
            for size, pieces in self._by_size.items():
                there = {name[at : at + size] for at in range(len(name) - size + 1)}
                for piece in there & pieces.keys():
                    yield from (number for number, matches in pieces[piece] if matches(name))


class FindingPatterns:
    """The entries that allow or expect findings.

    There may be thousands of both: an entry is asked only about findings of its rule or family,
    whose node has the longest piece of its pattern.
    """

    def __init__(self, entries: Sequence[FindingPattern]) -> None:
        self.entries = entries
        self._by_word: dict[str, _Nodes] = {}
        for number, entry in enumerate(entries):
            nodes = self._by_word.setdefault(entry.rule.rstrip("/"), _Nodes())
            nodes.add(number, entry.node)

    def numbers(self, finding: Finding) -> list[int]:
        """The numbers of the entries that concern a finding, in their order."""
        found: set[int] = set()
        for word in words_for(finding.rule, finding.alias):
            if nodes := self._by_word.get(word):
                found.update(nodes.hits(finding.subject.path))
        return sorted(found)
