"""The phandle and tree families: the edges of what does and does not resolve."""

from __future__ import annotations

import pytest

from dtlink.board.settings import Settings
from dtlink.board.tree import TreeBoard
from dtlink.facts.kernels import DEFAULT, KernelVersion
from dtlink.firmware.dts import read_text
from dtlink.rules.catalogue import choose, find
from dtlink.rules.model import Confidence, Finding, Severity
from dtlink.rules.run import check as run

OSC = 'osc: osc { compatible = "fixed-clock"; #clock-cells = <0>; clock-frequency = <1>; };'
GIC = "gic: g { #interrupt-cells = <3>; interrupt-controller; };"
CRU = 'cru: cru { compatible = "vendor,cru"; #clock-cells = <1>; };'


def board(source, patch=None, version=DEFAULT):
    return TreeBoard(read_text("/ {" + source + "};", patch=patch), Settings(version))


def check(name, source, patch=None, version=DEFAULT) -> list[Finding]:
    found = find(f"phandle/{name}")
    assert found is not None
    return list(found.check(board(source, patch, version)))


def family(source, patch=None):
    """Who in the whole family speaks, and where."""
    told = run(board(source, patch), choose(["phandle"]))
    assert told.faults == []
    return [
        (finding.rule, finding.subject.path, finding.property_name) for finding in told.findings
    ]


def test_an_open_graph_is_a_warning_and_a_placeholder_in_it_is_not():
    source = "panel { port { endpoint { remote-endpoint = <0>; }; }; };"
    [finding] = check("dangling", source)
    assert finding.severity is Severity.INFO
    assert finding.message == "remote-endpoint[0] references no node: its phandle is 0"
    [finding] = check("dangling", source.replace("<0>", "<0x99>"))
    assert finding.severity is Severity.WARNING


@pytest.mark.parametrize(
    ("entry", "severity"),
    [
        ("power-domains = <0x99>;", Severity.ERROR),
        ("iommus = <0x99>;", Severity.ERROR),
        ("sound-dai = <0x99>;", Severity.ERROR),
        ("memory-region = <0x99>;", Severity.WARNING),
        ("operating-points-v2 = <0x99>;", Severity.WARNING),
        ("post-init-providers = <0x99>;", Severity.WARNING),
    ],
)
def test_what_a_device_waits_for_decides_the_severity(entry, severity):
    [finding] = check("dangling", f'a {{ compatible = "vendor,a"; {entry} }};')
    assert finding.severity is severity


def test_vendor_properties_are_no_faults():
    assert check("dangling", 'a { compatible = "vendor,a"; iram = <0x99>; };') == []


def test_bare_phandles_behind_a_dangling_one_are_named():
    [finding] = check(
        "dangling",
        "a { pinctrl-0 = <0x99 &pins>; }; pinctrl { pins: pins { }; };",
    )
    assert finding.effect.endswith("fw_devlink ignores /pinctrl/pins after it")


def test_an_argument_too_many_is_hinted_at():
    [finding] = check("dangling", CRU + "a { clocks = <&cru 6 0x7008>; };")
    assert finding.index == 1
    assert "If 0x7008 was meant as an argument: &cru takes 1" in finding.fix.text


def test_an_unresolved_overlay_reference_is_told_in_a_whole_tree():
    [finding] = check("dangling", "a { resets = <0xffffffff 3>; };")
    assert "0xffffffff, the mark of an overlay's unresolved reference" in finding.message


def test_an_overlay_may_leave_references_open():
    source = """
        fragment@0 { target = <0xffffffff>; __overlay__ {
            uart { compatible = "ns16550a"; clocks = <0xffffffff 1>; vcc-supply = <0x99>;
                interrupts = <1 2 3>; resets = <&rst 1>; };
            rst: rst { }; }; };
        __fixups__ { gic = "/fragment@0:target:0"; };
    """
    assert family(source) == []


def test_a_string_is_told_once():
    assert family('a { clocks = "osc"; };') == [("phandle/dangling", "/a", "clocks")]
    assert family('a { clocks = "clock"; };') == [("phandle/leftover-cells", "/a", "clocks")]


def test_a_dangling_interrupt_parent_is_told_once_for_all_that_is_below():
    source = """
        soc { compatible = "simple-bus"; interrupt-parent = <0x99>;
            a { interrupts = <1>; }; b { interrupts = <2>; }; };
    """
    [finding] = check("dangling", source)
    assert finding.severity is Severity.ERROR
    assert family(source) == [("phandle/dangling", "/soc", "interrupt-parent")]


def test_an_interrupt_parent_that_nobody_uses_is_a_warning():
    [finding] = check("dangling", "soc { interrupt-parent = <0x99>; a { }; };")
    assert finding.severity is Severity.WARNING


def test_devices_without_interrupt_parent_are_told_together():
    [finding] = check("no-interrupt-parent", "a { interrupts = <1>; }; b { interrupts = <2>; };")
    assert finding.subject.path == "/a"
    assert finding.related == ("/b",)
    assert finding.message == (
        "/a and 1 other node have no interrupt parent: no ancestor has #interrupt-cells"
    )


