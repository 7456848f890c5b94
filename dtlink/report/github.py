"""The report as annotations of a GitHub workflow: commands that its runner reads from the output.

The limit is that of the runner's ``ExecutionContext.cs``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from dtlink.escaping.github import command
from dtlink.escaping.text import name
from dtlink.firmware.read import STDIN
from dtlink.records import NamedTuple
from dtlink.report.around import around
from dtlink.report.groups import BOARDS, Group, ShortNames, boards, groups, short_names
from dtlink.report.model import Report
from dtlink.report.places import place_of, relative, where
from dtlink.report.wording import (
    details,
    headline,
    troubles,
    unmet,
)
from dtlink.rules.model import Confidence, Severity
from dtlink.wording import counted, joined

#: Maximum number of annotations of a level that GitHub shows for a step; the log has all.
SHOWN = 10

_ORDER = ("error", "warning", "notice")
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


class _Annotation(NamedTuple):
    level: str
    title: str
    message: str
    path: str = ""
    """Empty if it is not about a file."""
    line: int = 1
    column: int = 0


def render(report: Report) -> str:
    """One command per line, the worst first; empty without findings and problems.

    All errors and warnings are included; one in a file that several boards include is one command.
    If GitHub does not show all of a level, a last notice says so; notes that would displace it are
    omitted.
    """
    told_all = sorted(_annotations(report), key=lambda each: _ORDER.index(each.level))
    there = Counter(each.level for each in told_all)
    if max(there.values(), default=0) > SHOWN:
        over = max(0, there["notice"] - (SHOWN - 1))
        told_all = [*told_all[: len(told_all) - over], _more(there, over)]
    return "".join(f"{_command(each)}\n" for each in told_all)


def _annotations(report: Report) -> Iterator[_Annotation]:
    for trouble in troubles(report):
        yield _Annotation("error", trouble.check, trouble.text, *trouble.place)
    for note in report.notes:
        yield _Annotation("notice", "dtlink", note)
    names = short_names(report)
    for group in groups(report):
        yield _annotation(group, names)
    for item in report.inputs:
        for entry in item.unmet:
            yield _Annotation("warning", entry.rule, unmet(entry), *place_of(item, entry))


def _annotation(group: Group, names: ShortNames) -> _Annotation:
    item, finding = group.item, group.finding
    likely = " (likely)" if finding.confidence is Confidence.LIKELY else ""
    of = f"{item.part}: " if item.part else ""
    places, on = around(group), boards(group, names, BOARDS)
    rows = [f"source: {places}" if places else "", f"boards: {on}" if on else ""]
    message = "\n".join(filter(None, (of + headline(finding), details(finding), *rows)))
    return _Annotation(
        _LEVELS[finding.severity], finding.rule + likely, message, *where(item, finding)
    )


def _more(there: Counter[str], left_out: int) -> _Annotation:
    words = [
        counted(there[level], word)
        for level, word in zip(_ORDER, ("error", "warning", "note"), strict=True)
        if there[level]
    ]
    rest = f", except {counted(left_out, 'note')} (omitted; see another format)" if left_out else ""
    message = (
        f"{joined(words)} in all: GitHub shows the first {SHOWN} of a level here, the log of "
        f"this step has the others{rest}"
    )
    return _Annotation("notice", "dtlink", message)


def _command(each: _Annotation) -> str:
    properties = {"title": name(each.title)}
    if each.path not in ("", STDIN):
        path = relative(each.path)
        column = {"col": str(each.column)} if each.column else {}
        properties = {"file": path, "line": str(each.line), **column, **properties}
    return command(each.level, properties, each.message)
