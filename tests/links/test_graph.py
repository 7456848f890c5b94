"""The graph of a board: cycles, waves, paths, and who stands on which side."""

from __future__ import annotations

import pytest

from dtlink.facts.kernels import DEFAULT
from dtlink.firmware import fdt
from dtlink.firmware.fdt_write import SourceNode, cells, write
from dtlink.firmware.read import read
from dtlink.links.graph import Graph
from tests.support.boards import FIXTURES
from tests.support.limits import at_most
from tests.support.links import graph, links


def paths(nodes):
    return [node.path for node in nodes]


CYCLE = """
    soc {
        a: a { #clock-cells = <0>; clocks = <&b>; };
        b: b { #clock-cells = <0>; resets = <&c 3>; #reset-cells = <1>; };
        c: c { #reset-cells = <1>; vdd-supply = <&a>; };
        d { clocks = <&a>; };
    };
    e { clocks = <&a>; };
"""


def test_a_cycle_is_a_chain_of_links():
    (cycle,) = graph(CYCLE).cycles()
    assert paths(cycle.nodes) == ["/soc/a", "/soc/b", "/soc/c"]
    assert paths(cycle.chain) == ["/soc/a", "/soc/b", "/soc/c"]
    steps = [(step.consumer.path, step.supplier.path, step.entry) for step in cycle.steps]
    assert steps == [
        ("/soc/a", "/soc/b", "clocks[0]"),
        ("/soc/b", "/soc/c", "resets[0]"),
        ("/soc/c", "/soc/a", "vdd-supply[0]"),
    ]
    assert len(cycle.links) == 3


def test_a_cycle_may_lead_over_a_parent():
    source = """
    bus: bus { power-domains = <&pd>; pd: pd { #power-domain-cells = <0>; }; };
    """
    (cycle,) = graph(source).cycles()
    assert paths(cycle.nodes) == ["/bus", "/bus/pd"]
    by_pair = dict(zip(paths(cycle.chain), cycle.steps, strict=True))
    assert by_pair["/bus"].entry == "power-domains[0]"
    assert by_pair["/bus/pd"] is None


def test_all_the_links_of_a_cycle_are_kept():
    source = """
    a: a { #clock-cells = <1>; clocks = <&b 1>, <&b 2>; resets = <&b 1>; };
    b: b { #clock-cells = <1>; #reset-cells = <1>; clocks = <&a 1>; };
    """
    (cycle,) = graph(source).cycles()
    assert sorted(link.entry for link in cycle.links) == [
        "clocks[0]", "clocks[0]", "clocks[1]", "resets[0]",
    ]  # fmt: skip
    assert len(cycle.chain) == len(cycle.steps) == 2


def test_two_cycles_that_share_no_node_are_two():
    source = """
    a: a { #clock-cells = <0>; clocks = <&b>; }; b: b { #clock-cells = <0>; clocks = <&a>; };
    c: c { #clock-cells = <0>; clocks = <&d>, <&a>; }; d: d { #clock-cells = <0>; clocks = <&c>; };
    """
    assert sorted(paths(cycle.nodes) for cycle in graph(source).cycles()) == [
        ["/a", "/b"],
        ["/c", "/d"],
    ]


NO_CYCLE = {
    "itself": "a: a { #clock-cells = <0>; clocks = <&a>; };",
    "own pins": "a: a { #gpio-cells = <2>; gpio-ranges = <&a 0 0 8>; };",
    "one disabled": """
        a: a { #clock-cells = <0>; clocks = <&b>; status = "disabled"; };
        b: b { #clock-cells = <0>; clocks = <&a>; };
    """,
    "pointers": "a: a { operating-points-v2 = <&b>; }; b: b { next-level-cache = <&a>; };",
    "post-init": """
        a: a { #clock-cells = <0>; post-init-providers = <&b>; };
        b: b { #clock-cells = <0>; clocks = <&a>; };
    """,
    "behind a hole": """
        a: a { #clock-cells = <0>; clocks = <0>, <&b>; };
        b: b { #clock-cells = <0>; clocks = <&a>; };
    """,
    "endpoints": """
        a { port { ea: e { remote-endpoint = <&eb>; }; }; };
        b { port { eb: e { remote-endpoint = <&ea>; }; }; };
    """,
    "child of its supplier": "a: a { b { clocks = <&a>; }; #clock-cells = <0>; };",
}


