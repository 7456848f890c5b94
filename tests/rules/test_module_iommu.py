"""IOMMUs whose drivers come late, mmu-masters and sync_state, in one kernel."""

import pytest

from dtlink.board.settings import DEFAULTS, Settings
from dtlink.board.tables import TablesBoard
from dtlink.board.tree import TreeBoard
from dtlink.facts.kernels import DEFAULT, KernelVersion
from dtlink.firmware import dts
from dtlink.firmware.acpi.machine import Machine
from dtlink.rules.model import Confidence, Finding, Rule, Severity
from dtlink.rules.module.iommu_late import TABLES, iommu_late
from dtlink.rules.module.iommu_waits import iommu_waits
from dtlink.rules.module.late_supplier import late_supplier
from dtlink.rules.module.mmu_masters import mmu_masters
from dtlink.rules.module.sync_state_held import sync_state_held
from dtlink.testing.assemble import assemble
from dtlink.testing.sketch import sketch

TREE = """
/ {
    chosen { bootargs = "root=/dev/mmcblk0p1 %s"; };
    clk: clock@100 { compatible = "x,clk"; reg = <0x100>; #clock-cells = <0>; };
    one: iommu@1000 { compatible = "x,iommu"; reg = <0x1000>; #iommu-cells = <0>; %s };
    two: iommu@1100 { compatible = "x,iommu"; reg = <0x1100>; #iommu-cells = <0>; };
    mmc@2000 { compatible = "x,mmc"; reg = <0x2000>; iommus = <&one>; };
    dma@3000 { compatible = "x,dma"; reg = <0x3000>; iommus = <&two>; };
};
"""
DRIVERS = """
built-in MMC drivers/mmc/host/mmc-x.c x,mmc
built-in DMA drivers/dma/dma-x.c x,dma
"""
IOMMU = "%s IOMMU drivers/iommu/iommu-x.c x,iommu %s\n"
CLOCK = "%s CLK drivers/clk/clk-x.c x,clk %s\n"
IMAGE = "initramfs ext4\n"


def found(
    rule: Rule,
    kernel: str,
    cmdline: str = "",
    more: str = "",
    tree: str = TREE,
    settings: Settings = DEFAULTS,
) -> list[Finding]:
    source = tree % (cmdline, more) if "%s" in tree else tree
    return list(rule.check(TreeBoard(dts.read_text(source), settings, facts=sketch(kernel))))


def test_without_a_kernel_nothing_is_said():
    board = TreeBoard(dts.read_text(TREE % ("", "")))
    rules = (iommu_late, iommu_waits, mmu_masters, sync_state_held)
    assert [finding for rule in rules for finding in rule.check(board)] == []


@pytest.mark.parametrize(
    ("kernel", "cmdline", "severity", "confidence", "words"),
    [
        (IOMMU % ("off", ""), "", "warning", "sure", "no driver for the IOMMU (CONFIG_IOMMU is"),
        # The disk waits until the timeout, and the module on it comes later still.
        (IOMMU % ("module", "") + IMAGE, "", "warning", "sure", "is not in the initramfs"),
        # An initramfs may be there that was not named.
        (
            IOMMU % ("module", ""),
            "deferred_probe_timeout=0",
            "warning",
            "likely",
            "is on the root filesystem",
        ),
        (
            IOMMU % ("module", "initramfs"),
            "deferred_probe_timeout=0",
            "warning",
            "sure",
            "and nothing waits for it",
        ),
        # Nobody gives up: the disk waits for a module that is on it.
        (
            IOMMU % ("module", "") + IMAGE,
            "deferred_probe_timeout=-1",
            "error",
            "sure",
            "wait for the root filesystem",
        ),
        (IOMMU % ("off", ""), "deferred_probe_timeout=-1", "error", "sure", "never probe"),
    ],
)
def test_a_late_iommu_is_told_once_for_all_of_its_driver(
    kernel, cmdline, severity, confidence, words
):
    drivers = CLOCK % ("built-in", "") + DRIVERS + "config OF_IOMMU=y\n"
    (finding,) = found(iommu_late, drivers + kernel, cmdline)
    assert (finding.severity.value, finding.confidence.value) == (severity, confidence)
    assert words in finding.message
    assert finding.subject.path == "/iommu@1000"
    assert set(finding.related) == {"/iommu@1100", "/mmc@2000", "/dma@3000"}
    assert ("wait for it forever" in finding.effect) is (cmdline == "deferred_probe_timeout=-1")