@pytest.mark.parametrize("token", [1, 2, 3])
def test_an_empty_interrupt_parent_counts_as_missing(token):
    """The words after it are the structure block's next tokens, not a phandle."""
    source = f"""
        x: x {{ phandle = <{token}>; interrupt-parent = <0x99>; }};
        a {{ interrupt-parent; interrupts = <1>; }};
        b {{ interrupts = <1>; interrupt-parent; }};
    """
    assert family(source) == [
        ("phandle/no-interrupt-parent", "/a", "interrupts"),
        ("phandle/dangling", "/x", "interrupt-parent"),
    ]


def test_an_interrupt_parent_loop_ends():
    source = """
        a: a { interrupt-parent = <&b>; interrupts = <1>; };
        b: b { interrupt-parent = <&a>; };
    """
    assert family(source) == [("phandle/no-interrupt-parent", "/a", "interrupts")]


def test_a_list_out_of_step_blames_the_arguments_not_the_victim():
    """As in a real board: the interconnect takes two arguments, and one was written."""
    source = """
        gic: gic { phandle = <1>; };
        mem: mem { phandle = <2>; #interconnect-cells = <2>; };
        aggre: aggre { phandle = <3>; #interconnect-cells = <2>; };
        mmc { interconnects = <&aggre 18 &mem 1 &gic 1 &aggre 40>; };
    """
    [finding] = check("missing-cells", source)
    assert finding.index == 1
    assert finding.message == (
        "interconnects has the wrong cell count: /aggre has #interconnect-cells = <2>, so /mem is "
        "parsed as an argument and 0x1 as a phandle (/gic)"
    )
    assert "fw_devlink assumes 0 cells and links it to /gic" in finding.effect
    assert finding.fix.text.startswith("Write 2 arguments after each &aggre")


def test_a_controller_without_interrupt_cells_is_named():
    [finding] = check("missing-cells", "x: x { }; a { interrupts-extended = <&x 1>; };")
    assert finding.message == "interrupts-extended[0] references /x, which has no #interrupt-cells"


def test_a_gpio_nexus_needs_cells_of_its_own():
    [finding] = check("missing-cells", "a { gpio-map = <0 0 0>; };")
    assert finding.message == "/a has gpio-map, but no #gpio-cells"


def test_kernels_that_stop_at_missing_cells_link_nothing():
    [finding] = check(
        "missing-cells", OSC + "x: x { }; a { clocks = <&x 1>; };", version=KernelVersion(6, 1)
    )
    assert "fw_devlink links" not in finding.effect
    assert finding.fix.text.startswith("Add #clock-cells to &x")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("a { clocks = <&cru>; };", "clocks[0] ends after no arguments: /cru has #clock-cells"),
        ("a { gpio-ranges = <&cru 0 64>; };", "gpio-ranges[0] ends after 2 arguments: /cru takes"),
        (
            GIC + "a { interrupt-parent = <&gic>; interrupts = <0 23>; };",
            "interrupts[0] ends after 2 cells: /g has #interrupt-cells = <3>",
        ),
        (
            GIC + "a { interrupts-extended = <&gic 0 23>; };",
            "interrupts-extended[0] ends after 2 arguments: /g has #interrupt-cells = <3>",
        ),
    ],
)
def test_truncated_entries_say_what_is_there_and_what_is_asked_for(source, message):
    [finding] = check("truncated-specifier", CRU + source)
    assert finding.message.startswith(message)
    assert finding.severity is Severity.ERROR


def test_an_id_map_of_odd_length_is_refused_whole():
    [finding] = check(
        "leftover-cells",
        "smmu: smmu { #iommu-cells = <1>; }; pcie { iommu-map = <0 &smmu 0 1>, <1 &smmu 1>; };",
    )
    assert finding.severity is Severity.ERROR
    assert '"OF: /pcie: Error: Bad iommu-map length: 28"' in finding.effect


def test_a_surplus_zero_where_the_binding_knows_no_holes_is_worth_knowing():
    source = "pwm: pwm { #pwm-cells = <2>; }; light { pwms = <&pwm 0 20000 0>; };"
    [finding] = check("leftover-cells", source)
    assert finding.severity is Severity.INFO
    assert finding.message.endswith("/pwm takes 2 arguments (#pwm-cells)")
    assert check("leftover-cells", source.replace("20000 0", "20000")) == []
    assert check("leftover-cells", source.replace("20000 0", "0")) == []


def test_a_legal_hole_is_worth_knowing_if_it_hides_somebody():
    source = OSC + CRU + "a { clocks = <&osc>, <0>, <&cru 1>; };"
    [finding] = check("lost-suppliers", source)
    assert finding.severity is Severity.INFO
    assert finding.related == ("/cru",)
    assert check("lost-suppliers", OSC + CRU + "a { clocks = <&cru 1>, <0>, <&cru 2>; };") == []
    assert check("lost-suppliers", OSC + CRU + "a { clocks = <&cru 1>, <0>; };") == []


