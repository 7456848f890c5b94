"""The supplier family: which suppliers can't come, and for whom that matters."""

from __future__ import annotations

import pytest

from dtlink.board.tree import TreeBoard
from dtlink.facts.early import is_served_early
from dtlink.firmware.dts import read_text
from dtlink.firmware.read import read_tree
from dtlink.kernel.holdings.model import Holdings
from dtlink.rules.catalogue import choose, find
from dtlink.rules.model import Confidence, Finding, Severity
from dtlink.rules.run import check as run
from dtlink.testing.sketch import sketch

OFF = 'status = "disabled";'


def board(source):
    return TreeBoard(read_text("/ {" + source + "};"))


def check(name, source) -> list[Finding]:
    found = find(f"supplier/{name}")
    assert found is not None
    return list(found.check(board(source)))


def family(source):
    told = run(board(source), choose(["supplier"], ["supplier/unordered-iommu"]))
    assert told.faults == []
    return [(finding.rule, finding.subject.path) for finding in told.findings]


def consumer(entry):
    return f'dev {{ compatible = "vendor,dev"; {entry} }};'


TWO_PLLS = """
    pll: phy@1 { compatible = "x,pll"; #clock-cells = <0>; status = "disabled"; };
    bus@2 { status = "disabled"; gate: gate { compatible = "x,pll"; #clock-cells = <0>; }; };
    vop@4 { compatible = "x,vop"; clocks = %s; clock-names = "pll"; };
"""
DRIVER = "drivers/vop.c"


@pytest.mark.parametrize("version", ["6.12", "5.10"])
@pytest.mark.parametrize(
    ("facts", "clock", "confidence"),
    [
        ("optional:clock:pll whole", "<&pll>", None),
        ("optional:clock:pll whole", "<&gate>", Confidence.SURE),
        ("required:clock:pll whole", "<&pll>", Confidence.SURE),
        ("ignored:clock:pll whole", "<&gate>", None),
        ("required:clock:other whole", "<&gate>", None),
        ("whole", "<&gate>", Confidence.LIKELY),
        ("populates", "<&pll>", Confidence.LIKELY),
        ("populates", "<&gate>", Confidence.LIKELY),
    ],
)
def test_a_disabled_clock_matters_as_the_driver_asks_for_it(version, facts, clock, confidence):
    kernel = sketch(f"built-in VOP {DRIVER} x,vop\nfacts {DRIVER} {facts}")
    kernel.source_index.release = f"{version}.0"
    build = Holdings(**{**vars(kernel.build), "release": f"{version}.0"})
    kernel = kernel._replace(build=build)
    tree = read_text(f"/ {{ {TWO_PLLS % clock} }};")
    rule = find("supplier/disabled")
    found = [each.confidence for each in rule.check(TreeBoard(tree, facts=kernel))]
    if (version, facts[:8], clock) == ("5.10", "optional", "<&pll>"):
        confidence = Confidence.SURE  # deferred forever
    assert found == [confidence] * (confidence is not None)


@pytest.mark.parametrize(
    ("facts", "severity"),
    [("populates", Severity.INFO), ("required:clock:pll", Severity.WARNING)],
)
def test_a_driver_that_may_do_without_is_only_worth_knowing(facts, severity):
    """Its source is known, but not whether it asks; the request would fail at once."""
    kernel = sketch(f"built-in VOP {DRIVER} x,vop\nfacts {DRIVER} {facts}")
    tree = read_text(f"/ {{ {TWO_PLLS % '<&pll>'} }};")
    [finding] = find("supplier/disabled").check(TreeBoard(tree, facts=kernel))
    assert finding.severity is severity
    [finding] = check("disabled", TWO_PLLS % "<&pll>")
    assert finding.severity is Severity.WARNING  # nothing is known of the driver


def test_a_usb_phy_of_the_older_kind_holds_nobody():
    source = f"""
        phy: phy {{ compatible = "usb-nop-xceiv"; #phy-cells = <0>; {OFF} }};
        usb {{ compatible = "generic-ehci"; phys = <&phy>; }};
    """
    assert [each.severity for each in check("disabled", source)] in ([], [Severity.INFO])


