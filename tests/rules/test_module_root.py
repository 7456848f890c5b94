"""The rules on suppliers whose drivers an initramfs lacks, or a kernel."""

import pytest

from dtlink.board.settings import Settings
from dtlink.board.tree import TreeBoard
from dtlink.firmware import dts
from dtlink.kernel.facts import Facts
from dtlink.rules.catalogue import choose
from dtlink.rules.model import Confidence, Finding, Severity
from dtlink.rules.run import check
from dtlink.testing.sketch import sketch

LACKS, LATE, NONE = (
    f"module/{name}" for name in ("initramfs-lacks-supplier", "late-supplier", "no-driver")
)

#: Two disks; the first needs a pin controller and a clock, the second nothing.
DISKS = """
/dts-v1/;
/ {
  #address-cells = <1>; #size-cells = <0>;
  chosen { bootargs = "BOOTARGS"; };
  clk: clock-controller@1 { compatible = "v,clk"; reg = <1>; #clock-cells = <0>; };
  pinctrl@2 { compatible = "v,pins"; reg = <2>; pins: mmc-pins { pins = "a"; }; };
  mmc@10 { compatible = "v,mmc"; reg = <0x10>; NEEDS };
  mmc@20 { compatible = "v,other"; reg = <0x20>; SECOND };
};
"""
KERNEL = """
module CLK drivers/clk/clk-v.c v,clk CLK
module PINS drivers/pinctrl/pinctrl-v.c v,pins PINS
module MMC drivers/mmc/host/v-mmc.c v,mmc MMC
built-in OTHER drivers/mmc/host/other-mmc.c v,other
initramfs ext4
"""
ASKED = "clocks = <&clk>;"
FIRM = 'pinctrl-names = "default"; pinctrl-0 = <&pins>;'


def disks(needs: str = FIRM, second: str = "", bootargs: str = "") -> str:
    words = {"NEEDS": needs, "SECOND": second, "BOOTARGS": bootargs}
    text = DISKS
    for word, value in words.items():
        text = text.replace(word, value)
    return text


def kernel(*held: str) -> Facts:
    text = KERNEL
    for name in ("CLK", "PINS", "MMC"):
        text = text.replace(f" {name}\n", " initramfs\n" if name in held else "\n")
    return sketch(text)


def lint(
    source: str, facts: Facts | None, root: str = "", root_after: float | None = None
) -> list[Finding]:
    settings = Settings(root=root, root_after=root_after)
    board = TreeBoard(dts.read_text(source), settings, facts=facts)
    checked = check(board, choose([LACKS, LATE, NONE]))
    assert checked.faults == []
    return checked.findings


def one(found: list[Finding], rule: str) -> Finding:
    (finding,) = (each for each in found if each.rule == rule)
    return finding


def test_nothing_is_said_without_a_kernel() -> None:
    assert lint(disks(), None) == []


def test_an_initramfs_that_has_all_is_fine() -> None:
    assert lint(disks(ASKED + FIRM), kernel("CLK", "PINS", "MMC")) == []


def test_the_named_root_is_an_error_that_names_module_option_and_device() -> None:
    finding = one(lint(disks(), kernel("MMC"), root="/mmc@10"), LACKS)
    assert finding.subject.path == "/pinctrl@2"
    assert finding.severity is Severity.ERROR
    assert finding.confidence is Confidence.SURE
    assert "pinctrl_v (CONFIG_PINS)" in finding.message
    assert "/mmc@10" in finding.message
    assert "/mmc@10" in finding.related


def test_another_disk_than_the_root_is_no_matter() -> None:
    assert lint(disks(), kernel("MMC"), root="/mmc@20") == []


@pytest.mark.parametrize("bootargs", ["", "root=/dev/mmcblk0p1", "root=UUID=1234"])
def test_one_of_two_disks_is_only_likely(bootargs: str) -> None:
    finding = one(lint(disks(bootargs=bootargs), kernel("MMC")), LACKS)
    assert (finding.severity, finding.confidence) == (Severity.WARNING, Confidence.LIKELY)
    assert "gives access to the root filesystem" in finding.effect


def test_all_disks_are_an_error() -> None:
    finding = one(lint(disks(second=FIRM), kernel("MMC")), LACKS)
    assert finding.severity is Severity.ERROR
    assert finding.message.count("/mmc@") == 2


