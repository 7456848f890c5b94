"""The graph as data: nodes, edges, times, and what is near a node."""

from __future__ import annotations

import json

import pytest

from dtlink import engine
from dtlink.board.tables import TablesBoard
from dtlink.board.tree import TreeBoard
from dtlink.observed.observation import ReportCollector
from dtlink.testing.sketch import sketch
from dtlink.views.graph import bounds
from dtlink.views.graph.change import compared
from dtlink.views.graph.collector import Collector
from dtlink.views.graph.neighbourhood import Near
from dtlink.views.graph.rows import Change, EdgeEffect, GraphNode, NodeState, ObservedState
from dtlink.views.graph.view import GraphView
from tests.views.boards import board, data, server

CHAIN = """
    disk: mmc@1 { compatible = "v,mmc"; clocks = <&clk 0>; phys = <&phy>; phy-names = "p"; };
    phy: phy@2 { compatible = "v,phy"; #phy-cells = <0>; vdd-supply = <&reg>; };
    reg: regulator { compatible = "v,reg"; };
    clk: clock { compatible = "v,clk"; #clock-cells = <1>; };
    gone: off { compatible = "v,off"; status = "disabled"; #clock-cells = <0>; };
"""
KERNEL = """
built-in MMC_V drivers/mmc/host/v.c v,mmc
module PHY_V drivers/phy/vphy.c v,phy
built-in REG_V drivers/regulator/vreg.c v,reg
built-in CLK_V drivers/clk/vclk.c v,clk
facts drivers/mmc/host/v.c required:clock: required:PHY:p whole
"""


def edge(view: GraphView, consumer: str, supplier: str):
    paths = [node.path for node in view.nodes]
    ends = paths.index(consumer), paths.index(supplier)
    return next(each for each in view.edges if (each.consumer, each.supplier) == ends)


def node(view: GraphView, path: str):
    return next(each for each in view.nodes if each.path == path)


@pytest.fixture(scope="module")
def known() -> GraphView:
    made = TreeBoard(board(CHAIN).tree, facts=sketch(KERNEL))
    return GraphView.of(made, path="board.dtb")


def test_an_edge_has_its_entries_and_what_fw_devlink_makes_of_it():
    view = GraphView.of(board(CHAIN))
    found = edge(view, "/mmc@1", "/clock")
    assert found.effect is EdgeEffect.ORDERED
    assert [(each.property_name, each.index, each.binding) for each in found.entries] == [
        ("clocks", 0, "clocks")
    ]
    assert {each.state for each in view.nodes} == {NodeState.UNKNOWN}
    assert view.kernel.release is None


def test_states_times_and_gates_come_of_the_kernel(known: GraphView):
    states = {each.path: each.state for each in known.nodes}
    assert states["/mmc@1"] is NodeState.BUILT_IN
    assert states["/phy@2"] is NodeState.MODULE
    disk = node(known, "/mmc@1")
    assert disk.when.value == "after the root file system is there"
    assert known.nodes[disk.gate].path == "/phy@2"
    assert edge(known, "/mmc@1", "/phy@2").outcome.value == "recovers"


def test_what_becomes_of_a_consumer_without_its_supplier(known: GraphView):
    assert edge(known, "/mmc@1", "/phy@2").surely.value == "never"
    assert edge(known, "/mmc@1", "/clock").surely.value == "never"


@pytest.mark.parametrize("gone", ["PHY_V", "CLK_V"])
def test_without_a_driver_the_kernel_predicts_what_the_edge_says(known: GraphView, gone: str):
    """The outcome of a hypothetical absence is that of a kernel that lacks the driver."""
    kernel = "\n".join(
        f"off {line.split(maxsplit=1)[1]}" if f" {gone} " in line else line
        for line in KERNEL.splitlines()
    )
    lacking = GraphView.of(TreeBoard(board(CHAIN).tree, facts=sketch(kernel)))
    supplier = {"PHY_V": "/phy@2", "CLK_V": "/clock"}[gone]
    assert node(lacking, supplier).state is NodeState.MISSING
    outcome = edge(lacking, "/mmc@1", supplier).outcome
    assert outcome == edge(known, "/mmc@1", supplier).if_missing


