"""Numbers and lists in sentences: the only place that makes plurals and "and 3 more"."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

#: How many related nodes a report names before it counts the rest: as lines, and in running text.
RELATED_IN_TEXT = 4
RELATED = 8


def noun(number: int, singular: str, plural: str = "") -> str:
    """The noun that agrees with a number."""
    return singular if number == 1 else plural or f"{singular}s"


def counted(number: int, singular: str, plural: str = "") -> str:
    """A number with its noun: ``1 input``, ``1,204 inputs``."""
    return f"{number:,} {noun(number, singular, plural)}"


def listed(words: Iterable[object], most: int = 4, of: str = "") -> str:
    """The first ``most`` words, and how many more there are: ``a, b and 3 more nodes``."""
    left = iter(words)
    first = ", ".join(map(str, islice(left, most)))
    rest = sum(1 for _ in left)
    return first + (f" {and_more(rest, of)}" if rest > 0 else "")


def and_more(number: int, of: str = "", plural: str = "") -> str:
    """How many there are after those that are listed: ``and 3 more nodes``."""
    return f"and {number:,} more" + (f" {noun(number, of, plural)}" if of else "")


def joined(words: Iterable[str], last: str = "and") -> str:
    """All the words: ``a, b and c``."""
    *first, end = list(words) or [""]
    return f"{', '.join(first)} {last} {end}" if first else end


def beside(first: str, others: int, of: str) -> str:
    """The first of several, and how many others there are: ``a and 2 other nodes``."""
    return f"{first} and {counted(others, f'other {of}')}" if others else first


def also(names: Sequence[str], of: str = "consumer") -> str:
    """Those that have the same reference as the first, in a phrase that follows its reference."""
    others = sorted({*names[1:]} - {names[0]})
    if len(others) > 1:
        return f"; {counted(len(others), f'more {of}')} have the same reference"
    return "".join(f"; {name} has the same reference" for name in others)


def besides(number: int) -> str:
    """How many there are beside the first, for a finding about all: `` (and 2 more)``."""
    return f" (and {number - 1} more)" if number > 1 else ""
