"""Logs of pin controllers without a bank's supply, of unread references, and lists of waits."""

from __future__ import annotations

import pytest

from dtlink.firmware import dts
from dtlink.firmware.tree import Tree
from dtlink.observed.bootlog.explain import explain
from dtlink.observed.bootlog.model import CauseKind, Explanation
from dtlink.observed.bootlog.read import parse

#: Two banks with supplies of two PMICs; the serial port's pins are in one of them.
BANKS = """
/ {
    clk: clock@1000 { compatible = "vendor,clk"; reg = <0x1000 0x100>; #clock-cells = <0>; };
    i2c@2000 {
        compatible = "vendor,i2c"; reg = <0x2000 0x100>; #address-cells = <1>; #size-cells = <0>;
        pmic@34 { compatible = "vendor,one"; reg = <0x34>; regulators { one: ldo1 { }; }; };
        pmic@35 { compatible = "vendor,two"; reg = <0x35>; regulators { two: ldo1 { }; }; };
    };
    pinctrl@3000 {
        compatible = "vendor,pinctrl"; reg = <0x3000 0x100>; clocks = <&clk>;
        vcc-pa-supply = <&one>; vcc-pg-supply = <&two>;
        pins: serial-pins { };
    };
    serial@4000 {
        compatible = "vendor,serial"; reg = <0x4000 0x100>; clocks = <&clk>; pinctrl-0 = <&pins>;
    };
};
"""
PENDING = "[    11.400000] platform 4000.serial: deferred probe pending\n"
REFUSED = (
    "[    0.800000] x-pinctrl 3000.pinctrl: Couldn't get bank PG regulator\n"
    "[    0.800000] x-pinctrl 3000.pinctrl: request() failed for pin 198\n"
    "[    0.800000] x-pinctrl 3000.pinctrl: pin-198 (4000.serial) status -517\n"
    "[    0.800000] x-serial 4000.serial: Error applying setting, reverse things back\n"
)


@pytest.fixture(scope="module")
def banks() -> Tree:
    return dts.read_text(BANKS)


def told(text: str, tree: Tree | None) -> Explanation:
    return explain(parse(text.encode()), tree)


def test_the_supply_of_the_bank_that_the_pin_is_in(banks: Tree) -> None:
    (cause,) = told(REFUSED + PENDING, banks).causes
    assert cause.origin[:2] == (CauseKind.NO_DRIVER, "/i2c@2000/pmic@35")
    (victim,) = cause.victims
    assert victim.node == "/serial@4000"
    assert victim.via == ("3000.pinctrl",)


def test_a_gpio_that_is_refused_is_no_device(banks: Tree) -> None:
    text = "[    0.800000] x-pinctrl 3000.pinctrl: pin-202 (3000.pinctrl:202) status -517\n"
    found = told(text + PENDING, banks)
    assert {victim.node for cause in found.causes for victim in cause.victims} == {"/serial@4000"}


def test_the_list_of_devices_that_wait(banks: Tree) -> None:
    text = "4000.serial\tplatform: wait for supplier /i2c@2000/pmic@35/regulators/ldo1\n"
    (cause,) = told(text, banks).causes
    assert cause.origin.subject == "/i2c@2000/pmic@35"
    assert cause.victims[0].words == "wait for supplier /i2c@2000/pmic@35/regulators/ldo1"


def test_a_list_without_reasons() -> None:
    lines = parse(b"4000.serial\t\n\ncpufreq-dt\tcpufreq-dt: no table\n")
    assert [line.text for line in lines] == [
        "platform 4000.serial: deferred probe pending",
        "platform cpufreq-dt: deferred probe pending: cpufreq-dt: no table",
    ]
    assert [line.number for line in lines] == [1, 3]


BACKLIGHT = '/ { backlight { compatible = "pwm-backlight"; pwms = <&{/pwm} 0>; }; pwm { }; };'
SHORT = "[    2.800000] OF: /backlight: #pwm-cells = 3 found 2\n"
FAILED = "[    2.900000] pwm-backlight: probe of backlight failed with error -22\n"


@pytest.mark.parametrize("tree", [None, BACKLIGHT])
@pytest.mark.parametrize(
    ("line", "rule"),
    [
        (SHORT, "phandle/truncated-specifier"),
        ("OF: /backlight: could not get #pwm-cells for /pwm\n", "phandle/missing-cells"),
        ("OF: /backlight: could not find phandle 77\n", "phandle/dangling"),
    ],
)
def test_a_reference_that_the_kernel_cannot_read(line: str, rule: str, tree: str | None) -> None:
    found = told(line + FAILED, dts.read_text(tree) if tree else None)
    (cause,) = found.causes
    assert cause.origin.root is CauseKind.DESCRIPTION
    assert (cause.origin.subject, cause.origin.rule) == ("/backlight", rule)
    assert cause.victims[0].note == "its probe failed: -22 (EINVAL)"
    assert not found.own_failures


def test_a_reference_of_a_device_that_probes_is_reported_alone() -> None:
    (cause,) = told(SHORT, None).causes
    assert cause.victims[0].note == ""
    other = told(SHORT + FAILED.replace("backlight failed", "other failed"), None)
    assert [each.device for each in other.own_failures] == ["other"]


