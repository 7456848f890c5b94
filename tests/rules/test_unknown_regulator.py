"""Regulators of PMICs that have a name that no driver looks for."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from dtlink.board.settings import Settings
from dtlink.board.tree import TreeBoard
from dtlink.firmware import dts
from dtlink.rules.catalogue import choose
from dtlink.rules.model import Finding
from dtlink.rules.run import check

BOARD = """
/ {
    i2c@1000 {
        compatible = "vendor,i2c"; reg = <0x1000 0x100>; #address-cells = <1>; #size-cells = <0>;
        pmic@36 { compatible = "%s"; reg = <0x36>; %s { dcdc1 { }; vcc: %s }; };
    };
    mmc@2000 { compatible = "vendor,mmc"; reg = <0x2000 0x100>; vmmc-supply = <&vcc>; };
    mmc@3000 { compatible = "vendor,mmc"; reg = <0x3000 0x100>; vmmc-supply = <&vcc>; };
};
"""
AXP = "x-powers,axp313a"


def findings(*parts: str) -> Sequence[Finding]:
    board = TreeBoard(dts.read_text(BOARD % parts), Settings())
    checked = check(board, choose(["supplier/unknown-regulator"]))
    assert checked.faults == []
    return checked.findings


@pytest.mark.parametrize(
    ("node", "near"),
    [
        ("dldo-1 { };", "dldo1"),
        ("DLDO1 { };", ""),
        ("ldo_3v3 { };", ""),
        ('dldo1 { regulator-compatible = "dldo-1"; };', "dldo1"),
    ],
)
def test_a_name_that_the_driver_does_not_look_for(node: str, near: str) -> None:
    (found,) = findings(AXP, "regulators", node)
    assert (found.subject.path, found.property_name) == ("/mmc@2000", "vmmc-supply")
    assert "/mmc@3000 has the same reference" in found.message
    assert f"to {near}," in found.fix.text or not near


@pytest.mark.parametrize(
    ("compatible", "container", "node"),
    [
        (AXP, "regulators", "dldo1 { };"),
        (AXP, "regulators", "dldo1@0 { };"),
        (AXP, "regulators", 'vcc { regulator-compatible = "dldo1"; };'),
        (AXP, "others", "dldo-1 { };"),
        (AXP, "regulators", 'dldo-1 { status = "disabled"; };'),
        (AXP, "regulators", 'dldo-1 { compatible = "regulator-fixed"; };'),
        ("vendor,pmic", "regulators", "dldo-1 { };"),
        (f'{AXP}", "vendor,pmic', "regulators", "dldo-1 { };"),
        ("nxp,pca9450a", "regulators", "dldo-1 { };"),
    ],
    ids=[
        *("name", "address", "old-property", "container", "disabled", "device", "unknown"),
        *("one-unknown", "no-other-name"),
    ],
)
def test_what_may_be_right(compatible: str, container: str, node: str) -> None:
    assert findings(compatible, container, node) == []
