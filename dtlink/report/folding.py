"""Lines that are wider than the terminal, broken between words and continued below their text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from dtlink.report.columns import columns
from dtlink.report.layout import Line, Span

#: No line is broken on a narrower terminal: there would be a word a line.
_NARROWEST = 40
#: Columns that what continues is indented by, from where its line begins.
_HANG = 4
#: What draws a tree, and what continues it in the next line.
_GUIDES = str.maketrans("├└─", "│  ")
#: A line's indentation, with the guides of a tree.
_LEAD = re.compile(r"[\s│├└─]*")
#: Blanks, or a word; the cells of one entry are a word.
_TOKEN = re.compile(r"\s+|(?:<[^<>]{1,40}>|\S)+")


def folded(lines: Iterable[Line], width: int) -> Iterator[Line]:
    """The lines, those wider than ``width`` in several.

    They are broken between columns, which are at least two blanks apart, and inside of a column
    only if it is wider than a line. A word is never cut: a path that is longer than a line is the
    terminal's to break, and comes out whole when it is copied.
    """
    for row in lines:
        if width < _NARROWEST or _length(row) <= width:
            yield row
        else:
            yield from _folded(row, width)


def _length(row: Iterable[Span]) -> int:
    return sum(columns(span.text) for span in row)


def _folded(row: Line, width: int) -> Iterator[Line]:
    match = _LEAD.match("".join(span.text for span in row))
    lead = match[0] if match else ""
    hang = Span(lead.translate(_GUIDES) + " " * _HANG, row[0].style if lead.strip() else "")
    space = width - len(hang.text)
    out: list[Span] = []
    for gap, piece in _pieces(row, space):
        # Where only the indentation is before it, a word has its own line already.
        has_words = _length(out) > (len(hang.text) if out and out[0] is hang else len(lead))
        if has_words and _length((*out, *gap, *piece)) > width:
            yield tuple(out)
            out = [hang, *piece]
        else:
            out += [*gap, *piece]
    yield tuple(out)


#: Blanks, and what follows them.
_Piece = tuple[list[Span], list[Span]]


def _pieces(row: Line, space: int) -> Iterator[_Piece]:
    """The columns of a line, those wider than ``space`` word by word."""
    column: list[_Piece] = []
    for gap, word in _words(row):
        if column and _length(gap) > 1:
            yield from _whole(column, space)
            column = []
        if column and not gap:  # of another style
            column[-1][1].append(word)
        else:
            column.append((gap, [word]))
    yield from _whole(column, space)


def _whole(column: Sequence[_Piece], space: int) -> Sequence[_Piece]:
    """A column in one piece, if that fits."""
    if not column:
        return ()
    gap, piece = column[0]
    whole = [*piece, *(span for each in column[1:] for part in each for span in part)]
    return [(gap, whole)] if _length(whole) <= space else column


def _words(row: Line) -> Iterator[tuple[list[Span], Span]]:
    """Each word of one style, and the blanks before it; those at the end of a line are left out."""
    gap: list[Span] = []
    for span in row:
        for token in _TOKEN.finditer(span.text):
            piece = span._replace(text=token[0])
            if token[0].isspace():
                gap.append(piece)
            else:
                yield gap, piece
                gap = []
