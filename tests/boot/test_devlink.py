"""Each rule by which a kernel links devices, on a tree of a few nodes."""

from __future__ import annotations

import random

import pytest

from dtlink.boot.devlink.availability import Availability
from dtlink.boot.devlink.cycles import Detector
from dtlink.boot.devlink.model import DeviceLink, LinkedPair, WaitingDevice
from dtlink.boot.devlink.state import CoreDevice, CoreState
from dtlink.facts.bindings import bindings_for
from dtlink.facts.kernels import DEFAULT
from dtlink.facts.profile import KernelProfile
from dtlink.firmware import dts, fdt
from dtlink.firmware.fdt_write import SourceNode, write
from dtlink.links.reference import Flaw, Reference
from tests.support.boards import predicted
from tests.support.limits import at_most


def of(source, version="6.12", cmdline="", view="bare"):
    tree = dts.read_text(f"/ {{ {source} }};")
    return predicted(tree, KernelProfile.of(version, cmdline), view)


def links(prediction):
    return [(x.consumer, x.supplier, x.sync_state_only) for x in prediction.device_links]


def pending(prediction):
    return [(x.consumer, x.supplier, x.cycle) for x in prediction.fwnode_links if x.remaining]


CLOCK = 'osc: osc { compatible = "fixed-clock"; #clock-cells = <0>; };'
USER = 'uart { compatible = "ns16550a"; clocks = <&osc>; };'


def test_a_supplier_that_is_a_device():
    found = of(CLOCK + USER)
    assert found.device_links == [DeviceLink("/uart", "/osc", False, True, "dormant")]
    assert pending(found) == []
    assert not found.waiting
    assert [device.node for device in found.devices] == ["/osc", "/uart"]


def test_the_supplier_may_come_later():
    assert links(of(USER + CLOCK)) == [("/uart", "/osc", False)]


def test_a_supplier_that_never_becomes_a_device():
    found = of("osc: osc { #clock-cells = <0>; };" + USER)
    assert links(found) == []
    assert found.waiting == [WaitingDevice("/uart", ("/osc",))]


def test_the_newest_link_is_the_one_that_the_kernel_names():
    found = of("""
        a: a { #clock-cells = <0>; }; b: b { #reset-cells = <0>; };
        uart { compatible = "ns16550a"; clocks = <&a>; resets = <&b>; };
    """)
    assert found.waiting == [WaitingDevice("/uart", ("/b", "/a"))]


def test_the_whole_subtree_of_a_device_is_parsed():
    found = of(
        CLOCK
        + """
        leds { compatible = "gpio-leds"; group { led { clocks = <&osc>; }; }; };
        plain { led { clocks = <&osc>; }; };
    """
    )
    assert list(found.parsed_nodes) == ["/osc", "/leds", "/leds/group", "/leds/group/led"]
    assert [(x.consumer, x.supplier) for x in found.fwnode_links] == [("/leds/group/led", "/osc")]


def test_a_node_that_is_not_available_cuts_off_what_is_below_it():
    found = of(
        CLOCK
        + """
        leds { compatible = "gpio-leds"; group { status = "fail"; led { clocks = <&osc>; }; }; };
        off { compatible = "simple-bus"; status = "disabled"; dev { compatible = "x"; }; };
    """
    )
    assert list(found.parsed_nodes) == ["/osc", "/leds"]
    assert [device.node for device in found.devices] == ["/osc", "/leds"]


def test_a_reference_to_what_is_not_available_is_dropped():
    found = of("""
        bus { compatible = "simple-bus"; status = "disabled";
              osc: osc { compatible = "fixed-clock"; #clock-cells = <0>; }; };
        on: on { compatible = "fixed-clock"; #clock-cells = <0>; };
        uart { compatible = "ns16550a"; clocks = <&osc>, <&on>; };
    """)
    (dropped,) = found.not_linked
    assert (dropped.consumer, dropped.supplier, dropped.at) == ("/uart", "/bus/osc", "/bus")
    assert dropped.origin == ("/uart", "clocks", 0)
    assert links(found) == [("/uart", "/on", False)]
    assert not found.waiting


def test_a_device_for_its_node_stands_in_for_all_below_it():
    """The links of a node that is no device hold back sync_state() alone."""
    found = of(CLOCK + 'leds { compatible = "gpio-leds"; led { clocks = <&osc>; }; };')
    assert links(found) == [("/leds", "/osc", True)]
    assert pending(found) == [("/leds/led", "/osc", False)]
    assert not found.waiting


