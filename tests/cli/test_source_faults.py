"""What is wrong in devicetree source: on standard error, and in every format."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import jsonschema
import pytest

from tests.cli.conftest import Run
from tests.firmware.source.sources import written
from tests.report.test_schema import SCHEMA, undescribed

#: Two boards on one SoC, whose file has two faults, and one that is sound.
FILES = {
    "one.dts": '/dts-v1/;\n#include "soc.dtsi"\n',
    "two.dts": '/dts-v1/;\n\n/include/ "soc.dtsi"\n',
    "three.dts": "/dts-v1/;\n/ { };\n",
    "soc.dtsi": "/ {\n  a = <x>;\n  b = <1>\n};\n",
}


@pytest.fixture
def boards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    written(tmp_path, FILES)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("boards")
def test_every_fault_has_its_line_and_the_files_that_include_it(run: Run) -> None:
    result = run("lint", "one.dts")
    assert result.exit_code == 2
    first, *faults = result.stderr.splitlines()
    assert first == "In file included from one.dts:2:"
    assert [line.split(": error: ")[0] for line in faults] == ["soc.dtsi:2:8", "soc.dtsi:3:3"]


@pytest.mark.usefixtures("boards")
def test_a_fault_that_boards_share_is_printed_once(run: Run) -> None:
    result = run("lint", "one.dts", "two.dts", "three.dts")
    assert result.exit_code == 2
    assert result.stderr.count("soc.dtsi:2:8: error:") == 1
    last = "dtlink: 1 more input not read because of these errors: two.dts"
    assert result.stderr.splitlines()[-1] == last
    assert "in 3 inputs; 2 not read" in result.stdout


def test_a_chain_of_includers_is_printed_as_gcc_does(run: Run, boards: Path) -> None:
    written(
        boards, {"top.dts": '/dts-v1/;\n#include "mid.dtsi"\n', "mid.dtsi": '#include "soc.dtsi"'}
    )
    lines = run("lint", "top.dts").stderr.splitlines()
    assert lines[:2] == ["In file included from mid.dtsi:1,", "                 from top.dts:2:"]


def test_a_source_with_many_faults_is_cut_and_json_has_all(run: Run, boards: Path) -> None:
    rows = "".join(f"x{number}\n" for number in range(40))
    (boards / "bad.dts").write_text("/dts-v1/;\n" + rows.replace("\n", " = ;\n"))
    lines = run("lint", "bad.dts").stderr.splitlines()
    assert len(lines) <= 21
    entry = json.loads(run("lint", "bad.dts", "--format", "json").stdout)["inputs"][0]
    assert len(entry["error"]["faults"]) >= len(lines) - 1


def test_a_fix_is_below_its_error(run: Run, boards: Path) -> None:
    written(boards, {"own/a.dts": '/dts-v1/;\n#include "x.h"\n#include <y.h>\n/ { };\n'})
    written(boards, {"one/x.h": "", "two/y.h": ""})
    lines = run("lint", "own/a.dts").stderr.splitlines()
    assert [line.lstrip()[:5] for line in lines] == ["own/a", "fix: ", "own/a", "fix: "]


def test_a_file_that_many_boards_miss_is_one_error(run: Run, boards: Path) -> None:
    names = [f"v/b{number}.dts" for number in range(60)]
    text = '/dts-v1/;\n#include <dt-bindings/x.h>\n#include "{}.dtsi"\n'
    written(boards, {name: text.format(number) for number, name in enumerate(names)})
    result = run("lint", "v")
    assert result.exit_code == 2
    assert result.stderr.count("dt-bindings/x.h was not found") == 1
    assert result.stderr.count("fix:") <= 2
    last = result.stderr.splitlines()[-2:]
    assert last[0] == "dtlink: and 21 more errors (--format json has all)"
    assert last[1].startswith("dtlink: 21 more inputs not read because of these errors: v/b")
    document = json.loads(run("lint", "v", "--format", "json").stdout)
    assert {len(item["error"]["faults"]) for item in document["inputs"]} == {2}


def test_what_a_source_says_cannot_control_the_terminal(run: Run, boards: Path) -> None:
    (boards / "bad.dts").write_text('/dts-v1/;\n#include "\x1b[31mred\x9b\u202e.h"\n')
    stderr = run("lint", "bad.dts").stderr
    assert "red" in stderr
    assert not {"\x1b", "\x9b", "\u202e"} & set(stderr)


@pytest.mark.usefixtures("boards")
@pytest.mark.parametrize("command", ["lint", "links"])
def test_json_has_every_fault_with_its_place(run: Run, command: str) -> None:
    document = json.loads(run(command, "one.dts", "three.dts", "--format", "json").stdout)
    jsonschema.validate(document, SCHEMA)
    assert undescribed(document, SCHEMA, SCHEMA) == []
    error = document["inputs"][0]["error"]
    assert error["message"].startswith("soc.dtsi:2:8: ")
    assert [(each["file"], each["line"], each["column"]) for each in error["faults"]] == [
        ("soc.dtsi", 2, 8),
        ("soc.dtsi", 3, 3),
    ]
    assert error["faults"][0]["included_by"] == [{"file": "one.dts", "line": 2}]
    assert "faults" not in (document["inputs"][1]["error"] or {})


def test_diff_has_the_faults_of_both_sides(run: Run, boards: Path) -> None:
    (boards / "bad.dts").write_text("/dts-v1/;\n/ { x };\n")
    result = run("diff", "one.dts", "bad.dts", "--format", "json")
    assert result.exit_code == 2
    assert "soc.dtsi:2:8: error:" in result.stderr
    assert "bad.dts:2:5: error:" in result.stderr
    document = json.loads(result.stdout)
    jsonschema.validate(document, SCHEMA)
    assert undescribed(document, SCHEMA, SCHEMA) == []
    (entry,) = document["inputs"]
    assert entry["refused"][0]["faults"][0]["file"] == "soc.dtsi"


@pytest.mark.usefixtures("boards")
def test_services_get_the_place_of_a_fault_once(run: Run) -> None:
    def output(form: str) -> str:
        return run("lint", "one.dts", "two.dts", "--format", form).stdout

    assert output("github").count("::error file=soc.dtsi,line=2,col=8,") == 1
    issues = json.loads(output("gitlab"))
    places = [(each["location"]["path"], each["location"]["lines"]["begin"]) for each in issues]
    assert places == [("soc.dtsi", 2), ("soc.dtsi", 3)]
    assert "1 more input not read" in issues[0]["description"]
    assert "- `soc.dtsi:2`: " in output("markdown")
    notices = json.loads(output("sarif"))["runs"][0]["invocations"][0]
    assert not notices["executionSuccessful"]
    first = notices["toolExecutionNotifications"][0]["locations"][0]["physicalLocation"]
    assert first["artifactLocation"]["uri"] == "soc.dtsi"
    assert first["region"] == {"startLine": 2, "startColumn": 8}
    suites = ET.fromstring(output("junit"))  # noqa: S314 - made here
    cases = [(case.get("file"), case.get("line")) for case in suites.iter("testcase")]
    assert cases == [("soc.dtsi", "2"), ("soc.dtsi", "3")] * 2
