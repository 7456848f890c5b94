"""The formats of one problem after the other: concise, rdjson, checkstyle."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

from dtlink.cli.main import cli
from tests.cli.test_fix import SOC

A = """/dts-v1/;
#include "soc.dtsi"
/ {
	/* \N{GREEK SMALL LETTER MU} */ mmc@5000 { clocks = <&gpio 1>; cd-gpio = <&gpio 1 0>; };
};
"""
#: What vim's ``errorformat`` ``%f:%l:%c: %t%*[a-z] %m`` reads of a line.
LINE = re.compile(r"([^:]+):(\d+):(\d+): (error|warning|info) (\S+/\S+) (.+)")


@pytest.fixture(autouse=True)
def _tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("soc.dtsi").write_text(SOC, encoding="utf-8")
    Path("a.dts").write_text(A, encoding="utf-8")
    Path("b.dts").write_text(A, encoding="utf-8")
    Path("bad.dts").write_text("/dts-v1/;\n/ { x };\n", encoding="utf-8")


def told(form: str, *paths: str) -> str:
    return CliRunner().invoke(cli, ["lint", *paths, "--format", form, "--select", "all"]).stdout


def test_concise_lines_have_a_place_and_a_rule() -> None:
    rows = [LINE.fullmatch(row) for row in told("concise", ".").splitlines()]
    found = {(row[1], int(row[2]), row[5]): row[6] for row in rows if row}
    assert len(rows) == len([row for row in rows if row]) > 3
    assert found["soc.dtsi", 12, "legacy/mmu-masters"].endswith("[a.dts, b.dts]")
    assert ("bad.dts", 2, "dtlink/unreadable-input") in found


def test_what_has_no_line_is_at_the_first() -> None:
    from dtlink.firmware import dts

    Path("x.dtb").write_bytes(dts.read_text("/ { a { clocks = <7>; }; };").blob)
    assert told("concise", "x.dtb").startswith("x.dtb:1:1: error phandle/dangling")


def test_checkstyle_has_a_file_for_each() -> None:
    root = ET.fromstring(told("checkstyle", "."))  # noqa: S314 - our own
    files = {each.get("name"): each for each in root.iter("file")}
    assert {"soc.dtsi", "bad.dts", "a.dts"} <= files.keys()
    masters = next(
        each for each in files["soc.dtsi"] if each.get("source") == "dtlink.legacy/mmu-masters"
    )
    assert (masters.get("line"), masters.get("column")) == ("12", "3")
    assert masters.get("severity") == "error"


def test_rdjson_suggests_the_fix_and_counts_bytes() -> None:
    found = json.loads(told("rdjson", "a.dts"))["diagnostics"]
    by_rule = {each["code"]["value"]: each for each in found}
    gpio = by_rule["legacy/singular-gpio"]
    [suggestion] = gpio["suggestions"]
    assert suggestion["text"] == "cd-gpios"
    assert suggestion["range"]["start"] == gpio["location"]["range"]["start"]
    line = A.splitlines()[3]
    assert gpio["location"]["range"]["start"] == {
        "line": 4,
        "column": len(line.partition("cd-gpio")[0].encode()) + 1,
    }


def test_json_and_sarif_have_the_edits_of_the_source() -> None:
    entries = json.loads(told("json", "a.dts"))["inputs"][0]["findings"]
    gpio = next(each for each in entries if each["rule"] == "legacy/singular-gpio")
    assert gpio["fix_safety"]["safe"] is True
    assert [(each["file"], each["line"], each["text"]) for each in gpio["text_edits"]] == [
        ("a.dts", 4, "cd-gpios")
    ]
    results = json.loads(told("sarif", "a.dts"))["runs"][0]["results"]
    fixes = {each["ruleId"]: each["fixes"] for each in results if "fixes" in each}
    changes = fixes["legacy/mmu-masters"][0]["artifactChanges"]
    assert [each["artifactLocation"]["uri"] for each in changes] == ["soc.dtsi"]
    assert changes[0]["replacements"][0]["insertedContent"] == {"text": "#iommu-cells = <1>;"}


def test_a_fix_that_can_not_be_written_says_why() -> None:
    Path("a.dts").write_text("#define CD cd-gpio\n" + A.replace("cd-gpio", "CD"), encoding="utf-8")
    entries = json.loads(told("json", "a.dts"))["inputs"][0]["findings"]
    gpio = next(each for each in entries if each["rule"] == "legacy/singular-gpio")
    assert gpio["fix_refused"] == "cd-gpio is made by the macro CD"
    assert "text_edits" not in gpio
