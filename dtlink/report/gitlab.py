"""The report as GitLab's code quality report, for ``artifacts:reports:codequality``.

The fields are those of https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format,
which wants paths without ``./`` and fingerprints that are unique in the report.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import TypedDict

from dtlink.report.model import InputReport, Report, identified
from dtlink.report.places import relative, relative_name, where
from dtlink.report.wording import (
    cut,
    encodable,
    headline,
    printable,
    story,
    troubles,
    unmet,
)
from dtlink.rules.model import Confidence, Finding, Severity

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

    A fingerprint is made of that of the finding and its input's path, so GitLab recognizes an
    issue in the next build, whatever its line. Findings in the baseline, and ignored ones, are
    not issues.
    """
    issues = sorted(_issues(report), key=lambda issue: _ORDER.index(issue["severity"]))
    # GitLab keeps one of several issues with one fingerprint, as of an input that is given twice.
    distinct = {issue["fingerprint"]: issue for issue in issues}
    return json.dumps(list(distinct.values()), indent=1, ensure_ascii=False) + "\n"


def _issues(report: Report) -> Iterator[Issue]:
    for trouble in troubles(report):
        # An input that was not checked must not look like one without findings.
        at = (relative(trouble.path), 1)
        yield _issue(trouble.check, "blocker", trouble.message, at, trouble.message)
    for item in report.inputs:
        path, name = relative(item.path), relative_name(item)
        for fingerprint, finding in identified(item.findings, item.known):
            key = f"{name}\0{fingerprint}"
            at = where(item, finding)
            text = _description(item, finding)
            yield _issue(finding.rule, _severity(finding), text, at, key, finding.identity)
        for entry in item.unmet:
            text = unmet(entry)
            yield _issue(entry.rule, "major", text, (path, 1), f"{name}\0{text}")


def _issue(
    check: str, severity: str, text: str, at: tuple[str, int], key: str, identity: str = ""
) -> Issue:
    """``identity``: the check's name in the fingerprint, where that is another: an alias."""
    path, line = at
    named = f"{identity or check}\0{path}\0{key}"
    digest = hashlib.sha256(named.encode(errors="surrogatepass")).hexdigest()
    return {
        "description": cut(" ".join(printable(text).split()), _DESCRIPTION),
        "check_name": check,
        "fingerprint": digest[:32],
        "severity": severity,
        "location": {"path": encodable(path), "lines": {"begin": line}},
    }


def _severity(finding: Finding) -> str:
    if finding.severity is Severity.WARNING and finding.confidence is Confidence.LIKELY:
        return "minor"
    return _SEVERITIES[finding.severity]


def _description(item: InputReport, finding: Finding) -> str:
    rest = [f"{label.capitalize()}: {text}" for label, text in story(finding)]
    of = f"{item.member}: " if item.member else ""
    return ". ".join(text.removesuffix(".") for text in (of + headline(finding), *rest))
