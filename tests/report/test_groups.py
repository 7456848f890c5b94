"""A fault in a file that several boards include: one finding, with the boards that have it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from dtlink.firmware.tree import Location
from dtlink.report import github, gitlab, markdown, sarif
from dtlink.report.groups import boards, groups, short_names
from dtlink.report.layout import plain
from dtlink.report.model import InputReport, Report
from dtlink.report.text import lines
from dtlink.rules.model import Finding, Severity
from tests.report.reports import INFO, WARNING, finding, lint
from tests.report.test_sarif import valid

SOC = """\
/ {
	#address-cells = <1>;
	#size-cells = <1>;
	serial: serial@1000 {
		compatible = "acme,serial";
		reg = <0x1000 0x100>;
		clocks = <0x99>;
	};
};
"""
BOARD = """\
/dts-v1/;
// {name}

#include "soc.dtsi"

/ {{
	model = "Acme {name}";
	compatible = "acme,{name}";
}};
"""
OWN = """
/ { extra@0 { compatible = "acme,extra"; clocks = <0x77>; }; };
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three boards with the fault of the file that they include; one has another of its own."""
    (tmp_path / "soc.dtsi").write_text(SOC)
    for name in ("one", "two", "three"):
        own = OWN if name == "two" else ""
        (tmp_path / f"{name}.dts").write_text(BOARD.format(name=name) + own)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def found(folder: Path) -> Report:
    del folder
    return lint("one.dts", "two.dts", "three.dts")


def text(report: Report, least: Severity = WARNING) -> str:
    return plain(lines(report, None, least))


def at(*fields: object, **others: object) -> Finding:
    return finding(location=Location("soc.dtsi", 7, 13, *fields), **others)


def several(*found: Finding) -> Report:
    """A report of boards with one finding each."""
    return Report("lint", [InputReport(f"{at}.dts", findings=[it]) for at, it in enumerate(found)])


def test_one_finding_with_its_boards(found: Report) -> None:
    shared, own = groups(found, fingerprints=True)
    assert [each.item.path for each in shared.members] == ["one.dts", "two.dts", "three.dts"]
    assert shared.finding.location is not None
    assert shared.finding.location[:3] == ("soc.dtsi", 7, 13)
    assert [each.item.path for each in own.members] == ["two.dts"]
    names = short_names(found)
    assert boards(shared, names) == "one.dts, two.dts, three.dts"
    assert boards(shared, names, most=2) == "all 3 inputs"
    assert boards(own, names) == ""


def test_text_tells_a_shared_fault_once_and_names_the_boards(found: Report) -> None:
    told = text(found)
    assert told.count("soc.dtsi:7:13") == 1
    assert " boards: one.dts, two.dts, three.dts\n" in told
    headings = re.findall(r"^\S.* · .*$", told, re.MULTILINE)
    assert [each.split(" · ")[0] for each in headings] == ["soc.dtsi", "two.dts"]
    assert "2 errors, 0 warnings, 0 notes in 3 inputs (4 findings counted per input)" in told


def test_json_has_the_findings_of_each_input(found: Report) -> None:
    assert [len(item["findings"]) for item in found.to_dict()["inputs"]] == [1, 2, 1]
    assert found.to_dict()["summary"]["findings"] == {"error": 4, "warning": 0, "info": 0}


def test_github_has_one_annotation_in_the_shared_file(found: Report) -> None:
    shared, own = github.render(found).splitlines()
    assert shared.startswith("::error file=soc.dtsi,line=7,col=13,title=phandle/dangling::")
    assert shared.endswith("%0Aboards: one.dts, two.dts, three.dts")
    assert own.startswith("::error file=two.dts,line=11,")
    assert "boards:" not in own


def test_services_name_the_board_of_a_fault_in_an_included_file(folder: Path) -> None:
    del folder
    alone = lint("three.dts")
    assert github.render(alone).endswith("%0Aboards: three.dts\n")
    assert json.loads(gitlab.render(alone))[0]["description"].endswith("Boards: three.dts")
    assert "Boards: three.dts" in valid(sarif.render(alone))["results"][0]["message"]["text"]
    assert "boards: `three.dts`" in markdown.render(alone)
    assert " boards:" not in text(alone)  # the heading is the board


def test_gitlab_has_one_issue_that_does_not_depend_on_the_boards(found: Report) -> None:
    shared, _ = json.loads(gitlab.render(found))
    assert shared["location"] == {"path": "soc.dtsi", "lines": {"begin": 7}}
    assert shared["description"].endswith("Boards: one.dts, two.dts, three.dts")
    (alone,) = json.loads(gitlab.render(lint("three.dts")))
    assert alone["fingerprint"] == shared["fingerprint"]


def test_sarif_has_one_result_and_the_boards_where_they_include_the_file(found: Report) -> None:
    shared, _ = valid(sarif.render(found))["results"]
    place = shared["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "soc.dtsi"
    assert place["region"] == {"startLine": 7, "startColumn": 13}
    related = [
        (
            each["physicalLocation"]["artifactLocation"]["uri"],
            each["physicalLocation"]["region"]["startLine"],
            each["message"]["text"],
        )
        for each in shared["relatedLocations"]
    ]
    assert related == [
        (f"{name}.dts", 4, f"board: Acme {name}") for name in ("one", "two", "three")
    ]
    assert shared["properties"]["boards"] == 3
    assert "Boards: one.dts, two.dts, three.dts" in shared["message"]["text"]
    (alone,) = valid(sarif.render(lint("three.dts")))["results"]
    assert alone["partialFingerprints"] == shared["partialFingerprints"]
    assert [each["message"]["text"] for each in alone["relatedLocations"]] == ["included here"]


def test_sarif_has_the_first_boards_only() -> None:
    result, _ = valid(sarif.render(several(*[at()] * 30, finding())))["results"]
    assert len(result["relatedLocations"]) == 20
    assert result["properties"]["boards"] == 30
    assert "19.dts and 10 more" in result["message"]["text"]


def test_markdown_has_one_row(found: Report) -> None:
    told = markdown.render(found)
    assert told.startswith("**dtlink: 2 errors in 3 inputs (4 findings counted per input)**")
    assert told.count("| `soc.dtsi:7` |") == 1
    assert "boards: `one.dts`, `two.dts`, `three.dts`" in told


def test_messages_that_count_other_nodes_do_not_part_a_fault() -> None:
    few, many = at(message="a and 1 other node"), at(message="a and 2 other nodes")
    (group,) = groups(several(few, many, many), fingerprints=True)
    assert group.finding is many
    assert group.others == 1
    names = short_names(several(few, many, many))
    assert boards(group, names) == "0.dts, 1.dts, 2.dts (details differ in 1 of them)"


@pytest.mark.parametrize(
    "other",
    [
        at(severity=WARNING),
        at(rule="legacy/old-name"),
        at(property_name="resets"),
        at(index=1),
        at(subject="/soc/serial@2000"),
        at(supplier="/clock"),
        finding(location=Location("soc.dtsi", 7, 14)),
        finding(location=Location("soc.dtsi", 8, 13)),
        finding(location=Location("other.dtsi", 7, 13)),
        finding(),
    ],
)
def test_what_parts_faults(other: Finding) -> None:
    assert len(groups(several(at(), other))) == 2


def test_a_file_that_is_included_below_several_nodes_has_its_fault_once() -> None:
    one, two = at(subject="/soc/i2c@1/pmic@2d"), at(subject="/bus/i2c@7/pmic@2d")
    (group,) = groups(several(one, two), fingerprints=True)
    assert group.fingerprint == min(one.fingerprint, two.fingerprint)


def test_equal_findings_of_blobs_are_one_but_where_they_have_fingerprints() -> None:
    one, other = finding(offset=64), finding(offset=80)
    report = several(one, other, finding(message="another"))
    shared, own = groups(report)
    assert [each.item.path for each in shared.members] == ["0.dts", "1.dts"]
    assert not own.is_shared
    told = text(report)
    assert "equal findings · in 2 inputs\n" in told
    assert " boards: 0.dts, 1.dts\n" in told
    assert "2 errors, 0 warnings, 0 notes in 3 inputs (3 findings counted per input)" in told
    assert len(github.render(report).splitlines()) == 2
    assert len(groups(report, fingerprints=True)) == 3
    assert len(json.loads(gitlab.render(report))) == 3
    assert len(valid(sarif.render(report))["results"]) == 3


def test_two_of_one_input_are_two() -> None:
    both = [InputReport(f"{name}.dts", findings=[at(), at()]) for name in "ab"]
    first, second = groups(Report("lint", both), fingerprints=True)
    assert [len(first.inputs), len(second.inputs)] == [2, 2]
    assert second.fingerprint == f"{first.fingerprint}-2"
    assert len(json.loads(gitlab.render(Report("lint", both)))) == 2


def test_one_known_to_the_baseline_is_numbered_first() -> None:
    item = InputReport("a.dts", findings=[at()], known=[at()])
    (group,) = groups(Report("lint", [item]), fingerprints=True)
    assert group.fingerprint == f"{at().fingerprint}-2"


def test_like_faults_of_a_file_have_different_fingerprints() -> None:
    both = several(at(), finding(location=Location("soc.dtsi", 99)))
    first, second = groups(both, fingerprints=True)
    assert first.fingerprint != second.fingerprint


def test_an_input_that_is_given_twice_is_one_board() -> None:
    twice = Report("lint", [InputReport("a.dts", findings=[at()])] * 2)
    (group,) = groups(twice, fingerprints=True)
    assert not group.is_shared
    assert " boards:" not in text(twice)


def test_names_of_boards_are_distinct() -> None:
    inputs = [InputReport(path, findings=[at()]) for path in ("x/a.dts", "y/a.dts", "x/b.dts")]
    made = Report("lint", inputs)
    assert boards(groups(made)[0], short_names(made)) == "x/a.dts, y/a.dts, b.dts"


def test_the_worst_section_comes_first() -> None:
    worse = InputReport("worse.dts", form="dts", findings=[finding()])
    shared = [InputReport(f"{each}.dts", findings=[at(severity=INFO)]) for each in "ab"]
    told = text(Report("lint", [*shared, worse]), INFO)
    assert told.index("worse.dts") < told.index("soc.dtsi · in 2 inputs")
