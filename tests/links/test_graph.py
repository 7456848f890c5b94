"""The graph of a board: its links, by consumer and by supplier."""

from __future__ import annotations

from dtlink.firmware.read import read
from dtlink.links.graph import Graph
from tests.support.boards import FIXTURES
from tests.support.links import graph, links

LINKS = """
    soc {
        a: a { #clock-cells = <0>; clocks = <&b>; };
        b: b { #clock-cells = <0>; resets = <&c 3>; #reset-cells = <1>; };
        c: c { #reset-cells = <1>; vdd-supply = <&a>; };
        d { clocks = <&a>; };
    };
    e { clocks = <&a>; };
"""


def test_suppliers_and_consumers_mirror_each_other():
    made = graph(LINKS)
    a = made.firmware.find("/soc/a").index
    assert [link.supplier.path for link in made.suppliers[a]] == ["/soc/b"]
    assert [link.consumer.path for link in made.consumers[a]] == ["/soc/c", "/soc/d", "/e"]
    assert sum(map(len, made.suppliers.values())) == len(made.links)
    assert sum(map(len, made.consumers.values())) == len(made.links)


def test_links_are_in_blob_order():
    source = """
    s: s { #clock-cells = <0>; #reset-cells = <0>; };
    b { resets = <&s>; clocks = <&s>, <&s>; };
    a { clocks = <&s>; };
    """
    made = graph(source)
    assert [(link[0], link[2]) for link in links(made)] == [
        ("/b", "resets[0]"), ("/b", "clocks[0]"), ("/b", "clocks[1]"), ("/a", "clocks[0]"),
    ]  # fmt: skip
    assert [link.entry for link in made.links_of("resets")] == ["resets[0]"]
    assert len(list(made.links_of("resets", "clocks"))) == 4


def test_the_clean_board_has_no_fault():
    made = Graph.of(read(FIXTURES / "clean-board.dtb"))
    assert not made.unresolved
    assert len(made.links) > 100
