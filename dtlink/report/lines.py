"""A report as problems at places, one after the other: for formats that have no more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dtlink.escaping.text import sentence
from dtlink.records import NamedTuple
from dtlink.report.groups import BOARDS, boards, groups, short_names
from dtlink.report.model import Report
from dtlink.report.places import Place, place_of, where
from dtlink.report.wording import headline, troubles, unmet
from dtlink.rules.model import Severity
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.firmware.text_edits import TextEdit
    from dtlink.rules.model import Finding


class Problem(NamedTuple):
    """Something to be reported at a place."""

    place: Place
    severity: str
    """``error``, ``warning`` or ``info``."""
    rule: str
    message: str
    """One line."""
    finding: Finding | None = None
    edits: Sequence[TextEdit] = ()


def problems(report: Report) -> Iterator[Problem]:
    """What could not be read, the findings, the worst first, and the expectations that failed.

    One in a file that several boards include is one problem.
    """
    for trouble in troubles(report):
        yield Problem(trouble.place, "error", trouble.check, sentence(trouble.text))
    names = short_names(report)
    for group in groups(report):
        item, finding = group.item, group.finding
        of = f"{item.part}: " if item.part else ""
        on = boards(group, names, BOARDS)
        text = f"{of}{headline(finding)}{f' [{on}]' if on else ''}"
        place, level = where(item, finding), finding.severity.value
        yield Problem(place, level, finding.rule, sentence(text), finding, group.edits)
    for item in report.inputs:
        for entry in item.unmet:
            level = Severity.WARNING.value
            yield Problem(place_of(item, entry), level, entry.rule, sentence(unmet(entry)))
