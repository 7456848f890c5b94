"""The text report: the line of a source below its finding, and nothing that controls a terminal."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given

from dtlink.firmware.tree import Location
from dtlink.report.columns import columns, padded
from dtlink.report.layout import line, plain, show
from dtlink.report.model import InputReport, Report
from dtlink.report.text import lines
from dtlink.rules.finding import PlaceRole, RelatedPlace
from dtlink.rules.model import Severity
from tests.report.reports import TEXT, finding, lint


def text(report: Report) -> str:
    return plain(lines(report, None, Severity.INFO))


def at(location: Location) -> str:
    return text(Report("lint", [InputReport("a.dts", findings=[finding(location=location)])]))


def test_the_mark_is_below_the_column() -> None:
    told = at(Location("a.dts", 12, 12, text="\tclocks = <&cru>;  "))
    assert " 12 | clocks = <&cru>;\n    |           ^\n" in told


def test_a_place_without_its_line_has_none() -> None:
    assert " | " not in at(Location("a.dts", 12))


@pytest.mark.parametrize(
    ("name", "line", "is_told"),
    [(None, "&uart {", True), ("clocks", "&uart {", True), ("clocks", "clocks = <1>;", False)],
)
def test_openings_are_named_where_no_property_is_at_the_place(
    name: str | None, line: str, *, is_told: bool
) -> None:
    opening = RelatedPlace(PlaceRole.OPENING, "/uart", None, Location("x/soc.dtsi", 7, 2))
    place = Location("x/a.dts", 12, 1, text=line)
    found = finding(location=place, places=(opening,), property_name=name, index=None)
    told = text(Report("lint", [InputReport("x/a.dts", findings=[found])]))
    assert (" source: opened at soc.dtsi:7\n" in told) is is_told


def test_a_source_controls_no_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    source = "/dts-v1/;\n/ { a { clocks = <0x99>; /* \x1b[31m\x9b2J \u202e \x07 é */ }; };\n"
    Path("a.dts").write_text(source, encoding="utf-8")
    told = text(lint("a.dts"))
    assert " 2 | / { a { clocks = <0x99>; /* \ufffd[31m\ufffd2J \ufffd \ufffd é */ }; };\n" in told


@given(TEXT)
def test_no_text_controls_a_terminal(anything: str) -> None:
    coloured = io.StringIO()
    show([line(anything)], coloured, color=True)
    for told in (plain([line(anything)]), coloured.getvalue()):
        assert not {*"\x1b\x07\r\b\x7f\x9b\u202e\u2066\u2028"} & set(told)


def test_paths_are_relative_to_the_working_folder_if_they_are_below_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And as they were given if they are not."""
    inside, outside = tmp_path / "work" / "boards", tmp_path / "elsewhere"
    paths = [folder / name for folder, name in ((inside, "one.dtb"), (outside, "two.dtb"))]
    for folder in (inside, outside):
        folder.mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "work")
    items = [
        InputReport(str(path), form="fdt", nodes=1, findings=[finding(subject=f"/{at}")])
        for at, path in enumerate(paths)
    ]
    placed = Location(str(inside / "soc.dtsi"), 7, 13)
    items[0] = items[0]._replace(findings=[*items[0].findings, finding(location=placed)])
    told = plain(lines(Report("lint", items), None, Severity.INFO))
    headings = [each.split(" · ")[0] for each in told.splitlines() if " node, " in each]
    assert headings == ["boards/one.dtb", str(paths[1])]
    assert " boards/soc.dtsi:7:13: " in told
    assert str(inside) not in told


def test_marks_are_below_what_they_are_about_though_letters_are_wide() -> None:
    text_of_line = "a { /* 时钟 e\u0301 */ clocks = <0x99>; };"
    at = Location("a.dts", 3, text_of_line.index("clocks") + 1, text=text_of_line)
    item = InputReport("a.dts", form="dts", findings=[finding(location=at)])
    shown = text(Report("lint", [item])).splitlines()
    row = next(number for number, each in enumerate(shown) if "clocks = <0x99>" in each)
    # Two letters have two columns each, one accent none.
    assert shown[row + 1].index("^") == shown[row].index("clocks") + 2 - 1


@pytest.mark.parametrize(
    ("shown", "width"),
    [("abc", 3), ("漢字", 4), ("\uff38", 2), ("e\u0301", 1), ("é", 1), ("�", 1), ("→", 1)],
)
def test_columns(shown: str, width: int) -> None:
    assert columns(shown) == width
    assert columns(padded(shown, 7)) == 7
    assert padded("too long", 3) == "too long"