@pytest.mark.parametrize(("name", "found"), [("phy-2", 0), ("phy-x", 1)])
def test_the_supplier_of_a_port_that_is_off_is_not_missed(name, found):
    source = f"""
        phy: phy {{ compatible = "vendor,phy"; #phy-cells = <0>; {OFF} }};
        pcie {{ compatible = "vendor,pcie"; phys = <&phy>; phy-names = "{name}";
            pcie@0,0 {{ }}; pcie@2,0 {{ {OFF} }};
        }};
    """
    assert len(check("disabled", source)) == found


SOC = """
/ {
    adc: adc { compatible = "vendor,adc"; #io-channel-cells = <1>; status = "disabled"; };
    bus: bus { compatible = "simple-bus"; %s
        hwmon: hwmon { compatible = "iio-hwmon"; io-channels = <&adc 1>; };
    };
};
"""


@pytest.mark.parametrize(
    ("own", "board", "severity"),
    [
        ("", "", Severity.INFO),
        ("", '&hwmon { label = "x"; };', Severity.WARNING),
        ("", '&adc { status = "disabled"; };', Severity.WARNING),
        (OFF, '&bus { status = "okay"; };', Severity.WARNING),
    ],
)
def test_what_one_file_has_by_default_is_only_worth_knowing(tmp_path, own, board, severity):
    """A board that does not use the ADC loses nothing; one that wrote a part of it does."""
    (tmp_path / "soc.dtsi").write_text(SOC % own)
    path = tmp_path / "board.dts"
    path.write_text(f'/dts-v1/;\n#include "soc.dtsi"\n{board}\n')
    [finding] = find("supplier/disabled").check(TreeBoard(read_tree(path)))
    assert finding.severity is severity


def test_the_second_interrupt_is_not_known_to_be_asked_for():
    source = f"""
        one: gpio@1 {{ compatible = "x,gpio"; interrupt-controller; #interrupt-cells = <1>; }};
        two: gpio@2 {{ compatible = "x,gpio"; interrupt-controller; #interrupt-cells = <1>;
            {OFF} }};
        sensor {{ compatible = "x,sensor"; interrupts-extended = <&one 1>, <&two 1>; }};
    """
    [finding] = check("disabled", source)
    assert finding.severity is Severity.INFO
    [finding] = check("disabled", source.replace("<&one 1>, <&two 1>", "<&two 1>, <&one 1>"))
    assert finding.severity is Severity.WARNING


def test_a_node_that_only_other_drivers_look_for_misses_nothing_surely():
    source = f"""
        gpucc: clocks {{ compatible = "x,gpucc"; #power-domain-cells = <1>; {OFF} }};
        gmu {{ compatible = "qcom,adreno-gmu"; power-domains = <&gpucc 0>; }};
    """
    [finding] = check("disabled", source)
    assert finding.severity is Severity.INFO


def test_the_part_that_surely_misses_it_is_told_first():
    kernel = sketch(f"built-in VOP {DRIVER} x,vop\nfacts {DRIVER} required:clock:pll")
    source = consumer("clocks = <&pll>;") + TWO_PLLS % "<&pll>"
    [finding] = find("supplier/disabled").check(
        TreeBoard(read_text(f"/ {{ {source} }};"), facts=kernel)
    )
    assert (finding.subject.path, finding.confidence) == ("/vop@4", Confidence.SURE)
    assert finding.message.endswith("which is disabled; /dev has the same reference")
    assert finding.fix.text.endswith("or disable /vop@4 as well.")


def test_a_disabled_supplier_is_told_once_for_all_its_consumers():
    source = f"""
        cru: cru {{ compatible = "vendor,cru"; #clock-cells = <1>; {OFF} }};
        a {{ compatible = "vendor,a"; clocks = <&cru 1>, <&cru 2>; }};
        b {{ compatible = "vendor,b"; clocks = <&cru 3>; }};
    """
    [finding] = check("disabled", source)
    assert (finding.severity, finding.confidence) == (Severity.WARNING, Confidence.LIKELY)
    assert (finding.subject.path, finding.related) == ("/a", ("/cru", "/b"))
    assert finding.message.endswith("to /cru, which is disabled; /b has the same reference")
    assert finding.fix.text == (
        'Write &cru { status = "okay"; };, unless the driver can do without this clock.'
    )


