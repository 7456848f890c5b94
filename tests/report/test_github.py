"""The workflow commands, read as GitHub's runner reads them."""

from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given

from dtlink.firmware.tree import Location
from dtlink.report.github import SHOWN, render
from dtlink.report.model import Report
from dtlink.rules.model import Confidence
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


class Command(NamedTuple):
    """A command as it arrives."""

    level: str
    properties: dict[str, str]
    message: str


def commands(of: Report) -> list[Command]:
    """The commands of a report: each line of the output must be one."""
    text = render(of)
    text.encode()
    assert "\r" not in text
    rows = text.split("\n")
    assert rows.pop() == ""
    return list(map(read, rows))


def read(row: str) -> Command:
    """One command, by the syntax that is documented: ``::name key=value,key=value::message``."""
    assert row.startswith("::")
    head, colons, data = row[2:].partition("::")
    assert colons
    level, _, listed = head.partition(" ")
    assert level in ("error", "warning", "notice")
    pairs = [each.split("=", 1) for each in listed.split(",")]
    properties = {name: unescape(value, "%0D", "%0A", "%3A", "%2C") for name, value in pairs}
    assert set(properties) <= {"file", "line", "col", "title"}
    return Command(level, properties, unescape(data, "%0D", "%0A"))


def unescape(text: str, *codes: str) -> str:
    """The text that was escaped; ``%25`` comes last, as in the runner."""
    for code in (*codes, "%25"):
        text = text.replace(code, chr(int(code[1:], 16)))
    return text


def test_the_whole_command() -> None:
    one = finding(location=Location("./boards/one.dts", 12), fix="a = <1>;\nb = <50%>;")
    assert render(report(one, path="boards/one.dts")) == (
        "::error file=boards/one.dts,line=12,title=phandle/dangling"
        "::/soc/serial@1000: clocks[0] names phandle 0x7, which no node has"
        "%0Aeffect: serial@1000 finds no clock there%0Afix:    a = <1>;%0A        b = <50%25>;\n"
    )


def test_a_message_that_begins_with_the_node_names_it_once() -> None:
    (command,) = commands(report(finding(message="serial@1000: no clocks", effect="", fix="")))
    assert command.message == "/soc/serial@1000: no clocks"


def test_nothing_to_say() -> None:
    assert render(report()) == ""


def test_levels_and_order() -> None:
    told = commands(report(finding(severity=INFO), finding(severity=WARNING), finding()))
    assert [each.level for each in told] == ["error", "warning", "notice"]


def test_a_likely_warning_says_so() -> None:
    (command,) = commands(report(finding(severity=WARNING, confidence=Confidence.LIKELY)))
    assert command.properties["title"] == "phandle/dangling (likely)"


def test_everything_that_counts_is_there() -> None:
    told = [
        (each.level, each.properties.get("file"), each.message) for each in commands(EVERYTHING)
    ]
    assert [each[:2] for each in told] == [
        ("error", "boards/broken.dtb"),
        ("error", "boards/tables/APIC.dat"),
        ("error", "boards/one.dtb"),
        ("error", "boards/one.dtb"),
        ("warning", "boards/one.dtb"),
        ("notice", "boards/one.dtb"),
    ]
    assert told[0][2] == "the header is cut short (byte 0xc)"
    assert "rule cycle/supplier-cycle failed: KeyError: 7" in told[2][2]
    assert "expected at /soc/pcie* by dtlink.toml (as ever)" in told[4][2]


def test_standard_input_is_no_file() -> None:
    (command,) = commands(report(finding(), path="-"))
    assert command.properties == {"title": "phandle/dangling"}


def test_files_are_relative_to_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (command,) = commands(report(finding(), path=str(tmp_path / "a,b:c" / "board.dtb")))
    assert command.properties["file"] == "a,b:c/board.dtb"


@pytest.mark.parametrize(("errors", "notes"), [(SHOWN, SHOWN), (0, SHOWN), (1, 0)])
def test_what_github_shows_needs_no_notice(errors: int, notes: int) -> None:
    told = commands(report(*findings(ERROR, errors), *findings(INFO, notes)))
    assert Counter(each.level for each in told) == Counter(error=errors, notice=notes)
    assert all("file" in each.properties for each in told)


def test_a_last_notice_counts_what_github_does_not_show() -> None:
    *told, last = commands(report(*findings(ERROR, 14), *findings(WARNING, 1), *findings(INFO, 40)))
    # All errors are in the log, and the last notice is one of the ten that are shown.
    assert Counter(each.level for each in told) == Counter(error=14, warning=1, notice=SHOWN - 1)
    assert last.level == "notice"
    assert last.properties == {"title": "dtlink"}
    assert last.message.startswith("14 errors, 1 warning and 40 notes in all")
    assert "31 notes" in last.message


def test_real_boards() -> None:
    of = of_real_boards()
    told = Counter(each.level for each in commands(of))
    counts = of.counts()
    assert (told["error"], told["warning"]) == (counts["error"], counts["warning"])
    assert told["notice"] <= SHOWN


def test_the_fixtures() -> None:
    told = commands(of_fixtures())
    counts = of_fixtures().counts()
    assert Counter(each.level for each in told[:-1]) == Counter(
        error=counts["error"], warning=counts["warning"], notice=min(counts["info"], SHOWN - 1)
    )
    assert all(len(each.message) <= 4096 for each in told)  # the runner cuts the rest


@given(TEXT, TEXT, TEXT)
def test_no_text_gets_out_of_its_place(path: str, subject: str, message: str) -> None:
    hostile = finding(subject=subject, message=message, rule=f"x/{subject}")
    (command,) = commands(report(hostile, path=f"x{path}"))
    assert set(command.properties) == {"file", "line", "title"}
    assert command.properties["line"] == "1"
    assert "\x1b" not in command.message


def test_hostile_names_arrive_as_they_are() -> None:
    name = "/::error::x,line=7%0A# #[add-mask]y"
    (command,) = commands(report(finding(subject=name, message="m", effect="", fix="")))
    assert command.message == f"{name}: m"
    (command,) = commands(report(finding(), path="a::b,line=7%2C\nc"))
    assert command.properties["file"] == "a::b,line=7%2C\nc"
