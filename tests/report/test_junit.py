"""JUnit XML, read back by the library that others read it with."""

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from junitparser import Error, JUnitXml, TestCase

from dtlink.firmware.tree import Location
from dtlink.report.junit import render
from dtlink.report.model import BaselineEntry, Ignored, InputReport, Report, Unmet
from dtlink.rules.model import Confidence, Severity
from tests.report.reports import (
    ERROR,
    EVERYTHING,
    INFO,
    TEXT,
    WARNING,
    finding,
    of_fixtures,
    of_real_boards,
    report,
)

READ = "dtlink/unreadable-input"


def cases(of: Report) -> dict[str, TestCase]:
    """The tests of a report by name."""
    document = JUnitXml.fromstring(render(of).encode())
    found = [case for suite in document for case in suite]
    assert document.tests == len(found)
    # GitLab takes the first of one class and name only.
    assert len({(case.classname, case.name) for case in found}) == len(found)
    return {case.name: case for case in found}


def result(case: TestCase) -> str:
    """What a CI server takes it for."""
    kinds = [type(each).__name__ for each in case.result]
    return ", ".join(kinds) or "passed"


def test_a_failure_has_it_all() -> None:
    one = finding(location=Location("boards/one.dts", 12), supplier="/soc/clk@0")
    case = cases(report(one, path="boards/one.dts"))[
        "phandle/dangling /soc/serial@1000:clocks → /soc/clk@0"
    ]
    (failure,) = case.result
    assert (result(case), failure.type) == ("Failure", "error")
    assert failure.message == "clocks[0] names phandle 0x7, which no node has"
    assert failure.text == (
        "boards/one.dts:12: error: /soc/serial@1000: clocks[0] names phandle 0x7, which no node "
        "has\n"
        "effect: serial@1000 finds no clock there\n"
        "fix:    name the clock by its label in clocks"
    )
    assert case.classname == "boards/one.dts"


def test_the_place_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    one = finding(location=Location(str(tmp_path / "soc.dtsi"), 12))
    tests = ET.fromstring(render(report(one, path=str(tmp_path / "one.dts")))).iter("testcase")  # noqa: S314
    assert [(each.get("file"), each.get("line")) for each in tests] == [
        ("one.dts", "1"),
        ("soc.dtsi", "12"),
    ]


def test_an_input_without_findings_passes() -> None:
    told = cases(report())
    assert {name: result(case) for name, case in told.items()} == {READ: "passed"}


def test_what_of_a_report_becomes_what() -> None:
    told = [
        (suite.name, case.name, result(case))
        for suite in JUnitXml.fromstring(render(EVERYTHING).encode())
        for case in suite
    ]
    at = "phandle/dangling /soc/serial"
    assert told == [
        ("boards/broken.dtb", READ, "Error"),
        ("boards/one.dtb", READ, "passed"),
        ("boards/one.dtb", f"{READ} (2)", "Error"),
        ("boards/one.dtb", "dtlink/fault", "Error"),
        ("boards/one.dtb", f"{at}@1000:clocks", "Failure"),
        ("boards/one.dtb", "legacy/old-name /soc/serial@1000:clocks", "passed"),
        ("boards/one.dtb", "iommu/bus-uncovered /soc/pcie* (expected)", "Skipped"),
        ("boards/one.dtb", f"{at}@2000:clocks", "Skipped"),
        ("boards/one.dtb", f"{at}@4000:clocks", "Skipped"),
        ("boards/one.dtb", f"{at}@3000:clocks", "passed"),
    ]


def test_what_can_not_be_read_says_why_and_where() -> None:
    document = JUnitXml.fromstring(render(EVERYTHING).encode())
    results = [each for suite in document for case in suite for each in case.result]
    errors = [each for each in results if isinstance(each, Error)]
    assert errors[0].message == errors[0].text == "the header is cut short (byte 0xc)"
    assert document.errors == 3
    assert "cycle/supplier-cycle failed: KeyError: 7" in errors[2].text


def test_a_note_passes_and_can_be_read() -> None:
    case = cases(report(finding(severity=INFO)))["phandle/dangling /soc/serial@1000:clocks"]
    assert result(case) == "passed"
    assert "serial@1000 finds no clock there" in case.system_out


