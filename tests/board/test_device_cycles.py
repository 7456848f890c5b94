"""The devices that wait for each other: one answer for the library, the rules and the commands."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

import dtlink
from dtlink.board.tree import TreeBoard
from dtlink.cli.main import cli
from dtlink.firmware import dts, fdt
from dtlink.firmware.fdt_write import SourceNode, cells, write
from dtlink.firmware.read import read
from tests.support.boards import FIXTURES, fixture_blobs

CYCLE = """
    soc {
        a: a { compatible = "a"; #clock-cells = <0>; clocks = <&b>; };
        b: b { compatible = "b"; #clock-cells = <0>; resets = <&c 3>; #reset-cells = <1>; };
        c: c { compatible = "c"; #reset-cells = <1>; vdd-supply = <&a>; };
        d { compatible = "d"; clocks = <&a>; };
    };
    e { compatible = "e"; clocks = <&a>; };
"""


def board(source: str) -> TreeBoard:
    return TreeBoard(dts.read_text(f"/ {{ {source} }};"))


def devices(on: TreeBoard) -> list[list[str]]:
    return [[on.tree.path(node) for node in cycle.devices] for cycle in on.cycles]


def test_a_cycle_is_a_chain_of_steps():
    on = board(CYCLE)
    (cycle,) = on.cycles
    path = on.tree.path
    assert devices(on) == [["/soc/a", "/soc/b", "/soc/c"]]
    steps = {(path(step.consumer), path(step.supplier)): step.bindings for step in cycle.chain}
    assert steps == {
        ("/soc/a", "/soc/b"): ("clocks",),
        ("/soc/b", "/soc/c"): ("resets",),
        ("/soc/c", "/soc/a"): ("*-supply",),
    }
    assert len(cycle.links) == 3


def test_a_cycle_may_lead_over_a_parent():
    on = board(
        """
        bus: bus {
            compatible = "bus"; power-domains = <&pd>;
            pd: pd { compatible = "pd"; #power-domain-cells = <0>; };
        };
        """
    )
    (cycle,) = on.cycles
    assert devices(on) == [["/bus", "/bus/pd"]]
    assert [step.bindings for step in cycle.steps if step not in cycle.links] == [()]
    assert [step.bindings for step in cycle.links] == [("power-domains",)]


def test_all_the_references_of_a_cycle_are_kept():
    on = board(
        """
        a: a {
            compatible = "a"; #clock-cells = <1>; clocks = <&b 1>, <&b 2>; resets = <&b 1>;
        };
        b: b { compatible = "b"; #clock-cells = <1>; #reset-cells = <1>; clocks = <&a 1>; };
        """
    )
    (cycle,) = on.cycles
    assert sorted(len(step.references) for step in cycle.links) == [1, 3]


def test_two_cycles_that_share_no_device_are_two():
    clock = 'compatible = "v"; #clock-cells = <0>; clocks'
    on = board(
        f"""
        a: a {{ {clock} = <&b>; }}; b: b {{ {clock} = <&a>; }};
        c: c {{ {clock} = <&d>, <&a>; }}; d: d {{ {clock} = <&c>; }};
        """
    )
    assert sorted(devices(on)) == [["/a", "/b"], ["/c", "/d"]]


NO_CYCLE = {
    "itself": 'a: a { compatible = "a"; #clock-cells = <0>; clocks = <&a>; };',
    "own pins": 'a: a { compatible = "a"; #gpio-cells = <2>; gpio-ranges = <&a 0 0 8>; };',
    "one disabled": """
        a: a { compatible = "a"; #clock-cells = <0>; clocks = <&b>; status = "disabled"; };
        b: b { compatible = "b"; #clock-cells = <0>; clocks = <&a>; };
    """,
    "pointers": """
        a: a { compatible = "a"; operating-points-v2 = <&b>; };
        b: b { compatible = "b"; next-level-cache = <&a>; };
    """,
    "post-init": """
        a: a { compatible = "a"; #clock-cells = <0>; post-init-providers = <&b>; };
        b: b { compatible = "b"; #clock-cells = <0>; clocks = <&a>; };
    """,
    "after a hole": """
        a: a { compatible = "a"; #clock-cells = <0>; clocks = <0>, <&b>; };
        b: b { compatible = "b"; #clock-cells = <0>; clocks = <&a>; };
    """,
    "endpoints": """
        a { compatible = "a"; port { ea: e { remote-endpoint = <&eb>; }; }; };
        b { compatible = "b"; port { eb: e { remote-endpoint = <&ea>; }; }; };
    """,
    "child of its supplier": """
        a: a { compatible = "a"; #clock-cells = <0>; b { compatible = "b"; clocks = <&a>; }; };
    """,
    "no devices": """
        a: a { #clock-cells = <0>; clocks = <&b>; }; b: b { #clock-cells = <0>; clocks = <&a>; };
    """,
}


@pytest.mark.parametrize("case", NO_CYCLE)
def test_what_is_no_cycle(case: str):
    on = board(NO_CYCLE[case])
    assert on.graph.references
    assert devices(on) == []


def test_the_phones_three_cycles():
    found = [set(nodes) for nodes in devices(TreeBoard(read(FIXTURES / "phone-soc.dtb")))]
    wanted = [
        {"/soc@0/clock-controller@af00000", "/soc@0/display-subsystem@ae00000/phy@ae94400"},
        {"/soc@0/iommu@3da0000", "/soc@0/clock-controller@3d90000"},
        {"/soc@0/geniqup@980000/i2c@994000/pmic@8", "/regulator-cam-boost"},
    ]
    assert len(found) == len(wanted)
    assert all(any(some <= nodes for nodes in found) for some in wanted)


@pytest.mark.parametrize("name", fixture_blobs())
def test_the_library_and_the_command_have_one_answer(name: str):
    path = FIXTURES / f"{name}.dtb"
    on = dtlink.Board.read(path).parts
    done = CliRunner().invoke(cli, ["cycles", str(path), "--format", "json"])
    (item,) = json.loads(done.stdout)["inputs"]
    assert [cycle["nodes"] for cycle in item["cycles"]] == devices(on)
    rule = "cycle/supplier-cycle"
    (told,) = dtlink.lint([str(path)], select=[rule]).inputs
    assert len(told.findings) == len(on.cycles)


#: Two PMICs whose regulators, which are no devices, need each other's outputs; and a clock
#: controller whose child needs it and gives it a clock.
PARTS = """
    a: pmic-a {
        compatible = "v,pmic-a"; vdd-supply = <&b1>; a1: smps1 { regulator-name = "a1"; };
    };
    b: pmic-b {
        compatible = "v,pmic-b"; vdd-supply = <&a1>; b1: smps1 { regulator-name = "b1"; };
    };
"""
RING = CYCLE.replace("soc {", 'soc { compatible = "simple-bus"; ranges;')
CHILD = """
    cc: clock-controller {
        compatible = "v,cc"; #clock-cells = <1>; clocks = <&phy 0>;
        phy: phy { compatible = "v,phy"; #clock-cells = <1>; clocks = <&cc 1>; };
    };
"""


@pytest.mark.parametrize(("source", "count"), [(PARTS, 2), (CHILD, 1), (RING, 3)])
def test_what_the_kernel_relaxes_is_counted_by_the_same_pairs(
    source: str, count: int, tmp_path: Path
):
    path = tmp_path / "board.dts"
    path.write_text(f"/dts-v1/; / {{ {source} }};")
    run = CliRunner()
    done = run.invoke(cli, ["cycles", str(path), "--format", "json"])
    (cycle,) = json.loads(done.stdout)["inputs"][0]["cycles"]
    assert (cycle["links"], len(cycle["relaxed"])) == (count, count)
    assert "relaxes all its links" in run.invoke(cli, ["cycles", str(path)]).stdout


def many(count: int, ring: int) -> TreeBoard:
    """A board of so many devices, in rings of so many."""
    root = SourceNode()
    for number in range(count):
        first = number - number % ring
        properties = {
            "compatible": b"v,dev\0",
            "phandle": cells(number + 1),
            "#clock-cells": cells(0),
            "clocks": cells(first + (number + 1) % ring + 1),
        }
        root.children.append(SourceNode(f"dev@{number:x}", properties))
    return TreeBoard(fdt.read(write(root)))


@pytest.mark.parametrize("ring", [2, 20_000])
def test_many_devices_in_cycles(ring: int):
    start = time.process_time()
    found = many(20_000, ring).cycles
    assert len(found) == 20_000 // ring
    assert {len(cycle.chain) for cycle in found} == {ring}
    assert time.process_time() - start < 20