def test_a_proxy_turns_into_a_full_link():
    found = of(
        CLOCK
        + """
        leds { compatible = "gpio-leds"; clocks = <&osc>; led { clocks = <&osc>; }; };
    """
    )
    assert links(found) == [("/leds", "/osc", False)]


def test_no_proxy_from_the_device_above_both():
    found = of("""
        soc { compatible = "simple-bus";
              uart { clocks = <&osc>; };
              osc: osc { compatible = "fixed-clock"; #clock-cells = <0>; }; };
    """)
    assert ("/soc", "/soc/osc", True) not in links(found)


def test_a_link_to_itself_is_a_cycle_and_no_device_link():
    found = of("""
        gic: gic { compatible = "arm,gic-400"; interrupt-controller; #interrupt-cells = <1>;
                   interrupt-parent = <&gic>; interrupts = <9>; };
    """)
    assert found.cycles == [LinkedPair("/gic", "/gic")]
    assert links(found) == []
    assert not found.waiting


def test_a_supplier_below_its_consumer_is_a_cycle():
    found = of("""
        pmic { compatible = "x,pmic"; in-supply = <&ldo>; ldo: ldo { }; };
    """)
    assert found.cycles == [LinkedPair("/pmic", "/pmic/ldo")]
    assert pending(found) == [("/pmic", "/pmic/ldo", True)]
    assert not found.waiting


def test_a_supplier_above_its_consumer_is_no_cycle():
    found = of("""
        soc: soc { compatible = "simple-bus"; #clock-cells = <0>;
                   uart { compatible = "ns16550a"; clocks = <&soc>; }; };
    """)
    assert found.cycles == []
    assert links(found) == [("/soc/uart", "/soc", False)]


TWO = """
    a: a {{ compatible = "x,a"; #clock-cells = <0>; clocks = <&b>; {} }};
    b: b {{ compatible = "x,b"; #clock-cells = <0>; clocks = <&a>; }};
"""


def test_two_that_need_each_other():
    found = of(TWO.format(""))
    assert found.cycles == [LinkedPair("/a", "/b"), LinkedPair("/b", "/a")]
    assert sorted(links(found)) == [("/a", "/b", True), ("/b", "/a", True)]
    assert all("CYCLE" in link.flags for link in found.fwnode_links)


def test_post_init_providers_takes_a_link_away():
    found = of(TWO.format("post-init-providers = <&b>;"))
    assert found.cycles == []
    assert links(found) == [("/b", "/a", False)]
    assert [link.flags for link in found.fwnode_links] == [("IGNORE",), ()]
    assert of(TWO.format("post-init-providers = <&b>;"), "6.1").cycles != []


def test_graph_endpoints_make_a_cycle_of_their_owners():
    found = of("""
        dsi { compatible = "x,dsi"; port { a: endpoint { remote-endpoint = <&b>; }; }; };
        panel { compatible = "x,panel";
                ports { port { b: endpoint { remote-endpoint = <&a>; }; }; }; };
    """)
    assert {tuple(sorted(pair)) for pair in found.cycles} == {("/dsi", "/panel")}
    assert sorted(links(found)) == [("/dsi", "/panel", True), ("/panel", "/dsi", True)]


POWERED = """
    soc {{ compatible = "simple-pm-bus"; {}
          uart {{ compatible = "ns16550a"; }};
          inner {{ compatible = "simple-mfd"; leaf {{ compatible = "x,leaf"; }}; }}; }};
"""


def test_a_simple_pm_bus_makes_one_level_of_devices():
    found = of(POWERED.format(""))
    assert [(device.node, device.driver) for device in found.devices] == [
        ("/soc", "simple-pm-bus"),
        ("/soc/uart", None),
        ("/soc/inner", "simple-pm-bus"),
    ]


def test_a_simple_pm_bus_waits_for_its_suppliers_and_its_children_with_it():
    found = of(CLOCK + POWERED.format("clocks = <&osc>;"))
    assert [device.node for device in found.devices] == ["/osc", "/soc"]


def test_a_bus_binds_only_if_it_is_named_first():
    found = of("""
        a { compatible = "simple-bus"; };
        b { compatible = "x,mfd", "simple-mfd"; leaf { compatible = "x"; }; };
        c { compatible = "x,bus", "simple-pm-bus"; };
    """)
    drivers = {device.node: device.driver for device in found.devices}
    assert drivers == {"/a": "simple-pm-bus", "/b": None, "/b/leaf": None, "/c": "simple-pm-bus"}