NAMED = """
/ {
    stp: %s@1000 {
        compatible = "vendor,stp"; reg = <0x1000 0x40>; gpio-controller; #gpio-cells = <2>; %s
    };
    leds { compatible = "gpio-leds"; power { gpios = <&stp 1 1>; }; };
};
"""
NO_CLOCK = (
    "[    0.320000] gpio-stp 1000.stp: Failed to get clock\n"
    "[    0.330000] gpio-stp 1000.stp: probe with driver gpio-stp failed with error -2\n"
)
LEDS = "[    5.000000] platform leds: deferred probe pending: leds-gpio: Failed to get GPIO\n"


@pytest.mark.parametrize(
    ("properties", "by_name"), [("", True), ("clocks = <&{/missing} 0>; };  missing {", False)]
)
def test_a_clock_that_the_kernel_has_for_a_device_name(properties: str, *, by_name: bool) -> None:
    tree = dts.read_text(NAMED % ("stp", properties))
    (failed,) = told(NO_CLOCK, tree).own_failures
    assert failed.words == "Failed to get clock"
    assert failed.meaning.startswith("its probe failed: -2 (ENOENT)")
    assert ("registered for the device 1000.stp" in failed.meaning) is by_name
    if by_name:
        (cause,) = told(NO_CLOCK + LEDS, tree).causes
        assert cause.origin[:2] == (CauseKind.FAILED, "/stp@1000")
        assert 'after "Failed to get clock"; the node has no clocks' in cause.origin.detail


def test_a_failure_of_another_kind_has_the_drivers_words_alone() -> None:
    tree = dts.read_text(NAMED % ("stp", ""))
    for text in (NO_CLOCK.replace("clock", "window"), NO_CLOCK.replace("-2", "-12")):
        (failed,) = told(text, tree).own_failures
        assert "registered for" not in failed.meaning
    (quiet,) = told(NO_CLOCK.splitlines()[1] + "\n", tree).own_failures
    assert (quiet.words, quiet.meaning) == ("error -2", "")


def test_a_driver_that_says_what_it_has_not_does_not_run() -> None:
    """Its supplier is not taken for one that serves: the clock is among what may be missing."""
    tree = dts.read_text(
        BANKS.replace(
            "serial@4000",
            'dma@5000 { compatible = "vendor,dma"; reg = <0x5000 0x100>; clocks = <&clk>; };\n'
            "serial@4000",
        )
    )
    text = "[    0.700000] x-dma 5000.dma: No clock specified\n"
    (cause,) = told(text + PENDING, tree).causes
    assert "/clock@1000" in (cause.origin.subject, *cause.origin.candidates)


CAMERA = """
/ {
    off: off { compatible = "fixed-clock"; #clock-cells = <0>; status = "disabled"; };
    clk: clock@1000 { compatible = "vendor,clk"; reg = <0x1000 0x100>; #clock-cells = <0>; };
    csi@2000 { compatible = "vendor,csi"; reg = <0x2000 0x100>; port { host: endpoint {
        remote-endpoint = <&out>; }; }; };
    camera@3000 {
        compatible = "vendor,camera"; reg = <0x3000 0x100>; clocks = <&%s>, <&clk>;
        clock-names = "refclk", "bus";
        own: bridge-clk { compatible = "fixed-clock"; #clock-cells = <0>; };
        port { out: endpoint { remote-endpoint = <&host>; }; };
    };
};
"""


@pytest.mark.parametrize(
    ("clock", "words", "kind", "subject"),
    [
        ("own", "refclk", CauseKind.NOT_SERVED, "/camera@3000/bridge-clk"),
        ("off", "refclk", CauseKind.SWITCHED_OFF, "/off"),
        ("off", "bus clock", CauseKind.NO_DRIVER, "/clock@1000"),
    ],
)
def test_what_the_words_name_though_nothing_waits_for_it(
    clock: str, words: str, kind: CauseKind, subject: str
) -> None:
    text = f"3000.camera\tx-camera: failed to get {words}\n"
    (cause,) = told(text, dts.read_text(CAMERA % clock)).causes
    assert cause.origin[:2] == (kind, subject)
    assert kind is not CauseKind.SWITCHED_OFF or 'status = "okay"' in cause.origin.cure


DISPLAY = """
/ {
    engine { compatible = "vendor,engine"; };
    i2c@1000 {
        compatible = "vendor,i2c"; reg = <0x1000 0x100>; #address-cells = <1>; #size-cells = <0>;
        pmic@34 { compatible = "vendor,pmic"; reg = <0x34>; regulators { ldo: ldo1 { }; }; };
    };
    hdmi@2000 { compatible = "vendor,hdmi"; reg = <0x2000 0x100>; hvcc-supply = <&ldo>; };
};
"""
PARTS = (
    "[    0.400000] x-drm engine: bound 1000.mixer (ops x_mixer_ops)\n"
    "[    0.500000] x-hdmi 2000.hdmi: Couldn't get regulator\n"
    "[    0.500000] x-drm engine: failed to bind 2000.hdmi (ops x_hdmi_ops): -517\n"
    "[    0.500000] x-drm engine: Couldn't bind all pipelines components\n"
    "[    0.500000] x-drm engine: %s bind failed: -517\n"
    "[   10.500000] platform engine: deferred probe pending\n"
)


@pytest.mark.parametrize("word", ["master", "adev"])
def test_a_device_of_parts_waits_for_what_one_of_them_lacks(word: str) -> None:
    (cause,) = told(PARTS % word, dts.read_text(DISPLAY)).causes
    assert cause.origin.subject == "/i2c@1000/pmic@34"
    (victim,) = cause.victims
    assert (victim.node, victim.via) == ("/engine", ("2000.hdmi",))
