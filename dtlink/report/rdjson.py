"""The report in the Reviewdog Diagnostic Format, with fixes as suggestions.

Source: https://github.com/reviewdog/reviewdog, proto/rdf/reviewdog.proto. Columns count bytes of
UTF-8, from 1. A suggestion is about the file of its diagnostic: a fix that changes other files too
has none.
"""

from __future__ import annotations

from dtlink.escaping import jsontext
from dtlink.escaping.text import name, prose
from dtlink.firmware.text_edits import by_file
from dtlink.report.lines import Problem, problems
from dtlink.report.model import Report
from dtlink.report.places import relative
from dtlink.report.wording import details
from dtlink.typed import TYPE_CHECKING
from dtlink.version import page_url

if TYPE_CHECKING:
    from dtlink.firmware.text_edits import TextEdit
    from dtlink.report.entries import JsonObject

_SEVERITIES = {"error": "ERROR", "warning": "WARNING", "info": "INFO"}


def render(report: Report) -> str:
    """The document, ending in a newline."""
    document = {
        "source": {"name": "dtlink"},
        "diagnostics": [_diagnostic(each) for each in problems(report)],
    }
    return jsontext.document(document)


def _diagnostic(each: Problem) -> JsonObject:
    start: JsonObject = {"line": each.place.line}
    if each.place.column:
        start["column"] = _bytes_column(each, each.place.line, each.place.column)
    more = f"\n{prose(details(each.finding))}" if each.finding else ""
    found: JsonObject = {
        "message": each.message + more,
        "location": {"path": name(each.place.path), "range": {"start": start}},
        "severity": _SEVERITIES[each.severity],
        "code": {"value": each.rule, "url": page_url(each.rule)},
    }
    files = {relative(path): edits for path, edits in by_file(each.edits).items()}
    if files.keys() == {each.place.path}:
        found["suggestions"] = [_suggestion(each, edit) for edit in files[each.place.path]]
    return found


def _bytes_column(each: Problem, line: int, column: int) -> int:
    """A column in bytes of UTF-8: the line of the finding may have other characters before it."""
    location = each.finding.location if each.finding else None
    before = location.text[: column - 1] if location and location.line == line else ""
    return max(column, 1) + len(before.encode("utf-8", "replace")) - len(before)


def _suggestion(each: Problem, edit: TextEdit) -> JsonObject:
    start, end = (edit.line, edit.column), (edit.end_line, edit.end_column)
    first, last = (
        {"line": line, "column": _bytes_column(each, line, column)} for line, column in (start, end)
    )
    return {"range": {"start": first, "end": last}, "text": edit.text}