def test_a_likely_warning_says_so() -> None:
    likely = finding(severity=WARNING, confidence=Confidence.LIKELY)
    of = report(likely, fail_on=WARNING)
    (failure,) = cases(of)["phandle/dangling /soc/serial@1000:clocks"].result
    assert failure.type == "warning (likely)"


@pytest.mark.parametrize(
    ("fail_on", "results"),
    [
        (None, ["Skipped", "Skipped", "passed", "Skipped"]),
        (ERROR, ["Failure", "Skipped", "passed", "Skipped"]),
        (WARNING, ["Failure", "Failure", "passed", "Failure"]),
        (INFO, ["Failure", "Failure", "Failure", "Failure"]),
    ],
)
def test_what_counts_for_the_exit_status_fails(
    fail_on: Severity | None, results: list[str]
) -> None:
    found = [finding(severity=each, subject=f"/{each.value}") for each in Severity]
    of = report(*found, unmet=[Unmet("cycle", "", "", "--expect")], fail_on=fail_on)
    _, *told = cases(of).values()
    assert [result(case) for case in told] == results
    assert of.status == int("Failure" in results)


def test_known_and_ignored_ones_are_skipped_with_the_reason() -> None:
    of = report(known=[finding(subject="/a")], ignored=[Ignored(finding(subject="/b"), "unused")])
    told = cases(of)
    known, ignored = (told[f"phandle/dangling /{name}:clocks"].result[0] for name in "ab")
    assert (known.message, ignored.message) == ("in the baseline", "ignored: unused")
    assert "serial@1000 finds no clock there" in known.text


def test_a_fixed_one_passes_by_the_name_it_failed_by() -> None:
    one = finding(supplier="/soc/clk@0")
    entry = BaselineEntry(
        "one.dtb", one.rule, one.subject.path, "clocks", one.supplier, one.fingerprint
    )
    before, after = cases(report(one)), cases(report(fixed=[entry]))
    assert set(before) == set(after)
    assert [result(case) for case in after.values()] == ["passed", "passed"]


def test_one_fault_at_several_places_is_several_tests() -> None:
    told = cases(report(finding(index=0), finding(index=1)))
    assert "phandle/dangling /soc/serial@1000:clocks (2)" in told


def test_an_input_that_is_named_twice() -> None:
    item = InputReport("one.dtb", findings=[finding()])
    assert len(cases(Report("lint", [item, item]))) == 4


def test_real_boards() -> None:
    of = of_real_boards()
    document = JUnitXml.fromstring(render(of).encode())
    assert document.tests == len(list(of.findings())) + 10
    assert document.errors == 0


def test_the_document_counts() -> None:
    document = JUnitXml.fromstring(render(of_fixtures()).encode())
    counts = of_fixtures().counts()
    assert document.failures == counts["error"]
    assert document.skipped == counts["warning"]
    assert document.tests == sum(counts.values()) + len(of_fixtures().inputs)
    assert len(document) == len(of_fixtures().inputs)


def test_twice_the_same_bytes_and_no_clock() -> None:
    text = render(of_fixtures())
    assert text == render(of_fixtures())
    assert "timestamp" not in text
    assert set(re.findall(' time="(.*?)"', text)) <= {"0", "0.0"}


def allowed(character: str) -> bool:
    """Whether XML 1.0 has a place for it (section 2.2), returns aside, which readers replace."""
    code = ord(character)
    return code in (0x9, 0xA) or 0x20 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or code > 0xFFFF


@given(TEXT, TEXT, TEXT, TEXT)
def test_any_text_can_be_read_back(path: str, subject: str, message: str, fix: str) -> None:
    def kept(text: str) -> str:
        plain = text.replace("\r\n", "\n").replace("\r", "\n")
        return "".join(each if allowed(each) else "\ufffd" for each in plain)

    one = finding(subject=subject, message=message, fix=f"x{fix}", property_name=None, effect="")
    document = JUnitXml.fromstring(render(report(one, path=f"/x/y{path}z")).encode())
    (suite,) = document
    _, case = suite
    (failure,) = case.result
    assert case.name == kept(f"phandle/dangling {subject}")
    assert failure.message == (kept(message) or None)
    indented = kept(f"x{fix}").replace("\n", "\n" + " " * 8)
    assert failure.text.endswith(f"fix:    {indented}")