def test_what_depends_on_the_driver_is_only_likely() -> None:
    finding = one(lint(disks(ASKED), kernel("MMC"), root="/mmc@10"), LACKS)
    assert finding.severity is Severity.WARNING
    assert "may not probe" in finding.message
    assert "if its driver requests" in finding.effect


def test_the_root_that_lacks_its_own_module() -> None:
    finding = one(lint(disks(""), kernel(), root="/mmc@10"), LACKS)
    assert (finding.subject.path, finding.severity) == ("/mmc@10", Severity.ERROR)
    assert "v_mmc (CONFIG_MMC)" in finding.message


def test_no_claim_is_made_of_an_initramfs_that_is_not_wholly_known() -> None:
    facts = kernel("MMC")
    assert facts.initramfs is not None
    cut = facts.initramfs._replace(complete=False)
    assert lint(disks(), facts._replace(initramfs=cut), root="/mmc@10") == []


def test_without_an_initramfs_the_rule_is_silent() -> None:
    facts = kernel("MMC")._replace(initramfs=None)
    assert lint(disks(), facts, root="/mmc@10") == []


def test_a_slot_with_a_wifi_chip_is_no_disk() -> None:
    wifi = '#address-cells = <1>; #size-cells = <0>; wifi@1 { compatible = "v,wifi"; reg = <1>; };'
    assert lint(disks(FIRM + wifi), kernel("MMC")) == []


def test_a_chain_is_one_finding_at_its_end() -> None:
    source = disks(ASKED).replace('"v,clk"; reg = <1>;', f'"v,clk"; reg = <1>; {FIRM}')
    finding = one(lint(source, kernel("MMC", "CLK"), root="/mmc@10"), LACKS)
    assert finding.subject.path == "/pinctrl@2"
    assert "and that needs /pinctrl@2" in finding.effect


def test_several_nodes_of_one_module_are_one_finding() -> None:
    more = 'pinctrl@3 { compatible = "v,pins"; reg = <3>; more: p { pins = "b"; }; };'
    source = disks(FIRM, FIRM.replace("pins>", "more>")).replace("mmc@10 {", more + " mmc@10 {", 1)
    assert one(lint(source, kernel("MMC")), LACKS).severity is Severity.ERROR


CONSOLE = """
/dts-v1/;
/ {
  #address-cells = <1>; #size-cells = <0>;
  chosen { stdout-path = "/serial@10"; };
  pd: power@1 { compatible = "v,pd"; reg = <1>; #power-domain-cells = <0>; };
  pinctrl@2 { compatible = "v,pins"; reg = <2>; pins: uart-pins { pins = "a"; }; };
  serial@10 { compatible = "v,uart"; reg = <0x10>; NEEDS };
};
"""


def console(needs: str, line: str, root_after: float | None = None) -> list[Finding]:
    text = f"{line}\nbuilt-in UART drivers/tty/serial/uart.c v,uart\ninitramfs ext4\n"
    return lint(CONSOLE.replace("NEEDS", needs), sketch(text), root_after=root_after)


def test_a_console_that_comes_later_is_a_warning() -> None:
    found = console(FIRM, "module PINS drivers/pinctrl/pinctrl-v.c v,pins")
    finding = one(found, LACKS)
    assert finding.severity is Severity.WARNING
    assert "console" in finding.effect


def test_a_lost_console_is_told_once_by_the_other_rule() -> None:
    found = console("power-domains = <&pd>;", "module PD drivers/pmdomain/pd.c v,pd")
    assert [each.rule for each in found] == [LATE]
    assert "deferred probe timeout, ignoring dependency" in found[0].effect


@pytest.mark.parametrize(
    ("root_after", "rules", "words"),
    [
        (None, [LATE], "which may be too late for /serial@10"),
        (19, [LATE], "root filesystem, too late for /serial@10"),
        (3, [LACKS], "probe before the root filesystem is mounted"),
    ],
)
def test_a_supplier_may_be_too_late(root_after: float | None, rules: list[str], words: str) -> None:
    line = "module PD drivers/pmdomain/pd.c v,pd"
    (finding,) = found = console("power-domains = <&pd>;", line, root_after)
    assert [each.rule for each in found] == rules
    assert words in finding.message
    assumed = "if the root filesystem is mounted later than deferred_probe_timeout (10 s)"
    assert (assumed in finding.effect) is (root_after is None)
    # Before the root filesystem is there, no request has failed: its driver may not need it.
    likely = Confidence.SURE if root_after == 19 else Confidence.LIKELY
    assert finding.confidence is likely


