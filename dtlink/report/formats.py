"""The formats of a report, by name: one module each, imported when it is asked for."""

from __future__ import annotations

from importlib import import_module

from dtlink.report.model import Report

#: What reads each format. ``text`` and ``jsonl`` are told otherwise than by :func:`render`: to a
#: terminal, and input by input.
FORMATS = {
    "text": "for people",
    "json": "one document, for archives and scripts",
    "jsonl": "the same, one input a line, as each is done",
    "sarif": "SARIF 2.1.0, for code scanning",
    "junit": "JUnit XML, for test reports",
    "github": "annotations of a GitHub workflow",
    "gitlab": "a GitLab code quality report",
    "markdown": "a summary for the comment of a pull request",
}

#: Those that tell the hashes of the inputs.
DIGESTS = frozenset(("json", "jsonl", "sarif"))


def render(name: str, report: Report) -> str:
    """A report in a format, ending in a newline."""
    text: str = import_module(f"dtlink.report.{name}").render(report)
    return text
