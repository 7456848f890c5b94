"""What changed between two boards, as data and as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtlink.views.diff.firmware import snapshot_of
from dtlink.views.diff.rows import IdentityRow
from dtlink.views.diff.sides import Side
from dtlink.views.diff.view import DiffView
from tests.views.boards import board, data, server, shown

if TYPE_CHECKING:
    from dtlink.board.boards import AnyBoard

OLD = """
    a { compatible = "a"; clocks = <&b 1>; };
    b: b { compatible = "b"; #clock-cells = <1>; };
"""
NEW = OLD.replace("<&b 1>", "<&b 2>")
CYCLE = OLD.replace("#clock-cells = <1>;", "#clock-cells = <1>; resets = <&c>;") + (
    'c: c { compatible = "c"; #reset-cells = <0>; clocks = <&b 0>; };'
)


def side(of: AnyBoard, path: str = "board.dtb", form: str = "fdt") -> Side:
    identity = IdentityRow(path=path, sha256=None, form=form, model=None, compatible=())
    return Side(identity, snapshot_of(of))


def test_the_same_board():
    view = DiffView.of(side(board(OLD)), side(board(OLD)))
    assert view.same
    assert list(view.text()) == []
    changes = data(view.to_json())["changes"]
    assert changes["compared"] == ["waits", "cycles", "links"]
    assert changes["links"] == {"gained": [], "lost": [], "changed": []}
    assert "findings" not in changes


def test_other_cells_are_a_change():
    view = DiffView.of(side(board(OLD)), side(board(NEW)))
    (change,) = data(view.to_json())["changes"]["links"]["changed"]
    assert (change["old"]["args"], change["new"]["args"]) == ([1], [2])
    assert change["because"] is None
    assert shown(view.text()) == [
        "",
        "links  1 changed",
        "  /a",
        "~   clocks             → /b <0x1> ⇒ <0x2>",
    ]


def test_a_link_that_is_gained_says_why():
    view = DiffView.of(side(board(OLD)), side(board(CYCLE)))
    gained = data(view.to_json())["changes"]["links"]["gained"]
    assert {(each["consumer"], each["because"]) for each in gained} == {
        ("/b", "supplier added"),
        ("/c", "consumer added"),
    }
    assert any("among 2 devices:" in row for row in shown(view.text()))


def test_a_cycle_that_grows_is_changed():
    more = CYCLE.replace("resets = <&c>;", "resets = <&c>; vdd-supply = <&d>;") + (
        'd: d { compatible = "d"; clocks = <&b 0>; };'
    )
    view = DiffView.of(side(board(CYCLE)), side(board(more)))
    (change,) = data(view.to_json())["changes"]["cycles"]["changed"]
    assert [each["nodes"] for each in change["old"]] == [["/b", "/c"]]
    assert change["new"]["nodes"] == ["/b", "/c", "/d"]


def test_a_board_that_only_one_side_has():
    view = DiffView.of(None, side(board(OLD)))
    assert data(view.to_json())["changes"]["input"] == "gained"


def test_tables_are_compared_too():
    tables = side(server(), form="acpi-folder")
    assert tables.kind == "tables"
    assert DiffView.of(tables, side(server("arm-server-faults"))).links
