"""What is answered for a place of a file: hover, definition, references, lenses, fixes."""

from __future__ import annotations

from pathlib import Path

import pytest

from dtlink.firmware.text_edits import edited
from dtlink.lsp.actions import all_safe, fixes
from dtlink.lsp.hover import code, hover
from dtlink.lsp.lenses import board_lens, lenses, note_lenses
from dtlink.lsp.model import FileSpan
from dtlink.lsp.positions import Span
from dtlink.lsp.session import ChosenBoard, Session
from dtlink.lsp.targets import definition, references
from tests.lsp.boards import BOARD, SOC, at, session, settle, write

CYCLE = """/dts-v1/;
/ {
	a: one { compatible = "x,a"; clocks = <&b>; #clock-cells = <0>; };
	b: two { compatible = "x,b"; clocks = <&a>; #clock-cells = <0>; };
	c: three { compatible = "x,c"; clocks = <&a>; };
};
"""


@pytest.fixture
def made(tmp_path: Path) -> Session:
    write(tmp_path)
    return session(tmp_path, "board.dts")


def asked(made: Session, path: Path, answer: object, needle: str, number: int = 0) -> object:
    analysis = made.analysis(str(path))
    assert analysis is not None
    assert callable(answer)
    offset = at(made.files.lines(str(path)).text, needle, number)
    return answer(analysis, made.files, made.structures, str(path), offset)


def words(made: Session, found: object) -> list[tuple[str, str]]:
    """The files and the lines of places, the word marked."""
    assert isinstance(found, list)
    rows = []
    for path, span in found:
        text = made.files.lines(path).text
        start = text.rfind("\n", 0, span.start) + 1
        rows.append((Path(path).name, text[start : span.start].lstrip() + "|" + text[slice(*span)]))
    return rows


def hovered(made: Session, path: Path, needle: str, number: int = 0) -> str:
    found = asked(made, path, hover, needle, number)
    return found.text if found else ""  # type: ignore[attr-defined]


def test_a_reference_is_the_node_that_it_leads_to(made: Session, tmp_path: Path) -> None:
    text = hovered(made, tmp_path / "board.dts", "&clk")
    assert "`clocks[0]`: clock" in text
    assert "**`/clock-controller@1000`** · `clk`" in text
    assert "2 consumers:" in text
    assert "- `/mmc@5000` (`clocks[0]`)" in text
    assert "- `/serial@2000` (`clocks[0]`)" in text


def test_a_node_is_what_it_depends_on(made: Session, tmp_path: Path) -> None:
    text = hovered(made, tmp_path / "board.dts", "mmc@5000")
    assert "2 suppliers:" in text
    assert "compatible: `x,mmc`" in text
    assert hovered(made, tmp_path / "board.dts", "uart").startswith("**`/serial@2000`**")


def test_a_property_is_what_its_entries_lead_to(made: Session, tmp_path: Path) -> None:
    text = hovered(made, tmp_path / "board.dts", "clocks")
    assert "- `clocks[0]` → `/clock-controller@1000`" in text


def test_a_macro_is_its_definition(made: Session, tmp_path: Path) -> None:
    made.open(str(tmp_path / "soc.dtsi"), SOC)
    text = hovered(made, tmp_path / "soc.dtsi", "CLK_UART", 1)
    assert text.startswith("`#define CLK_UART 7`")


def test_a_disabled_node_is_said_to_be(made: Session, tmp_path: Path) -> None:
    made.change(str(tmp_path / "board.dts"), BOARD.replace('"okay"', '"disabled"'))
    assert "status: disabled" in hovered(made, tmp_path / "board.dts", "uart")


def test_with_a_kernel_the_driver_is_said(tmp_path: Path) -> None:
    board = BOARD.replace('"x,mmc"', '"rockchip,rk3588-dwcmshc"').replace("clocks =", "x,y =")
    write(tmp_path, board=board.replace("cd-gpio =", "x,z ="))
    (tmp_path / "config").write_text("CONFIG_MMC_SDHCI_OF_DWCMSHC=y\n", encoding="utf-8")
    made = session(tmp_path, "board.dts", given={"kernel": str(tmp_path / "config")})
    text = hovered(made, tmp_path / "board.dts", "mmc@5000")
    assert "driver: built in" in text
    assert "earliest probe: while the kernel starts" in text


def test_text_of_a_file_ends_no_markup() -> None:
    assert code("a`b\n[x](command:y)") == "``a`b [x](command:y)``"
    assert len(code("x" * 1000)) < 400


def test_nothing_is_said_of_what_is_nothing(made: Session, tmp_path: Path) -> None:
    assert hovered(made, tmp_path / "board.dts", "/* card") == ""
    assert hovered(made, tmp_path / "board.dts", "/dts-v1/") == ""


@pytest.mark.parametrize(
    ("needle", "number", "file", "place"),
    [
        ("&clk", 0, "soc.dtsi", "/* ≤ a clock 𝄞 */ |clk"),
        ("&uart", 0, "soc.dtsi", "|uart"),
        ("soc.dtsi", 0, "soc.dtsi", "|"),
        ("mmc@5000", 0, "board.dts", "|mmc@5000"),
    ],
)
def test_definitions(
    made: Session, tmp_path: Path, needle: str, number: int, file: str, place: str
) -> None:
    found = asked(made, tmp_path / "board.dts", definition, needle, number)
    assert words(made, [found]) == [(file, place)]