def test_a_late_driver_is_a_cause(known: GraphView):
    (cause,) = [each for each in known.causes if "vphy" in each.driver]
    assert [known.nodes[at].path for at in cause.suppliers] == ["/phy@2"]
    assert [known.nodes[each.node].path for each in cause.devices] == ["/mmc@1"]


def test_a_disabled_supplier_stays_a_node_of_its_own():
    source = CHAIN + 'user { compatible = "v,user"; clocks = <&gone>; };'
    view = GraphView.of(board(source))
    assert node(view, "/off").state is NodeState.DISABLED
    assert edge(view, "/user", "/off").effect is EdgeEffect.NONE


def test_children_are_folded_into_their_devices():
    view = GraphView.of(
        board("""
        user { compatible = "v,user"; vdd-supply = <&ldo>; };
        pmic { compatible = "v,pmic"; regulators { ldo: ldo1 { }; }; };
    """)
    )
    (entry,) = edge(view, "/user", "/pmic").entries
    assert entry.target == "/pmic/regulators/ldo1"


MADE = """
    user { compatible = "v,user"; vdd-supply = <&ldo>; };
    pmic { compatible = "v,pmic"; regulators { ldo: ldo1 { }; }; };
"""
MADE_KERNEL = """
module MFD drivers/mfd/core.c v,pmic initramfs
module REG drivers/regulator/reg.c platform:pmic-reg
built-in USER drivers/user.c v,user
facts drivers/mfd/core.c whole makes:platform:pmic-reg
facts drivers/regulator/reg.c whole offers:regulator
facts drivers/user.c whole required:regulator:vdd
"""


def test_a_device_that_a_driver_makes_is_a_node():
    view = GraphView.of(TreeBoard(board(MADE).tree, facts=sketch(MADE_KERNEL)))
    made = node(view, "/pmic + pmic-reg")
    assert made.made
    assert made.state is NodeState.MODULE
    found = edge(view, "/user", "/pmic + pmic-reg")
    assert found.if_missing.value == "never"
    assert [each.property_name for each in found.entries] == ["vdd-supply"]
    assert edge(view, "/pmic + pmic-reg", "/pmic").if_missing.value == "never"
    assert {each.name for each in view.modules} == {"core", "reg"}


CYCLE = """
    a: a { compatible = "v,a"; clocks = <&b>; #clock-cells = <0>; };
    b: b { compatible = "v,b"; clocks = <&a>; #clock-cells = <0>; };
    c { compatible = "v,c"; clocks = <&a>; };
"""


def test_a_cycle_has_what_breaks_it_and_what_is_behind_it():
    (cycle,) = GraphView.of(board(CYCLE)).cycles
    assert len(cycle.nodes) == 2
    assert cycle.behind == 1
    assert cycle.breaks
    assert edge(GraphView.of(board(CYCLE)), "/a", "/b").effect is EdgeEffect.RELAXED


def test_findings_name_the_nodes_they_are_about():
    source = 'user { compatible = "v,user"; clocks = <0x99>; };'
    made = board(source)
    view = GraphView.of(made, engine.lint_board(made)["findings"])
    (found,) = [each for each in view.findings if each.rule == "phandle/dangling"]
    assert [view.nodes[at].path for at in found.nodes] == ["/user"]


def test_the_neighbourhood_is_renumbered():
    view = GraphView.of(board(CHAIN), names=["phy"], near=Near(depth=1, consumers=1)).in_view()
    assert {each.path for each in view.nodes} == {"/phy@2", "/regulator", "/mmc@1"}
    assert [view.nodes[at].path for at in view.view.nodes] == ["/phy@2"]
    assert edge(view, "/phy@2", "/regulator").effect is EdgeEffect.ORDERED
    assert edge(view, "/mmc@1", "/phy@2").effect is EdgeEffect.ORDERED
    only = GraphView.of(board(CHAIN), names=["phy"], near=Near(depth=0, consumers=0)).in_view()
    assert [each.path for each in only.nodes] == ["/phy@2"]


