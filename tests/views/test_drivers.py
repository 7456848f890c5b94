"""The driver of each device, as data and as text."""

from dtlink.board.tree import TreeBoard
from dtlink.firmware import dts
from dtlink.testing.sketch import sketch
from dtlink.views.drivers import DriversView
from dtlink.views.why import WhyView
from tests.views.boards import data, shown

SOURCE = """
/dts-v1/;
/ {
  a { compatible = "v,a"; clocks = <&b>; };
  b: b { compatible = "v,b"; #clock-cells = <0>; };
  c { compatible = "v,c"; status = "disabled"; };
};
"""
KERNEL = """
module A drivers/misc/a.c v,a initramfs
off B drivers/clk/b.c v,b
"""


def made() -> TreeBoard:
    return TreeBoard(dts.read_text(SOURCE), facts=sketch(KERNEL))


def test_the_drivers_of_enabled_devices():
    view = DriversView.of(made())
    first, second = data(view.to_json())["nodes"]
    assert first == {
        "node": "/a",
        "compatible": ["v,a"],
        "state": "module",
        "modules": ["a"],
        "config": "A",
        "by": first["by"],
        "in_initramfs": True,
        "creates": [],
    }
    assert (second["node"], second["state"]) == ("/b", "not built")
    assert data(view.to_json())["states"] == {"module": 1, "not built": 1}


def test_the_text_is_of_the_states_that_are_asked_for():
    view = DriversView.of(made())
    assert shown(view.text())[0] == "/a  module a  CONFIG_A  (in the initramfs)"
    assert shown(view.text(["not built"]))[0].startswith("/b  not built")
    assert shown(view.text())[-1].startswith("2 nodes: 1 module, 1 not built")


def test_a_chain_breaks_where_the_kernel_lacks_the_driver():
    view = WhyView.of(made(), "a")
    assert view.suppliers[0].driver
    assert view.suppliers[0].driver.culprit
    assert shown(view.text())[1].endswith("NOT BUILT (CONFIG_B is off)  ← missing")
