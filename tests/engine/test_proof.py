"""When a fix is taken back: what is a fault of dtlink, and what the fix only shows."""

from __future__ import annotations

import pytest

from dtlink.engine.fixing.proof import Kind, problem
from dtlink.firmware.edits import Edit, NodeRef, SetProperty
from dtlink.firmware.names import Subject, SubjectKind
from dtlink.report.model import InputReport
from dtlink.rules.model import Confidence, Finding, Fix, Severity

STATUS = SetProperty(NodeRef("/i2c"), "status", ("okay",))
CELLS = SetProperty(NodeRef("/clk"), "#clock-cells", ((1,),))
OTHER = SetProperty(NodeRef("/a"), "clocks", ((1,),))


def finding(
    rule: str, path: str, severity: Severity = Severity.WARNING, edit: Edit | None = None
) -> Finding:
    return Finding(
        rule=rule,
        severity=severity,
        confidence=Confidence.SURE,
        subject=Subject(SubjectKind.NODE, path),
        property_name="p",
        index=None,
        message="m",
        effect="e",
        fix=Fix("f", (edit,) if edit else ()),
        related=(),
        supplier="",
        location=None,
        offset=None,
    )


def report(*findings: Finding) -> InputReport:
    return InputReport("a.dts", findings=list(findings))


@pytest.mark.parametrize(
    ("edit", "new", "kind"),
    [
        (OTHER, finding("phandle/dangling", "/a"), Kind.FAULT),
        (STATUS, finding("phandle/dangling", "/b"), Kind.FAULT),
        (STATUS, finding("phandle/dangling", "/i2c/child"), Kind.CONSEQUENCE),
        (STATUS, finding("phandle/dangling", "/i2c", Severity.INFO), Kind.LESS),
        (OTHER, finding("cycle/supplier-cycle", "/b"), Kind.CONSEQUENCE),
        (OTHER, finding("cycle/supplier-cycle", "/b", Severity.INFO), Kind.LESS),
        (OTHER, finding("supplier/misspelt-name", "/b"), Kind.FAULT),
        (CELLS, finding("phandle/names-mismatch", "/b"), Kind.CONSEQUENCE),
        (CELLS, finding("phandle/truncated-specifier", "/b"), Kind.FAULT),
        (CELLS, finding("phandle/names-mismatch", "/clk"), Kind.FAULT),
    ],
)
def test_a_new_finding(edit: SetProperty, new: Finding, kind: Kind) -> None:
    mine = finding("tree/status", "/i2c", edit=edit)
    found = problem(report(mine), report(new), [mine])
    assert found is not None
    assert (found.kind, found.reason) == (
        kind,
        f"{new.rule} is found at {new.subject.path} afterwards",
    )


def test_a_finding_that_stays() -> None:
    mine = finding("tree/status", "/i2c", edit=STATUS)
    found = problem(report(mine), report(mine), [mine])
    assert found is not None
    assert found.kind is Kind.FAULT
    assert found.reason == "tree/status is still found at /i2c"


def test_one_of_two_that_an_earlier_fix_took_away() -> None:
    mine = finding("tree/status", "/i2c", edit=STATUS)
    assert problem(report(mine), report(), [mine, mine]) is None