def test_two_builds_are_one_graph_with_marks():
    old, new = CHAIN, CHAIN.replace("vdd-supply = <&reg>;", "clocks = <&clk 1>;")
    new = new.replace("reg: regulator", 'extra { compatible = "v,extra"; }; reg: regulator')
    view = compared(GraphView.of(board(old)), GraphView.of(board(new)))
    assert edge(view, "/phy@2", "/regulator").change is Change.LOST
    assert edge(view, "/phy@2", "/clock").change is Change.GAINED
    assert node(view, "/extra").change is Change.GAINED
    assert not edge(view, "/mmc@1", "/phy@2").change
    assert data(view.to_json())["old"]["counts"]["edges"] == {"gained": 1, "lost": 1, "changed": 0}


def test_equal_builds_have_no_marks():
    view = compared(GraphView.of(board(CYCLE)), GraphView.of(board(CYCLE)))
    text = json.dumps(data(view.to_json()))
    assert '"change"' not in text


def test_a_cycle_that_a_build_brings_is_gained():
    old = CYCLE.replace('b { compatible = "v,b"; clocks = <&a>;', 'b { compatible = "v,b";')
    (cycle,) = compared(GraphView.of(board(old)), GraphView.of(board(CYCLE))).cycles
    assert cycle.change is Change.GAINED
    (cycle,) = compared(GraphView.of(board(CYCLE)), GraphView.of(board(old))).cycles
    assert cycle.change is Change.LOST


def test_what_a_board_reports_is_beside_the_prediction():
    told = ReportCollector()
    for name, node_, driver in (("1.mmc", "mmc@1", ""), ("clock", "clock", "clk-v")):
        path = f"devices/platform/{name}"
        told.link(f"{path}/of_node", f"../../../firmware/devicetree/base/{node_}")
        if driver:
            told.link(f"{path}/driver", f"../../../bus/platform/drivers/{driver}")
    told.attribute("kernel/debug/devices_deferred", "1.mmc\tplatform: supplier 2.phy not ready")
    made = TreeBoard(board(CHAIN).tree, facts=sketch(KERNEL))
    view = GraphView.of(made, observed=told.found)
    seen = {each.path: each.observed for each in view.nodes if each.observed}
    assert seen.keys() == {"/mmc@1", "/clock"}
    assert (seen["/clock"].state, seen["/clock"].text) == (ObservedState.BOUND, "clk-v")
    assert seen["/clock"].agrees
    assert seen["/mmc@1"].state is ObservedState.HELD_BACK
    assert "not ready" in seen["/mmc@1"].text
    assert seen["/mmc@1"].agrees is False
    assert not node(GraphView.of(board(CHAIN), observed=told.found), "/clock").observed.agrees


def test_the_graph_of_tables_has_ids():
    view = GraphView.of(server())
    found = [entry for each in view.edges for entry in each.entries or () if entry.ids]
    assert found
    assert view.iommu.ranges
    assert {each.effect for each in view.edges} <= {EdgeEffect.TABLE, EdgeEffect.NONE}


def test_the_size_is_bounded(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("dtlink.views.graph.collector.MAX_NODES", 2)
    view = GraphView.of(board(CHAIN))
    assert len(view.nodes) == 2
    assert view.left_out > 0
    assert len(bounds.clipped("x" * 10_000)) == bounds.MAX_TEXT


def test_the_same_input_makes_the_same_data():
    one, other = (json.dumps(data(GraphView.of(board(CHAIN)).to_json())) for _ in range(2))
    assert one == other


def test_tables_know_what_becomes_of_devices_without_their_iommu():
    machine = server().machine
    made = TablesBoard(machine, facts=sketch("built-in ARM_SMMU_V3 drivers/iommu/v3.c v,smmu"))
    view = GraphView.of(made)
    smmu = next(at for at, each in enumerate(view.nodes) if "smmu-v3" in each.path)
    ends = [each for each in view.edges if each.supplier == smmu]
    components = {each.if_missing.value for each in ends if not each.functions}
    assert components <= {"never"}
    assert {each.functions.value for each in ends if each.functions} == {"never"}


def test_no_entry_is_made_for_an_edge_without_room(monkeypatch):
    monkeypatch.setattr("dtlink.views.graph.collector.MAX_NODES", 2)
    collector = Collector(lambda path: GraphNode(path=path, state=NodeState.UNKNOWN))
    collector.link("/a", "/b", EdgeEffect.ORDERED)
    assert collector.takes("/a", "/b")
    assert collector.takes("/b", "/a")
    assert not collector.takes("/c", "/a")
    assert collector.left_out == 0
