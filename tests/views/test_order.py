"""The order of probing, as data and as text."""

from dtlink.board.tree import TreeBoard
from dtlink.testing.sketch import sketch
from dtlink.views.order import OrderView
from tests.views.boards import TABLES, board, command, data, server, shown

CHAIN = """
    a { compatible = "a"; clocks = <&b>; };
    b: b { compatible = "b"; #clock-cells = <0>; };
"""


def test_a_supplier_is_in_an_earlier_wave():
    view = OrderView.of(board(CHAIN))
    assert data(view.to_json()) == [["/b"], ["/a"]]
    assert shown(view.text()) == ["wave 0 · 1 device", "  /b", "wave 1 · 1 device", "  /a"]


PARTS = """
    pd { compatible = "pd"; domain@1 { clocks = <&clk>; }; };
    clk: clk { compatible = "clk"; #clock-cells = <0>; };
"""


def test_what_drivers_wait_for_counts_where_a_kernel_is_named():
    tree = board(PARTS).tree
    kernel = "built-in PD pd.c pd\nbuilt-in CLK clk.c clk\nfacts pd.c "
    known = TreeBoard(tree, facts=sketch(kernel + "child-required:clock:*"))
    unknown = TreeBoard(tree, facts=sketch(kernel + "populates"))
    assert OrderView.of(known).waves == (("/clk",), ("/pd",))
    assert OrderView.of(unknown).waves == OrderView.of(board(PARTS)).waves == (("/pd", "/clk"),)


def test_the_nodes_of_tables_have_waves_too():
    view = OrderView.of(server())
    assert len(view.waves) > 1
    assert command("order", TABLES / "arm-server")["order"] == data(view.to_json())
