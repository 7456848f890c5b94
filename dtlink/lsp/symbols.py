"""The outline of a file: its nodes, as its text opens them."""

from __future__ import annotations

from dtlink.lsp.openings import Opening
from dtlink.lsp.positions import Span
from dtlink.records import NamedTuple

#: Upper bound on the nodes of one outline.
_MOST = 20_000


class Symbol(NamedTuple):
    """A node, with those that are opened in it."""

    name: str
    detail: str
    """Its labels."""
    whole: Span
    name_at: Span
    children: list[Symbol]


def symbols(tops: list[Opening]) -> list[Symbol]:
    """The nodes of a file, in its order."""
    left = [_MOST]
    return [found for each in tops if (found := _symbol(each, left))]


def _symbol(opening: Opening, left: list[int]) -> Symbol | None:
    """A node; ``None``: there are too many. The depth of openings is bounded."""
    left[0] -= 1
    if left[0] < 0:
        return None
    below = [found for each in opening.children if (found := _symbol(each, left))]
    name = opening.name or "{"
    at = Span(opening.name_at, opening.name_at + max(len(opening.name), 1))
    whole = Span(opening.start, max(opening.end, at.end))
    return Symbol(name, " ".join(opening.labels), whole, at, below)