def test_the_node_whose_status_it_is_is_named():
    source = f"""
        i2c: i2c {{ compatible = "vendor,i2c"; {OFF} pmic {{ compatible = "vendor,pmic";
            ldo: ldo {{ }}; }}; }};
        {consumer("vcc-supply = <&ldo>;")}
    """
    [finding] = check("disabled", source)
    assert finding.message.endswith("/i2c/pmic/ldo, whose ancestor /i2c is disabled")
    assert finding.fix.text.startswith('Write &i2c { status = "okay"; };')


def test_every_status_on_the_way_must_change():
    source = f"""
        mdss: mdss {{ compatible = "vendor,mdss"; {OFF}
            dp: dp {{ compatible = "vendor,dp"; #sound-dai-cells = <0>; {OFF} }}; }};
        sound {{ compatible = "vendor,card"; link {{ sound-dai = <&dp>; }}; }};
    """
    [finding] = check("disabled", source)
    assert finding.fix.text == (
        'Write &dp { status = "okay"; }; &mdss { status = "okay"; };, or disable /sound as well.'
    )
    assert "the sound card is never registered" in finding.effect


@pytest.mark.parametrize(
    ("cells", "entry", "told"),
    [
        ("#power-domain-cells = <0>;", "power-domains = <&s>;", "(-ETIMEDOUT)"),
        ("#clock-cells = <0>;", "clocks = <&s>;", "fails (-ENOENT)"),
        ("#phy-cells = <0>;", "phys = <&s>;", "returns -EPROBE_DEFER forever"),
        ("#reset-cells = <0>;", "resets = <&s>;", "returns -EPROBE_DEFER forever"),
        ("", "vcc-supply = <&s>;", "returns -EPROBE_DEFER forever"),
    ],
)
def test_what_becomes_of_the_consumer_depends_on_the_subsystem(cells, entry, told):
    source = f's: s {{ compatible = "vendor,s"; {cells} {OFF} }};' + consumer(entry)
    [finding] = check("disabled", source)
    assert finding.severity is Severity.WARNING
    assert finding.effect.endswith(told)


def test_a_disabled_phy_of_a_provider_that_works_may_be_done_without():
    source = f"""
        usb2phy {{ compatible = "vendor,phy"; otg: otg-port {{ #phy-cells = <0>; {OFF} }}; }};
        {consumer("phys = <&otg>;")}
    """
    [finding] = check("disabled", source)
    assert finding.effect == "dev: its driver continues without the PHY, or fails (-ENODEV)"


@pytest.mark.parametrize(
    ("cells", "entry"),
    [
        ("#iommu-cells = <1>;", "iommus = <&s 1>;"),
        ("#iommu-cells = <1>;", "iommu-map = <0 &s 0 0x10000>;"),
        ("#dma-cells = <1>;", "dmas = <&s 1>;"),
        ("", "memory-region = <&s>;"),
    ],
)
def test_what_drivers_do_without_is_only_worth_knowing(cells, entry):
    source = f's: s {{ compatible = "vendor,s"; {cells} {OFF} }};' + consumer(entry)
    [finding] = check("disabled", source)
    assert finding.severity is Severity.INFO


@pytest.mark.parametrize(
    "user",
    [
        consumer("clocks = <&s>; #clock-cells = <1>;"),  # a clock controller's possible inputs
        'cpus { cpu { compatible = "arm,cortex-a53"; clocks = <&s>; }; };',
        "thermal-zones { zone { thermal-sensors = <&s>; }; };",
        "dev { vcc-supply = <&s>; };",  # no device, nobody misses it
        consumer("port { endpoint { remote-endpoint = <&s>; }; };"),
        consumer("phy-handle = <&s>; operating-points-v2 = <&s>; msi-parent = <&s>;"),
        consumer(f"clocks = <&s>; {OFF}"),
    ],
)
def test_what_is_commonly_left_so_is_not_told(user):
    cells = "#clock-cells = <0>; #thermal-sensor-cells = <0>;"
    assert check("disabled", f's: s {{ compatible = "vendor,s"; {cells} {OFF} }};' + user) == []


