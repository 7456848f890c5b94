"""The brackets of a text, matched once for all the calls in it: calls may be nested in calls."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from dtlink.kernel.source.macros import BRACKET, arguments

_OPENING = re.compile(r"\s*\(")


def arguments_within(text: str, start: int) -> tuple[list[str], int] | None:
    """What ``arguments`` gives, for one of many calls in a text."""
    opening = _OPENING.match(text, start)
    if opening is None:
        return None
    cuts = _matched(text).get(opening.end() - 1)
    if cuts is None:  # in a string
        return arguments(text, start)
    return (list(_pieces(text, opening.end(), cuts)), cuts[-1] + 1) if cuts else None


def _pieces(text: str, begin: int, cuts: list[int]) -> Iterator[str]:
    for cut in cuts:
        yield text[begin:cut].strip()
        begin = cut + 1


@lru_cache(maxsize=8)
def _matched(text: str) -> Mapping[int, list[int]]:
    """By the place of each opening bracket: those of its commas, then that where it closes.

    One that does not close has none.
    """
    found: dict[int, list[int]] = {}
    opened: list[int] = []
    for bracket in BRACKET.finditer(text):
        sign, place = bracket[0], bracket.start()
        if sign in "([{":
            opened.append(place)
            found[place] = []
        elif opened and sign in ",)]}":
            found[opened[-1]].append(place)
            if sign != ",":
                opened.pop()
    for place in opened:
        found[place] = []
    return found
