"""A lint that has nothing to say in text does not lay anything out; the text would be empty."""

from __future__ import annotations

import pytest

from dtlink.report import text
from dtlink.report.kept import KeptReports
from dtlink.report.model import InputFault, InputReport, Report, Unmet
from dtlink.rules.model import Severity

BOARD = InputReport("board.dtb")
OTHERS = {
    "unreadable": BOARD._replace(error=InputFault("not a DTB")),
    "unmet": BOARD._replace(unmet=[Unmet("tree/status", "", "", "--expect")]),
    "passed": BOARD._replace(passed=["a container that was not opened"]),
}


def kept(*items: InputReport) -> Report:
    made = KeptReports(["text"])
    for item in items:
        made.add(item)
    return made.report(Report("lint", [], "6.12"))


def test_clean_inputs_have_no_text() -> None:
    report = kept(BOARD, BOARD)
    assert report.totals.is_clean
    assert not report.inputs
    assert not list(text.lines(report, None, Severity.INFO))


@pytest.mark.parametrize("item", OTHERS.values(), ids=OTHERS)
def test_others_are_not_clean(item: InputReport) -> None:
    assert not kept(BOARD, item).totals.is_clean
