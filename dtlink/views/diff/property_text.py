"""The properties of tables that changed, in lines."""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.firmware.names import stable
from dtlink.report.layout import BOLD, DIM, Line, Span, line
from dtlink.report.rows import counted
from dtlink.typed import TYPE_CHECKING
from dtlink.views.diff.link_text import SIGNS

if TYPE_CHECKING:
    from dtlink.views.diff.rows import PropertyChanges
    from dtlink.views.links import PropertyRow


def properties(changes: PropertyChanges, limit: int | None) -> Iterator[Line]:
    """The changes below their structures, in the order of the tables."""
    rows = [
        *(("lost", each, each.shown) for each in changes.lost),
        *(
            ("changed", each.new, f"{each.old.shown} ⇒ {each.new.shown}")
            for each in changes.changed
        ),
        *(("gained", each, each.shown) for each in changes.gained),
    ]
    rows.sort(key=lambda row: stable(row[1].node))
    node = ""
    for change, row, value in rows[:limit]:
        if stable(row.node) != node:
            node = stable(row.node)
            yield line("  ", Span(node, BOLD))
        yield _line(SIGNS[change], row, value)
    if limit is not None and len(rows) > limit:
        hidden = counted(len(rows) - limit, "more line")
        yield line(Span(f"  … and {hidden} (--all)", DIM))


def _line(sign: Span, row: PropertyRow, value: str) -> Line:
    return line(sign, f"  {row.name:<26} {value}", Span(f"  ({row.meaning})", DIM))
