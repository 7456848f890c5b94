"""Reports to render: made up of given parts, or of what linting the project's own files gives."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from dtlink import engine
from dtlink.firmware.names import Subject, SubjectKind
from dtlink.report.model import (
    BaselineEntry,
    Ignored,
    InputFault,
    InputReport,
    Refused,
    Report,
    Unmet,
)
from dtlink.rules.model import Confidence, Finding, Fix, Severity
from dtlink.rules.run import RuleFault
from tests.support.boards import CHECKOUT, need_corpus

ERROR, WARNING, INFO = Severity

#: Every character there is, and often those that mean something to a format.
TEXT = st.text(
    st.one_of(
        st.sampled_from("|`<>&@#:,%\\\n\r\t\0\x1b\ufffe\ud800*_[]!\u202e ;={}"),
        st.characters(exclude_categories=()),
    ),
    max_size=40,
)


def finding(rule: str = "phandle/dangling", severity: Severity = ERROR, **fields: Any) -> Finding:
    """A finding; what is not given is as usual."""
    usual: dict[str, Any] = {
        "confidence": Confidence.SURE,
        "subject": "/soc/serial@1000",
        "property_name": "clocks",
        "index": 0,
        "message": "clocks[0] names phandle 0x7, which no node has",
        "effect": "serial@1000 finds no clock there",
        "fix": "name the clock by its label in clocks",
        "related": (),
        "supplier": "",
        "location": None,
        "offset": 0x40,
    }
    return made(rule=rule, severity=severity, **(usual | fields))


def made(**fields: Any) -> Finding:
    """A finding whose subject and fix are given as text."""
    kind = SubjectKind.NODE if fields["subject"].startswith("/") else SubjectKind.STRUCTURE
    subject, fix = Subject(kind, fields["subject"]), Fix.of(fields["fix"])
    return Finding(**(fields | {"subject": subject, "fix": fix}))


def findings(severity: Severity, number: int) -> list[Finding]:
    """So many that differ in their nodes."""
    return [finding(severity=severity, subject=f"/soc/serial@{at:x}") for at in range(number)]


def report(
    *findings: Finding, path: str = "boards/one.dtb", baseline: str = "", **fields: Any
) -> Report:
    """A report of one input."""
    item = InputReport(path, form="fdt", findings=findings, **fields)
    return Report("lint", [item], baseline=baseline)


#: Of all that a report may hold, one.
EVERYTHING = Report(
    "lint",
    [
        InputReport("boards/broken.dtb", error=InputFault("the header is cut short", 12)),
        InputReport(
            "boards/one.dtb",
            form="fdt",
            findings=[finding(), finding(severity=INFO, rule="legacy/old-name")],
            faults=[RuleFault("cycle/supplier-cycle", "KeyError: 7")],
            refused=[Refused("boards/tables/APIC.dat", "the length is 3", 4)],
            notes=["DSDT not read"],
            known=[finding(subject="/soc/serial@2000")],
            fixed=[
                BaselineEntry("one.dtb", "phandle/dangling", "/soc/serial@3000", "clocks", "", "ab")
            ],
            ignored=[Ignored(finding(subject="/soc/serial@4000"), "not fitted")],
            unmet=[Unmet("iommu/bus-uncovered", "/soc/pcie*", "as ever", "dtlink.toml")],
        ),
    ],
    baseline="baseline.json",
)


@lru_cache(maxsize=1)
def of_fixtures() -> Report:
    """What linting all the project's own boards and tables gives."""
    return lint(str(CHECKOUT / "fixtures/boards"), str(CHECKOUT / "fixtures/tables"))


def of_real_boards() -> Report:
    """What linting ten boards of the corpus gives; skips the test that asks if there is none."""
    boards = need_corpus()
    return lint(*boards[:: max(1, len(boards) // 10)][:10])


def lint(*paths: str | Path) -> Report:
    """What linting these gives."""
    inputs = list(engine.expand(map(str, paths)))
    task = engine.Task(engine.lint, engine.lint)
    return Report("lint", list(engine.run(inputs, task, jobs=1)))
