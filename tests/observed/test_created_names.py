"""Devices that drivers create are found by their nodes."""

from __future__ import annotations

from pathlib import Path

import pytest

from dtlink.board.settings import Settings
from dtlink.board.tree import TreeBoard
from dtlink.firmware import dts, read
from dtlink.observed.bootlog.explain import explain
from dtlink.observed.bootlog.model import CauseKind
from dtlink.observed.bootlog.read import parse
from dtlink.observed.naming import NodeNames
from dtlink.testing.sketch import sketch

TREE = dts.read_text("""
/dts-v1/;
/ { #address-cells = <1>; #size-cells = <1>;
    aliases { mmc1 = &mmcb; ethernet0 = &macb; serial1 = &uart; i2c0 = &busa; i2c7 = &busb; };
    gpc@1000 { compatible = "x,gpc"; reg = <0x1000 0x100>;
        pgc { #address-cells = <1>; #size-cells = <0>;
            power-domain@0 { reg = <0>; #power-domain-cells = <0>; };
            power-domain@1 { reg = <1>; #power-domain-cells = <0>; };
            power-domain@2 { reg = <2>; #power-domain-cells = <0>; status = "disabled"; };
        };
    };
    mmc@2000 { compatible = "x,mmc"; reg = <0x2000 0x100>; #address-cells = <1>; #size-cells = <0>;
        wifi@1 { compatible = "y,wifi"; reg = <1>; }; };
    mmcb: mmc@2100 { compatible = "x,mmc"; reg = <0x2100 0x100>; #address-cells = <1>;
        #size-cells = <0>; bt@2 { compatible = "y,bt"; reg = <2>; };
        wifi@1 { compatible = "y,wifi"; reg = <1>; }; };
    macb: ethernet@3000 { compatible = "x,mac"; reg = <0x3000 0x100>;
        mdio { #address-cells = <1>; #size-cells = <0>;
            ethernet-phy@4 { reg = <4>; }; ethernet-phy@11 { reg = <0x11>; }; }; };
    mdio: mdio@3100 { compatible = "x,mdio"; reg = <0x3100 0x100>;
        #address-cells = <1>; #size-cells = <0>; ethernet-phy@4 { reg = <4>; }; };
    mux { compatible = "mdio-mux-gpio"; mdio-parent-bus = <&mdio>; #address-cells = <1>;
        #size-cells = <0>;
        mdio@0 { reg = <0>; #address-cells = <1>; #size-cells = <0>;
            ethernet-phy@10 { reg = <0x10>; }; };
        mdio@1f { reg = <0x1f>; #address-cells = <1>; #size-cells = <0>;
            ethernet-phy@10 { reg = <0x10>; }; };
    };
    spmi@4000 { compatible = "x,spmi"; reg = <0x4000 0x100>; #address-cells = <2>;
        #size-cells = <0>; pmic@a { compatible = "x,pmic"; reg = <0xa 0>; }; };
    dsi@5000 { compatible = "x,dsi"; reg = <0x5000 0x100>; #address-cells = <1>; #size-cells = <0>;
        panel@1 { compatible = "x,panel"; reg = <1>; }; port@0 { reg = <0>; }; };
    serial@6000 { compatible = "x,uart"; reg = <0x6000 0x100>; };
    uart: serial@6100 { compatible = "x,uart"; reg = <0x6100 0x100>;
        bluetooth { compatible = "x,bt"; }; };
    busa: i2c@7000 { compatible = "x,i2c"; reg = <0x7000 0x100>; #address-cells = <1>;
        #size-cells = <0>; pmic@66 { compatible = "x,pm"; reg = <0x66>; }; };
    busb: i2c@7100 { compatible = "x,i2c"; reg = <0x7100 0x100>; #address-cells = <1>;
        #size-cells = <0>; pmic@66 { compatible = "x,pm"; reg = <0x66>;
            regulators { regulator@1 { regulator-name = "a"; }; }; }; };
    i2c@7200 { compatible = "x,i2c"; reg = <0x7200 0x100>; #address-cells = <1>;
        #size-cells = <0>; pmic@66 { compatible = "x,pm"; reg = <0x66>; }; };
};
""")


@pytest.mark.parametrize(
    ("device", "node"),
    [
        ("imx-pgc-power-domain.1", "/gpc@1000/pgc/power-domain@1"),
        ("imx-pgc-domain.0", "/gpc@1000/pgc/power-domain@0"),
        ("imx-pgc-domain.2", None),  # disabled
        ("imx-pgc-domain.9", None),
        ("mmc1:0001:1", "/mmc@2100/wifi@1"),
        ("mmc1:0001:2", "/mmc@2100/bt@2"),
        ("mmc0:0001:1", "/mmc@2000/wifi@1"),  # the only host without an alias
        ("mmc1:0001:3", None),
        ("mdio_mux-1.0:10", "/mux/mdio@0/ethernet-phy@10"),
        ("mdio_mux-0.1f:10", "/mux/mdio@1f/ethernet-phy@10"),
        ("mdio_mux-0.2:10", None),
        ("3000.ethernet-ffffffff:04", "/ethernet@3000/mdio/ethernet-phy@4"),
        ("3000.ethernet-1:11", "/ethernet@3000/mdio/ethernet-phy@11"),
        ("stmmac-0:11", "/ethernet@3000/mdio/ethernet-phy@11"),
        ("3100.mdio-mii:04", "/mdio@3100/ethernet-phy@4"),
        ("3100.mdio:04", "/mdio@3100/ethernet-phy@4"),
        ("fixed-0:04", None),  # two nodes have the address
        ("fixed-0:11", "/ethernet@3000/mdio/ethernet-phy@11"),
        ("0-0a", "/spmi@4000/pmic@a"),
        ("5000.dsi.1", "/dsi@5000/panel@1"),
        ("serial1-0", "/serial@6100/bluetooth"),
        ("serial0-0", "/serial@6100/bluetooth"),
        ("phy-5000.dsi.3", "/dsi@5000"),
        ("genpd:1:2100.mmc", "/mmc@2100"),
        ("0-0066", "/i2c@7000/pmic@66"),
        ("7-0066", "/i2c@7100/pmic@66"),
        ("2-0066", "/i2c@7200/pmic@66"),  # no alias has the number: the bus has none either
        ("regulator@1", "/i2c@7100/pmic@66/regulators/regulator@1"),
        ("pmic@66", None),
    ],
)
def test_names_of_what_drivers_create(device: str, node: str | None) -> None:
    assert NodeNames(TREE).node(device) == node


