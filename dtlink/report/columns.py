"""How wide text is on a terminal: East Asian letters have two columns, combining marks none."""

from __future__ import annotations


def columns(text: str) -> int:
    """How many columns a line of text takes up, as it is printed.

    Source: Unicode Standard Annex 11, East Asian Width.
    """
    if text.isascii():
        return len(text)
    from unicodedata import category, east_asian_width

    widths = (
        0 if category(each) in ("Mn", "Me") else _wide(east_asian_width(each)) for each in text
    )
    return sum(widths)


def _wide(kind: str) -> int:
    return 2 if kind in ("W", "F") else 1


def padded(text: str, width: int) -> str:
    """Text filled with blanks up to a column."""
    return text + " " * (width - columns(text))
