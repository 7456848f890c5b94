"""What a lint of a board says, at the places where an editor shows it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from dtlink.firmware.tree import Location
from dtlink.lsp.model import Diagnostic, FileSpan, RelatedNote
from dtlink.lsp.places import span_of
from dtlink.rules.finding import Finding, PlaceRole, Severity
from dtlink.typed import TYPE_CHECKING
from dtlink.wording import and_more, counted

if TYPE_CHECKING:
    from dtlink.firmware.source.errors import SourceFault
    from dtlink.lsp.analysis import Analysis
    from dtlink.lsp.documents import OpenFiles

#: Upper bounds on what is shown of one board, and of the places of one finding.
MAX_DIAGNOSTICS = 1000
_MAX_RELATED = 10
_NAMED = 5
_MESSAGE = 2000
#: The code of an error of the source, of what is about the run, and of a line that includes some.
SOURCE = "source"
RUN = "dtlink"
INCLUDED = "included"

_ROLES = {
    PlaceRole.RELATED: "related node",
    PlaceRole.ENABLED: "enabled here",
    PlaceRole.OPENING: "also opened here",
    PlaceRole.OTHER: "the other property",
    PlaceRole.SETTING: "earlier value",
}


def diagnostics(analysis: Analysis, files: OpenFiles) -> list[Diagnostic]:
    """The errors and findings of a board, at most :data:`MAX_DIAGNOSTICS`.

    For what is in included files there is also one at the line of the board that includes them: an
    editor may not show a file that is not open.
    """
    placed = [*_of_source(analysis, files), *_of_findings(analysis, files)]
    found = [*_of_run(analysis, files), *(each for each, _ in placed)]
    if len(found) > MAX_DIAGNOSTICS:
        more = f"{len(found) - MAX_DIAGNOSTICS:,} more findings are not shown"
        del found[MAX_DIAGNOSTICS:]
        found.append(at_top(analysis.path, files, more, Severity.INFO))
    return [*found, *_at_includes(placed, files)]


def _at_includes(
    placed: Sequence[tuple[Diagnostic, Location]], files: OpenFiles
) -> Iterator[Diagnostic]:
    """One diagnostic for each line of the board that includes files with some."""
    groups: dict[tuple[str, int], list[tuple[Diagnostic, Location]]] = {}
    for each, place in placed:
        if place.chain:
            groups.setdefault(place.chain[-1], []).append((each, place))
    for (file, line), held in groups.items():
        worst = min((each.severity for each, _ in held), key=lambda severity: severity.rank)
        shown = [
            f"{os.path.basename(place.file)}:{place.line}: {_first_line(each)}"
            for each, place in held[:_NAMED]
        ]
        if len(held) > _NAMED:
            shown.append(and_more(len(held) - _NAMED))
        text = "\n".join((f"{counted(len(held), 'problem')} in included files", *shown))
        notes = tuple(RelatedNote(each.at, _first_line(each)) for each, _ in held[:_MAX_RELATED])
        at = span_of(Location(file, line), files)
        yield Diagnostic(at, worst, INCLUDED, text[:_MESSAGE], notes)


def _first_line(each: Diagnostic) -> str:
    message = each.message.partition("\n")[0]
    return message if each.code == SOURCE else f"{each.code}: {message}"


def at_top(path: str, files: OpenFiles, message: str, severity: Severity) -> Diagnostic:
    """What is about a file as a whole, at its first line."""
    at = span_of(Location(path, 1), files)
    return Diagnostic(at, severity, RUN, message[:_MESSAGE])


def _of_source(analysis: Analysis, files: OpenFiles) -> Iterator[tuple[Diagnostic, Location]]:
    """The errors of a source, with their places."""
    for fault in analysis.report.error.faults if analysis.report.error else ():
        yield _of_fault(fault, files), fault.place


def _of_findings(analysis: Analysis, files: OpenFiles) -> Iterator[tuple[Diagnostic, Location]]:
    """The findings that are shown, with their places."""
    least = analysis.settings.show.rank
    for finding in analysis.report.findings:
        if finding.severity.rank <= least:
            place = finding.location or Location(analysis.path, 1)
            yield of_finding(finding, analysis.path, files), place


def _of_run(analysis: Analysis, files: OpenFiles) -> Iterator[Diagnostic]:
    """What is about the board as a whole."""
    report, path = analysis.report, analysis.path
    if report.error is not None and not report.error.faults:
        yield at_top(path, files, report.error.message, Severity.ERROR)
    for refused in report.refused:
        yield at_top(path, files, refused.message, Severity.ERROR)
    for broken in report.faults:
        message = f"a fault of dtlink in the rule {broken.rule}: {broken.error}"
        yield at_top(path, files, message, Severity.WARNING)
    for unmet in report.unmet:
        if unmet.is_expected and unmet.location is None:
            message = f"expected finding is absent: {unmet.rule} {unmet.node} ({unmet.source})"
            yield at_top(path, files, message, Severity.WARNING)


def _of_fault(fault: SourceFault, files: OpenFiles) -> Diagnostic:
    message = f"{fault.message}\nfix: {fault.fix}" if fault.fix else fault.message
    by = tuple(
        RelatedNote(span_of(Location(file, line), files), "included here")
        for file, line in fault.place.chain[:_MAX_RELATED]
    )
    return Diagnostic(span_of(fault.place, files), Severity.ERROR, SOURCE, message[:_MESSAGE], by)


def of_finding(finding: Finding, board: str, files: OpenFiles) -> Diagnostic:
    """A finding at its place; one without a place, at the first line of the board."""
    at = span_of(finding.location or Location(board, 1), files)
    message = finding.message
    if finding.location is None:
        message = f"{finding.subject.path}: {message}"
    if finding.location and finding.location.macro:
        message = f"{message} (from the macro {finding.location.macro})"
    text = f"{message}\neffect: {finding.effect}\nfix: {finding.fix.text}"
    related = tuple(_related(finding, files))
    return Diagnostic(at, finding.severity, finding.identity, text[:_MESSAGE], related)


def _related(finding: Finding, files: OpenFiles) -> Iterator[RelatedNote]:
    seen: set[FileSpan] = set()
    for place in finding.places[:_MAX_RELATED]:
        at = span_of(place.location, files)
        if at not in seen:
            seen.add(at)
            name = f"{place.node}:{place.property_name}" if place.property_name else place.node
            yield RelatedNote(at, f"{_ROLES[place.role]}: {name}")
