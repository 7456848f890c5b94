"""One wrong ``#…-cells`` is one finding, at the supplier."""

import pytest

from dtlink.board.tree import TreeBoard
from dtlink.engine.linting import lint_board
from dtlink.firmware import dts
from dtlink.rules.model import Finding

BOARD = """
/ {
    cru: cru { compatible = "vendor,cru"; #clock-cells = <%s>; #reset-cells = <1>; };
    osc: osc { compatible = "fixed-clock"; clock-frequency = <1>; #clock-cells = <0>; };
    a { compatible = "vendor,a"; clocks = <&cru 5>; resets = <&cru 5>; };
    b { compatible = "vendor,b"; clocks = <&cru 6>, <&cru 7>; clock-names = "x", "y"; };
    c { compatible = "vendor,c"; clocks = <&osc>, <&cru 8>; };
    d { compatible = "vendor,d"; clocks = <&cru 9>, <&osc>; };
    %s
};
"""


def lint(cells: str, more: str = "") -> list[Finding]:
    source = BOARD % (cells, more)
    if not cells:
        source = source.replace("#clock-cells = <>; #reset", "#reset")
    found = lint_board(TreeBoard(dts.read_text(source)))
    assert not found["faults"]
    return [each for each in found["findings"] if each.severity.value != "info"]


@pytest.mark.parametrize("cells", ["2", "3", "0", ""])
def test_it_is_said_once_at_the_supplier(cells: str) -> None:
    (found,) = lint(cells)
    assert (found.rule, found.subject.path) == ("phandle/wrong-cells", "/cru")
    assert found.property_name == "#clock-cells"
    assert "give it 1 argument" in found.message
    assert "#clock-cells = <1>;" in found.fix.text
    assert set(found.related) == {"/a", "/b", "/c", "/d"}
    assert lint("1") == []


def test_faults_of_other_lists_stay() -> None:
    other = 'e { compatible = "vendor,e"; clocks = <0x99>; power-domains = <0x98 1>; };'
    assert sorted(each.rule for each in lint("2", other)) == [
        *("phandle/dangling", "phandle/dangling", "phandle/wrong-cells"),
    ]
    assert [each.rule for each in lint("1", other)] == ["phandle/dangling"] * 2


def test_two_lists_are_too_few_and_a_list_that_is_wrong_itself_is_one() -> None:
    few = BOARD.replace("c {", 'c { status = "disabled";').replace(
        "d {", 'd { status = "disabled";'
    )
    board = TreeBoard(dts.read_text(few % ("2", "")))
    assert not board.wrong_cells
    wrong = 'e { compatible = "vendor,e"; clocks = <&cru>; };'
    assert [each.rule for each in lint("1", wrong)] == ["phandle/truncated-specifier"]
