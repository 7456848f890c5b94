"""Nodes that the kernel makes no device of, or only at boot; clocks that share a name."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from dtlink.board.settings import Settings
from dtlink.board.tree import TreeBoard
from dtlink.firmware import dts
from dtlink.firmware.overlay.merge import NamedOverlay, apply_overlays
from dtlink.firmware.tree import Tree
from dtlink.rules.catalogue import choose
from dtlink.rules.model import Finding
from dtlink.rules.run import check


def findings(tree: Tree, rule: str) -> Sequence[Finding]:
    checked = check(TreeBoard(tree, Settings()), choose([rule]))
    assert checked.faults == []
    return checked.findings


SYSCON = """
/ {
    soc {
        compatible = "simple-bus";
        control@1000 {
            compatible = %s; reg = <0x1000 0x1000>;
            phy: phy { compatible = "%s"; #phy-cells = <0>; };
        };
        usb@2000 { compatible = "vendor,usb"; reg = <0x2000 0x100>; phys = <&phy>; };
    };
};
"""


def test_a_child_of_a_syscon_that_no_driver_takes() -> None:
    source = SYSCON % ('"vendor,control", "syscon"', "vendor,phy")
    (found,) = findings(dts.read_text(source), "supplier/unpopulated")
    assert (found.subject.path, found.property_name) == ("/soc/usb@2000", "phys")
    assert "/soc/control@1000 is a syscon that no driver takes" in found.message
    assert "simple-mfd" in found.fix.text
    assert found.confidence.value == "likely"


@pytest.mark.parametrize(
    ("compatible", "child"),
    [
        ('"vendor,control", "syscon", "simple-mfd"', "vendor,phy"),
        ('"rockchip,rk3399-cru", "syscon"', "vendor,phy"),
        ('"vendor,control"', "vendor,phy"),
        ('"syscon"', "vendor,phy"),
        ('"vendor,control", "syscon"', "fixed-clock"),
    ],
    ids=["simple-mfd", "driver", "unknown", "alone", "early"],
)
def test_a_child_that_may_become_a_device(compatible: str, child: str) -> None:
    assert findings(dts.read_text(SYSCON % (compatible, child)), "supplier/unpopulated") == []


CLOCK = 'osc@1 { compatible = "fixed-clock"; #clock-cells = <0>; clock-frequency = <1>; };'
BASE = """
/ {
    clocks { };
    bus { compatible = "simple-bus"; };
    i2c@1000 {
        compatible = "vendor,i2c"; reg = <0x1000 0x100>; #address-cells = <1>; #size-cells = <0>;
        camera@10 { compatible = "vendor,camera"; reg = <0x10>; };
    };
};
"""


def overlaid(target: str) -> Tree:
    overlay = dts.read_text(f"/plugin/; &{{{target}}} {{ {CLOCK} }};")
    return apply_overlays(dts.read_text(BASE), [NamedOverlay("a.dtbo", overlay)])


@pytest.mark.parametrize("target", ["/clocks", "/i2c@1000/camera@10"])
def test_a_clock_that_an_overlay_adds_below_no_bus(target: str) -> None:
    (found,) = findings(overlaid(target), "overlay/run-time")
    assert found.subject.path == f"{target}/osc@1"
    assert "for whose children the kernel makes no devices" in found.message


@pytest.mark.parametrize("target", ["/", "/bus"])
def test_a_clock_that_an_overlay_adds_where_devices_are_made(target: str) -> None:
    assert findings(overlaid(target), "overlay/run-time") == []


def test_a_clock_of_the_base_is_there_at_boot() -> None:
    base = dts.read_text(BASE.replace("clocks { };", f"clocks {{ {CLOCK} }};"))
    overlay = dts.read_text('/plugin/; &{/bus} { status = "okay"; };')
    tree = apply_overlays(base, [NamedOverlay("a.dtbo", overlay)])
    assert findings(tree, "overlay/run-time") == []


@pytest.mark.parametrize("compatible", ["adi,axi-clkgen-2.00.a", "silabs,si570", "silabs,si544b"])
def test_clock_chips_that_take_their_nodes_name(compatible: str) -> None:
    node = f'clk@%d {{ compatible = "{compatible}"; reg = <%d 1>; #clock-cells = <0>; }};'
    tree = dts.read_text(f"/ {{ {node % (1, 1)} {node % (2, 2)} }};")
    (found,) = findings(tree, "supplier/duplicate-clock-name")
    assert '"clk"' in found.message