#: The same, with a disk that needs no IOMMU.
OTHER_DISK = TREE.replace("mmc@2000", "video@2000").replace("root=/dev/mmcblk0p1", "root=/dev/sda1")


@pytest.mark.parametrize(
    ("settings", "cmdline", "may"),
    [
        (DEFAULTS, "", True),
        (DEFAULTS, "rootdelay=30", True),
        (DEFAULTS, "rootwait", True),
        (DEFAULTS, "deferred_probe_timeout=30", True),
        (Settings(root_after=19), "", False),
        (Settings(root_after=3), "", None),
        (Settings(root_after=19), "deferred_probe_timeout=30", None),
        (DEFAULTS, "deferred_probe_timeout=0", False),
    ],
)
@pytest.mark.parametrize(
    ("rule", "kernel"),
    [
        (iommu_late, IOMMU % ("module", "") + CLOCK % ("built-in", "")),
        (iommu_waits, IOMMU % ("built-in", "") + CLOCK % ("module", "")),
    ],
)
def test_what_rests_on_the_time_of_the_root_filesystem_may_be(rule, kernel, settings, cmdline, may):
    drivers = DRIVERS + kernel + "config OF_IOMMU=y\n" + IMAGE
    tells = found(rule, drivers, cmdline, "clocks = <&clk>;", OTHER_DISK, settings)
    assert len(tells) == (may is not None)
    timeout = 30 if "=30" in cmdline and "probe" in cmdline else 10
    assumed = (
        "if the root filesystem is mounted later than deferred_probe_timeout "
        f"({timeout} s) after the last driver registration, the kernel prints "
    )
    for finding in tells:
        assert ("may run untranslated" in finding.message) is may
        assert finding.effect.startswith(assumed) is may
        assert finding.confidence is Confidence.LIKELY or not may


def test_the_timeout_of_an_older_kernel_counts_from_the_initcalls():
    older = Settings(kernel_version=KernelVersion(5, 10))
    kernel = DRIVERS + IOMMU % ("module", "") + "config OF_IOMMU=y\n" + IMAGE
    cmdline = "deferred_probe_timeout=10"
    (finding,) = found(iommu_late, kernel, cmdline, "", OTHER_DISK, older)
    assert "(10 s) after the last initcall, " in finding.effect
    assert found(iommu_late, kernel, cmdline, "", OTHER_DISK, older._replace(root_after=3))


def test_the_log_of_a_kernel_without_modules():
    (finding,) = found(iommu_late, DRIVERS + IOMMU % ("off", "") + "config MODULES=n OF_IOMMU=y\n")
    assert "assuming no driver" in finding.effect
    (finding,) = found(iommu_late, DRIVERS + IOMMU % ("off", ""))
    assert "CONFIG_OF_IOMMU" in finding.effect


@pytest.mark.parametrize(
    "kernel",
    [
        DRIVERS + IOMMU % ("built-in", ""),
        # The masters wait for it, no more.
        DRIVERS + IOMMU % ("module", "initramfs"),
        # A master that has no driver itself loses nothing.
        IOMMU % ("off", ""),
    ],
)
def test_an_iommu_in_time_costs_nobody_anything(kernel):
    assert found(iommu_late, kernel + IMAGE) == []


def test_two_modules_of_one_time_are_a_race():
    masters = DRIVERS.replace("built-in", "module")
    (finding,) = found(iommu_late, masters + IOMMU % ("module", "") + IMAGE)
    assert finding.confidence is Confidence.LIKELY
    assert "may run untranslated" in finding.message