def test_a_bound_device_speaks_for_all_below_it_that_is_no_device():
    found = of("""
        soc { compatible = "simple-bus"; osc: osc { #clock-cells = <0>; }; };
        uart { compatible = "ns16550a"; clocks = <&osc>; };
    """)
    assert [(x.supplier, x.moved) for x in found.fwnode_links] == [
        ("/soc/osc", False),
        ("/soc", True),
    ]
    assert found.device_links == [DeviceLink("/uart", "/soc", False, True, "available")]
    assert not found.waiting


AMBA = """
    #address-cells = <1>; #size-cells = <1>;
    soc {{ compatible = "simple-bus"; #address-cells = <1>; #size-cells = <1>; {}
          uart@1000 {{ compatible = "arm,pl011", "arm,primecell"; reg = <0x1000 0x1000>; }}; }};
"""


@pytest.mark.parametrize(
    ("ranges", "made"),
    [
        ("ranges;", True),
        ("ranges = <0x1000 0x80001000 0x1000>;", True),
        ("ranges = <0x8000 0x80008000 0x1000>;", False),
        ("", False),
    ],
)
def test_an_amba_device_needs_an_address(ranges, made):
    found = of(AMBA.format(ranges))
    assert ("/soc/uart@1000", "amba", None) in found.devices or not made
    assert len(found.devices) == 1 + made


def test_an_amba_device_needs_registers_of_its_own():
    found = of("""
        #address-cells = <1>; #size-cells = <1>;
        a@1000 { compatible = "arm,primecell"; reg = <0x1000 0x1000>; };
        b@1800 { compatible = "arm,primecell"; reg = <0x1800 0x1000>; };
    """)
    assert [device.node for device in found.devices] == ["/a@1000"]


def test_devices_that_need_no_bus_come_first():
    found = of("""
        soc { compatible = "simple-bus"; };
        chosen { framebuffer { compatible = "simple-framebuffer"; }; };
        firmware { tee { compatible = "linaro,optee-tz"; }; };
        reserved-memory { crash { compatible = "ramoops"; };
                          pool { compatible = "shared-dma-pool"; }; };
        opp { compatible = "operating-points-v2"; };
    """)
    assert [device.node for device in found.devices] == [
        "/reserved-memory/crash",
        "/firmware/tee",
        "/chosen/framebuffer",
        "/soc",
    ]


IOMMU = """
    smmu: smmu { compatible = "arm,smmu-v3"; #iommu-cells = <0>; };
    mmc { compatible = "x,mmc"; iommus = <&smmu>; };
"""


def test_an_iommu_is_a_supplier_with_strict_only():
    assert links(of(IOMMU)) == []
    assert links(of(IOMMU, cmdline="fw_devlink.strict=1")) == [("/mmc", "/smmu", False)]


def test_modes():
    assert of(CLOCK + USER, cmdline="fw_devlink=off").parsed_nodes == []
    assert links(of(CLOCK + USER, cmdline="fw_devlink=permissive")) == [("/uart", "/osc", True)]
    assert not of(CLOCK + USER, cmdline="fw_devlink=on").device_links[0].runtime_pm
    assert not of(
        "osc: osc { #clock-cells = <0>; };" + USER, cmdline="fw_devlink=permissive"
    ).waiting


def test_before_6_1_only_what_may_be_a_device_is_a_supplier():
    source = """
        pmic { compatible = "x,pmic"; ldo: ldo { }; };
        lone: lone { };
        mmc { compatible = "x,mmc"; vmmc-supply = <&ldo>; vqmmc-supply = <&lone>; };
    """
    found = of(source, "5.15")
    assert links(found) == [("/mmc", "/pmic", False)]
    assert [(x.supplier, x.reason) for x in found.not_linked] == [("/lone", "no device")]
    assert of(source, "6.1").waiting == [WaitingDevice("/mmc", ("/lone", "/pmic/ldo"))]


I2C = """
    i2c { compatible = "x,i2c";
          #address-cells = <1>; #size-cells = <0>;
          pmic@30 { compatible = "x,pmic"; reg = <0x30>; regulators { ldo: ldo { }; }; }; };
    mmc { compatible = "x,mmc"; vmmc-supply = <&ldo>; };
"""


def test_with_all_drivers_the_children_of_buses_are_devices():
    found = of(I2C, view="full")
    assert [device.node for device in found.devices] == ["/i2c", "/mmc", "/i2c/pmic@30"]
    assert links(found) == [("/mmc", "/i2c/pmic@30", False)]
    assert found.device_links[0].status == "active"
    assert not found.waiting
    assert of(I2C).waiting == [WaitingDevice("/mmc", ("/i2c/pmic@30/regulators/ldo",))]


