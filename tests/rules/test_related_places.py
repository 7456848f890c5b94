"""The places of a source that a finding names beside its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from dtlink.firmware import dts
from dtlink.report import sarif
from dtlink.report.layout import plain
from dtlink.report.text import lines
from dtlink.rules.finding import Finding, PlaceRole
from dtlink.rules.model import Severity
from tests.report.reports import lint
from tests.report.test_sarif import valid

FILES = {
    "soc.dtsi": """\
/ {
	codec: codec { compatible = "acme,codec"; #sound-dai-cells = <0>; };
	i2s: i2s@1000 {
		compatible = "acme,i2s";
		reg = <0x1000>;
		#sound-dai-cells = <0>;
		status = "disabled";
	};
	sound: sound {
		compatible = "simple-audio-card";
		status = "disabled";
		simple-audio-card,cpu {
			sound-dai = <&codec>;
		};
		link: simple-audio-card,codec {
			sound-dai = <&codec>;
		};
	};
};
""",
    "common.dtsi": """\
#include "soc.dtsi"
&link { sound-dai = <&i2s>; };
""",
    "board.dts": """\
/dts-v1/;
#include "common.dtsi"
/ { #address-cells = <1>; #size-cells = <0>; };
&sound {
	status = "okay";
};
&link { };
""",
}


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)


def disabled(*names: str) -> Finding:
    """The finding about the supplier that is disabled."""
    (item, *_) = lint(*names).inputs
    (found,) = [each for each in item.findings if each.rule == "supplier/disabled"]
    return found


def test_the_supplier_the_enabling_other_openings_and_what_was_set_before() -> None:
    found = disabled("board.dts")
    assert found.location is not None
    assert found.location[:3] == ("common.dtsi", 2, 22)
    assert found.location.chain == (("board.dts", 2),)
    node = "/sound/simple-audio-card,codec"
    assert [
        (each.role, each.node, each.property_name, *each.location[:3]) for each in found.places
    ] == [
        (PlaceRole.RELATED, "/i2s@1000", "status", "soc.dtsi", 7, 3),
        (PlaceRole.ENABLED, "/sound", "status", "board.dts", 5, 2),
        (PlaceRole.OPENING, node, None, "soc.dtsi", 15, 9),
        (PlaceRole.OPENING, node, None, "board.dts", 7, 1),
        (PlaceRole.SETTING, node, "sound-dai", "soc.dtsi", 16, 4),
    ]


def test_text_shows_what_its_own_place_does_not() -> None:
    told = plain(lines(lint("board.dts"), None, Severity.WARNING))
    assert " also:   /i2s@1000 (status at soc.dtsi:7)\n" in told
    assert " source: set before at soc.dtsi:16; enabled at board.dts:5\n" in told


def test_text_of_a_shared_fault_shows_what_all_boards_have() -> None:
    Path("other.dts").write_text(FILES["board.dts"].replace("&link", "\n&link"))
    told = plain(lines(lint("board.dts", "other.dts"), None, Severity.WARNING))
    assert " source: set before at soc.dtsi:16\n boards: board.dts, other.dts" in told


def test_sarif_has_each_with_a_message() -> None:
    (result, *_) = valid(sarif.render(lint("board.dts")))["results"]
    assert result["ruleId"] == "supplier/disabled"
    told = [
        (
            each["physicalLocation"]["artifactLocation"]["uri"],
            each["physicalLocation"]["region"],
            each["message"]["text"],
        )
        for each in result["relatedLocations"]
    ]
    node = "/sound/simple-audio-card,codec"
    assert told == [
        ("soc.dtsi", {"startLine": 7, "startColumn": 3}, "/i2s@1000: its status"),
        ("board.dts", {"startLine": 5, "startColumn": 2}, "/sound is enabled here"),
        ("soc.dtsi", {"startLine": 15, "startColumn": 9}, f"{node} is also opened here"),
        ("board.dts", {"startLine": 7, "startColumn": 1}, f"{node} is also opened here"),
        (
            "soc.dtsi",
            {"startLine": 16, "startColumn": 4},
            "sound-dai is also set here: the last value counts",
        ),
        ("board.dts", {"startLine": 2}, "included here"),
    ]


def test_a_blob_has_none() -> None:
    Path("board.dtb").write_bytes(dts.read_file("board.dts").blob)
    Path("board.dts").unlink()
    found = disabled("board.dtb")
    assert (found.location, found.places) == (None, ())