def test_a_late_smmu_refuses_what_it_does_not_know():
    smmu = "module ARM_SMMU drivers/iommu/arm/arm_smmu.c x,iommu\n"
    bypass = "config ARM_SMMU_DISABLE_BYPASS_BY_DEFAULT=y OF_IOMMU=y\n"
    (refusing,) = found(iommu_late, DRIVERS + smmu + bypass + IMAGE)
    (passing,) = found(iommu_late, DRIVERS + smmu + "config OF_IOMMU=y\n" + IMAGE)
    assert "unknown stream" in refusing.effect
    assert "unknown stream" not in passing.effect


@pytest.mark.parametrize(
    ("clock", "tells"),
    [
        (CLOCK % ("module", ""), True),
        (CLOCK % ("module", "initramfs"), False),
        (CLOCK % ("built-in", ""), False),
        # That is told by the rule about what has no driver.
        (CLOCK % ("off", ""), False),
    ],
)
def test_a_built_in_iommu_may_wait_for_a_module(clock, tells):
    kernel = DRIVERS + IOMMU % ("built-in", "") + clock + IMAGE
    waits = found(iommu_waits, kernel, more="clocks = <&clk>;")
    assert [each.subject.path for each in waits] == ["/iommu@1000"] * tells
    assert all("clock@100 (module clk_x)" in each.message for each in waits)
    assert all("clk_x into the initramfs" in each.fix.text for each in waits)
    # One fault, one rule.
    assert found(iommu_late, kernel, more="clocks = <&clk>;") == []


DOMAIN = """
/ {
    chosen { bootargs = "root=/dev/%s"; };
    pd: power@100 { compatible = "x,pd"; reg = <0x100>; #power-domain-cells = <0>; };
    clk: clock@200 { compatible = "x,clk"; reg = <0x200>; #clock-cells = <0>; };
    one: iommu@1000 {
        compatible = "x,iommu"; reg = <0x1000>; #iommu-cells = <0>; %s;
    };
    dma@3000 { compatible = "x,dma"; reg = <0x3000>; iommus = <&one>; };
    mmc@2000 { compatible = "x,mmc"; reg = <0x2000>; clocks = <&clk>; };
};
"""


def test_an_iommu_that_fails_for_a_late_domain_is_one_finding():
    domain = "module PD drivers/pmdomain/pd-x.c x,pd\n" + CLOCK % ("built-in", "")
    kernel = DRIVERS + IOMMU % ("built-in", "") + domain + "config OF_IOMMU=y\n" + IMAGE
    tree = DOMAIN % ("nvme0n1p1", "power-domains = <&pd>")
    assert found(iommu_waits, kernel, tree=tree) == []
    (finding,) = found(late_supplier, kernel, tree=tree)
    assert "its probe fails (-110)" in finding.effect
    assert finding.effect.endswith("; dma@3000, behind it, may run untranslated")


@pytest.mark.parametrize(("root", "tells"), [("mmcblk0p1", 0), ("nvme0n1p1", 1)])
def test_an_iommu_that_waits_for_what_the_root_lacks_is_no_finding_more(root, tells):
    kernel = DRIVERS + IOMMU % ("built-in", "") + CLOCK % ("module", "") + IMAGE
    waits = found(iommu_waits, kernel, tree=DOMAIN % (root, "clocks = <&clk>"))
    assert len(waits) == tells


def test_an_iommu_that_lacks_its_own_driver_waits_for_nothing_else():
    kernel = DRIVERS + IOMMU % ("module", "") + CLOCK % ("module", "") + IMAGE
    assert found(iommu_waits, kernel, more="clocks = <&clk>;") == []
    assert len(found(iommu_late, kernel, more="clocks = <&clk>;")) == 1


MASTERS = """
/ {
    iommu@1000 {
        compatible = "arm,mmu-401"; #global-interrupts = <1>; mmu-masters = <&sata 0x10>;
    };
    sata: sata@2000 { compatible = "snps,dwc-ahci"; #stream-id-cells = <1>; };
};
"""
REFUSES = "config ARM_SMMU_DISABLE_BYPASS_BY_DEFAULT=y\n"
SMMU = "%s ARM_SMMU drivers/iommu/arm/arm_smmu.c arm,mmu-401\n"
LEGACY = "config ARM_SMMU_LEGACY_DT_BINDINGS=y\n"


