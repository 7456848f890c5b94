"""The modules that devices need, as data."""

from dtlink.board.tree import TreeBoard
from dtlink.firmware import dts
from dtlink.testing.sketch import sketch
from dtlink.views.modules import ModulesView
from tests.views.boards import data

SOURCE = """
/dts-v1/;
/ {
  mmc@1 { compatible = "v,mmc"; clocks = <&clk>; };
  clk: clock { compatible = "v,clk"; #clock-cells = <0>; };
};
"""
KERNEL = """
module CLK drivers/clk/clk-v.c v,clk initramfs
module MMC drivers/mmc/host/v-mmc.c v,mmc
config MMC_BLOCK=y EXT4_FS=y
"""


def made() -> TreeBoard:
    return TreeBoard(dts.read_text(SOURCE), facts=sketch(KERNEL))


def test_a_supplier_comes_before_what_needs_it():
    first, second = data(ModulesView.of(made(), ["mmc@1"]).to_json())["modules"]
    assert first == {
        "name": "clk_v",
        "node": "/clock",
        "binding": "clocks",
        "consumer": "/mmc@1",
        "config": "CLK",
        "in_initramfs": True,
        "file": "clk-v.ko",
        "drives": None,
        "optional": False,
        "made": None,
    }
    assert (second["name"], second["consumer"], second["in_initramfs"]) == ("v_mmc", None, False)


def test_storage_controllers_are_the_default():
    view = ModulesView.of(made(), missing=True)
    assert view.nodes == ("/mmc@1",)
    assert list(view.lines()) == ["v-mmc  # /mmc@1"]


def test_a_phy_whose_id_is_not_in_the_tree_is_named():
    tree = dts.read_text(
        """/dts-v1/; / { ethernet@1 { compatible = "v,mac"; phy-handle = <&phy>; mdio {
        phy: ethernet-phy@0 { compatible = "ethernet-phy-ieee802.3-c22"; }; }; }; };"""
    )
    kernel = sketch("module MAC drivers/net/ethernet/v/mac.c v,mac\nconfig PHYLIB=y EXT4_FS=y")
    view = ModulesView.of(TreeBoard(tree, facts=kernel), ["/ethernet@1"])
    assert view.phys == ("/ethernet@1/mdio/ethernet-phy@0",)
    assert "generic driver" in next(view.lines())
