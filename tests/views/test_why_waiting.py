"""``why`` of some levels, and of what holds a device back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import dtlink
from dtlink.board.tree import TreeBoard
from dtlink.firmware.errors import InputError
from dtlink.testing.sketch import sketch
from dtlink.views.why import WhyView
from tests.cli.conftest import Run, run  # noqa: F401 - a fixture
from tests.report.test_schema import VALIDATOR
from tests.views.boards import board, data, server, shown

BOARD = """
    off: off { compatible = "fixed-clock"; status = "disabled"; #clock-cells = <0>; };
    never: never { #clock-cells = <0>; };
    fine: fine { compatible = "fixed-clock"; #clock-cells = <0>; };
    mid: mid { compatible = "mid"; clocks = <&never>; #reset-cells = <0>; };
    top { compatible = "top"; clocks = <&fine>; resets = <&mid>; vdd-supply = <&rail>; };
    pmic { compatible = "pmic"; clocks = <&off>;
        regulators { rail: rail { regulator-name = "rail"; }; };
    };
"""


def test_a_depth_counts_what_it_leaves_out():
    view = WhyView.of(board(BOARD), "top", depth=1)
    assert shown(view.text()) == [
        "/top",
        "├─ clocks[0]      /fine",
        "├─ resets[0]      /mid  (1 supplier of its own)",
        "└─ vdd-supply[0]  /pmic/regulators/rail  (1 supplier of its own)",
    ]
    fine, mid, _ = data(view.to_json())["suppliers"]
    assert (mid["more"], mid["suppliers"], "more" in fine) == (1, [], False)
    whole = WhyView.of(board(BOARD), "top")
    assert shown(WhyView.of(board(BOARD), "top", depth=9).text()) == shown(whole.text())


def test_what_was_cut_is_listed_where_it_comes_again():
    found = WhyView.of(
        board("""
            a { compatible = "a"; clocks = <&b>; resets = <&c>; };
            b: b { compatible = "b"; #clock-cells = <0>; resets = <&c>; };
            c: c { compatible = "c"; #reset-cells = <0>; clocks = <&d>; };
            d: d { compatible = "d"; #clock-cells = <0>; };
        """),
        "a",
        depth=2,
    )
    assert shown(found.text()) == [
        "/a",
        "├─ clocks[0]  /b",
        "│  └─ resets[0]  /c  (1 supplier of its own)",
        "└─ resets[0]  /c",
        "   └─ clocks[0]  /d",
    ]


def test_without_a_kernel_what_never_comes_holds_back():
    assert shown(WhyView.of(board(BOARD), "top", only_waiting=True).text()) == [
        "/top",
        "├─ resets[0]      /mid",
        "│  └─ clocks[0]  /never",
        "└─ vdd-supply[0]  /pmic/regulators/rail",
        "   └─ parent  /pmic/regulators",
        "      └─ parent  /pmic",
        "         └─ clocks[0]  /off  (DISABLED, not ordered by fw_devlink)",
    ]
    nothing = WhyView.of(board(BOARD), "fine", only_waiting=True)
    assert shown(nothing.text()) == ["/fine", "  waits for no supplier"]


DRIVERS = """
    built-in TOP drivers/top.c top
    module PMIC drivers/pmic.c pmic
    module MID drivers/mid.c mid
    facts drivers/top.c optional:reset_line: whole
"""


def test_with_a_kernel_what_costs_the_device_something_holds_back():
    late = TreeBoard(board(BOARD).tree, facts=sketch(DRIVERS))
    assert shown(WhyView.of(late, "top", only_waiting=True).text()) == [
        "/top  built in",
        "├─ resets[0]      /mid  mid, module  (optional)",
        "│  └─ clocks[0]  /never  no device",
        "└─ vdd-supply[0]  /pmic/regulators/rail  served by its parent's driver",
        "   └─ parent  /pmic/regulators  served by its parent's driver",
        "      └─ parent  /pmic  pmic, module",
    ]
    built_in = TreeBoard(board(BOARD).tree, facts=sketch(DRIVERS.replace("module", "built-in")))
    assert "/pmic" not in "".join(shown(WhyView.of(built_in, "top", only_waiting=True).text()))


def test_depth_and_waiting_together():
    view = WhyView.of(board(BOARD), "top", depth=1, only_waiting=True)
    assert shown(view.text()) == [
        "/top",
        "├─ resets[0]      /mid  (1 supplier of its own)",
        "└─ vdd-supply[0]  /pmic/regulators/rail  (1 supplier of its own)",
    ]


def test_a_loop_ends():
    loop = """
        a: a { compatible = "a"; clocks = <&b>; #clock-cells = <0>; resets = <&never>; };
        b: b { compatible = "b"; clocks = <&a>; #clock-cells = <0>; };
        never: never { #reset-cells = <0>; };
    """
    assert shown(WhyView.of(board(loop), "a", only_waiting=True).text()) == [
        "/a",
        "└─ resets[0]  /never",
    ]


def test_tables_make_no_probe_wait():
    with pytest.raises(InputError, match="--only-waiting is about devicetrees"):
        WhyView.of(server(), "IORT/root-complex@0x124 (segment 0)", only_waiting=True)
    cut = WhyView.of(server(), "IORT/root-complex@0x124 (segment 0)", depth=1)
    assert any(row.more for row in cut.suppliers)


def test_the_command_and_the_library_agree(run: Run, tmp_path: Path):  # noqa: F811
    path = tmp_path / "board.dts"
    path.write_text(f"/dts-v1/;\n/ {{ {BOARD} }};\n")
    result = run("why", path, "top", "--only-waiting", "--depth", 2, "--format", "json")
    document = json.loads(result.stdout)
    assert not list(VALIDATOR.iter_errors(document))
    view = dtlink.Board.read(path).why("top", depth=2, only_waiting=True)
    assert document["inputs"][0]["why"] == data(view.to_json())
    assert run("why", path, "top", "--depth", 0).exit_code == 2
