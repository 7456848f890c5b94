"""PCI hosts whose drivers wait until the power of what is behind them is switched on."""

import pytest

from dtlink.board.tree import TreeBoard
from dtlink.boot.timeline.model import Cause
from dtlink.boot.timeline.pci_power import POWER_CONTROL
from dtlink.facts.outcomes import Outcome, When
from dtlink.firmware import dts
from dtlink.testing.sketch import sketch
from dtlink.views.modules import ModulesView

CONNECTOR = """
/ {
    vcc: regulator { compatible = "x,vcc"; };
    slot {
        compatible = "pcie-m2-m-connector"; %s
        ports { port@0 { socket: endpoint { remote-endpoint = <&port>; }; }; };
    };
    pcie@1000 {
        compatible = "x,pcie"; reg = <0x1000>; device_type = "pci";
        pcie@0 {
            compatible = "pciclass,0604"; device_type = "pci"; reg = <0 0 0 0 0>;
            port { port: endpoint { remote-endpoint = <&socket>; }; };
        };
    };
};
"""
POWERED = CONNECTOR % "vpcie3v3-supply = <&vcc>;"
SUPPLIES = """
/ {
    vcc: regulator { compatible = "x,vcc"; };
    pcie@1000 {
        compatible = "x,pcie"; reg = <0x1000>; device_type = "pci";
        pcie@0 {
            compatible = "pciclass,0604"; device_type = "pci"; reg = <0 0 0 0 0>;
            wifi@0 { compatible = "pci1234,5678"; reg = <0 0 0 0 0>; vdd-supply = <&vcc>; };
        };
    };
};
"""
HOST = "drivers/pci/host.c"
KERNEL = f"""
built-in PCIE_X {HOST} x,pcie
built-in REGULATOR_X drivers/regulator/vcc.c x,vcc initramfs
%s PCI_PWRCTRL_GENERIC drivers/pci/pwrctrl/slot.c pciclass,0604 pci1234,5678
%s POWER_SEQUENCING_PCIE_M2 drivers/power/sequencing/m2.c pcie-m2-m-connector
config PCIEPORTBUS=y
facts {HOST} %s
initramfs ext4
"""
ASKS = "required:PCI_power_control:* whole"


def board(source, power="built-in", connector="built-in", facts=ASKS):
    return TreeBoard(dts.read_text(source), facts=sketch(KERNEL % (power, connector, facts)))


def needs(found, path="/pcie@1000"):
    tree = found.tree
    return [
        (tree.path(each.supplier), each.binding)
        for each in found.requirements
        if tree.path(each.consumer) == path and each.is_certain
    ]


def cause(found) -> Cause:
    (each,) = found.timeline.causes()
    return each


def test_a_host_waits_for_the_connector_and_the_driver_that_asks_for_it():
    found = board(POWERED)
    assert needs(found) == [("/pcie@1000/pcie@0", POWER_CONTROL), ("/slot", "remote-endpoint")]
    host = found.tree.by_path["/pcie@1000"].index
    assert found.timeline.outcome(host) is Outcome.OK


@pytest.mark.parametrize("late", ["module", "off"])
def test_without_the_connectors_driver_nothing_is_behind_the_host(late):
    found = board(POWERED, connector=late)
    end = Outcome.RECOVERS if late == "module" else Outcome.NEVER
    why = cause(found)
    assert (found.tree.path(why.supplier), why.outcome, why.made) == ("/slot", end, "")
    assert [found.tree.path(each.node) for each in why.devices] == [
        "/pcie@1000",
        "/pcie@1000/pcie@0",
    ]
    assert why.devices[0].unasked is end


@pytest.mark.parametrize("late", ["module", "off"])
def test_without_the_driver_that_switches_on_power_neither(late):
    found = board(POWERED, power=late)
    why = cause(found)
    assert (found.tree.path(why.supplier), why.made) == ("/pcie@1000", "of:pciclass,0604")
    assert why.comes is (When.ROOT if late == "module" else When.NEVER)
    assert why.devices[0].unasked is why.outcome
    assert found.timeline.when(found.tree.by_path["/pcie@1000"].index) is why.comes


def test_the_modules_of_both_are_listed():
    view = ModulesView.of(board(POWERED, "module", "module"), ["/pcie@1000"])
    assert {row.name for row in view.modules} == {"slot", "m2"}


def test_a_function_with_supplies_of_its_own():
    found = board(SUPPLIES)
    wifi = "/pcie@1000/pcie@0/wifi@0"
    assert needs(found) == [(wifi, POWER_CONTROL), ("/regulator", "*-supply")]


@pytest.mark.parametrize(
    ("source", "facts"),
    [
        (CONNECTOR % "", ASKS),  # no supply: of_pci_supply_present()
        (POWERED.replace('compatible = "pciclass,0604";', ""), ASKS),
        (POWERED, "whole"),
        (POWERED, "populates"),
    ],
)
def test_hosts_that_wait_for_none(source, facts):
    assert not needs(board(source, facts=facts))
