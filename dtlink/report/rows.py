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


def listing(rows: Sequence[Line], limit: int | None) -> Iterator[Line]:
    """Rows, and how many more there are."""
    yield from rows[:limit]
    if limit is not None and len(rows) > limit:
        yield line(Span(f"  … {and_more(len(rows) - limit)} (--all)", DIM))


def by(origins: Iterable[PropertyEntry]) -> str:
    """The entries as text, each property once."""
    entries: dict[str, list[str]] = {}
    for origin in origins:
        entries.setdefault(origin.property_name, []).append(str(origin.entry))
    texts = (f"{name}[{','.join(dict.fromkeys(at))}]" for name, at in entries.items())
    return ", ".join(texts)
