"""The page of a report: what is in it. What it does is tested in a browser (``tests/browser``)."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dtlink.firmware.tree import Location
from dtlink.report.groups import groups
from dtlink.report.html import render
from dtlink.report.html.data import GRAPH_SUFFIX
from dtlink.report.model import InputReport, Report
from dtlink.rules.finding import Snippet
from tests.report import reports


def _data(report: Report, folder: str | None = None) -> dict[str, Any]:
    page = render(report, folder).encode().decode()
    found: dict[str, Any] = json.loads(re.split(r'id="report">|</script>', page)[-3])
    return found


def test_every_fault_is_there_once_with_its_boards() -> None:
    report = reports.of_fixtures()
    data, found = _data(report), groups(report)
    assert [each["message"] for each in data["findings"]] == [e.finding.message for e in found]
    assert len({each["id"] for each in data["findings"]}) == len(found)
    names = [each["name"] for each in data["boards"]]
    for each, group in zip(data["findings"], found, strict=True):
        boards = [names[at] for at in each["boards"]]
        assert boards == [Path(item.path).name for item in group.inputs]
        assert each["rule"] in data["rules"]


def test_what_is_no_finding_is_there_too() -> None:
    data = _data(reports.EVERYTHING)
    troubles = " ".join(each["place"] + each["message"] for each in data["troubles"])
    assert "boards/broken.dtb" in troubles
    assert "the header is cut short (byte 0xc)" in troubles
    assert "APIC.dat" in troubles
    assert "KeyError: 7" in troubles
    assert data["notes"] == ["boards/one.dtb: DSDT not read"]
    assert any("fixed: phandle/dangling" in each for each in data["expected"])
    assert any("remove the expectation" in each for each in data["expected"])
    assert data["aside"] == [
        *("1 in baseline", "1 fixed", "1 ignored", "1 expected but missing", "1 not read")
    ]
    assert data["compared"] is True
    assert data["boards"][0]["unread"] is True


def test_a_line_of_source_and_a_property_have_a_mark() -> None:
    location = Location("boards/a.dts", 7, 3, text="\t\tclocks = <&missing>;")
    lines = reports.finding(location=location)
    blob = reports.finding(subject="/x", snippet=Snippet("clocks = <7>;", 10, 1))
    of_source, of_blob = _data(reports.report(lines, blob))["findings"]
    mark = of_source["snippet"]
    assert of_source["place"] == "boards/a.dts:7:3"
    assert mark["text"][mark["start"] :][: mark["length"]] == "clocks"
    assert mark["line"] == 7
    assert "place" not in of_blob
    assert of_blob["snippet"] == {"text": "clocks = <7>;", "start": 10, "length": 1}


def test_boards_on_which_the_details_differ_are_named() -> None:
    location = Location("boards/soc.dtsi", 7, 3, text="  clocks = <&missing>;")
    one = reports.finding(location=location, message="3 consumers")
    other = one._replace(message="4 consumers")
    items = [
        InputReport(f"boards/{name}.dts", form="dts", findings=[each])
        for name, each in (("a", one), ("b", one), ("c", other))
    ]
    (found,) = _data(Report("lint", items))["findings"]
    assert found["message"] == "3 consumers"
    assert found["boards"] == [0, 1, 2]
    assert found["others"] == [{"message": "4 consumers", "boards": [2]}]


def test_a_graph_beside_the_page_is_linked(tmp_path: Path) -> None:
    report = reports.report(reports.finding())
    graph = tmp_path / f"one.dtb{GRAPH_SUFFIX}"
    assert "graph" not in _data(report, str(tmp_path))["boards"][0]
    graph.write_text("")
    assert _data(report, str(tmp_path))["boards"][0]["graph"] == graph.name
    assert "graph" not in _data(report)["boards"][0]


@settings(max_examples=30)
@given(st.lists(st.tuples(reports.TEXT, reports.TEXT, reports.TEXT), min_size=1, max_size=4))
def test_any_text_stays_what_it_is(texts: list[tuple[str, str, str]]) -> None:
    items = [
        InputReport(
            f"b{number}-{path}",
            form="fdt",
            model=model,
            findings=[reports.finding(subject=f"/{node}", message=node)],
        )
        for number, (path, model, node) in enumerate(texts)
    ]
    data = _data(Report("lint", items))
    assert {each["message"] for each in data["findings"]} == {node for *_, node in texts}
    assert [each.get("model", "") for each in data["boards"]] == [model for _, model, _ in texts]


def test_a_clean_report_says_so() -> None:
    page = render(Report("lint", [InputReport("a.dtb", form="fdt")]))
    assert "<title>dtlink: No findings in 1 input</title>" in page
    assert "No findings in 1 input. dtlink lint prints the same as text." in page
