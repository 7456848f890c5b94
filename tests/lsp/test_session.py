"""Which board a file belongs to, and which diagnostics files have."""

from __future__ import annotations

from pathlib import Path

import pytest

from dtlink.lsp.session import Session
from dtlink.rules.finding import Severity
from tests.lsp.boards import BOARD, GIVEN, SOC, at, session, settle, write

#: A board that gives the clock no cells.
OTHER = """/dts-v1/;
#include "soc.dtsi"
&clk { /delete-property/ #clock-cells; };
&uart { status = "okay"; };
"""


def shown(made: Session) -> dict[str, list[tuple[str, str]]]:
    """By the name of each file the codes, with the words that they are at."""
    found = {}
    for path, each in made.published().items():
        text = made.files.lines(path).text
        found[Path(path).name] = [(one.code, text[slice(*one.at.span)]) for one in each]
    return found


def test_a_board_is_linted_as_it_is_typed(tmp_path: Path) -> None:
    write(tmp_path)
    made = session(tmp_path, "board.dts")
    assert shown(made) == {"board.dts": [("legacy/singular-gpio", "cd-gpio")]}
    board = str(tmp_path / "board.dts")
    made.change(board, BOARD.replace("cd-gpio", "cd-gpios"))
    settle(made)
    assert shown(made) == {"board.dts": []}


def test_an_error_of_the_source_is_a_diagnostic(tmp_path: Path) -> None:
    write(tmp_path, board=BOARD + "&nope { };\n")
    made = session(tmp_path, "board.dts")
    (found,) = made.published()[str(tmp_path / "board.dts")]
    assert (found.code, found.severity) == ("source", Severity.ERROR)
    assert "&nope" in found.message


def test_an_error_in_an_included_file_is_at_both(tmp_path: Path) -> None:
    write(tmp_path, soc=SOC.replace("reg = <0x1000 0x100>;", "reg = <;"))
    found = shown(session(tmp_path, "board.dts"))
    assert found["board.dts"] == [("included", '#include "soc.dtsi"')]
    assert [code for code, _ in found["soc.dtsi"]] == ["source"]


def test_unsaved_text_of_an_included_file_counts(tmp_path: Path) -> None:
    write(tmp_path)
    made = session(tmp_path, "board.dts", "soc.dtsi")
    made.change(str(tmp_path / "soc.dtsi"), SOC.replace("#gpio-cells", "x,y"))
    settle(made)
    codes = {code for each in shown(made).values() for code, _ in each}
    assert "phandle/missing-cells" in codes
    made.close(str(tmp_path / "soc.dtsi"))
    settle(made)
    assert shown(made)["board.dts"] == [("legacy/singular-gpio", "cd-gpio")]


def test_a_change_reads_only_the_boards_that_have_the_file(tmp_path: Path) -> None:
    write(tmp_path, alone="/dts-v1/;\n/ { };\n")
    made = session(tmp_path, "alone.dts", "board.dts", "soc.dtsi")
    made.change(str(tmp_path / "soc.dtsi"), SOC + "\n")
    assert made.due() == str(tmp_path / "board.dts")
    settle(made)
    made.change(str(tmp_path / "alone.dts"), "/dts-v1/;\n/ { x; };\n")
    assert made.due() == str(tmp_path / "alone.dts")


def test_an_included_file_is_of_the_open_board_that_was_used_last(tmp_path: Path) -> None:
    write(tmp_path, other=OTHER)
    soc, board, other = (str(tmp_path / each) for each in ("soc.dtsi", "board.dts", "other.dts"))
    made = session(tmp_path, "other.dts", "board.dts", "soc.dtsi")
    assert made.board_of(soc) == board
    made.change(other, OTHER + "\n")
    settle(made)
    assert made.board_of(soc) == other
    assert made.chosen(soc) is None


def test_without_an_open_board_one_is_chosen(tmp_path: Path) -> None:
    write(tmp_path, other=OTHER, soc2="", **{"soc-x": '/dts-v1/;\n#include "soc.dtsi"\n'})
    made = session(tmp_path, "soc.dtsi")
    soc = str(tmp_path / "soc.dtsi")
    assert made.board_of(soc) == str(tmp_path / "soc-x.dts")
    assert made.chosen(soc) == (str(tmp_path / "soc-x.dts"), 2)
    made = session(tmp_path, "soc.dtsi", board=str(tmp_path / "other.dts"))
    assert made.board_of(soc) == str(tmp_path / "other.dts")
    # What else is wrong with the board is not what the user asked for.
    assert set(made.published()) == {soc}


