"""One wrong ``#…-cells`` is one finding, at the supplier."""

import pytest

from dtlink.board.tree import TreeBoard
from dtlink.engine.linting import lint_board
from dtlink.firmware import dts
from dtlink.links.reference import UnresolvedReason
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
    assert "have specifiers of 1 cell" in found.message
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


@pytest.mark.parametrize("cells", ["4", "2"])
def test_interrupts_have_their_parent_for_a_supplier(cells: str) -> None:
    users = " ".join(f'u{n} {{ compatible = "v,u"; interrupts = <0 {n} 4>; }};' for n in range(4))
    source = """
    / {
        interrupt-parent = <&gic>;
        gic: gic { compatible = "arm,gic-400"; interrupt-controller; #interrupt-cells = <%s>; };
        %s
    };
    """
    found = lint_board(TreeBoard(dts.read_text(source % (cells, users))))["findings"]
    assert [(each.rule, each.subject.path) for each in found] == [("phandle/wrong-cells", "/gic")]
    assert "#interrupt-cells = <3>;" in found[0].fix.text
    assert not lint_board(TreeBoard(dts.read_text(source % ("3", users))))["findings"]


def test_lists_of_many_suppliers_that_are_wrong_at_their_end() -> None:
    count = 300
    nodes = " ".join(f"c{n}: c{n} {{ #clock-cells = <1>; }};" for n in range(count))
    names = ", ".join(f"<&c{n} 0>" for n in range(count))
    users = " ".join(
        f'u{n} {{ compatible = "v,u"; clocks = {names}, <0xfff>; }};' for n in range(9)
    )
    board = TreeBoard(dts.read_text(f"/ {{ {nodes} {users} }};"))
    assert not board.wrong_cells
    assert sum(1 for _ in board.failures(UnresolvedReason.DANGLING)) == 9
