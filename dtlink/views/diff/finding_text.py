"""The findings that changed, in lines."""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.firmware.names import stable
from dtlink.report.layout import BOLD, STYLES, Line, Span, line, paragraph, rule_name
from dtlink.typed import TYPE_CHECKING
from dtlink.views.diff.link_text import SIGNS

if TYPE_CHECKING:
    from dtlink.views.diff.rows import FindingChanges, FindingRow


def findings(changes: FindingChanges, width: int | None) -> Iterator[Line]:
    """New ones with their effects and fixes; of the others the message."""
    for row in changes.gained:
        yield _finding(SIGNS["gained"], row)
        yield from paragraph("", row.message, width)
        if row.consequence:
            yield from paragraph(" effect:", row.consequence, width)
        if row.fix:
            yield from paragraph(" fix:", row.fix, width)
    for change in changes.changed:
        yield _finding(SIGNS["changed"], change.new, was=change.old.severity.value)
        yield from paragraph("", change.new.message, width)
    for row in changes.lost:
        yield _finding(SIGNS["lost"], row)
        yield from paragraph("", row.message, width)


def _finding(sign: Span, row: FindingRow, was: str = "") -> Line:
    severity = row.severity.value
    before = (Span(was, STYLES[was]), " → ") if was else ()
    level = severity if was else severity.ljust(8)
    likely = " (likely)" if row.confidence == "likely" else ""
    return line(
        sign,
        *before,
        Span(level, STYLES[severity]),
        " " if was else "",
        rule_name(row.rule, BOLD),
        likely,
        f"  {stable(row.subject)}",
    )