PCI = """
/ {
  #address-cells = <1>; #size-cells = <0>;
  chosen { bootargs = "root=/dev/mmcblk0p1"; };
  msi: msi-controller@1 { compatible = "v,msi"; reg = <1>; msi-controller; };
  pcie@10 { compatible = "v,pcie"; reg = <0x10>; device_type = "pci"; msi-parent = <&msi>; };
};
"""


@pytest.mark.parametrize(
    ("held", "root_after", "confidence"),
    [
        ("", None, Confidence.LIKELY),
        ("", 19, Confidence.SURE),
        ("", 3, None),
        ("initramfs", None, None),
    ],
)
def test_a_pci_host_does_without_an_msi_controller_that_is_late(
    held: str, root_after: float | None, confidence: Confidence | None
) -> None:
    facts = sketch(
        f"""
        module MSI drivers/irqchip/irq-v.c v,msi {held}
        built-in PCIE drivers/pci/controller/pcie-v.c v,pcie
        initramfs ext4
        """
    )
    found = lint(PCI, facts, root_after=root_after)
    assert [each.confidence for each in found] == ([confidence] if confidence else [])
    for each in found:
        assert (each.rule, each.severity) == (LATE, Severity.WARNING)
        assert "/pcie@10 needs /msi-controller@1 (msi-parent)" in each.effect
        assert "get no MSIs until the host is bound again" in each.effect


def test_a_console_without_its_pin_controllers_driver_is_an_error() -> None:
    finding = one(console(FIRM, "off PINS drivers/pinctrl/pinctrl-v.c v,pins"), NONE)
    assert finding.severity is Severity.ERROR
    assert "CONFIG_PINS is not set" in finding.message


def test_an_unknown_driver_is_no_missing_one() -> None:
    assert console(FIRM, "config NOTHING=y") == []


def test_a_disk_controller_that_is_not_built() -> None:
    text = KERNEL.replace("module MMC", "off MMC").replace(" MMC\n", "\n")
    text = text.replace(" CLK\n", "\n").replace(" PINS\n", "\n")
    finding = one(lint(disks(""), sketch(text), root="/mmc@10"), NONE)
    assert (finding.subject.path, finding.severity) == ("/mmc@10", Severity.ERROR)
    assert finding.message.endswith("CONFIG_MMC is not set")


#: A firmware's node, whose driver creates a power controller and a clock controller; a clock gate
#: of the same driver as the latter; disks and other devices that need them.
FIRMWARE = """
/dts-v1/;
/ {
  #address-cells = <1>; #size-cells = <0>;
  scu: system-controller {
    compatible = "v,scu";
    pd: power { compatible = "v,pd"; #power-domain-cells = <0>; };
    cc: clocks { compatible = "v,cc"; #clock-cells = <0>; };
  };
  gate: gate@1 { compatible = "v,cc"; reg = <1>; #clock-cells = <0>; GATE };
  mmc@10 { compatible = "v,mmc"; reg = <0x10>; power-domains = <&pd>; clocks = <&cc>, <&gate>; };
  OTHERS
};
"""
SCU = """
off SCU drivers/firmware/scu.c v,scu
off SCU_PD drivers/pmdomain/scu-pd.c v,pd
off SCU_CLK drivers/clk/scu-clk.c v,cc
built-in MMC drivers/mmc/host/v-mmc.c v,mmc
built-in DEV drivers/misc/dev.c v,dev
"""


def firmware(gate: str = "power-domains = <&pd>;", others: str = "") -> str:
    return FIRMWARE.replace("GATE", gate).replace("OTHERS", others)


def test_what_a_missing_driver_would_create_is_part_of_its_finding() -> None:
    (finding,) = lint(firmware(), sketch(SCU))
    assert (finding.subject.path, finding.severity) == ("/system-controller", Severity.ERROR)
    assert finding.confidence is Confidence.SURE
    assert (
        "CONFIG_SCU is not set (nor CONFIG_SCU_CLK and CONFIG_SCU_PD, for the devices that it "
        "creates), so /mmc@10 cannot probe" in finding.message
    )
    assert finding.fix is not None
    assert "CONFIG_SCU, CONFIG_SCU_CLK and CONFIG_SCU_PD" in finding.fix.text


def test_a_driver_that_is_missing_elsewhere_too_has_its_own_finding() -> None:
    found = lint(firmware(gate=""), sketch(SCU))
    assert [each.subject.path for each in found] == [
        "/system-controller",
        "/system-controller/clocks",
    ]


