"""The report as Checkstyle XML, which many services and plugins for editors read.

The form is that of https://checkstyle.org, ``XMLLogger.java``: files with errors, each with a line,
a severity (``error``, ``warning``, ``info``), a message and a source.
"""

from __future__ import annotations

from collections.abc import Sequence

from dtlink.escaping import xml
from dtlink.escaping.text import name
from dtlink.report.lines import Problem, problems
from dtlink.report.model import Report

#: The version of Checkstyle whose form it is: readers want one.
_VERSION = "8"


def render(report: Report) -> str:
    """The document, ending in a newline."""
    files: dict[str, list[Problem]] = {}
    for each in problems(report):
        files.setdefault(each.place.path, []).append(each)
    rows = [row for path, found in files.items() for row in _file(path, found)]
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<checkstyle version="{_VERSION}">\n'
    return xml.document(head + "".join(f"{row}\n" for row in rows) + "</checkstyle>\n")


def _file(path: str, found: Sequence[Problem]) -> Sequence[str]:
    return (f"  <file name={xml.attribute(name(path))}>", *map(_error, found), "  </file>")


def _error(each: Problem) -> str:
    column = f' column="{each.place.column}"' if each.place.column else ""
    return (
        f'    <error line="{each.place.line}"{column} severity="{each.severity}"'
        f" message={xml.attribute(each.message)} source={xml.attribute(f'dtlink.{each.rule}')}/>"
    )
