"""What kernels of different versions make of one devicetree."""

from __future__ import annotations

import pytest

from dtlink.boot.devlink.effects import TryResult
from dtlink.boot.devlink.model import Prediction, WaitingDevice
from dtlink.boot.devlink.predict import View
from dtlink.facts.profile import KernelProfile
from dtlink.firmware import dts
from tests.support.boards import predicted


def of(source: str, version: str, cmdline: str = "", view: View = "bare") -> Prediction:
    tree = dts.read_text(f"/ {{ {source} }};")
    return predicted(tree, KernelProfile.of(version, cmdline), view)


def devices(prediction: Prediction) -> list[str]:
    return [device.node for device in prediction.devices]


def links(prediction: Prediction) -> set[tuple[str, str]]:
    return {(link.consumer, link.supplier) for link in prediction.device_links}


ROWS = """
    pwrseq: pwrseq { compatible = "mmc-pwrseq-simple"; };
    pins: pins { compatible = "x,pins"; };
    mmc { compatible = "x,mmc"; mmc-pwrseq = <&pwrseq>; };
    sound { compatible = "x,sound"; pinctrl-9 = <&pins>; };
    supply { compatible = "x,supply"; -supply = <&pwrseq>; };
"""


def test_supplier_properties_that_7_0_added() -> None:
    assert links(of(ROWS, "6.19")) == set()
    assert links(of(ROWS, "7.0")) == {
        ("/mmc", "/pwrseq"),
        ("/sound", "/pins"),
        ("/supply", "/pwrseq"),
    }


@pytest.mark.parametrize(("version", "deep"), [("5.10", False), ("5.15", True), ("6.12", True)])
def test_buses_in_firmware(version: str, deep: bool) -> None:  # noqa: FBT001 - a case
    found = of('firmware { fw { compatible = "x,fw", "simple-mfd"; c { compatible = "x"; }; }; };',
               version)  # fmt: skip
    assert devices(found) == ["/firmware/fw", *["/firmware/fw/c"] * deep]


SCFG = """
    scfg { compatible = "fsl,ls1043a-scfg", "syscon";
           irq: irq { compatible = "fsl,ls1043a-extirq"; #interrupt-cells = <1>;
                      interrupt-controller; }; };
    user { compatible = "x,user"; interrupt-parent = <&irq>; interrupts = <1>; };
"""


def test_layerscape_controllers_are_buses_since_6_19() -> None:
    assert devices(of(SCFG, "6.18")) == ["/scfg", "/user"]
    assert devices(of(SCFG, "6.19")) == ["/scfg", "/user", "/scfg/irq"]
    assert ("/user", "/scfg/irq") not in links(of(SCFG, "6.18", view="full"))
    assert ("/user", "/scfg/irq") in links(of(SCFG, "6.19", view="full"))


def test_memory_outside_of_reserved_memory_is_not_first_since_7_1() -> None:
    source = 'cpu { compatible = "x"; }; smem { compatible = "qcom,smem"; };'
    assert devices(of(source, "7.0")) == ["/smem", "/cpu"]
    assert devices(of(source, "7.1")) == ["/cpu", "/smem"]


def test_memory_that_older_kernels_do_not_serve() -> None:
    source = 'reserved-memory { a { compatible = "phram"; }; b { compatible = "ramoops"; }; };'
    assert devices(of(source, "5.15")) == ["/reserved-memory/b"]
    assert devices(of(source, "6.1")) == ["/reserved-memory/a", "/reserved-memory/b"]


def test_strings_without_nul_since_7_2() -> None:
    source = """
        a { compatible = "x"; status = [6f 6b 61 79]; };
        b { compatible = [72 61 6d 6f 6f 70 73]; };
    """
    assert devices(of(source, "7.1")) == ["/a", "/b"]
    assert devices(of(source, "7.2")) == ["/b"]
    memory = "reserved-memory { b { compatible = [72 61 6d 6f 6f 70 73]; }; };"
    assert devices(of(memory, "7.1")) == ["/reserved-memory/b"]
    assert devices(of(memory, "7.2")) == []


AMBA = """
    #address-cells = <1>; #size-cells = <1>;
    soc { compatible = "simple-bus"; ranges;
          uart@1000 { compatible = "arm,pl011", "arm,primecell"; reg = <0x1000 0x1000>; }; };
"""


def test_a_bus_without_address_cells_translates_nothing_since_6_13() -> None:
    assert devices(of(AMBA, "6.12")) == ["/soc", "/soc/uart@1000"]
    assert devices(of(AMBA, "6.18")) == ["/soc"]