def test_so_it_is_with_modules_that_an_initramfs_lacks() -> None:
    text = SCU.replace("off", "module") + "initramfs ext4"
    (finding,) = lint(firmware(), sketch(text))
    assert finding.rule == LACKS
    assert "lacks scu, scu_clk and scu_pd (CONFIG_SCU, CONFIG_SCU_CLK, CONFIG_SCU_PD)" in (
        finding.message
    )


@pytest.mark.parametrize(("number", "severity"), [(8, Severity.WARNING), (9, Severity.ERROR)])
def test_ten_devices_are_as_bad_as_a_console(number: int, severity: Severity) -> None:
    devices = "".join(
        f'dev@{each} {{ compatible = "v,dev"; reg = <{each}>; power-domains = <&pd>; }}; '
        for each in range(20, 20 + number)
    )
    source = firmware(others=devices).replace("mmc@10", "codec@10").replace("v,mmc", "v,dev")
    (finding,) = lint(source, sketch(SCU))
    assert (finding.severity, finding.confidence) == (severity, Confidence.SURE)
    assert f"so {number + 1} devices (/codec@10, " in finding.message


def test_a_pci_host_without_its_msi_controllers_driver() -> None:
    facts = sketch(
        """
        off MSI drivers/irqchip/irq-v.c v,msi
        built-in PCIE drivers/pci/controller/pcie-v.c v,pcie
        """
    )
    (finding,) = lint(PCI, facts)
    assert (finding.rule, finding.severity, finding.confidence) == (
        NONE,
        Severity.WARNING,
        Confidence.SURE,
    )
    assert finding.message.endswith("CONFIG_MSI is not set")
    assert "get no MSIs" in finding.effect


PROMPT = """
/ {
  #address-cells = <1>; #size-cells = <0>;
  chosen { bootargs = "root=/dev/mmcblk0p2 BOOTARGS"; };
  pinctrl@2 { compatible = "v,pins"; reg = <2>; pins: p { pins = "a"; }; };
  mmc@10 { compatible = "v,mmc"; reg = <0x10>; };
  keyboard@20 {
    compatible = "v,keyb"; reg = <0x20>; pinctrl-names = "default"; pinctrl-0 = <&pins>;
  };
  gpu@30 { compatible = "v,gpu"; reg = <0x30>; };
};
"""
PROMPT_KERNEL = """
module PINS drivers/pinctrl/pinctrl-v.c v,pins
module GPU drivers/gpu/drm/v-gpu.c v,gpu
built-in MMC drivers/mmc/host/v-mmc.c v,mmc
built-in KEYB drivers/input/keyboard/v-keyb.c v,keyb
initramfs dm_crypt
config DM_CRYPT=m
"""


@pytest.mark.parametrize(
    ("bootargs", "found"), [("", []), ("rd.luks.uuid=1", [("/pinctrl@2", LACKS)])]
)
def test_a_keyboard_for_the_passphrase(bootargs: str, found: list[tuple[str, str]]) -> None:
    findings = lint(PROMPT.replace("BOOTARGS", bootargs), sketch(PROMPT_KERNEL))
    assert [(each.subject.path, each.rule) for each in findings] == found
    for each in findings:
        assert each.severity is Severity.WARNING
        assert "passphrase" in each.effect


@pytest.mark.parametrize(
    ("facts", "severity", "confidence", "words"),
    [
        ("", Severity.WARNING, Confidence.LIKELY, "so /mmc@10 may not probe"),
        ("required:clock: whole", Severity.ERROR, Confidence.SURE, "so /mmc@10 cannot probe"),
    ],
)
def test_a_clock_controller_is_an_error_if_the_disks_driver_asks_for_it(
    facts: str, severity: Severity, confidence: Confidence, words: str
) -> None:
    text = f"""
        off CC drivers/clk/cc.c v,cc
        built-in MMC drivers/mmc/host/v-mmc.c v,mmc
        {f"facts drivers/mmc/host/v-mmc.c {facts}" if facts else ""}
        """
    source = """
        / {
          #address-cells = <1>; #size-cells = <0>;
          cc: clock-controller@1 { compatible = "v,cc"; reg = <1>; #clock-cells = <0>; };
          mmc@10 { compatible = "v,mmc"; reg = <0x10>; clocks = <&cc>; };
        };
        """
    finding = one(lint(source, sketch(text)), NONE)
    assert (finding.severity, finding.confidence) == (severity, confidence)
    assert words in finding.message


