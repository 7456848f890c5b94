"""The cycles of a board, as data and as text."""

from dtlink.board.tables import TablesBoard
from dtlink.board.tree import TreeBoard
from dtlink.firmware.acpi.machine import Machine
from dtlink.firmware.read import read
from dtlink.firmware.tree import Tree
from dtlink.testing.assemble import assemble
from dtlink.views.cycles import CyclesView
from tests.support.boards import FIXTURES
from tests.views.boards import board, command, data, server, shown

TWO = """
    a: a { compatible = "a"; #clock-cells = <0>; clocks = <&b>; };
    b: b { compatible = "b"; #clock-cells = <0>; clocks = <&a>; };
"""
#: An SMMU that sends IDs to itself.
LOOP = "IORT\n  one: smmu-v3 base=0x1000\n    map count=0xff output=one\n"


def test_a_cycle_of_a_devicetree_has_steps_and_breaks():
    found = CyclesView.of(board(TWO)).to_json()
    step = {"consumer": "/a", "supplier": "/b", "property": "clocks", "index": 0}
    back = {"consumer": "/b", "supplier": "/a", "property": "clocks", "index": 0}
    assert data(found) == [
        {
            "nodes": ["/a", "/b"],
            "chain": [step, back],
            "breaks": [step],
            "links": 2,
            "relaxed": [step, back],
        }
    ]


def test_the_text_says_what_breaks_a_cycle():
    assert shown(CyclesView.of(board(TWO)).text()) == [
        "cycle among 2 devices:",
        "  /a  clocks[0] → /b",
        "  /b  clocks[0] → /a",
        "  the kernel relaxes all its links: none of them orders a probe",
        "  adding this to post-init-providers breaks the cycle:",
        "    /a  clocks[0] → /b",
        "",
    ]


def test_a_parent_is_a_step_without_a_property():
    found = CyclesView.of(
        board(
            'bus { compatible = "bus"; clocks = <&c>;'
            ' c: c { compatible = "c"; #clock-cells = <0>; }; };'
        )
    )
    assert any("/bus/c  is a child of /bus" in row for row in shown(found.text()))


def test_tables_without_a_cycle():
    found = CyclesView.of(server())
    assert found.to_json() == []
    assert shown(found.text()) == ["no cycles"]


def test_a_cycle_of_tables_has_the_same_form():
    view = CyclesView.of(TablesBoard(Machine.of(assemble(LOOP))))
    node = "IORT/smmu-v3@0x30 (0x1000)"
    (found,) = data(view.to_json())
    assert found["nodes"] == [node]
    assert found["chain"] == [
        {"consumer": node, "supplier": node, "property": "mappings", "index": 0}
    ]
    assert found["breaks"] == found["relaxed"] == []
    assert "Linux follows it forever" in shown(view.text())[2]


def test_the_command_prints_the_data_of_the_view():
    path = FIXTURES / "phone-soc.dtb"
    tree = read(str(path))
    assert isinstance(tree, Tree)
    view = CyclesView.of(TreeBoard(tree))
    assert command("cycles", path)["cycles"] == data(view.to_json())