@pytest.mark.parametrize(
    ("kernel", "severities"),
    [
        (SMMU % "module" + REFUSES, ["error"]),
        (SMMU % "built-in" + REFUSES, ["error"]),
        (SMMU % "built-in", ["warning"]),
        (SMMU % "built-in" + REFUSES + LEGACY, []),
        # Nothing sets the SMMU up.
        (SMMU % "off" + REFUSES, []),
    ],
)
def test_mmu_masters_by_what_the_kernel_has(kernel, severities):
    findings = found(mmu_masters, kernel, tree=MASTERS)
    assert [each.severity.value for each in findings] == severities
    assert all(each.related == ("/sata@2000",) for each in findings)


POWER = """
/ {
    pd: power@1000 { compatible = "x,pd"; reg = <0x1000>; #power-domain-cells = <0>; };
    codec@2000 { compatible = "x,codec"; reg = <0x2000>; power-domains = <&pd>; };
    other@3000 {
        compatible = "x,other"; reg = <0x3000>; power-domains = <&pd>; status = "disabled";
    };
};
"""
RPMPD = "built-in QCOM_RPMPD drivers/pmdomain/qcom/rpmpd.c x,pd\n"
CODEC = "%s CODEC drivers/media/codec.c x,codec\noff OTHER drivers/media/other.c x,other\n"


@pytest.mark.parametrize(
    ("kernel", "tells"),
    [
        (RPMPD + CODEC % "off", True),
        (RPMPD + CODEC % "module", False),
        (RPMPD + CODEC % "off" + "config FW_DEVLINK_SYNC_STATE_TIMEOUT=y", False),
        # A driver without the callback, and one that never binds.
        (RPMPD.replace("rpmpd.c", "cpr.c") + CODEC % "off", False),
        (RPMPD.replace("built-in", "off") + CODEC % "off", False),
    ],
)
def test_sync_state_is_held_back_by_what_has_no_driver(kernel, tells):
    findings = found(sync_state_held, kernel, tree=POWER)
    assert [each.subject.path for each in findings] == ["/power@1000"] * tells
    assert all(each.related == ("/codec@2000",) for each in findings)
    assert all("CONFIG_CODEC" in each.fix.text for each in findings)


# The same with ACPI tables.

VIRTIO = "built-in VIRTIO_PCI drivers/virtio/virtio_pci.c\n"
VIOMMU = "%s VIRTIO_IOMMU drivers/iommu/virtio-iommu.c\n"
HOSTS = """
IORT
  smmu: smmu-v3 base=0x9050000
  one: root-complex segment=0
    map count=0xffff output=smmu
"""
SMMU3 = "module ARM_SMMU_V3 drivers/iommu/arm/arm_smmu_v3.c\n"


def of_tables(source: str, kernel: str, version: KernelVersion = DEFAULT) -> list[Finding]:
    machine, settings = Machine.of(assemble(source)), Settings(version)
    board = TablesBoard(machine, settings, facts=sketch(kernel))
    return list(iommu_late.check(board))


def test_the_examples_for_tables():
    (finding,) = of_tables(TABLES.bad.source, TABLES.bad.kernel)
    assert finding.severity is Severity.ERROR
    assert finding.subject.path.startswith("VIOT/virtio-iommu-pci@")
    assert "virtio_iommu into the initramfs" in finding.fix.text
    assert of_tables(TABLES.good.source, TABLES.good.kernel) == []


@pytest.mark.parametrize(
    ("kernel", "severities"),
    [
        (VIRTIO + VIOMMU % "built-in" + IMAGE, []),
        # Nobody waits for a driver that is not built.
        (VIRTIO + VIOMMU % "off" + IMAGE, [("warning", "sure")]),
        (VIRTIO + VIOMMU % "module" + IMAGE, [("error", "sure")]),
        # There may be an initramfs that was not named.
        (VIRTIO + VIOMMU % "module", [("warning", "likely")]),
    ],
)
def test_a_virtio_iommu_of_tables(kernel, severities):
    findings = of_tables(TABLES.bad.source, kernel)
    assert [(each.severity.value, each.confidence.value) for each in findings] == severities


