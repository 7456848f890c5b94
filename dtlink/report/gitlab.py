"""The report as GitLab's code quality report, for ``artifacts:reports:codequality``.

The fields are those of https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format,
which wants paths without ``./`` and fingerprints that are unique in the report.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from dtlink.escaping import jsontext
from dtlink.escaping.text import name, sentence
from dtlink.report.around import around
from dtlink.report.groups import BOARDS, Group, boards, groups, short_names
from dtlink.report.model import Report
from dtlink.report.places import Place, place_of, relative_name, where
from dtlink.report.wording import (
    cut,
    headline,
    story,
    troubles,
    unmet,
)
from dtlink.rules.model import Confidence, Finding, Severity
from dtlink.typed import TypedDict

#: Maximum length of a description, which GitLab shows in one line.
_DESCRIPTION = 2000

_ORDER = ("blocker", "critical", "major", "minor", "info")
_SEVERITIES = {Severity.ERROR: "critical", Severity.WARNING: "major", Severity.INFO: "info"}


class _Lines(TypedDict):
    begin: int


class _Location(TypedDict):
    path: str
    lines: _Lines


class Issue(TypedDict):
    """A violation, in GitLab's terms."""

    description: str
    check_name: str
    fingerprint: str
    severity: str
    location: _Location


def render(report: Report) -> str:
    """The issues, the worst first: one JSON array, ending in a newline.

    A fingerprint is made of that of the finding and its file's path, so GitLab recognizes an
    issue in the next build, whatever its line, and whichever boards include the file. Findings in
    the baseline, and ignored ones, are not issues.
    """
    issues = sorted(_issues(report), key=lambda issue: _ORDER.index(issue["severity"]))
    # GitLab keeps one of several issues with one fingerprint, as of an input that is given twice.
    distinct = {issue["fingerprint"]: issue for issue in issues}
    return jsontext.document(list(distinct.values()))


def _issues(report: Report) -> Iterator[Issue]:
    for trouble in troubles(report):
        # An input that was not checked must not look like one without findings.
        yield _issue(trouble.check, "blocker", trouble.text, trouble.place, trouble.message)
    names = short_names(report)
    for group in groups(report, fingerprints=True):
        item, finding = group.item, group.finding
        at = where(item, finding)
        key = f"{at.path if finding.location else relative_name(item)}\0{group.fingerprint}"
        text = _description(group, boards(group, names, BOARDS))
        yield _issue(finding.rule, _severity(finding), text, at, key, finding.identity)
    for item in report.inputs:
        for entry in item.unmet:
            text, at = unmet(entry), place_of(item, entry)
            yield _issue(entry.rule, "major", text, at, f"{relative_name(item)}\0{text}")


def _issue(check: str, severity: str, text: str, at: Place, key: str, identity: str = "") -> Issue:
    """``identity``: the check's name in the fingerprint, where that is another: an alias."""
    path, line, _ = at
    named = f"{identity or check}\0{path}\0{key}"
    digest = hashlib.sha256(named.encode(errors="surrogatepass")).hexdigest()
    return {
        "description": cut(sentence(text), _DESCRIPTION),
        "check_name": check,
        "fingerprint": digest[:32],
        "severity": severity,
        "location": {"path": name(path), "lines": {"begin": line}},
    }


def _severity(finding: Finding) -> str:
    if finding.severity is Severity.WARNING and finding.confidence is Confidence.LIKELY:
        return "minor"
    return _SEVERITIES[finding.severity]


def _description(group: Group, on: str) -> str:
    item, finding = group.item, group.finding
    rest = [f"{label.capitalize()}: {text}" for label, text in story(finding)]
    places = around(group)
    rest += [f"Source: {places}"] if places else []
    rest += [f"Boards: {on}"] if on else []
    of = f"{item.part}: " if item.part else ""
    return ". ".join(text.removesuffix(".") for text in (of + headline(finding), *rest))
