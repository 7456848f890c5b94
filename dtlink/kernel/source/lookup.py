"""Lines of an index, found by a word in them: a few by a search, more by a dictionary.

The index that is shipped has 8,000 lines. A board with one finding asks for the drivers of few
devices: a search for a word takes a thirtieth of the time that it takes to part all lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

#: Searches until the dictionary pays.
_FEW = 24


def text_of(lines: Iterable[Iterable[str]]) -> str:
    """The text of lines, from their fields."""
    return "".join("\t".join(fields) + "\n" for fields in lines)


class Lines:
    """Lines of fields with tabs between, by the words in some of the fields."""

    def __init__(self, text: str, words: slice, places: Mapping[str, str] | None = None) -> None:
        """Each line of ``text`` ends in a newline; ``words`` are the fields to look in.

        ``places``: those that :attr:`places` returned for the same text and fields.
        """
        self._text = text
        self._words = words
        self._places = places
        self._searches = 0

    @property
    def text(self) -> str:
        """All of them."""
        return self._text

    def __iter__(self) -> Iterator[list[str]]:
        """The fields of every line."""
        return (line.split("\t") for line in self.text.split("\n") if line)

    def with_word(self, word: str) -> list[tuple[int, list[str]]]:
        """The lines with a word: where each begins in the text, and its fields."""
        if self._places is not None:
            found = self._places.get(word, "").split()
            return [(at, self._line(at)) for at in map(int, found)]
        if self._searches < _FEW and "\n" not in word:
            self._searches += 1
            return list(self._search(word))
        return [(at, self._line(at)) for at in self.by_word.get(word, ())]

    def has(self, word: str) -> bool:
        """Whether a line has a word."""
        return word in (self.by_word if self._places is None else self._places)

    @cached_property
    def by_word(self) -> dict[str, list[int]]:
        """Where the lines with each word begin."""
        if self._places is not None:
            return {word: list(map(int, ats.split())) for word, ats in self._places.items()}
        found: dict[str, list[int]] = {}
        at = 0
        for line in self.text.split("\n"):
            for word in line.split("\t")[self._words]:
                found.setdefault(word, []).append(at)
            at += len(line) + 1
        return found

    @property
    def places(self) -> Mapping[str, str]:
        """:attr:`by_word` as text, for a cache."""
        return {word: " ".join(map(str, ats)) for word, ats in self.by_word.items()}

    def _search(self, word: str) -> Iterator[tuple[int, list[str]]]:
        """As the dictionary has it: a line once for each time that it has the word."""
        text, at, end = self.text, 0, 0
        while (at := text.find(f"\t{word}", end)) >= 0:
            start, end = text.rfind("\n", 0, at) + 1, text.index("\n", at)
            fields = text[start:end].split("\t")
            for _ in range(fields[self._words].count(word)):
                yield start, fields

    def _line(self, start: int) -> list[str]:
        return self.text[start : self.text.index("\n", start)].split("\t")
