"""Lists of strings as one text, of which a list is made again in C.

What is known of a kernel is some 40,000 strings, of which a board asks for some hundred. As JSON
they take a third of a run to read; as the parts of a text, a hundredth.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

#: Parts the strings of a list. No string of a kernel's files has it.
_END = "\0"


class Columns:
    """Lists of strings, one after the other in a text."""

    def __init__(self, text: str, sizes: Iterable[tuple[int, int]]) -> None:
        """``sizes``: how many characters each list has, and how many strings."""
        self._text = text
        self._sizes = iter(sizes)
        self._at = 0

    def read(self) -> list[str]:
        """The next list. Raises :class:`ValueError` for a text of another form."""
        size, count = next(self._sizes, (0, -1))
        end = self._at + size
        found = self._text[self._at : end].split(_END) if count else []
        self._at = end
        if len(found) != count:
            raise ValueError("a text of another form")
        return found

    def read_text(self) -> str:
        """The next list, of one string."""
        (found,) = self.read()
        return found

    def read_pairs(self) -> dict[str, str]:
        """The next two lists as keys and values."""
        return dict(zip(self.read(), self.read(), strict=True))


class ColumnWriter:
    """Puts lists of strings into a text."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self.sizes: list[tuple[int, int]] = []
        """As :class:`Columns` asks for them."""

    def write(self, strings: Iterable[str]) -> None:
        """Add a list. Raises :class:`ValueError` for strings that cannot be kept."""
        found = list(strings)
        text = _END.join(found)
        if text.count(_END) != max(len(found) - 1, 0):
            raise ValueError("a string with NUL")
        self._parts.append(text)
        self.sizes.append((len(text), len(found)))

    def write_pairs(self, pairs: Mapping[str, str]) -> None:
        """Add two lists: keys, and values."""
        self.write(pairs)
        self.write(pairs.values())

    @property
    def text(self) -> str:
        """All lists."""
        return "".join(self._parts)