def test_a_pin_group_serves_whatever_its_own_status():
    pins = f'pinctrl {{ compatible = "vendor,pinctrl"; pins: pins {{ {OFF} }}; }};'
    assert check("disabled", pins + consumer("pinctrl-0 = <&pins>;")) == []
    none = f'pinctrl {{ compatible = "vendor,pinctrl"; {OFF} pins: pins {{ }}; }};'
    assert len(check("disabled", none + consumer("pinctrl-0 = <&pins>;"))) == 1


def test_a_supplier_without_compatible_holds_its_consumer_for_ever():
    [finding] = check("no-device", "rails { a: a { }; };" + consumer("vcc-supply = <&a>;"))
    assert finding.severity is Severity.ERROR
    assert finding.effect == 'dev never probes: "wait for supplier /rails/a"'


def test_a_part_of_a_device_does_not_wait_but_asks_in_vain():
    source = "a: a { };" + consumer("led { vcc-supply = <&a>; };")
    [finding] = check("no-device", source)
    assert finding.effect == "the driver of /dev never gets the regulator"


def test_a_clock_without_compatible_may_be_started_by_code_of_the_machine():
    [finding] = check("no-device", "a: a { #clock-cells = <0>; };" + consumer("clocks = <&a>;"))
    assert (finding.severity, finding.confidence) == (Severity.WARNING, Confidence.LIKELY)


@pytest.mark.parametrize(
    "source",
    [
        "a: a { #iommu-cells = <0>; };" + consumer("iommus = <&a>;"),  # not followed by default
        "a: a { };" + consumer("operating-points-v2 = <&a>; memory-region = <&a>;"),
        "a: a { };" + "dev { vcc-supply = <&a>; };",  # the consumer is no device either
        "a: a { };" + consumer(f"vcc-supply = <&a>; {OFF}"),
        'pmic { compatible = "vendor,pmic"; regulators { a: a { }; }; };'
        + consumer("vcc-supply = <&a>;"),
        'firmware { scmi { compatible = "arm,scmi"; a: p@14 { #clock-cells = <0>; }; }; };'
        + consumer("clocks = <&a>;"),
        'clocks { a: a { compatible = "fixed-clock"; #clock-cells = <0>; }; };'
        + consumer("clocks = <&a>;"),
    ],
)
def test_nobody_waits_for_these(source):
    assert family(source) == []


def test_a_container_that_the_kernel_passes_over_is_told_once():
    source = """
        regulators { a: a { compatible = "regulator-fixed"; };
            b: b { compatible = "regulator-fixed"; }; };
        """ + consumer("vcc-supply = <&a>; vdd-supply = <&b>;")
    [finding] = check("unpopulated", source)
    assert finding.severity is Severity.WARNING
    assert finding.related[0] == "/regulators"
    assert check("unpopulated", source.replace("{ a:", '{ compatible = "simple-bus"; a:')) == []


def test_a_clock_driver_that_is_no_early_one_needs_a_bus():
    source = 'clocks { a: a { compatible = "gpio-gate-clock"; #clock-cells = <0>; }; };'
    assert len(check("unpopulated", source + consumer("clocks = <&a>;"))) == 1
    assert not is_served_early(["gpio-gate-clock"])
    assert is_served_early(["vendor,special", "fixed-factor-clock"])
    assert is_served_early(["arm,gic-400"])


def test_suppliers_in_an_overlay_are_not_judged_by_where_they_stand():
    source = """
        fragment@0 { target-path = "/"; __overlay__ {
            a: a { compatible = "regulator-fixed"; };
            dev { compatible = "vendor,dev"; vcc-supply = <&a>; }; }; };
    """
    assert family(source) == []