def test_a_file_without_a_board_says_so(tmp_path: Path) -> None:
    (tmp_path / "lone.dtsi").write_text("&x { };\n", encoding="utf-8")
    made = session(tmp_path, "lone.dtsi")
    (found,) = made.published()[str(tmp_path / "lone.dtsi")]
    assert "not checked" in found.message


def test_what_only_some_boards_have_names_them(tmp_path: Path) -> None:
    write(tmp_path, other=OTHER)
    made = session(tmp_path, "other.dts", "board.dts", "soc.dtsi")
    found = made.published()[str(tmp_path / "soc.dtsi")]
    assert found
    assert all(each.message.endswith("board: other.dts") for each in found)


def test_what_all_boards_have_is_shown_once(tmp_path: Path) -> None:
    write(tmp_path, other="// another line\n" + OTHER)
    made = session(tmp_path, "other.dts", "board.dts", "soc.dtsi")
    soc = str(tmp_path / "soc.dtsi")
    made.change(soc, SOC.replace("&clk CLK", "&nope CLK"))
    settle(made)
    (found,) = made.published()[soc]
    assert "board:" not in found.message
    # A board that is still to be read has no place in the new text.
    made.change(soc, SOC)
    made.step()
    assert [each for each in made.published()[soc] if each.code == "source"] == []


def test_closed_boards_take_their_diagnostics_along(tmp_path: Path) -> None:
    write(tmp_path)
    made = session(tmp_path, "board.dts")
    assert shown(made)["board.dts"]
    made.close(str(tmp_path / "board.dts"))
    assert shown(made) == {"board.dts": []}
    assert shown(made) == {}


def test_a_link_is_the_file_that_it_leads_to(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "links").mkdir()
    link = tmp_path / "links" / "soc.dtsi"
    link.symlink_to(tmp_path / "soc.dtsi")
    made = session(tmp_path, "board.dts")
    made.open(str(link), SOC.replace("compatible = ", "compatible "), "file:///as/it/is")
    settle(made)
    assert "source" in [code for code, _ in shown(made)["soc.dtsi"]]
    assert made.uri_of(str(tmp_path / "soc.dtsi")) == "file:///as/it/is"


def test_the_configuration_counts_and_is_read_again(tmp_path: Path) -> None:
    write(tmp_path)
    made = session(tmp_path, "board.dts", isolated=False)
    assert shown(made)["board.dts"]
    (tmp_path / "dtlink.toml").write_text('ignore = ["legacy"]\n', encoding="utf-8")
    made.forget()
    settle(made)
    assert shown(made) == {"board.dts": []}
    (tmp_path / "dtlink.toml").write_text("ignore = 1\n", encoding="utf-8")
    made.forget()
    settle(made)
    assert shown(made)["board.dts"][0][0] == "dtlink"
    made.forget()
    (tmp_path / "dtlink.toml").unlink()
    made.options = made.options._replace(given={**GIVEN, "ignore": ("legacy/singular-gpio",)})
    settle(made)
    assert shown(made) == {"board.dts": []}


def test_a_fault_of_dtlink_does_not_end_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path)
    made = session(tmp_path, "board.dts")

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr("dtlink.lsp.session.diagnostics", broken)
    made.change(str(tmp_path / "board.dts"), BOARD + "\n")
    settle(made)
    (found,) = made.published()[str(tmp_path / "board.dts")]
    assert found.message == "a fault of dtlink: RuntimeError: no"


def test_with_errors_answers_are_those_of_the_last_tree(tmp_path: Path) -> None:
    write(tmp_path)
    made = session(tmp_path, "board.dts")
    board = str(tmp_path / "board.dts")
    made.change(board, BOARD + "&nope { };\n")
    found = made.analysis(board)
    assert found is not None
    assert found.tree is not None


def test_few_boards_are_kept(tmp_path: Path) -> None:
    names = [f"b{number}.dts" for number in range(8)]
    write(tmp_path, **{name[:-4]: BOARD for name in names})
    made = session(tmp_path, *names)
    assert sum(each.analysis is not None for each in made._boards.values()) <= 4
    assert sum(bool(found) for found in made.published().values()) == 8
    assert made.analysis(str(tmp_path / "b0.dts")) is not None


def test_offsets_are_those_of_the_text(tmp_path: Path) -> None:
    text = BOARD.replace("\n", "\r\n")
    write(tmp_path)
    made = session(tmp_path, "board.dts")
    made.change(str(tmp_path / "board.dts"), text)
    settle(made)
    (found,) = made.published()[str(tmp_path / "board.dts")]
    assert found.at.span.start == at(text, "cd-gpio")
