"""What an input has that an earlier state of it did not have."""

from __future__ import annotations

from dtlink.report.earlier import without_earlier
from dtlink.report.model import InputReport, Unmet
from dtlink.rules.model import Severity
from tests.report.reports import finding


def brought(now, earlier, known=()):
    item = InputReport("b.dts", findings=now, known=known)
    return without_earlier(item, InputReport("b.dts", findings=earlier))


def test_one_more_of_the_same_is_new():
    one = finding()
    assert brought([one], [one]).findings == []
    item = brought([one, one, one], [one, one])
    assert (item.findings, item.known) == ([one], [one, one])


def test_a_worse_one_is_new_and_a_milder_one_is_not():
    error, info = finding(), finding(severity=Severity.INFO)
    assert brought([error], [info]).findings == [error]
    assert brought([info], [error]).findings == []
    # The one that was there is the one that fits.
    item = brought([info, error], [error])
    assert (item.findings, item.known) == ([info], [error])


def test_what_a_baseline_knows_was_there_as_well():
    one = finding()
    assert brought([one], [one], known=[one]).findings == [one]
    assert brought([one], [one, one], known=[one]).findings == []
    assert brought([one], [], known=[one]).known == [one]


def test_expectations():
    unmet, other = (Unmet(rule, "", "x", "dtlink.toml") for rule in ("cycle", "iommu"))
    now = InputReport("b.dts", unmet=[unmet, other])
    assert without_earlier(now, InputReport("b.dts", unmet=[unmet])).unmet == [other]