LOOP = """
    a: a { compatible = "x,a"; #clock-cells = <0>; clocks = <&b>; };
    b: b { compatible = "x,b"; #clock-cells = <0>; clocks = <&a>; };
    c { compatible = "x,c"; port { c: endpoint { remote-endpoint = <&d>; }; }; };
    soc { compatible = "simple-bus";
          e: e { compatible = "x,e"; clocks = <&e>; #clock-cells = <0>; }; };
    d { compatible = "x,d"; port { d: endpoint { remote-endpoint = <&c>; }; }; };
"""


def test_each_link_of_a_cycle_has_one_line_since_7_3() -> None:
    before, after = of(LOOP, "7.2"), of(LOOP, "7.3")
    marked = [(link.consumer, link.supplier) for link in after.fwnode_links if link.cycle]
    assert sorted(after.cycles) == sorted(marked)
    assert set(after.cycles) <= set(before.cycles)
    assert len(before.cycles) > len(after.cycles)


USER = """
    pmic { compatible = "x,pmic"; ldo: ldo { }; };
    mmc { compatible = "x,mmc"; vmmc-supply = <&ldo>; };
    late { compatible = "x,late"; vmmc-supply = <&later>; };
    bus { bar { compatible = "x,bar"; later: later { }; }; };
"""


def test_5_10_links_devices_only() -> None:
    found = of(USER, "5.10", "fw_devlink=on")
    assert found.fwnode_links == []
    assert links(found) == {("/mmc", "/pmic")}
    assert found.waiting == [WaitingDevice("/late", ("/bus/bar",))]
    assert [(x.device, x.provider, x.result) for x in found.tried] == [
        ("/mmc", "/pmic", TryResult.LINKED),
        ("/late", "/bus/bar", TryResult.LATER),
    ]
    assert not of(USER, "5.10").waiting


def test_5_10_is_permissive_by_default() -> None:
    (link,) = of(USER, "5.10").device_links
    assert link.sync_state_only


def test_5_10_tries_again_when_a_device_is_added() -> None:
    source = """
        mmc { compatible = "x,mmc"; vmmc-supply = <&ldo>; };
        i2c { compatible = "x,i2c"; pmic { compatible = "x,pmic"; ldo: ldo { }; }; };
    """
    assert of(source, "5.10", "fw_devlink=on").waiting
    found = of(source, "5.10", "fw_devlink=on", "full")
    assert links(found) == {("/mmc", "/i2c/pmic")}
    assert not found.waiting
    assert all(device.driver for device in found.devices)


def test_5_10_refuses_a_link_that_closes_a_loop() -> None:
    loop = """
        a: a { compatible = "x,a"; #clock-cells = <0>; clocks = <&b>; };
        b: b { compatible = "x,b"; #clock-cells = <0>; clocks = <&a>; };
    """
    found = of(loop, "5.10", "fw_devlink=on", "full")
    assert [x.result for x in found.tried] == [TryResult.LINKED, TryResult.LOOP]
    assert found.refused == [("/b", "/a")]
    assert links(found) == {("/a", "/b")}
    assert found.cycles == []
    assert all(device.driver for device in found.devices)


def test_5_10_binds_no_pure_bus() -> None:
    (device,) = of('a { compatible = "simple-bus"; };', "5.10").devices
    assert device.driver is None


LOOP_OF_DEVICES = """
    a: a { compatible = "x,a"; #clock-cells = <0>; clocks = <&b>; };
    b: b { compatible = "x,b"; #clock-cells = <0>; clocks = <&c>; };
    c: c { compatible = "x,c"; #clock-cells = <0>; clocks = <&a>; };
"""


def test_5_15_gives_up_a_loop_of_devices() -> None:
    found = of(LOOP_OF_DEVICES, "5.15")
    assert found.cycles == [("/c", "/a")]
    assert {(x.consumer, x.supplier): x.sync_state_only for x in found.device_links} == {
        ("/a", "/b"): True,
        ("/b", "/c"): True,
        ("/c", "/a"): True,
    }
    assert set(found.relaxed) == {("/a", "/b"), ("/b", "/c"), ("/c", "/a")}
    assert all(device.driver for device in of(LOOP_OF_DEVICES, "5.15", view="full").devices)


