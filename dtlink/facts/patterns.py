"""Patterns of ``compatible`` strings: ``*`` stands for anything, all else for itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def fits(strings: Iterable[str], patterns: Sequence[str]) -> bool:
    """Whether one of the strings has the form of one of the patterns.

    Not by fnmatch, whose compiling of the patterns takes longer than the lint of a board.
    """
    return any(_fits(text, pattern) for text in strings for pattern in patterns)


def _fits(text: str, pattern: str) -> bool:
    if "*" not in pattern:
        return text == pattern
    start, *middle, end = pattern.split("*")
    at, last = len(start), len(text) - len(end)
    if at > last or not (text.startswith(start) and text.endswith(end)):
        return False
    for part in middle:
        at = text.find(part, at, last)
        if at < 0:
            return False
        at += len(part)
    return True
