"""The links of a board, as data and as text."""

from dtlink.views.links import LinksView
from tests.views.boards import TABLES, board, command, data, server, shown

TWO = """
    a { compatible = "a"; clocks = <&b 3>; };
    off { compatible = "off"; status = "disabled"; clocks = <&b 4>; };
    b: b { compatible = "b"; #clock-cells = <1>; };
"""


def test_a_link_of_a_devicetree():
    view = LinksView.of(board(TWO))
    assert data(view.to_json()) == [
        {
            "consumer": "/a",
            "supplier": "/b",
            "binding": "clocks",
            "kind": "clock",
            "origin": "kernel",
            "node": "/a",
            "property": "clocks",
            "index": 0,
            "args": [3],
            "optional": False,
            "followed": True,
            "why_not": None,
        }
    ]
    assert shown(view.text("it")) == [
        "it · 1 link",
        "  /a",
        "    clocks[0]                    → /b <0x3>",
    ]


def test_links_of_disabled_consumers_and_of_some_bindings():
    assert len(LinksView.of(board(TWO), disabled=True).links) == 2
    assert not LinksView.of(board(TWO), bindings=["resets"]).links


def test_a_link_of_tables_has_ids():
    view = LinksView.of(server())
    (first, *_) = data(view.to_json())
    assert {"used_by_linux", "inputs", "output", "through"} <= first.keys()
    assert command("links", TABLES / "arm-server")["links"] == data(view.to_json())
    assert any(" → IORT/smmu" in row for row in shown(view.text()))