@pytest.mark.parametrize("case", NO_CYCLE)
def test_what_is_no_cycle(case):
    made = graph(NO_CYCLE[case])
    assert made.references
    assert not made.cycles()


def test_cycles_of_chosen_references():
    source = "a: a { operating-points-v2 = <&b>; }; b: b { next-level-cache = <&a>; };"
    (cycle,) = graph(source).cycles(lambda _: True)
    assert paths(cycle.nodes) == ["/a", "/b"]
    assert all(cycle.steps)
    (alone,) = graph("a: a { #clock-cells = <0>; clocks = <&a>; };").cycles(lambda _: True)
    assert paths(alone.chain) == ["/a"]
    assert alone.steps[0].entry == "clocks[0]"


def test_waves_put_suppliers_first():
    source = """
    osc: osc { #clock-cells = <0>; };
    cc: cc { #clock-cells = <1>; clocks = <&osc>; };
    bus: bus { clocks = <&cc 1>; dev { clocks = <&osc>; }; };
    idle { };
    """
    assert [paths(wave) for wave in graph(source).waves()] == [
        ["/osc"],
        ["/cc"],
        ["/bus"],
        ["/bus/dev"],
    ]


def test_a_cycle_shares_a_wave():
    rows = [set(paths(wave)) for wave in graph(CYCLE).waves()]
    assert rows == [{"/soc"}, {"/soc/a", "/soc/b", "/soc/c"}, {"/soc/d", "/e"}]


def test_paths_between_nodes():
    made = graph(CYCLE)
    find = made.firmware.find
    assert paths(made.path(find("/soc/d"), find("/soc/c"))) == [
        "/soc/d", "/soc/a", "/soc/b", "/soc/c",
    ]  # fmt: skip
    assert paths(made.path(find("/soc/a"), find("/soc"))) == ["/soc/a", "/soc"]
    assert made.path(find("/soc/a"), find("/soc/d")) == []


def test_suppliers_and_consumers_mirror_each_other():
    made = graph(CYCLE)
    a = made.firmware.find("/soc/a").index
    assert [link.supplier.path for link in made.suppliers[a]] == ["/soc/b"]
    assert [link.consumer.path for link in made.consumers[a]] == ["/soc/c", "/soc/d", "/e"]
    assert sum(map(len, made.suppliers.values())) == len(made.links)
    assert sum(map(len, made.consumers.values())) == len(made.links)


def test_links_stand_in_the_order_of_the_blob():
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


def test_the_phones_three_cycles():
    made = Graph.of(read(FIXTURES / "phone-soc.dtb"))
    found = [set(paths(cycle.nodes)) for cycle in made.cycles()]
    wanted = [
        {"/soc@0/clock-controller@af00000", "/soc@0/display-subsystem@ae00000/phy@ae94400"},
        {"/soc@0/iommu@3da0000", "/soc@0/clock-controller@3d90000"},
        {"/soc@0/geniqup@980000/i2c@994000/pmic@8", "/regulator-cam-boost"},
    ]
    assert len(found) == len(wanted)
    assert all(any(some <= nodes for nodes in found) for some in wanted)


def test_the_clean_board_has_no_cycle_and_no_fault():
    made = Graph.of(read(FIXTURES / "clean-board.dtb"))
    assert not made.cycles()
    assert not made.unresolved
    assert len(made.links) > 100


def many(count: int, ring: int) -> Graph:
    """A board of so many devices, in rings of so many."""
    root = SourceNode()
    for number in range(count):
        first = number - number % ring
        root.children.append(
            SourceNode(
                f"dev@{number:x}",
                {
                    "phandle": cells(number + 1),
                    "#clock-cells": cells(0),
                    "clocks": cells(first + (number + 1) % ring + 1),
                },
            )
        )
    return Graph.of(fdt.read(write(root)), DEFAULT)


@pytest.mark.parametrize("ring", [2, 20_000])
def test_many_nodes_in_cycles(ring):
    with at_most():
        found = many(20_000, ring).cycles()
    assert len(found) == 20_000 // ring
    assert {len(cycle.chain) for cycle in found} == {ring}
