"""A root filesystem over the network: the device, its PHY, and the bus that the PHY is on."""

from pathlib import Path

import pytest

import dtlink
from dtlink.board.tree import TreeBoard
from dtlink.firmware import dts
from dtlink.rules.catalogue import find
from dtlink.rules.model import Confidence, Finding, Severity
from dtlink.testing.sketch import sketch

NFS = """
/ { #address-cells = <1>; #size-cells = <1>;
    chosen { bootargs = "root=/dev/nfs ip=dhcp"; };
    osc: osc { compatible = "x,osc"; #clock-cells = <0>; };
    ethernet@1000 { compatible = "x,mac"; reg = <0x1000 1>; phy-mode = "rmii"; %s
        mdio { #address-cells = <1>; #size-cells = <0>; %s
            phy: ethernet-phy@0 { compatible = "%s"; reg = <0>; clocks = <&osc>; };
        };
    };
};
"""
ON_THE_BUS = NFS % ("phy-handle = <&phy>;", "", "ethernet-phy-ieee802.3-c22")
IN_A_PORT = NFS % ("port@1 { phy-handle = <&phy>; };", "", "ethernet-phy-ieee802.3-c22")
OWN_BUS = NFS % ("phy-handle = <&phy>;", 'compatible = "x,bus";', "ethernet-phy-ieee802.3-c22")
KNOWN = NFS % ("phy-handle = <&phy>;", "", "ethernet-phy-id0022.1640")
NETWORK = """
built-in MAC_X drivers/net/ethernet/x/mac.c x,mac
built-in PHYLIB drivers/net/phy/libphy.c
module OSC_X drivers/clk/osc.c x,osc %s
module MDIO_X drivers/net/ethernet/x/mdio.c x,bus
initramfs ext4
"""


@pytest.mark.parametrize(("source", "module"), [(ON_THE_BUS, "osc"), (IN_A_PORT, "osc")])
def test_a_network_root_needs_what_its_phy_references(source: str, module: str) -> None:
    (found,) = initramfs_findings(source, NETWORK % "")
    assert (found.severity, found.confidence) == (Severity.ERROR, Confidence.SURE)
    assert f"lacks {module} " in found.message
    assert "ethernet-phy@0 cannot probe" in found.message
    assert "over the network" in found.effect


def test_a_network_root_needs_the_driver_of_its_phys_bus() -> None:
    (found,) = initramfs_findings(OWN_BUS, NETWORK % "initramfs")
    assert (found.severity, found.confidence) == (Severity.ERROR, Confidence.SURE)
    assert "lacks mdio " in found.message


def test_a_network_root_may_do_without_the_driver_of_its_phy() -> None:
    assert initramfs_findings(KNOWN, NETWORK % "initramfs") == []
    assert (
        initramfs_findings(ON_THE_BUS.replace("root=/dev/nfs", "root=/dev/sda1"), NETWORK % "")
        == []
    )


def initramfs_findings(source: str, text: str) -> list[Finding]:
    board = TreeBoard(dts.read_text(source), facts=sketch(text))
    rule = find("module/initramfs-lacks-supplier")
    assert rule is not None
    return list(rule.check(board))


def test_the_case_of_a_network_root(shared: Path) -> None:
    folder = shared / "cases/dt"
    (item,) = dtlink.lint(
        folder / "r17-nfs-phy-clock.dtb",
        kernel=folder / "r17.config",
        initramfs=folder / "r01-initramfs.list",
        config=False,
        select=["module/initramfs-lacks-supplier"],
    ).inputs
    (found,) = item.findings
    assert found.severity is Severity.ERROR
    assert "clk_pwm" in found.message
    assert "/soc/ethernet@3000/mdio/ethernet-phy@0 cannot" in found.message