def test_chip_selects_of_the_controller_are_no_surplus_arguments():
    source = "g: g { #gpio-cells = <2>; }; spi { cs-gpios = <&g 3 0>, <0>, <&g 28 0>, <0>; };"
    assert check("lost-suppliers", source) == []


def test_ports_without_a_gpio_have_a_hole_in_a_singular_list_too():
    source = "g: g { #gpio-cells = <2>; }; usb { atmel,vbus-gpio = <0>, <&g 20 0>, <0>; };"
    [finding] = check("lost-suppliers", source)
    assert finding.severity is Severity.INFO
    assert finding.fix.text.startswith("Check that the driver looks up the entries")


@pytest.mark.parametrize(
    ("trigger", "found"), [("", 1), ("usbport", 1), ("netdev", 0), ("gpio", 0), ("timer", 0)]
)
def test_a_trigger_that_reads_no_sources_needs_no_cells(trigger, found):
    default = f'linux,default-trigger = "{trigger}";' if trigger else ""
    source = f"port: port {{ }}; leds {{ led {{ {default} trigger-sources = <&port>; }}; }};"
    assert len(check("missing-cells", source)) == found


def test_a_supplier_that_needs_the_consumer_is_not_missed():
    source = """
        gcc: gcc { #clock-cells = <1>; clocks = <0>, <&phy>; };
        phy: phy { #clock-cells = <0>; clocks = <&gcc 4>; };
    """
    assert check("lost-suppliers", source) == []


def test_a_zero_behind_every_entry_is_an_argument_too_many():
    [finding] = check(
        "lost-suppliers",
        "gce: gce { #mbox-cells = <2>; }; mdp { mboxes = <&gce 20 0 0>, <&gce 21 0 0>; };",
    )
    assert (finding.severity, finding.confidence) == (Severity.WARNING, Confidence.LIKELY)
    assert finding.message.endswith("has 3 arguments, the last one 0; /gce takes 2 (#mbox-cells)")


def test_a_duplicate_phandle_that_nobody_uses_is_a_warning():
    patch = {"/a:phandle": b"\0\0\0\x07", "/b:phandle": b"\0\0\0\x07"}
    [finding] = check("duplicate-phandle", "a { }; b { };", patch)
    assert (finding.subject.path, finding.related) == ("/b", ("/a",))
    assert finding.severity is Severity.WARNING


def test_a_duplicate_interrupt_controller_is_seen_through_every_binding():
    patch = {"/a:phandle": b"\0\0\0\x07", "/b:phandle": b"\0\0\0\x07"}
    source = """
        a { #interrupt-cells = <1>; interrupt-controller; };
        b { #interrupt-cells = <1>; interrupt-controller; };
        x { interrupts-extended = <7 1>; };
        y { interrupt-parent = <7>; interrupts = <1>; };
    """
    [finding] = check("duplicate-phandle", source, patch)
    assert finding.severity is Severity.ERROR
    assert set(finding.related) == {"/a", "/x", "/y"}


@pytest.mark.parametrize(("nodes", "named"), [(2, 64), (3, 32), (40, 8)])
def test_many_nodes_of_a_phandle_name_fewer_users_each(nodes: int, named: int) -> None:
    """Or a megabyte of related nodes says the same for each of them."""
    patch = {f"/n{at}:phandle": b"\0\0\0\x07" for at in range(nodes)}
    suppliers = "".join(f"n{at} {{ #clock-cells = <0>; }};" for at in range(nodes))
    users = "".join(f"u{at} {{ clocks = <7>; }};" for at in range(70))
    found = check("duplicate-phandle", suppliers + users, patch)
    assert len(found) == nodes - 1
    assert all(each.related[0] == "/n0" and len(each.related) == 1 + named for each in found)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (b"\0\0\0\0", "phandle 0x0"),
        (b"\xff\xff\xff\xff", "phandle 0xffffffff"),
        (b"\0\0\0\0\0\0\0\x55", "phandle of 8 bytes"),
    ],
)
def test_an_invalid_phandle_is_told_once(value, told):
    [finding] = check("invalid-phandle", "a { };", {"/a:phandle": value})
    assert told in finding.message


def test_two_phandles_that_differ():
    patch = {"/a:phandle": b"\0\0\0\x07", "/a:linux,phandle": b"\0\0\0\x08"}
    [finding] = check("invalid-phandle", "a { };", patch)
    assert finding.effect.startswith("Linux finds the node by 0x7 only")
    same = {**patch, "/a:linux,phandle": b"\0\0\0\x07"}
    assert check("invalid-phandle", "a { };", same) == []


def test_disabled_consumers_do_not_matter():
    source = 'a { status = "disabled"; clocks = <0x99>; interrupts = <1>; vcc-supply = [00 01]; };'
    assert family(source) == []


def test_of_a_phandle_of_two_cells_linux_takes_the_first():
    found = check("invalid-phandle", OSC, patch={"/osc:phandle": bytes((0, 0, 0, 5, 0, 0, 0, 0))})
    assert [item.effect for item in found] == [
        "Linux uses its first cell, 0x5; other readers refuse the tree"
    ]