def test_with_all_drivers_a_multiplexer_has_devices_below_its_channels():
    found = of(
        """
        mux { compatible = "nxp,pca9548"; i2c@0 { eeprom@50 { compatible = "atmel,24c02"; }; }; };
        typec { compatible = "x,typec"; connector { compatible = "usb-c-connector"; }; };
        """,
        view="full",
    )
    assert [device.node for device in found.devices] == [
        "/mux",
        "/typec",
        "/mux/i2c@0/eeprom@50",
    ]


def test_nobody_waits_for_what_is_served_early():
    found = of(
        """
        interrupt-parent = <&gic>;
        gic: gic { compatible = "arm,gic-v3"; interrupt-controller; #interrupt-cells = <1>; };
        osc: osc { compatible = "fixed-clock"; #clock-cells = <0>; };
        uart { compatible = "ns16550a"; clocks = <&osc>; interrupts = <1>; };
        """,
        view="full",
    )
    assert [(device.node, device.driver) for device in found.devices] == [("/uart", "any")]
    assert links(found) == []
    assert not found.waiting


def test_what_no_driver_ever_makes_a_device_is_waited_for_all_the_same():
    found = of(
        'top { osc: osc { compatible = "x,osc"; #clock-cells = <0>; }; };' + USER, view="full"
    )
    assert found.waiting == [WaitingDevice("/uart", ("/top/osc",))]


def literal(links, consumer, node, path):
    """The kernel's search, word for word: every path, every link on the way back marked."""
    if node in path:
        return False
    if node == consumer:
        return True
    found = False
    for link in links.get(node, ()):
        if literal(links, consumer, link[1], {*path, node}):
            links["marked"].add(link)
            found = True
    return found


def machine(count, arcs, asked):
    """A state with a device per node but for the first, and fwnode links between them.

    The tree's properties say no more than that, but for the link that is asked about.
    """
    root = SourceNode("", {}, [SourceNode(f"n{i}", {}, []) for i in range(1, count)])
    row = bindings_for(DEFAULT)["clocks"]
    said = {}
    for consumer, supplier in (*arcs, asked):
        reference = Reference(consumer, supplier, row, consumer, 0, 0, 0, 0, Flaw.NONE)
        said.setdefault(consumer, []).append(reference)
    state = CoreState(Availability.of(fdt.read(write(root))), KernelProfile.of(), said)
    for node in range(1, count):
        state.device[node] = CoreDevice(node, "platform", None)
    for consumer, supplier in arcs:
        state.link(consumer, supplier)
    return state


@pytest.mark.parametrize("seed", range(300))
def test_the_search_marks_what_the_kernels_would(seed):
    pick = random.Random(seed)  # noqa: S311 - a graph, not a secret
    count = pick.randint(2, 9)
    wanted = pick.randint(1, 3 * count)
    arcs = {(pick.randint(1, count), pick.randint(1, count)) for _ in range(wanted)}
    consumer, supplier = pick.randint(1, count), pick.randint(1, count)
    table = {node: sorted(arc for arc in arcs if arc[0] == node) for node in range(1, count + 1)}
    table["marked"] = set()
    state = machine(count + 1, sorted(arcs), (consumer, supplier))
    assert Detector(state).closes_cycle(state.link(consumer, supplier)) == literal(
        table, consumer, supplier, frozenset()
    )
    assert {(x.consumer, x.supplier) for x in state.made if x.cycle} == table["marked"]


@pytest.mark.parametrize("count", [60, 120])
def test_a_tree_made_to_be_slow(count):
    """Where everyone needs everyone the kernel's own search would never end."""
    cells = b"".join(i.to_bytes(4, "big") for i in range(1, count + 1))
    nodes = [
        SourceNode(
            f"n{i}",
            {
                "compatible": b"x\0",
                "phandle": i.to_bytes(4, "big"),
                "#clock-cells": bytes(4),
                "clocks": cells,
            },
            [],
        )
        for i in range(1, count + 1)
    ]
    with at_most():
        found = predicted(fdt.read(write(SourceNode("", {}, nodes))), KernelProfile.of())
    assert all(link.cycle for link in found.fwnode_links)


def test_a_long_chain_in_the_wrong_order():
    """Each device needs the next one: the kernel's n²/2 probes are not made one by one."""
    count = 4000
    nodes = [
        SourceNode(
            f"n{i}",
            {
                "compatible": b"x\0",
                "phandle": i.to_bytes(4, "big"),
                "#clock-cells": bytes(4),
                **({"clocks": (i + 1).to_bytes(4, "big")} if i < count else {}),
            },
            [],
        )
        for i in range(1, count + 1)
    ]
    with at_most():
        found = predicted(fdt.read(write(SourceNode("", {}, nodes))), KernelProfile.of(), "full")
    assert len(found.waiting) == 0