@pytest.mark.parametrize(
    ("kernel", "severities"),
    [
        (VIRTIO + VIOMMU % "built-in" + IMAGE, []),
        (VIRTIO + VIOMMU % "off" + IMAGE, [("warning", "sure")]),
        # When the root filesystem is mounted is not known.
        (VIRTIO + VIOMMU % "module" + IMAGE, [("warning", "likely")]),
    ],
)
def test_since_6_15_the_masters_go_on_without_translation(kernel, severities):
    findings = of_tables(TABLES.bad.source, kernel, KernelVersion(7, 2))
    assert [(each.severity.value, each.confidence.value) for each in findings] == severities
    if "module" in kernel:
        assert "may run untranslated" in findings[0].message
        assert '"deferred probe timeout, ignoring dependency": only then' in findings[0].effect
        assert "if the root filesystem is mounted later than" in findings[0].effect
        assert "virtio_iommu into the initramfs" in findings[0].fix.text


@pytest.mark.parametrize(
    ("version", "severity", "effect"),
    [
        (KernelVersion(6, 18), Severity.ERROR, "forever"),
        (KernelVersion(7, 2), Severity.WARNING, "deferred probe timeout"),
    ],
)
def test_a_riscv_iommu_without_a_driver(version, severity, effect):
    text = "RIMT\n iommu: iommu base=0x3010000\n root-complex\n  map count=0x100 output=iommu\n"
    (finding,) = of_tables(text, "off RISCV_IOMMU drivers/iommu/riscv/iommu.c\n" + IMAGE, version)
    assert finding.severity is severity
    assert "CONFIG_RISCV_IOMMU is off" in finding.message
    assert effect in finding.effect
    assert finding.fix.text == "Set CONFIG_RISCV_IOMMU=y in the kernel configuration."


def test_an_error_only_where_every_pci_host_waits():
    (all_behind,) = of_tables(HOSTS, SMMU3 + IMAGE)
    (some_behind,) = of_tables(HOSTS + "  two: root-complex segment=1\n", SMMU3 + IMAGE)
    assert all_behind.severity is Severity.ERROR
    assert some_behind.severity is Severity.WARNING


@pytest.mark.parametrize(
    ("version", "file", "tells"),
    [
        ("6.12", "pmdomain/power.c", False),
        ("6.18", "pmdomain/power.c", True),
        ("6.18", "pmdomain/rockchip/pm-domains.c", False),
    ],
)
def test_power_domains_have_sync_state_since_6_17(version: str, file: str, tells: bool) -> None:  # noqa: FBT001 - a case
    tree = """
    / {
        pd: power@1000 { compatible = "x,power"; reg = <0x1000>; #power-domain-cells = <0>; };
        codec@2000 { compatible = "x,codec"; reg = <0x2000>; power-domains = <&pd>; };
    };
    """
    kernel = f"built-in POWER drivers/{file} x,power\noff CODEC drivers/codec.c x,codec\n"
    settings = Settings(kernel_version=KernelVersion.parse(version))
    findings = found(sync_state_held, kernel, tree=tree, settings=settings)
    assert [finding.subject.path for finding in findings] == ["/power@1000"] * tells


@pytest.mark.parametrize(
    ("hidden", "fix"),
    [
        ("", "Build CONFIG_CODEC, disable"),
        (
            "hidden CODEC CARD BOARD\n",
            "Build CONFIG_CARD or CONFIG_BOARD (for CONFIG_CODEC), disable",
        ),
        ("hidden CODEC\n", "Build an option that selects CONFIG_CODEC, disable"),
    ],
)
def test_an_option_that_nobody_can_set_is_not_advised(hidden: str, fix: str) -> None:
    (finding,) = found(sync_state_held, RPMPD + CODEC % "off" + hidden, tree=POWER)
    assert finding.fix.text.startswith(fix)
