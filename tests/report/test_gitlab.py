"""The code quality report, by the fields that GitLab documents."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given

from dtlink.firmware.tree import Location
from dtlink.report.gitlab import render
from dtlink.report.model import Report
from dtlink.rules.model import Confidence, Finding
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

#: https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
SCHEMA = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "additionalProperties": False,
        "properties": {
            "description": {"type": "string", "minLength": 1, "pattern": r"^[^\n]*$"},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "minLength": 1},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "additionalProperties": False,
                "properties": {
                    # "The relative path", which "shouldn't begin with ./".
                    "path": {"type": "string", "minLength": 1, "not": {"pattern": r"^\./"}},
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "additionalProperties": False,
                        "properties": {"begin": {"type": "integer", "minimum": 1}},
                    },
                },
            },
        },
    },
}


def issues(of: Report) -> list[Any]:
    """The issues of a report, held against what GitLab documents."""
    text = render(of)
    assert text.endswith("]\n")
    found: list[Any] = json.loads(text.encode())
    jsonschema.Draft202012Validator(SCHEMA).validate(found)
    fingerprints = [each["fingerprint"] for each in found]
    assert len(set(fingerprints)) == len(fingerprints)
    return found


def test_one_finding() -> None:
    one = finding(location=Location("./boards/one.dts", 12))
    (issue,) = issues(report(one, path="boards/one.dts"))
    assert issue.pop("fingerprint")
    assert issue == {
        "description": "/soc/serial@1000: clocks[0] names phandle 0x7, which no node has. "
        "Effect: serial@1000 finds no clock there. Fix: name the clock by its label in clocks",
        "check_name": "phandle/dangling",
        "severity": "critical",
        "location": {"path": "boards/one.dts", "lines": {"begin": 12}},
    }


def test_nothing_found() -> None:
    assert render(report()) == "[]\n"


@pytest.mark.parametrize(
    ("one", "severity"),
    [
        (finding(severity=ERROR), "critical"),
        (finding(severity=WARNING), "major"),
        (finding(severity=WARNING, confidence=Confidence.LIKELY), "minor"),
        (finding(severity=INFO), "info"),
    ],
)
def test_severities(one: Finding, severity: str) -> None:
    assert [each["severity"] for each in issues(report(one))] == [severity]


def test_the_worst_comes_first_and_what_was_not_looked_at_before_all() -> None:
    told = [
        (each["severity"], each["check_name"], each["location"]["path"])
        for each in issues(EVERYTHING)
    ]
    assert told == [
        ("blocker", "dtlink/unreadable-input", "boards/broken.dtb"),
        ("blocker", "dtlink/unreadable-input", "boards/tables/APIC.dat"),
        ("blocker", "dtlink/fault", "boards/one.dtb"),
        ("critical", "phandle/dangling", "boards/one.dtb"),
        ("major", "iommu/bus-uncovered", "boards/one.dtb"),
        ("info", "legacy/old-name", "boards/one.dtb"),
    ]


def test_the_fingerprint_is_of_the_fault_and_the_file_not_of_the_place() -> None:
    at_12 = finding(location=Location("boards/one.dts", 12), offset=1)
    at_13 = finding(location=Location("boards/one.dts", 13), offset=2, message="phandle 0x8")
    first, moved = (issues(report(each, path="boards/one.dts")) for each in (at_12, at_13))
    there = at_12._replace(location=Location("boards/two.dts", 12))
    (elsewhere,) = issues(report(there, path="boards/two.dts"))
    assert first[0]["fingerprint"] == moved[0]["fingerprint"] != elsewhere["fingerprint"]


def test_the_fingerprint_is_of_the_former_name_of_a_rule() -> None:
    renamed = finding(rule="acpi/frame")._replace(alias="iort/node-frame")
    (new,), (old,) = (issues(report(each)) for each in (renamed, finding(rule="iort/node-frame")))
    assert (new["check_name"], old["check_name"]) == ("acpi/frame", "iort/node-frame")
    assert new["fingerprint"] == old["fingerprint"]


def test_one_fault_at_several_places_is_several_issues() -> None:
    assert len(issues(report(finding(index=0), finding(index=1)))) == 2


def test_paths_from_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (issue,) = issues(report(finding(), path=str(tmp_path / "out" / "board.dtb")))
    assert issue["location"]["path"] == "out/board.dtb"


def test_real_boards() -> None:
    of = of_real_boards()
    assert len(issues(of)) == len(list(of.findings()))


def test_the_fixtures() -> None:
    found = issues(of_fixtures())
    assert len(found) == len(list(of_fixtures().findings()))
    lines = {each["location"]["path"]: each["location"]["lines"]["begin"] for each in found}
    assert all((line > 1) == path.endswith(".dts") for path, line in lines.items())


@given(TEXT, TEXT, TEXT)
def test_any_text(path: str, subject: str, message: str) -> None:
    issues(report(finding(subject=subject, message=message), path=f"x{path}"))