BOARD = dts.read_text("""
/dts-v1/;
/ { #address-cells = <1>; #size-cells = <1>;
    v5: regulator-5v { compatible = "x,fixed"; };
    i2c@1000 { compatible = "x,i2c"; reg = <0x1000 0x100>; #address-cells = <1>; #size-cells = <0>;
        pmic@1b { compatible = "x,pmic"; reg = <0x1b>; vcc1-supply = <&v5>;
            regulators { ldo: LDO1 { }; }; }; };
    codec@2000 { compatible = "x,codec"; reg = <0x2000 0x100>; vdd-supply = <&ldo>; };
};
""")
KERNEL = """
built-in MFD_PMIC drivers/mfd/pmic.c x,pmic
built-in REGULATOR_PMIC drivers/regulator/pmic-regulator.c platform:pmic-regulator
built-in I2C drivers/i2c/i2c.c x,i2c
built-in CODEC drivers/codec.c x,codec
off REGULATOR_FIXED drivers/regulator/x-fixed.c x,fixed
facts drivers/mfd/pmic.c makes:platform:pmic-regulator whole
"""


def test_a_cell_of_a_pmic_is_the_pmics_node() -> None:
    """Its wait is one for the PMIC's supplies, and a consumer of its regulators waits for it."""
    log = (
        "[    0.000000] Linux version 6.12.0 (a@b) (gcc 12) #1 SMP\n"
        "[   13.000000] platform pmic-regulator: deferred probe pending: pmic: failed to get vcc1\n"
        "[   13.000000] platform 2000.codec: deferred probe pending: codec: failed to get vdd\n"
    )
    board = TreeBoard(BOARD, Settings(), facts=sketch(KERNEL))
    (cause,) = explain(parse(log.encode()), board=board).causes
    assert (cause.origin.root, cause.origin.subject) == (CauseKind.NO_DRIVER, "/regulator-5v")
    assert [victim.node for victim in cause.victims] == [
        "/i2c@1000/pmic@1b",
        "/codec@2000",
    ]


@pytest.mark.parametrize(
    ("blob", "device", "end"),
    [
        ("rockchip/rk3399-rockpro64.dtb", "rk808-regulator", "/pmic@1b"),
        ("rockchip/rk3399-rockpro64.dtb", "rk808-regulator.2.auto", "/pmic@1b"),
        ("rockchip/rk3399-rockpro64.dtb", "rk808-clkout.1.auto", "/pmic@1b"),
        ("freescale/imx8mq-evk.dtb", "imx-pgc-domain.1", "/power-domain@1"),
        ("freescale/imx8mq-evk.dtb", "30be0000.ethernet-1:00", "/ethernet-phy@0"),
    ],
)
def test_names_on_real_boards(shared: Path, blob: str, device: str, end: str) -> None:
    """As drivers/mfd/rk8xx-core.c, drivers/pmdomain/imx/gpcv2.c and fec_main.c give them."""
    board = TreeBoard(read.read(shared / "corpus" / "arm64" / blob), Settings())
    node = NodeNames(board.tree, made=lambda: board.makers).node(device)
    assert node
    assert node.endswith(end)


TWINS = """
/ {
    one: phy@1000 { compatible = "x,phy"; reg = <0x1000 0x100>; #phy-cells = <0>; };
    two: %s { reg = <0x2000 0x100>; #phy-cells = <0>; };
    usb@3000 { compatible = "x,usb"; reg = <0x3000 0x100>; phys = <&one>; };
    usb@4000 { compatible = "x,usb"; reg = <0x4000 0x100>; phys = <&two>; };
};
"""
TWINS_KERNEL = """
built-in USB drivers/usb/glue.c x,usb
facts drivers/usb/glue.c makes:platform:core-hdrc
off PHY drivers/phy/phy.c x,phy
off OTHER drivers/phy/other.c x,other
"""
TWINS_HEAD = "[    0.000000] Linux version 6.12.0 (a@b) (gcc 12) #1 SMP\n"
WAITS = "[    1.000000] core-hdrc core-hdrc.1.auto: core init failed with status -517\n"


@pytest.mark.parametrize(
    ("second", "subjects"),
    [
        ('phy@2000 { compatible = "x,phy"; };', {"/phy@1000"}),
        ('phy@2000 { compatible = "x,other"; };', set()),
    ],
)
def test_a_device_that_one_of_several_drivers_makes(second: str, subjects: set[str]) -> None:
    """Their numbers do not show whose it is; where all lack the same driver, that is the cause."""
    tree = dts.read_text(TWINS.replace("%s {", second.removesuffix("};")))
    board = TreeBoard(tree, Settings(), facts=sketch(TWINS_KERNEL))
    found = explain(parse(f"{TWINS_HEAD}{WAITS}".encode()), board=board)
    assert {cause.origin.subject for cause in found.causes} == subjects
    assert len(found.open) == (0 if subjects else 1)