def test_5_15_gives_up_a_supplier_whose_parent_depends_on_the_consumer() -> None:
    source = """
        clk: clk { compatible = "x,clk"; #clock-cells = <0>; clocks = <&pll>; };
        phy { compatible = "x,phy"; clocks = <&clk>; pll: pll { compatible = "x,pll";
              #clock-cells = <0>; }; };
    """
    found = of(source, "5.15")
    assert found.cycles == [("/clk", "/phy/pll")]
    assert links(found) == {("/phy", "/clk")}
    assert not found.waiting


def test_5_15_has_no_devices_below_those_that_have_bound() -> None:
    source = """
        soc { compatible = "simple-bus"; osc: osc { #clock-cells = <0>; }; };
        late { compatible = "x,late"; clocks = <&osc>; };
    """
    found = of(source, "5.15")
    assert links(found) == {("/late", "/soc")}
    assert [link.moved for link in found.fwnode_links] == [False]


MAP = """
    smmu: iommu { compatible = "x,smmu"; #iommu-cells = <2>; };
    pcie { compatible = "x,pcie"; iommu-map = <0x0 &smmu 0x0 0x0 0x1>, <0x100 &smmu 0x1 0x0 0x1>; };
    top { decoy { phandle = <0x100>; }; };
"""


@pytest.mark.parametrize("version", ["6.1", "6.12", "7.2", "7.3"])
def test_a_map_is_read_by_four_cells_with_strict(version: str) -> None:
    found = of(MAP, version, "fw_devlink.strict=1")
    assert found.waiting == [WaitingDevice("/pcie", ("/top/decoy",))]
    assert not of(MAP, version).waiting


SYSC = """
    #address-cells = <1>; #size-cells = <1>;
    soc { compatible = "simple-bus"; ranges; #address-cells = <1>; #size-cells = <1>;
          uart@1000 { compatible = "x,uart"; reg = <0x1000 0x1000>; power-domains = <&sysc 1>; };
          sysc: sysc@2000 { compatible = "renesas,r8a7795-sysc"; reg = <0x2000 0x1000>;
                            #power-domain-cells = <1>; }; };
"""


def test_a_power_domain_of_an_initcall_is_a_device_since_6_17() -> None:
    before, after = of(SYSC, "6.12", view="full"), of(SYSC, "6.18", view="full")
    sysc, uart = "/soc/sysc@2000", "/soc/uart@1000"
    assert links(before) == set()
    assert (after.devices[0].node, after.devices[0].bus) == (sysc, "genpd_provider")
    assert {(x.consumer, x.supplier): x.status for x in after.device_links} == {
        (uart, sysc): "active"
    }
    for found in (before, after):
        drivers = {(device.node, device.bus): device.driver for device in found.devices}
        assert drivers[sysc, "platform"] is None  # no driver matches it
        assert drivers[uart, "platform"] == "any"
        assert not found.waiting
    assert devices(of(SYSC, "6.18")) == ["/soc", uart, sysc]  # without drivers, no power domains


PSCI = """
    rsc { compatible = "x,rsc"; power-domains = <&cluster>; };
    psci { compatible = "arm,psci-1.0";
           cpu { #power-domain-cells = <0>; power-domains = <&cluster>; };
           cluster: cluster { #power-domain-cells = <0>; };
           other { }; };
"""


def test_power_domains_of_children_are_devices_since_6_17() -> None:
    assert links(of(PSCI, "6.12", view="full")) == {("/rsc", "/psci")}
    found = of(PSCI, "6.18", view="full")
    assert links(found) == {("/rsc", "/psci/cluster"), ("/psci/cpu", "/psci/cluster")}
    assert {x.node: x.bus for x in found.devices if x.node.startswith("/psci/")} == {
        "/psci/cpu": "genpd_provider",
        "/psci/cluster": "genpd_provider",
    }
    assert all(device.driver for device in found.devices)


def test_power_domains_of_a_tree_of_nodes() -> None:
    source = """
        uart { compatible = "x,uart"; power-domains = <&a4s>; };
        sysc { compatible = "renesas,sysc-rmobile";
               pm-domains { c5 { #power-domain-cells = <0>;
                                 a4s: a4s { #power-domain-cells = <0>; }; }; }; };
    """
    assert links(of(source, "6.12", view="full")) == set()
    found = of(source, "6.18", view="full")
    assert devices(found)[:2] == ["/sysc/pm-domains/c5", "/sysc/pm-domains/c5/a4s"]
    # c5 binds first, and speaks for all below it that is not a device by then.
    assert links(found) == {("/uart", "/sysc/pm-domains/c5")}
