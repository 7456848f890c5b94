"""Rows of the longer listings: what they share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from dtlink.report.layout import DIM, Line, Span, line
from dtlink.typed import TYPE_CHECKING
from dtlink.wording import and_more, counted

if TYPE_CHECKING:
    from dtlink.boot.devlink.model import PropertyEntry

__all__ = ["SHOWN", "by", "counted", "listing"]

#: Maximum number of entries of a group that are shown; the rest is counted.
SHOWN = 8


#: And with --all: a list of the largest board has 1,044.
_MOST = 5000


def listing(rows: Sequence[Line], limit: int | None) -> Iterator[Line]:
    """Rows, and how many more there are; ``None`` is for --all, which has a bound, too."""
    shown = _MOST if limit is None else limit
    yield from rows[:shown]
    if len(rows) > shown:
        hint = "" if limit is None else " (--all)"
        yield line(Span(f"  … {and_more(len(rows) - shown)}{hint}", DIM))


def by(origins: Iterable[PropertyEntry]) -> str:
    """The entries as text, each property once."""
    entries: dict[str, list[str]] = {}
    for origin in origins:
        entries.setdefault(origin.property_name, []).append(str(origin.entry))
    texts = (f"{name}[{','.join(dict.fromkeys(at))}]" for name, at in entries.items())
    return ", ".join(texts)
