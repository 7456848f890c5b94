"""The comment of a pull request, rendered as such services do."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from markdown_it import MarkdownIt

from dtlink.firmware.tree import Location
from dtlink.report.markdown import LIMIT, render
from dtlink.report.model import InputFault, InputReport, Report
from dtlink.rules.model import Finding
from tests.report.reports import (
    ERROR,
    EVERYTHING,
    INFO,
    TEXT,
    WARNING,
    finding,
    findings,
    of_fixtures,
    of_real_boards,
    report,
)


class Page(HTMLParser):
    """What a reader sees: the rows of tables, and which elements there are."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.elements: set[str] = set()
        self.outside_code = ""
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self.elements.add(tag)
        self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if {"td", "th"} & set(self.open):
            self.rows[-1][-1] += data
        if "code" not in self.open:
            self.outside_code += data


def page(of: Report) -> Page:
    """The report as HTML: with tables, struck-out text and links made of what looks like one."""
    text = render(of)
    text.encode()
    assert len(text) <= LIMIT
    made = Page()
    made.feed(
        MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(text)
    )
    return made


#: All that the renderer itself makes use of.
OWN = {"p", "strong", "table", "thead", "tbody", "tr", "th", "td", "code", "details", "summary"}
OWN |= {"ul", "li", "br"}
HEAD = ["severity", "rule", "input", "node", "message"]


def test_the_verdict_is_the_first_line() -> None:
    of = report(*findings(ERROR, 1), *findings(WARNING, 2), *findings(INFO, 3))
    assert render(of).startswith("**dtlink: 1 error, 2 warnings and 3 notes in 1 input**\n")
    assert render(report()) == "**dtlink: no findings in 1 input**\n"


def test_a_row() -> None:
    one = finding(location=Location("boards/one.dts", 12))
    assert page(report(one)).rows == [
        HEAD,
        [
            "error",
            "phandle/dangling",
            "boards/one.dts:12",
            "/soc/serial@1000",
            "clocks[0] names phandle 0x7, which no node has",
        ],
    ]


def test_the_story_is_folded() -> None:
    _, _, folded = render(
        report(finding(fix="in /soc:  a = <1>, <&b 2>;  c;\nand so on"))
    ).partition("<details>")
    assert "serial@1000` finds no clock there" in folded
    # DTS can be copied from one code span.
    assert "fix: in `/soc`: `a = <1>, <&b 2>;` c;<br>and so on" in folded


def test_notes_are_folded_and_have_their_own_table() -> None:
    above, _, folded = render(report(*findings(INFO, 2))).partition("<details><summary>2 notes")
    assert "|" not in above
    assert folded.count("| info |") == 2


def test_everything_that_a_report_holds() -> None:
    text = render(EVERYTHING)
    assert "Against `baseline.json`: 2 new, 1 known, 1 fixed." in text
    assert "1 finding ignored" in text
    assert "- `boards/broken.dtb`: the header is cut short (byte `0xc`)" in text
    assert "- `boards/tables/APIC.dat`: the length is 3 (byte `0x4`)" in text
    assert "rule `cycle/supplier-cycle` failed: KeyError: 7" in text
    assert "`iommu/bus-uncovered` is expected at `/soc/pcie*` by `dtlink.toml` (as ever)" in text


def test_boards_that_share_a_fault_share_its_row() -> None:
    items = [
        InputReport(f"{name}.dtb", findings=[finding(offset=at)]) for at, name in enumerate("abc")
    ]
    of = Report("lint", items)
    (_, row) = page(of).rows
    assert row[2] == "a.dtb and 2 more"
    assert "in: `a.dtb`, `b.dtb`, `c.dtb`" in render(of)
    assert render(of).startswith("**dtlink: 1 error in 3 inputs (3 findings counted per input)**")


def test_a_long_report_is_bounded_worst_first() -> None:
    of = report(*findings(INFO, 400), *findings(ERROR, 400))
    rows = [row for row in page(of).rows if row != HEAD]
    assert 50 < len(rows) < 800
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)
    assert f"{800 - len(rows)} findings omitted; none is more severe than these." in render(of)
    assert len(render(of)) > 0.9 * LIMIT


def test_endless_lists_are_bounded() -> None:
    broken = [InputReport(f"{at}.dtb", error=InputFault("`_ a " * 10_000)) for at in range(500)]
    of = Report("lint", [*broken, *report(finding(subject="/`_|" * 20_000)).inputs])
    assert len(page(of).rows) == 2
    assert "and 480 more" in render(of)


HOSTILE = [
    "/a|b",
    "/a\\|b",
    "/`a` | `b",
    "/``|``",
    "/`",
    "/\\`",
    "/a\\",
    "/<script>alert(1)</script>",
    "/</details><img src=x>",
    "/@someone",
    "@someone",
    "https://example.org/x",
    "www.example.org",
    "[x](https://example.org)",
    "![x](https://example.org)",
    "#123 GH-123 !123 a/b#1",
    "**bold** _under_ ~~out~~ :tada:",
    "&lt;b&gt; &#124;",
    "<!-- -->",
    "- [ ] # head\n\n| a | b |\n|---|---|\n```",
    "a\r\n\r\n</details>",
    "\u202egnp.exe",
]


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("field", ["subject", "message", "fix", "rule"])
def test_hostile_names_stay_in_their_cell(name: str, field: str) -> None:
    made = page(report(finding(**{field: name}), finding(subject="/the/next"), path=name))
    assert [len(row) for row in made.rows] == [5, 5, 5]
    assert made.rows[2][3] == "/the/next"
    assert made.elements <= OWN
    # What a service would make a mention, a link or a reference of stands in code.
    assert not re.search(r"[@#<>\[\]_*~`|\\]|://|www\.|GH-|:tada", made.outside_code)


@pytest.mark.parametrize("name", [name for name in HOSTILE if name.isprintable()])
def test_a_name_is_shown_as_it_is(name: str) -> None:
    one = finding(subject=name)
    assert page(report(one)).rows[1][3] == name


@given(TEXT, TEXT, TEXT, TEXT)
def test_any_text_stays_in_its_cell(path: str, subject: str, message: str, fix: str) -> None:
    one: Finding = finding(subject=subject, message=message, fix=fix, effect=message)
    made = page(report(one, path=f"x{path}"))
    assert [len(row) for row in made.rows] == [5, 5]
    assert made.elements <= OWN
    assert not re.search(r"[@#<>\[\]_*~`|\\]", made.outside_code)


def test_real_boards() -> None:
    made = page(of_real_boards())
    assert {len(row) for row in made.rows} == {5}
    assert made.elements <= OWN
    assert not re.search(r"[@#<>\[\]_*~`|\\]", made.outside_code)


def test_the_fixtures() -> None:
    made = page(of_fixtures())
    assert {len(row) for row in made.rows} == {5}
    assert made.elements <= OWN
    severities = [row[0].split()[0] for row in made.rows if row != HEAD]
    assert severities == sorted(severities, key=["error", "warning", "info"].index)
    assert render(of_fixtures()) == render(of_fixtures())
