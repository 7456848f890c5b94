"""Fixes of findings as changes that an editor offers."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from dtlink.engine.fixing.proposals import Proposal, apart, is_safe
from dtlink.lsp.diagnostics import of_finding
from dtlink.lsp.model import Diagnostic
from dtlink.lsp.positions import Span
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.firmware.text_edits import TextEdit
    from dtlink.lsp.analysis import Analysis
    from dtlink.lsp.documents import OpenFiles
    from dtlink.rules.finding import Finding

_TITLE = 120


class OfferedFix(NamedTuple):
    """A change, and the diagnostics that it takes away."""

    title: str
    edits: tuple[TextEdit, ...]
    diagnostics: tuple[Diagnostic, ...]
    is_preferred: bool
    """Whether it may be made without a look: it is safe, and changes the board's own file only."""


def fixes(analysis: Analysis, files: OpenFiles, path: str, span: Span) -> list[OfferedFix]:
    """The fixes of the findings that a stretch of a file touches, the safe ones first."""
    found: dict[tuple[TextEdit, ...], OfferedFix] = {}
    for finding in _fixable(analysis):
        shown = of_finding(finding, analysis.path, files)
        if os.path.realpath(shown.at.path) != os.path.realpath(path):
            continue
        start, end = shown.at.span
        if start <= span.end and span.start <= end and finding.written:
            offered = _offered(analysis, finding, shown)
            found.setdefault(finding.written.edits, offered)
    return sorted(found.values(), key=lambda each: not each.is_preferred)


def all_safe(analysis: Analysis, files: OpenFiles) -> OfferedFix | None:
    """All fixes together that may be made without a look; ``None``: there are none."""
    every = [each for each in _fixable(analysis) if is_preferred(analysis, each)]
    by_edits = {
        each.written.edits: Proposal(each.written.edits, {}) for each in every if each.written
    }
    chosen = {each.edits for each in apart(by_edits.values())}
    taken = [each for each in every if each.written and each.written.edits in chosen]
    if not taken:
        return None
    edits = dict.fromkeys(edit for edits in chosen for edit in edits)
    shown = tuple(of_finding(each, analysis.path, files) for each in taken)
    return OfferedFix("dtlink: make all safe fixes", tuple(edits), shown, is_preferred=True)


def _fixable(analysis: Analysis) -> Iterator[Finding]:
    least = analysis.settings.show.rank
    for each in analysis.report.findings:
        if each.written and each.written.edits and each.severity.rank <= least:
            yield each


def is_preferred(analysis: Analysis, finding: Finding) -> bool:
    """Whether a fix is safe and changes the board's own file only."""
    edits: Sequence[TextEdit] = finding.written.edits if finding.written else ()
    own = os.path.realpath(analysis.path)
    return is_safe(finding) and all(os.path.realpath(each.path) == own for each in edits)


def _offered(analysis: Analysis, finding: Finding, shown: Diagnostic) -> OfferedFix:
    edits = finding.written.edits if finding.written else ()
    text = finding.fix.text
    title = text if len(text) <= _TITLE else f"{text[:_TITLE]}…"
    if not is_safe(finding):
        reason = finding.fix.safety.reason if finding.fix.safety else ""
        title += f" (unsafe: {reason})" if reason else " (unsafe)"
    own = os.path.realpath(analysis.path)
    shared = sorted({os.path.basename(e.path) for e in edits if os.path.realpath(e.path) != own})
    if shared:
        title += f" [in {', '.join(shared)}: all boards that include it change]"
    return OfferedFix(title, edits, (shown,), is_preferred(analysis, finding))