@pytest.mark.parametrize(
    ("bus", "told"),
    [
        ('"simple-bus"', ["/bus/dev"]),
        ('"arm,amba-bus", "simple-bus"', ["/bus/dev"]),
        ('"vendor,sys", "simple-mfd"', []),
        ('"vendor,pm-bus"', []),
    ],
)
def test_a_plain_bus_serves_no_supplier_of_its_own(bus, told):
    source = f"bus {{ compatible = {bus}; clk: clk {{ #clock-cells = <0>; }}; "
    found = check("no-device", source + consumer("clocks = <&clk>;") + "};")
    assert [finding.subject.path for finding in found] == told
    assert all(finding.confidence is Confidence.LIKELY for finding in found)


def test_nobody_asks_for_what_a_part_of_a_plain_bus_names():
    source = """
        bus {
            compatible = "simple-bus";
            pins { pinctrl-0 = <&group>; group: group { }; };
        };
    """
    assert check("no-device", source) == []


KINDS = """
    timer: timer@1 {{ compatible = "x,timer"; #pwm-cells = <1>; {part} }};
    fan {{ compatible = "x,fan"; pwms = <&{to} 0>; }};
"""
FAN = """
built-in TIMER drivers/timer.c x,timer
built-in FAN drivers/fan.c x,fan
facts drivers/fan.c {asks} whole
facts drivers/timer.c {facts}
"""


@pytest.mark.parametrize(
    ("asks", "facts", "found"),
    [
        ("required:PWM:", "whole", True),
        ("required:PWM:", "required:clock:a whole", True),
        ("required:PWM:", "offers:PWM whole", False),
        ("required:PWM:", "unsure:PWM whole", False),
        ("required:PWM:", "required:clock:a", False),
        ("required:PWM:", "makes:platform:pwm whole", False),
        ("required:PWM:", "populates whole", False),
        ("ignored:PWM:", "whole", False),
        ("required:clock:", "whole", False),
    ],
)
def test_a_driver_that_provides_nothing_of_the_kind(asks, facts, found):
    text = KINDS.format(to="timer", part="")
    kernel = sketch(FAN.format(asks=asks, facts=facts))
    rule = find("supplier/wrong-kind")
    findings = list(rule.check(TreeBoard(read_text(f"/ {{ {text} }};"), facts=kernel)))
    assert [each.subject.path for each in findings] == ["/fan"] * found


def test_some_folders_have_drivers_whose_regulators_are_not_seen():
    text = """
        pmu { compatible = "x,pmu"; ldo: regulators { }; };
        fan { compatible = "x,fan"; vcc-supply = <&ldo>; };
    """
    for folder, found in (
        ("misc", ["/fan"]),
        ("power/sequencing", []),
        ("regulator", []),  # it registers them some other way
        ("mfd", []),  # the devices that it makes may
    ):
        kernel = sketch(f"""
            built-in PMU drivers/{folder}/pmu.c x,pmu
            built-in FAN drivers/fan.c x,fan
            facts drivers/{folder}/pmu.c whole
            facts drivers/fan.c required:regulator:vcc whole
        """)
        board = TreeBoard(read_text(f"/ {{ {text} }};"), facts=kernel)
        assert [each.subject.path for each in find("supplier/wrong-kind").check(board)] == found


def test_without_a_kernel_only_properties_without_cells_are_checked(monkeypatch):
    index = sketch(FAN.format(asks="required:PWM: required:backlight:", facts="whole")).source_index
    monkeypatch.setattr("dtlink.kernel.facts.index_of", lambda *_: index)
    text = KINDS.format(to="timer", part="").replace("pwms = ", "backlight = <&timer>; pwms = ")
    findings = check("wrong-kind", text)
    assert [(each.subject.path, each.property_name) for each in findings] == [("/fan", "backlight")]


@pytest.mark.parametrize(
    "source",
    [
        'dev { x-note = "arm,primecell"; clocks = <&clk>; }; clk: clk { #clock-cells = <0>; };',
        (
            'x-note = "arm,primecell"; dev { clocks = <&clk>; }; '
            'clk: clk { compatible = "vendor,clk"; #clock-cells = <0>; };'
        ),
    ],
    ids=["no node has compatible", "before the first compatible"],
)
def test_the_name_of_amba_devices_may_be_anywhere_in_a_blob(source):
    assert check("never-probes", source) == []
