"""The formats of a report, by name: one module each, imported when it is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import NamedTuple

from dtlink.report.model import Report


class Format(NamedTuple):
    """A format, and what reads it."""

    name: str
    about: str
    digests: bool = False
    """Whether it tells the hashes of the inputs."""


#: ``text`` and ``jsonl`` are told otherwise: to a terminal, and input by input.
FORMATS = {
    each.name: each
    for each in (
        Format("text", "for people"),
        Format("json", "one document, for archives and scripts", digests=True),
        Format("jsonl", "the same, one input a line, as each is done", digests=True),
        Format("sarif", "SARIF 2.1.0, for code scanning", digests=True),
        Format("junit", "JUnit XML, for test reports"),
        Format("github", "annotations of a GitHub workflow"),
        Format("gitlab", "a GitLab code quality report"),
        Format("markdown", "a summary for the comment of a pull request"),
    )
}


def render(name: str, report: Report) -> str:
    """A report in a format, ending in a newline."""
    text: str = import_module(f"dtlink.report.{name}").render(report)
    return text