@pytest.mark.parametrize(
    ("needle", "number", "place"),
    [
        ("CLK_UART", 1, "#define |CLK_UART"),
        ("serial0:", 0, "uart: |serial@2000"),
        ("&uart", 0, "|uart"),
    ],
)
def test_definitions_in_an_included_file(
    made: Session, tmp_path: Path, needle: str, number: int, place: str
) -> None:
    made.open(str(tmp_path / "soc.dtsi"), SOC)
    found = asked(made, tmp_path / "soc.dtsi", definition, needle, number)
    assert words(made, [found]) == [("soc.dtsi", place)]


def test_references_are_consumers_and_what_else_names_the_node(
    made: Session, tmp_path: Path
) -> None:
    made.open(str(tmp_path / "soc.dtsi"), SOC)
    found = asked(made, tmp_path / "soc.dtsi", references, "clk")
    assert words(made, found) == [
        ("soc.dtsi", "clocks = <|&clk"),
        ("board.dts", "clocks = <|&clk"),
    ]
    analysis = made.analysis(str(tmp_path / "soc.dtsi"))
    assert analysis is not None
    offset = at(SOC, "uart")
    every = references(
        analysis,
        made.files,
        made.structures,
        str(tmp_path / "soc.dtsi"),
        offset,
        declaration=True,
    )
    assert words(made, every) == [
        ("soc.dtsi", "uart: |serial@2000"),
        ("board.dts", "|&uart"),
        ("soc.dtsi", "aliases { serial0 = |&uart"),
    ]


def test_what_depends_without_a_name_is_a_reference_too(tmp_path: Path) -> None:
    text = """/dts-v1/;
/ {
	interrupt-parent = <&gic>;
	gic: gic { interrupt-controller; #interrupt-cells = <1>; compatible = "x,gic"; };
	dev { compatible = "x,dev"; interrupts = <1>; };
};
"""
    write(tmp_path, board=text)
    made = session(tmp_path, "board.dts")
    found = words(made, asked(made, tmp_path / "board.dts", references, "gic: "))
    assert ("board.dts", "interrupt-parent = <|&gic") in found
    assert ("board.dts", 'dev { compatible = "x,dev"; |interrupts') in found


def test_lenses_count_consumers_and_name_cycles(tmp_path: Path) -> None:
    write(tmp_path, board=CYCLE)
    made = session(tmp_path, "board.dts")
    path = str(tmp_path / "board.dts")
    analysis = made.analysis(path)
    assert analysis is not None
    found = lenses(analysis, made.files, made.structures, path)
    assert [(CYCLE[slice(*each.at)], each.text) for each in found] == [
        ("a: one", "2 consumers, in a cycle"),
        ("b: two", "1 consumer, in a cycle"),
    ]
    assert "in a cycle of 2 devices" in hovered(made, tmp_path / "board.dts", "one")


def test_what_was_not_checked_is_above_a_board(tmp_path: Path) -> None:
    (tmp_path / "o.dtso").write_text("/dts-v1/;\n/plugin/;\n&a { x; };\n", encoding="utf-8")
    made = session(tmp_path, "o.dtso")
    analysis = made.analysis(str(tmp_path / "o.dtso"))
    assert analysis is not None
    (found,) = note_lenses(analysis)
    assert found.text.startswith("checked without a base")
    assert hovered(made, tmp_path / "o.dtso", "&a").startswith("**`/fragment@0/__overlay__`**")


def test_the_board_of_an_included_file_is_above_it() -> None:
    assert board_lens(ChosenBoard("/a/b.dts", 11)).text == (
        "checked as a part of b.dts, one of 12 boards that include this file"
    )
    assert "not checked" in board_lens(ChosenBoard("")).text


def test_a_fix_is_offered_where_its_finding_is(made: Session, tmp_path: Path) -> None:
    path = str(tmp_path / "board.dts")
    analysis = made.analysis(path)
    assert analysis is not None
    here = at(BOARD, "cd-gpio")
    (fix,) = fixes(analysis, made.files, path, Span(here, here))
    assert fix.is_preferred
    assert fixes(analysis, made.files, path, Span(0, 5)) == []
    assert fixes(analysis, made.files, str(tmp_path / "soc.dtsi"), Span(0, 9999)) == []
    text = edited(BOARD, fix.edits)
    assert "cd-gpios = <&gpio 1 0>;\t/* card */" in text
    made.change(path, text)
    settle(made)
    assert made.published()[path] == []
    after = made.analysis(path)
    assert after is not None
    assert all_safe(after, made.files) is None
    every = all_safe(analysis, made.files)
    assert every is not None
    assert every.edits == fix.edits


def test_a_fix_of_a_shared_file_is_not_preferred(tmp_path: Path) -> None:
    soc = SOC.replace("gpio-controller;", "gpio-controller; reset-gpio = <&gpio 1 1>;")
    write(tmp_path, soc=soc)
    made = session(tmp_path, "board.dts", "soc.dtsi")
    path = str(tmp_path / "soc.dtsi")
    analysis = made.analysis(path)
    assert analysis is not None
    here = at(soc, "reset-gpio")
    (fix,) = fixes(analysis, made.files, path, Span(here, here + 3))
    assert not fix.is_preferred
    assert "soc.dtsi: all boards that include it change" in fix.title


def test_places_are_in_the_file_that_is_asked_for(made: Session, tmp_path: Path) -> None:
    found = asked(made, tmp_path / "board.dts", definition, "mmc@5000")
    assert isinstance(found, FileSpan)
    assert found.path == str(tmp_path / "board.dts")
