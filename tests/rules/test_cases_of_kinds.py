"""Boards of one fault each, with the right answer: cases beside the checkout, and more."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from dtlink.board.settings import Settings
from dtlink.board.tree import TreeBoard
from dtlink.firmware import dts, fdt
from dtlink.rules.catalogue import choose
from dtlink.rules.model import Finding, Severity
from dtlink.rules.run import check

ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO


def findings(source: str, *select: str) -> Sequence[Finding]:
    """All that the rules, or some of them, say of a source without its first line."""
    checked = check(TreeBoard(dts.read_text(source), Settings()), choose(select))
    assert checked.faults == []
    return checked.findings


def of_case(path: Path) -> Sequence[Finding]:
    """What is said of a case beside the checkout."""
    if path.suffix == ".dtb":
        checked = check(TreeBoard(fdt.read(path.read_bytes())), choose())
        assert checked.faults == []
        return checked.findings
    return findings(path.read_text())


def told(found: Sequence[Finding]) -> list[tuple[str, str, str | None]]:
    """Rule, node and property of each finding that is worse than a note."""
    return [
        (each.rule, each.subject.path, each.property_name)
        for each in found
        if each.severity is not INFO
    ]


OSC = 'osc: osc { compatible = "fixed-clock"; #clock-cells = <0>; clock-frequency = <1>; };'


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ('clocks = <&osc>; clock-names = "a", "b";', 'clocks has 1 entry: "b" names no entry'),
        ('interrupts = <1>; interrupt-names = "a", "b", "c";', 'entry: "b" and "c" name no'),
        ('interrupts-extended = <&i 1>; interrupt-names = "a", "b";', "interrupts-extended has 1"),
        ('clocks = <&osc>, <&osc>; clock-names = "a", "a";', 'has "a" twice'),
    ],
)
def test_names_that_have_no_entry(properties: str, message: str) -> None:
    [found] = findings(
        "/ { i: i { interrupt-controller; #interrupt-cells = <1>; };"
        f'{OSC} a {{ compatible = "vendor,a"; interrupt-parent = <&i>; {properties} }}; }};',
        "phandle",
    )
    assert found.rule == "phandle/names-mismatch"
    assert found.severity is WARNING
    assert message in found.message


@pytest.mark.parametrize(
    "properties",
    [
        'clocks = <&osc>, <0>; clock-names = "a", "b";',
        'clocks = <0>; clock-names = "a";',
        'clocks = <&osc>, <&osc>; clock-names = "a";',
        'clock-names = "a";',
        'dmas = <&d>, <&d>; dma-names = "rx", "rx";',
        'interconnects = <&n>; interconnect-names = "dma-mem";',
        'interconnects = <&n>, <&n>; interconnect-names = "a";',
        'pinctrl-0 = <&n>; pinctrl-names = "default", "sleep";',
    ],
)
def test_names_that_are_right(properties: str) -> None:
    source = (
        f"/ {{ {OSC} d: d {{ #dma-cells = <0>; }}; n: n {{ #interconnect-cells = <0>; }};"
        f'a {{ compatible = "vendor,a"; {properties} }}; }};'
    )
    assert findings(source, "phandle/names-mismatch") == []


@pytest.mark.parametrize(
    ("properties", "severity", "message"),
    [
        ("assigned-clocks = <&osc>; assigned-clock-parents = <&osc>, <&osc>;", ERROR, "1 entry"),
        ("assigned-clock-parents = <&osc>;", ERROR, "a has no assigned-clocks"),
        (
            "assigned-clocks = <0>, <&osc>; assigned-clock-parents = <&osc>;",
            ERROR,
            "assigned-clocks[0] is empty",
        ),
        ("assigned-clocks = <&osc>; assigned-clock-rates = <0>, <5>;", WARNING, "rate 1 of"),
        ("assigned-clocks = <&osc>; assigned-clock-rates-u64 = <0 5 1 0>;", WARNING, "rate 1 of"),
    ],
)
def test_what_is_assigned_to_no_clock(properties: str, severity: Severity, message: str) -> None:
    [found] = findings(f'/ {{ {OSC} a {{ compatible = "vendor,a"; {properties} }}; }};')
    assert found.rule == "phandle/assigned-clocks"
    assert found.severity is severity
    assert message in found.message


@pytest.mark.parametrize(
    "properties",
    [
        "assigned-clocks = <&osc>; assigned-clock-parents = <&osc>, <0>;",
        "assigned-clocks = <&osc>; assigned-clock-rates = <5>, <0>;",
        "assigned-clocks = <&osc>; assigned-clock-rates-u64 = <1 5>;",
    ],
)
def test_what_is_assigned_rightly(properties: str) -> None:
    assert findings(f'/ {{ {OSC} a {{ compatible = "vendor,a"; {properties} }}; }};') == []


def test_ranges_of_banks_in_one_node(shared: Path) -> None:
    board = TreeBoard(fdt.read((shared / "cases/dt/r10-gpio-ranges-3cells.dtb").read_bytes()))
    ranges = list(board.links("gpio-ranges"))
    assert [link.args for link in ranges][1] == (1, 0, 32, 32)
    assert {link.supplier.path for link in ranges} == {"/soc/pinctrl@2000"}
    assert of_case(shared / "cases/dt/r10-gpio-ranges-3cells.dtb") == []


@pytest.mark.parametrize(("cells", "ranges"), [(1, "0 0 32"), (2, "0 0 32"), (3, "1 0 0 32")])
def test_ranges_have_a_cell_more_than_gpios(cells: int, ranges: str) -> None:
    source = f"""
        / {{
            pins: p {{ compatible = "vendor,pins"; }};
            g {{
                compatible = "vendor,gpio"; gpio-controller; #gpio-cells = <{cells}>;
                gpio-ranges = <&pins {ranges}>, <&pins {ranges}>;
            }};
        }};
    """
    assert findings(source, "phandle") == []


@pytest.mark.parametrize(
    ("properties", "rule"),
    [
        ("mux-states = <&mux>;", "phandle/truncated-specifier"),
        ("mux-states = <0xdead 1>;", "phandle/dangling"),
        ("trigger-sources = <0xdead>;", "phandle/dangling"),
        ("timestamps = <&mux 1>;", "phandle/missing-cells"),
        ("vdd-supply = <&r>, <&r>;", "phandle/second-supply"),
        ("vdd-supply = <&r &mux>;", "phandle/second-supply"),
        ("vdd-supply = <&pmic &mux>;", "phandle/second-supply"),
        ("vdd-supply = <&mux>;", "supplier/not-a-provider"),
        ("msi-parent = <&mux>;", "supplier/not-a-provider"),
        ("extcon = <&osc>;", "supplier/not-a-provider"),
        ("backlight = <&osc>;", "supplier/not-a-provider"),
        ('compatible = "snps,dwc3"; extcon = <&osc>;', "supplier/not-a-provider"),
    ],
)
def test_suppliers_of_the_wrong_kind(properties: str, rule: str) -> None:
    source = f"""
        / {{
            {OSC}
            mux: mux {{ compatible = "gpio-mux"; #mux-state-cells = <1>; #clock-cells = <0>; }};
            r: regulator {{ compatible = "regulator-fixed"; regulator-name = "r"; }};
            pmic: pmic {{ compatible = "vendor,p"; regulator-name = "p"; #clock-cells = <0>; }};
            a {{ {"" if "compatible" in properties else 'compatible = "vendor,a";'} {properties} }};
        }};
    """
    assert [each.rule for each in findings(source)] == [rule]


@pytest.mark.parametrize(
    "source",
    [
        # Neither a driver nor a property says what it is.
        'x: x { compatible = "vendor,x"; }; a { compatible = "vendor,a"; vdd-supply = <&x>; };',
        'x: x { regulator-name = "x"; #clock-cells = <0>; }; a { vdd-supply = <&x>; };',
        # A nexus passes on to others.
        (
            "x: x { #gpio-cells = <1>; gpio-map = <0 &g 0>; gpio-map-mask = <0>; };"
            "g: g { gpio-controller; #gpio-cells = <1>; }; a { cd-gpios = <&x 0>; };"
        ),
        "m: m { msi-controller; #msi-cells = <0>; }; a { msi-parent = <&m>; };",
    ],
)
def test_providers_that_may_be_right(source: str) -> None:
    assert findings(f"/ {{ {source} }};", "supplier/not-a-provider") == []


@pytest.mark.parametrize(
    ("second", "count"), [("0x100 &its 0x1000 0x100", 1), ("0x100 &its 0x100 0x100", 0)]
)
def test_msi_maps_that_overlap(second: str, count: int) -> None:
    source = f"""
        / {{
            its: its {{ msi-controller; #msi-cells = <1>; }};
            pcie {{
                compatible = "pci-host-ecam-generic"; device_type = "pci";
                msi-map = <0 &its 0 0x200>, <{second}>;
            }};
        }};
    """
    assert len(findings(source, "iommu/map-input-overlap")) == count


GIC = (
    'gic: gic { compatible = "arm,gic-400"; interrupt-controller; #interrupt-cells = <3>;'
    " #address-cells = <ADDRESS>; };"
)


def host(rows: str, mask: str = "0 0 0 7", address: int = 1) -> str:
    return f"""
        / {{
            {GIC.replace("ADDRESS", str(address))}
            pcie {{
                compatible = "vendor,pcie"; device_type = "pci";
                #address-cells = <3>; #size-cells = <2>; #interrupt-cells = <1>;
                interrupt-map-mask = <{mask}>; interrupt-map = {rows};
            }};
        }};
    """


def rows(pins: int, *, before: str = "0 0 0 ", parent: str = "") -> str:
    return ", ".join(f"<{before}{pin} &gic {parent}0 {pin} 4>" for pin in range(1, pins + 1))


def test_interrupt_map_without_the_unit_address_of_the_parent(shared: Path) -> None:
    [found] = of_case(shared / "cases/dt/r12-interrupt-map-parent-cells.dtb")
    assert (found.rule, found.severity) == ("phandle/interrupt-map", ERROR)
    assert "1 for #address-cells of" in found.message
    assert len(found.fix.edits) == 1


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (host(rows(4), address=2), "have 8 cells, but need 10"),
        (host(rows(4, parent="0 "), address=0), "have 9 cells, but need 8"),
        (host(rows(4, before="0 0 ", parent="0 ")), "4 of the child (not 3)"),
    ],
)
def test_interrupt_maps_out_of_step(source: str, message: str) -> None:
    [found] = findings(source, "phandle")
    assert found.rule == "phandle/interrupt-map"
    assert message in found.message


def test_cells_too_many_after_a_single_entry_are_ignored() -> None:
    [found] = findings(host("<0 0 0 0 &gic 0 1 4 7>", mask="0 0 0 0", address=0), "phandle")
    assert (found.rule, found.severity) == ("phandle/interrupt-map", WARNING)
    assert found.effect.startswith("none today")


def test_a_single_broken_entry_is_no_interrupt_map_out_of_step() -> None:
    right = rows(3, parent="0 ")
    found = findings(host(f"{right}, <0 0 0 4 0xdead 0 0 4 4>"), "phandle")
    assert [each.rule for each in found] == ["phandle/dangling"]


@pytest.mark.parametrize(("pins", "count"), [(1, 1), (3, 1), (4, 0)])
def test_pins_without_an_entry(pins: int, count: int) -> None:
    found = findings(host(rows(pins, parent="0 ")), "phandle")
    assert [each.rule for each in found] == ["phandle/interrupt-pins"] * count


@pytest.mark.parametrize(
    "source",
    [
        host("<0 0 0 0 &gic 0 0 1 4>", mask="0 0 0 0"),
        host("<0x800 0 0 1 &gic 0 0 1 4>, <0x1000 0 0 1 &gic 0 0 2 4>", mask="0xf800 0 0 7"),
        host(rows(2, parent="0 ")).replace("device_type", "bus-range = <0 0>; device_type"),
        host(rows(2, parent="0 ")).replace("device_type =", "type ="),
    ],
)
def test_pins_that_need_no_entry(source: str) -> None:
    assert findings(source, "phandle/interrupt-pins") == []


def test_a_controller_without_interrupt_cells(shared: Path) -> None:
    [found] = of_case(shared / "cases/dt/r31-pmic-without-interrupt-cells.dtb")
    assert (found.rule, found.severity) == ("phandle/interrupt-cells", ERROR)
    assert found.subject.path == "/soc/i2c@3000/pmic@58"
    assert "#interrupt-cells = <2>" in found.fix.text


@pytest.mark.parametrize(
    ("user", "width"),
    [
        ("a { interrupt-parent = <&c>; interrupts = <1 4>; };", "<2>"),
        ("a { interrupts-extended = <&c 1>; };", "<1>"),
        ("a { interrupts-extended = <&c 1>, <&c 2 4>; };", "<…>"),
        ("", None),
        ("a { interrupts-extended = <&gic 0 1 4>; interrupt-parent = <&c>; };", None),
    ],
)
def test_users_of_a_controller_without_cells(user: str, width: str | None) -> None:
    source = (
        f"/ {{ interrupt-parent = <&gic>; {GIC.replace('ADDRESS', '0')}"
        f"c: c {{ interrupt-controller; interrupts = <0 1 4>; }}; {user} }};"
    )
    found = findings(source, "phandle")
    assert [each.rule for each in found] == ["phandle/interrupt-cells"] * (width is not None)
    assert all(width is not None and width in each.fix.text for each in found)


def test_an_old_gpio_beside_the_new_one(shared: Path) -> None:
    [found] = of_case(shared / "cases/dt/r11-old-and-new-gpio.dtb")
    assert (found.rule, found.severity) == ("legacy/both-gpio-names", WARNING)
    assert "reads reset-gpios (<&gpio0 67 0>)" in found.effect


@pytest.mark.parametrize(
    ("device", "severities"),
    [
        ("cd-gpio = <&g 1>; cd-gpios = <&g 1>;", [INFO]),
        ("gpio = <&g 1>; gpios = <&g 2>;", [WARNING]),
        ("cd-gpio = <&g 1>; wp-gpios = <&g 2>;", []),
        ('compatible = "fsl,imx6q-pcie"; reset-gpio = <&g 1>; reset-gpios = <&g 2>;', []),
    ],
)
def test_gpios_under_two_names(device: str, severities: list[Severity]) -> None:
    source = f"/ {{ g: g {{ gpio-controller; #gpio-cells = <1>; }}; a {{ {device} }}; }};"
    found = findings(source, "legacy/both-gpio-names")
    assert [each.severity for each in found] == severities


def test_a_vendors_singular_gpio_is_not_said_to_be_looked_up() -> None:
    source = "g: g { gpio-controller; #gpio-cells = <1>; }; a { marvell,reset-gpio = <&g 1>; };"
    assert findings(f"/ {{ {source} }};", "legacy/singular-gpio") == []


def test_masters_of_unknown_length() -> None:
    found = findings(
        """
        / {
            smmu: iommu { compatible = "arm,mmu-401"; mmu-masters = <&sata 2>, <&eth 0x11>; };
            sata: sata { compatible = "snps,dwc-ahci"; };
            eth: eth { compatible = "vendor,eth"; #stream-id-cells = <1>; };
        };
        """
    )
    assert sorted(each.rule for each in found) == ["legacy/mmu-masters", "phandle/missing-cells"]
    assert "masters (sata, eth) in" in found[0].message
    assert '"OF: /iommu: could not get #stream-id-cells for /sata"' in found[-1].effect


def test_one_finding_for_a_phandle_of_several_nodes(shared: Path) -> None:
    source = (shared / "cases/truth/e2.dts").read_text()
    number = source.replace("phandle = <1>; intc", "phandle = <9>; intc")
    tree = dts.read_text(number, patch={"/cpus/cpu@0:phandle": b"\0\0\0\1"})
    checked = check(TreeBoard(tree, Settings()), choose())
    [found] = checked.findings
    assert (found.rule, found.severity) == ("phandle/duplicate-phandle", ERROR)
    assert found.effect.startswith("clocks[0] of /soc/rtc@20000000, clocks[0] of /soc/tty@")
    assert "more" not in found.effect


def test_three_nodes_with_one_phandle() -> None:
    same = b"\0\0\0\7"
    tree = dts.read_text(
        '/ { a { }; b { #clock-cells = <0>; }; c { }; d { compatible = "d"; clocks = <7>; }; };',
        patch={"/a:phandle": same, "/b:phandle": same, "/c:phandle": same},
    )
    checked = check(TreeBoard(tree, Settings()), choose())
    assert [each.subject.path for each in checked.findings] == ["/b", "/c"]
    share = "share phandle 0x7, as do 3 nodes in all; lookups resolve to /a"
    assert all(share in each.message for each in checked.findings)


def test_contexts_of_harts_that_linux_does_not_use(shared: Path) -> None:
    assert of_case(shared / "cases/dt/r09-monitor-hart.dtb") == []


def test_other_disabled_interrupt_controllers_are_missed() -> None:
    source = """
        / {
            i: i { compatible = "vendor,i"; interrupt-controller; #interrupt-cells = <1>;
                   status = "disabled"; };
            a { compatible = "vendor,a"; interrupts-extended = <&i 1>; };
        };
    """
    assert told(findings(source, "supplier")) == [
        ("supplier/disabled", "/a", "interrupts-extended")
    ]


def test_an_optional_clock_of_a_disabled_node(shared: Path) -> None:
    assert of_case(shared / "cases/dt/r30-optional-clock-of-disabled-phy.dtb") == []


def test_of_two_command_lines_the_first_counts(shared: Path) -> None:
    tree = dts.read_text((shared / "cases/dt/bootargs-two-strings.dts").read_text())
    assert TreeBoard(tree, Settings()).profile.fw_devlink.value == "off"


@pytest.mark.parametrize(
    ("value", "severity", "fix"),
    [
        ('"okey"', WARNING, "okay"),
        ('"enabled"', WARNING, "okay"),
        ('"Okay"', WARNING, "okay"),
        ('""', WARNING, "okay"),
        ("<1>", WARNING, "okay"),
        ('"disable"', INFO, "disabled"),
        ('"off"', INFO, "disabled"),
    ],
)
def test_a_status_of_no_meaning(value: str, severity: Severity, fix: str) -> None:
    source = f'/ {{ a {{ compatible = "vendor,a"; status = {value}; }}; }};'
    [found] = findings(source)
    assert (found.rule, found.severity) == ("tree/status", severity)
    assert found.fix.text == f'Write status = "{fix}";'


@pytest.mark.parametrize("value", ["okay", "ok", "disabled", "reserved", "fail", "fail-sss"])
def test_a_status_of_the_specification(value: str) -> None:
    assert findings(f'/ {{ a {{ compatible = "vendor,a"; status = "{value}"; }}; }};') == []


def test_a_disabled_supplier_is_shown_with_its_status() -> None:
    source = """
        / {
            r: r { compatible = "regulator-fixed"; regulator-name = "r"; status = "okey"; };
            a { compatible = "vendor,a"; vdd-supply = <&r>; };
        };
    """
    [found] = findings(source, "supplier")
    assert '(status = "okey")' in found.message


def test_enabled_devices_below_a_disabled_one() -> None:
    source = """
        / {
            bus { compatible = "simple-bus"; status = "disabled";
                a { compatible = "vendor,a"; status = "okay"; };
                b { compatible = "vendor,b"; i { compatible = "vendor,i"; status = "okay"; }; };
                c { compatible = "vendor,c"; };
            };
        };
    """
    [found] = findings(source)
    assert (found.rule, found.severity) == ("tree/enabled-below-disabled", INFO)
    assert found.message == "/bus/a and 1 other node are enabled, but /bus is disabled"
    prepared = source.replace("simple-bus", "st,stm32mp25-timers")
    assert findings(prepared) == [], "boards of ST prepare the functions of a timer"


GRAPH = """
    / {
        a { compatible = "vendor,a"; port { a: endpoint { remote-endpoint = <A>; }; }; };
        b { compatible = "vendor,b"; port { b: endpoint { B }; }; };
        c { compatible = "vendor,c"; port { c: endpoint { C }; }; };
    };
"""


@pytest.mark.parametrize(
    ("a", "b", "c", "places"),
    [
        ("&b", "remote-endpoint = <&a>;", "", []),
        ("&b", "", "", ["/a/port/endpoint"]),
        ("&b", "remote-endpoint = <&c>;", "remote-endpoint = <&b>;", ["/a/port/endpoint"]),
        ("&b", "remote-endpoint = <&a>;", "remote-endpoint = <&a>;", ["/c/port/endpoint"]),
    ],
)
def test_graphs_of_one_way(a: str, b: str, c: str, places: list[str]) -> None:
    source = GRAPH.replace("<A>", f"<{a}>").replace("{ B }", f"{{ {b} }}")
    found = findings(source.replace("{ C }", f"{{ {c} }}"), "phandle/one-way-graph")
    assert [each.subject.path for each in found] == places


def test_all_the_faults_of_one_board(shared: Path) -> None:
    found = told(of_case(shared / "cases/truth/p1.dts"))
    assert {(node, name) for _, node, name in found} >= {
        ("/pcie@4000", "msi-map"),
        ("/pcie@4100", "msi-map"),
        ("/pcie@4200", "msi-map"),
        ("/pcie@4300", "msi-map"),
        ("/pcie@4400", "iommu-map"),
        ("/dev@5000", "mux-states"),
        ("/dev@5010", "mux-states"),
        ("/dev@5020", "trigger-sources"),
        ("/dev@5030", "pinctrl-10"),
        ("/dev@5040", "msi-parent"),
        ("/dev@5050", "msi-parent"),
        ("/pcie@4500", "interrupt-map"),
        ("/dev@5060", "clock-names"),
        ("/dev@5070", "vdd-supply"),
        ("/dev@5080", "vdd-supply"),
        ("/gpio@6000", "#gpio-cells"),
        ("/dev@50a0", "interrupts"),
        ("/dev@50b0", "interrupts-extended"),
        ("/dev@50c0", "power-domains"),
        ("/e2/port/endpoint", "remote-endpoint"),
        ("/dev@50d0", "assigned-clock-parents"),
    }


def test_misspelt_names_of_suppliers(shared: Path) -> None:
    found = of_case(shared / "cases/dt/r14-misspelt-supplier-names.dtb")
    assert {(each.rule, each.subject.path, each.property_name) for each in found} == {
        ("supplier/misspelt-name", "/regulator-lan", "vim-supply"),
        ("supplier/misspelt-name", "/regulator-lan", "gpoi"),
        ("supplier/misspelt-name", "/soc/mmc@2000", "vmcc-supply"),
        ("supplier/misspelt-name", "/soc/mmc@2000", "clock"),
    }
    meant = {each.message.rpartition("did you mean ")[2] for each in found}
    assert meant == {"vin-supply?", "gpio?", "vmmc-supply?", "clocks?"}


def node(properties: str) -> str:
    return f"""
        / {{
            {OSC}
            g: g {{ gpio-controller; #gpio-cells = <2>; }};
            i: i {{ interrupt-controller; #interrupt-cells = <1>; }};
            p: p {{ }};
            r: r {{ compatible = "regulator-fixed"; regulator-name = "r"; }};
            a {{ interrupt-parent = <&i>; {properties} }};
        }};
    """


@pytest.mark.parametrize(
    ("properties", "meant"),
    [
        ('compatible = "vendor,a"; vmcc-supply = <&r>;', "vmmc-supply"),
        ('compatible = "vendor,a"; vdd-suply = <&r>;', "vdd-supply"),
        ('compatible = "vendor,a"; vdd_supply = <&r>;', "vdd-supply"),
        ('compatible = "vendor,a"; reset-gpois = <&g 1 0>;', "reset-gpios"),
        ('compatible = "vendor,a"; clock = <&osc>;', "clocks"),
        ('compatible = "vendor,a"; interupts = <1>;', "interrupts"),
        ('compatible = "vendor,a"; pinctl-0 = <&p>; pinctrl-names = "default";', "pinctrl-0"),
        ('compatible = "pwm-regulator"; vin-supply = <&r>;', "pwm-supply"),
        ('compatible = "regulator-fixed"; power-supply = <&r>;', "vin-supply"),
        ('compatible = "regulator-fixed"; enable-gpios = <&g 1 0>;', "gpios"),
        ('compatible = "vendor,a"; dmas = <&r>; dma-name = "rx";', "dma-names"),
        ('compatible = "vendor,a"; pinctrl-0 = <&p>; pintrl-names = "default";', "pinctrl-names"),
    ],
)
def test_what_a_misspelt_name_was_meant_to_be(properties: str, meant: str) -> None:
    [found] = findings(node(properties), "supplier/misspelt-name")
    assert found.fix.text.startswith(f"Write {meant} instead of ")


@pytest.mark.parametrize(
    "properties",
    [
        'compatible = "vendor,a"; vdd-supply = <&r>; vbb-supply = <&r>;',
        'compatible = "vendor,a"; vendor,clock = <&osc>;',
        'compatible = "vendor,a"; clocks = <&osc>; clock = <&osc>;',
        'compatible = "vendor,a"; ngpios = <2>; blocks = <1>; clock = <0x999>;',
        'compatible = "vendor,a"; pwm0 = <&osc>;',
        'compatible = "vendor,a"; dma-name = "rx";',
        'compatible = "vendor,a"; nreset-gpios = <&g 1 0>;',
        'compatible = "vendor,a"; i2s1-in-sel-gpio1 = <&g 1 0>;',
        'compatible = "regulator-fixed"; gpio = <&g 1 0>; enable-gpios = <&g 2 0>;',
        'compatible = "regulator-fixed"; vin-supply = <&r>; power-supply = <&r>;',
        "vmcc-supply = <&r>;",
    ],
)
def test_names_that_may_be_right(properties: str) -> None:
    assert findings(node(properties), "supplier/misspelt-name") == []


@pytest.mark.parametrize(
    "providers",
    [
        (
            'a { #clock-cells = <0>; clock-output-names = "x"; };'
            'b { #clock-cells = <1>; clock-output-names = "y", "x"; };'
        ),
        (
            'a { clock@0 { compatible = "fixed-clock"; #clock-cells = <0>; }; };'
            'b { clock@1 { compatible = "fixed-clock"; #clock-cells = <0>; }; };'
        ),
    ],
)
def test_clocks_of_one_name(providers: str) -> None:
    [found] = findings(f"/ {{ {providers} }};", "supplier/duplicate-clock-name")
    assert found.severity is WARNING


@pytest.mark.parametrize(
    "providers",
    [
        (
            'a { #clock-cells = <0>; clock-output-names = "x"; };'
            'b { #clock-cells = <0>; clock-output-names = "x"; status = "disabled"; };'
        ),
        'a { #clock-cells = <0>; clock-output-names = "x"; }; b { clock-output-names = "x"; };',
        (
            'clock@0 { compatible = "fixed-clock"; #clock-cells = <0>; clock-output-names = "a"; };'
            'clock@1 { compatible = "fixed-clock"; #clock-cells = <0>; };'
        ),
        (
            'a { clock@0 { compatible = "vendor,c"; #clock-cells = <0>; }; };'
            'b { clock@1 { compatible = "vendor,c"; #clock-cells = <0>; }; };'
        ),
    ],
)
def test_clocks_of_different_names(providers: str) -> None:
    assert findings(f"/ {{ {providers} }};", "supplier/duplicate-clock-name") == []


@pytest.mark.parametrize(
    ("reference", "count"),
    [
        ("clocks = <&cru 0x7000>;", 1),
        ("resets = <&cru 0x7000>;", 1),
        ("clocks = <&cru 1>, <&cru 0x7000>, <&cru 0x7001>;", 1),
        ("assigned-clocks = <&cru 0x7000>;", 1),
        ("clocks = <&cru 1>; resets = <&cru 1>;", 0),
        ("clocks = <&other 0x7000>;", 0),
    ],
)
def test_indexes_that_a_provider_lacks(reference: str, count: int) -> None:
    source = f"""
        / {{
            cru: cru {{
                compatible = "vendor,new-cru", "rockchip,rk3399-cru";
                #clock-cells = <1>; #reset-cells = <1>;
            }};
            other: other {{ compatible = "vendor,cru"; #clock-cells = <1>; }};
            a {{ compatible = "vendor,a"; {reference} }};
        }};
    """
    found = findings(source, "supplier/index-range")
    assert [each.severity for each in found] == [WARNING] * count
    assert all("rockchip,rk3399-cru" in each.message for each in found)


def test_partitions_without_size_cells(shared: Path) -> None:
    [found] = of_case(shared / "cases/truth/e5.dts")
    assert (found.rule, found.severity) == ("tree/partition-cells", WARNING)
    assert found.related == ("/nand@1000", "/nand@1000/partition@1")
    assert found.effect.endswith("; /eth@2000 finds nothing in them")


@pytest.mark.parametrize(
    ("inside", "count"),
    [
        ("#size-cells = <0>; partition@0 { reg = <0 1>; };", 1),
        ("#size-cells = <0>; partition@0 { };", 0),
        ("#size-cells = <1>; partition@0 { reg = <0 1>; };", 0),
        ("#size-cells = <0>; nand@0 { reg = <0>; };", 0),
    ],
)
def test_partitions_of_a_flash(inside: str, count: int) -> None:
    source = f'/ {{ f {{ compatible = "vendor,f"; #address-cells = <1>; {inside} }}; }};'
    assert len(findings(source, "tree/partition-cells")) == count


POWER = """
    / {
        clk: clk { compatible = "vendor,clk"; #clock-cells = <0>; status = "disabled"; };
        power: power {
            compatible = "COMPATIBLE"; #power-domain-cells = <1>;
            domain@1 { reg = <1>; #power-domain-cells = <0>; clocks = <&clk>; };
        };
        gpu { compatible = "vendor,gpu"; power-domains = <&power 1>; };
        mmc { compatible = "vendor,mmc"; power-domains = <&power 2>; };
    };
"""


def test_a_supplier_of_one_domain_holds_the_whole_controller() -> None:
    source = POWER.replace("COMPATIBLE", "rockchip,rk3588-power-controller")
    [found] = findings(source, "supplier/disabled")
    held = "; /power as a whole does not probe, and 2 devices wait for it"
    assert found.effect.endswith(held)


def test_what_an_unknown_driver_does_for_its_domains_is_not_said() -> None:
    [found] = findings(POWER.replace("COMPATIBLE", "vendor,power"), "supplier/disabled")
    assert "as a whole" not in found.effect


def test_an_entry_without_the_name_that_its_driver_requires() -> None:
    source = f"""
        / {{
            {OSC}
            eth {{
                compatible = "fsl,imx6q-fec"; clocks = <&osc>, <&osc>, <&osc>;
                clock-names = "ipg", "ptp";
            }};
        }};
    """
    [found] = findings(source, "phandle/names-mismatch")
    assert found.severity is INFO
    assert 'and not "ahb", which the driver requests' in found.message


def test_a_wrong_supply_with_arguments_is_not_two_supplies() -> None:
    source = f"""
        / {{
            {OSC}
            g: g {{ compatible = "vendor,g"; gpio-controller; #gpio-cells = <2>; phandle = <3>; }};
            a {{ compatible = "vendor,a"; vdd-supply = <&g 3 3>; }};
        }};
    """
    assert [each.rule for each in findings(source)] == ["supplier/not-a-provider"]


def test_a_gpio_that_is_not_read_is_not_said_to_be_looked_up() -> None:
    wrong = node('compatible = "regulator-fixed"; enable-gpio = <&g 1 0>;')
    found = findings(wrong, "legacy", "supplier/misspelt-name")
    assert [each.rule for each in found] == ["supplier/misspelt-name"]


def test_a_name_without_an_entry_that_is_there_before() -> None:
    source = f'/ {{ {OSC} a {{ compatible = "a"; clocks = <&osc>; clock-names = "r", "r"; }}; }};'
    [found] = findings(source)
    assert found.effect == 'a driver that requests the clock "r" gets the entry of that name before'
