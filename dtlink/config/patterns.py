"""Which entries of a configuration concern a finding, found without trying each.

A pattern of nodes is one of :mod:`fnmatch` (:mod:`dtlink.config.globs`); it names a table's node
with or without its offset.
"""

from __future__ import annotations

import re
from fnmatch import translate

from dtlink.firmware.names import stable
from dtlink.rules.catalogue import words_for
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from dtlink.config.model import FindingPattern
    from dtlink.rules.model import Finding

#: The text before the first character of a pattern that stands for others.
_LITERAL = re.compile(r"[^*?\[]*")


class _Nodes:
    """Patterns of nodes for the findings of one rule or family, by the text they begin with."""

    def __init__(self) -> None:
        self._by_length: dict[int, dict[str, list[tuple[int, Callable[[str], object]]]]] = {}

    def add(self, number: int, pattern: str) -> None:
        """Keep a pattern; ``number`` is the entry's. An empty one is of all nodes."""
        literal = _LITERAL.match(pattern)
        head = literal[0] if literal else ""
        matches = re.compile(translate(pattern or "*")).match
        of_length = self._by_length.setdefault(len(head), {})
        of_length.setdefault(head, []).append((number, matches))

    def hits(self, subject: str) -> Iterator[int]:
        """The numbers of the entries whose pattern matches a subject, some of them twice."""
        for name in {subject, stable(subject)}:
            for length, heads in self._by_length.items():
                for number, matches in heads.get(name[:length], ()):
                    if matches(name):
                        yield number


class FindingPatterns:
    """The entries that allow or expect findings.

    There may be thousands of both: an entry is asked only about findings of its rule or family,
    whose node begins as its pattern does.
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
