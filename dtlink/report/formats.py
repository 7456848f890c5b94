"""The formats of a report, by name: one module each, imported when it is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

from dtlink.report.model import Report

#: The use of each format. :func:`render` does not write ``text``, which depends on the terminal,
#: and ``jsonl``, which is written input by input.
FORMATS = {
    "text": "for people",
    "json": "one document, for archives and scripts",
    "jsonl": "the same, one input per line, as soon as it is complete",
    "sarif": "SARIF 2.1.0, for code scanning",
    "junit": "JUnit XML, for test reports",
    "github": "annotations of a GitHub workflow",
    "gitlab": "a GitLab code quality report",
    "markdown": "a summary for the comment of a pull request",
    "concise": "FILE:LINE:COLUMN: SEVERITY RULE MESSAGE, for editors and problem matchers",
    "rdjson": "Reviewdog Diagnostic Format, with the fixes as suggestions",
    "checkstyle": "Checkstyle XML",
    "html": "one page with filters and the rules' pages, for a browser",
}

#: The formats that contain the hashes of the inputs.
DIGESTS = frozenset(("json", "jsonl", "sarif"))
#: The formats that contain the edits of fixes as edits of the source.
WITH_FIXES = frozenset(("json", "jsonl", "sarif", "rdjson"))
#: The formats that are written input by input.
STREAMED = frozenset(("jsonl",))
#: The formats that print what was found, and of the other inputs only their number.
ONLY_FINDINGS = frozenset(
    ("text", "github", "gitlab", "markdown", "concise", "rdjson", "checkstyle")
)
#: Those of them that have fingerprints.
FINGERPRINTED = frozenset(("gitlab",))
#: The formats that are made in pieces, input by input.
IN_PIECES = frozenset(("json", "sarif", "junit"))
#: The formats that link to files beside them.
LINKING = frozenset(("html",))


def render(name: str, report: Report, folder: str | None = None) -> str:
    """A report in a format, ending in a newline; ``folder``: where it will be, if that is known."""
    return "".join(pieces(name, report, folder))


def pieces(name: str, report: Report, folder: str | None = None) -> Iterator[str]:
    """As :func:`render`, in pieces: of many inputs the whole text would take much memory."""
    module = import_module(f"dtlink.report.{name}")
    if name in IN_PIECES:
        yield from module.pieces(report)
    else:
        yield module.render(report, folder) if name in LINKING else module.render(report)