#: A board that has no place for disks.
PLUGGED = """
/dts-v1/;
/ {
  #address-cells = <1>; #size-cells = <0>;
  clk: clock-controller@1 { compatible = "v,clk"; reg = <1>; #clock-cells = <0>; };
  NODE
};
"""
USB = 'usb@10 { compatible = "v,usb"; reg = <0x10>; clocks = <&clk>; };'
NOR = """
  spi@10 {
    compatible = "v,spi"; reg = <0x10>; clocks = <&clk>; #address-cells = <1>; #size-cells = <0>;
    flash@0 { compatible = "jedec,spi-nor"; reg = <0>; };
  };
"""
PLUGGED_KERNEL = """
{clk} CLK drivers/clk/clk-v.c v,clk
module USB drivers/usb/host/usb-v.c v,usb initramfs
module SPI drivers/spi/spi-v.c v,spi initramfs
module NOR drivers/mtd/spi-nor/core.c jedec,spi-nor initramfs
facts drivers/usb/host/usb-v.c required:clock: whole
facts drivers/spi/spi-v.c required:clock: whole
config USB_STORAGE=m
initramfs {held}
"""


def test_without_a_place_for_disks_a_usb_host_may_have_the_root() -> None:
    facts = sketch(PLUGGED_KERNEL.format(clk="module", held="usb_storage sd_mod"))
    finding = one(lint(PLUGGED.replace("NODE", USB), facts), LACKS)
    assert (finding.severity, finding.confidence) == (Severity.WARNING, Confidence.LIKELY)
    assert "gives access to the root filesystem" in finding.effect
    told = one(lint(PLUGGED.replace("NODE", USB), facts, root="/usb@10"), LACKS)
    assert told.severity is Severity.ERROR


def test_a_boot_loaders_chip_is_no_root_unless_it_is_named() -> None:
    facts = sketch(PLUGGED_KERNEL.format(clk="module", held="ext4"))
    source = PLUGGED.replace("NODE", NOR)
    assert lint(source, facts) == []
    assert one(lint(source, facts, root="/spi@10/flash@0"), LACKS).severity is Severity.ERROR


def test_a_usb_host_without_a_driver_is_no_error_as_a_root_that_nobody_named() -> None:
    facts = sketch(PLUGGED_KERNEL.format(clk="off", held="ext4"))
    finding = one(lint(PLUGGED.replace("NODE", USB), facts), NONE)
    assert (finding.severity, finding.confidence) == (Severity.WARNING, Confidence.SURE)


@pytest.mark.parametrize("rows", ["initramfs", ""])
def test_drivers_on_buses_are_likely_behind_usb_hosts_alone(rows: str) -> None:
    kernel = PLUGGED_KERNEL.format(clk="built-in", held="ext4").replace("initramfs\n", f"{rows}\n")
    board = TreeBoard(dts.read_text(PLUGGED.replace("NODE", USB)), facts=sketch(kernel))
    found = check(board, choose(["module/root-lacks-driver"])).findings
    assert {each.severity for each in found} <= {Severity.WARNING}
    assert any("usb_storage" in each.message for each in found)


WRONG = """
/dts-v1/;
/ {
  timer: timer@1 { compatible = "v,timer"; reg = <1>; #pwm-cells = <1>; MORE };
  fan { compatible = "v,fan"; pwms = <&timer 0>; NEEDS };
};
"""
WRONG_KERNEL = """
off TIMER drivers/clocksource/timer-v.c v,timer
built-in FAN drivers/hwmon/fan-v.c v,fan
facts drivers/clocksource/timer-v.c OFFERS whole
facts drivers/hwmon/fan-v.c required:PWM: required:clock: whole
"""


def test_a_missing_driver_is_not_blamed_for_what_it_does_not_provide() -> None:
    def found(offers: str, more: str = "", needs: str = "") -> list[Finding]:
        source = WRONG.replace("MORE", more).replace("NEEDS", needs)
        return lint(source, sketch(WRONG_KERNEL.replace("OFFERS", offers)))

    assert "TIMER" in one(found("offers:PWM"), NONE).message
    assert found("") == []
    clock = one(found("offers:clock", "#clock-cells = <0>;", "clocks = <&timer>;"), NONE)
    assert "(clocks)" in clock.effect
