"""Documented failures, each on a small board of the same shape.

References are those that the cases were read from; the boards are made up.
"""

import pytest

from dtlink.boot.timeline.acpi import AcpiTimeline
from dtlink.facts.outcomes import Driver, Outcome, State, Wait, When
from dtlink.facts.profile import KernelProfile
from tests.boot.boot_cases import initramfs
from tests.boot.timeline_boards import BUILT_IN, NOT_BUILT, Board, module
from tests.support.tables import machine

TABLES = """
VIOT
 iommu: virtio-iommu-pci segment=0 function=0x8
 pci-range output=iommu endpoint_start=0x10 bdf_start=0x10 bdf_end=0xff
"""


@pytest.mark.parametrize(
    ("option", "image", "outcome"),
    [
        ("y", (), Outcome.OK),
        ("m", ("virtio_iommu",), Outcome.LATE),
        ("m", (), Outcome.NEVER),
        ("n", (), Outcome.DEGRADED),
    ],
)
def test_a1_a_boot_disk_behind_a_virtio_iommu_that_became_a_module(option, image, outcome):
    """truenas/linux #289: VIRTIO_IOMMU=m, ACPI_VIOT=y, the module not in the initramfs.

    The root file system, where the module is, is never reached.
    """
    config = {"VIRTIO_IOMMU": option, "VIRTIO_PCI": "y"}
    made = AcpiTimeline(
        machine(TABLES),
        KernelProfile.of("6.12"),
        config,
        initramfs=initramfs(frozenset(image)),
        root=(),
    )
    (found,) = made.waits
    assert found.outcome is outcome
    assert (found.wait is Wait.IOMMU_ACPI) == (option == "m")
    assert found.modules == (("virtio_iommu",) if option == "m" else ())


HOST = """
pcie@0 { compatible = "pci-host-ecam-generic"; reg = <0>; device_type = "pci";
  #address-cells = <3>; #size-cells = <2>;
  iommu-map = <0x0 &iommu 0x0 0x8>, <0x9 &iommu 0x9 0xfff7>;
  iommu: iommu@1,0 { compatible = "virtio,pci-iommu", "pci1af4,1057"; reg = <0x800 0 0 0 0>;
    #iommu-cells = <1>; };
  wifi@2,0 { compatible = "pci17cb,1103"; reg = <0x1000 0 0 0 0>; };
};
"""


def test_a1_by_devicetree_the_same_disk_runs_untranslated():
    made = Board(HOST, {"virtio,pci-iommu": module("virtio_iommu")}, root=())
    disk = made.timeline.functions(made.node("/pcie@0"), BUILT_IN)
    assert {(each.wait, each.outcome) for each in disk} == {(Wait.IOMMU_DT, Outcome.DEGRADED)}
    # So does a function that has a node; the host, and the IOMMU itself, wait for nothing.
    assert made.timeline.outcome(made.node("/pcie@0/wifi@2,0")) is Outcome.DEGRADED
    assert made.when("/pcie@0") is When.INITCALL
    assert made.waits("/pcie@0/iommu@1,0") == []
    (cause,) = made.timeline.causes()
    assert made.tree.path(cause.supplier) == "/pcie@0/iommu@1,0"
    assert {made.tree.path(each.node) for each in cause.devices} == {"/pcie@0", "/pcie@0/wifi@2,0"}


QUALCOMM = """
gcc: clock@100 { compatible = "x,gcc"; reg = <0x100>; #clock-cells = <0>; };
gpucc: clock@200 { compatible = "x,gpucc"; reg = <0x200>; #clock-cells = <0>;
  #power-domain-cells = <0>; clocks = <&gcc>; };
gpu_smmu: iommu@300 { compatible = "x,smmu"; reg = <0x300>; #iommu-cells = <0>;
  clocks = <&gpucc>; power-domains = <&gpucc>; };
apps_smmu: iommu@400 { compatible = "x,smmu"; reg = <0x400>; #iommu-cells = <0>; };
gpu@500 { compatible = "x,gpu"; reg = <0x500>; iommus = <&gpu_smmu>; };
phy: phy@600 { compatible = "x,snps"; reg = <0x600>; #phy-cells = <0>; clocks = <&gcc>; };
usb@700 { compatible = "x,dwc3"; reg = <0x700>; phys = <&phy>; iommus = <&apps_smmu>; };
mmc@800 { compatible = "x,mmc"; reg = <0x800>; iommus = <&apps_smmu>; clocks = <&gcc>; };
"""
LATE = {"x,gpucc": module("gpucc_sa8775p"), "x,snps": module("phy_qcom_snps_femto_v2")}


def test_a3_a_built_in_iommu_that_waits_for_a_modular_clock_controller():
    """meta-qcom #2286: of several SMMUs, only that of the GPU and what is behind it suffer."""
    made = Board(QUALCOMM, LATE, root_after=19)
    assert made.causes() == {
        "/clock@200": {"/iommu@300": "LOST", "/gpu@500": "DEGRADED"},
        "/phy@600": {"/usb@700": "RECOVERS"},
    }
    assert made.when("/iommu@400") is made.when("/mmc@800") is When.INITCALL
    assert made.timeline.outcome(made.node("/mmc@800")) is Outcome.OK


def test_a3_it_depends_on_who_wins():
    """The same board, when the root file system comes before the timeout."""
    made = Board(QUALCOMM, LATE, root_after=6)
    assert made.causes() == {
        "/clock@200": {"/iommu@300": "LATE", "/gpu@500": "LATE"},
        "/phy@600": {"/usb@700": "LATE"},
    }
    assert (
        Board(QUALCOMM, LATE, ["gpucc_sa8775p", "phy_qcom_snps_femto_v2"]).when("/gpu@500")
        is When.INITRAMFS
    )


JETSON = """
i2c@0 { compatible = "x,i2c"; reg = <0>; #address-cells = <1>; #size-cells = <0>;
  pmic@3c { compatible = "maxim,max77620"; reg = <0x3c>;
    pins: pinmux { };
    gpio: gpio { gpio-controller; #gpio-cells = <0>; };
  };
};
vdd: regulator@1 { compatible = "regulator-fixed"; reg = <1>; gpio = <&gpio>; };
sata@2 { compatible = "x,ahci"; reg = <2>; target-supply = <&vdd>; };
mmc@3 { compatible = "x,sdhci"; reg = <3>; cd-gpios = <&gpio>; vmmc-supply = <&vdd>; };
emmc@4 { compatible = "x,sdhci"; reg = <4>; };
"""
PMIC = "/i2c@0/pmic@3c/gpio"


@pytest.mark.parametrize(
    ("image", "root", "outcome", "when"),
    [
        (("gpio_max77620",), None, Outcome.LATE, When.INITRAMFS),
        ((), None, Outcome.RECOVERS, When.ROOT),
        ((), (), Outcome.NEVER, When.NEVER),
    ],
)
def test_a5_storage_behind_a_cell_of_the_pmic_that_is_bound_by_name(image, root, outcome, when):
    """dracut #438: jetson-tx1; SATA and the MMC slot need gpio-max77620, which no alias names."""
    drivers = {PMIC: Driver(State.SERVED, ("gpio_max77620",), by="max77620-gpio")}
    made = Board(JETSON, drivers, image, root=root)
    name = outcome.name
    assert made.causes() == {PMIC: {"/regulator@1": name, "/sata@2": name, "/mmc@3": name}}
    assert made.when("/sata@2") is made.when("/mmc@3") is when
    assert made.when("/emmc@4") is When.INITCALL
    # The regulator's driver is there and waits, so its consumers are held without a limit.
    held = made.wait("/sata@2", "/regulator@1", "*-supply")
    assert (held.wait, held.outcome, held.comes) == (Wait.DEVICE_LINK, outcome, when)


STAR64 = """
usb@10100000 { compatible = "starfive,jh7110-usb"; reg = <0x10100000>;
  #address-cells = <1>; #size-cells = <1>; ranges;
  usb@0 { compatible = "cdns,usb3"; reg = <0 0x10000>; };
};
"""
GLUE, CORE = "/usb@10100000", "/usb@10100000/usb@0"


@pytest.mark.parametrize(
    ("image", "glue", "core"),
    [
        ((), When.ROOT, When.ROOT),
        (("cdns3",), When.ROOT, When.ROOT),
        (("cdns3_starfive",), When.INITRAMFS, When.ROOT),
        (("cdns3", "cdns3_starfive"), When.INITRAMFS, When.INITRAMFS),
    ],
)
def test_a6_an_installer_on_usb_whose_controller_needs_two_modules(image, glue, core):
    """Debian 1108924: cdns3 and cdns3_starfive are missing although MODULES=most."""
    drivers = {"starfive,jh7110-usb": module("cdns3_starfive"), "cdns,usb3": module("cdns3")}
    made = Board(STAR64, drivers, image)
    assert (made.when(GLUE), made.when(CORE)) == (glue, core)
    # The core's device is made by the glue's driver: without that its own module is no use.
    stuck = {GLUE: {CORE: "RECOVERS"}}
    assert made.causes() == (stuck if image == ("cdns3",) else {})


ROCKCHIP = """
grf@0 { compatible = "x,grf", "syscon", "simple-mfd"; reg = <0>;
  phy: pcie-phy { compatible = "rockchip,rk3399-pcie-phy"; #phy-cells = <0>; };
};
pcie@1 { compatible = "rockchip,rk3399-pcie"; reg = <1>; device_type = "pci";
  #address-cells = <3>; #size-cells = <2>; phys = <&phy>;
  nvme@0,0 { compatible = "pci144d,a808"; reg = <0 0 0 0 0>; };
};
"""
DISK = "/pcie@1/nvme@0,0"


@pytest.mark.parametrize(
    ("phy", "image", "outcome", "when"),
    [
        (module("phy_rockchip_pcie"), ("nvme", "phy_rockchip_pcie"), "LATE", When.INITRAMFS),
        (module("phy_rockchip_pcie"), ("nvme",), "RECOVERS", When.ROOT),
        (NOT_BUILT, ("nvme",), "NEVER", When.NEVER),
    ],
)
def test_a7_an_nvme_root_whose_host_waits_for_a_modular_phy(phy, image, outcome, when):
    """nixpkgs #199552, edk2-rk3588 #217: the initrd has nvme, and not the PHY of its host."""
    drivers = {"rockchip,rk3399-pcie-phy": phy, "pci144d,a808": module("nvme")}
    made = Board(ROCKCHIP, drivers, image)
    wait = made.wait("/pcie@1", "/grf@0/pcie-phy", "phys")
    assert (wait.wait, wait.outcome.name) == (Wait.DEVICE_LINK, outcome)
    assert made.when(DISK) is when
    victims = {"/pcie@1": outcome}
    if outcome != "LATE":  # it comes with the module of the disk itself
        victims[DISK] = outcome
    assert made.causes() == {"/grf@0/pcie-phy": victims}


SUPPLIERS = """
pd: pd@1 { compatible = "x,pd"; reg = <1>; #power-domain-cells = <0>; };
iommu: iommu@2 { compatible = "x,iommu"; reg = <2>; #iommu-cells = <0>; };
gpio: gpio@3 { compatible = "x,gpio"; reg = <3>; #gpio-cells = <0>; interrupt-controller;
  #interrupt-cells = <1>; };
clk: clk@4 { compatible = "x,clk"; reg = <4>; #clock-cells = <0>; };
tlmm@5 { compatible = "x,tlmm"; reg = <5>; pins: pins { }; };
video@6 { compatible = "x,c"; reg = <6>; power-domains = <&pd>; };
gpu@7 { compatible = "x,c"; reg = <7>; iommus = <&iommu>; };
mac@8 { compatible = "x,c"; reg = <8>;
  mdio { ethernet-phy@0 { interrupts-extended = <&gpio 0>; }; }; };
mmc@9 { compatible = "x,c"; reg = <9>; clocks = <&clk>; };
uart@a { compatible = "x,c"; reg = <0xa>; pinctrl-0 = <&pins>; };
"""
ON_ROOT = {f"x,{name}": module(name) for name in ("pd", "iommu", "gpio", "clk", "tlmm")}


@pytest.mark.parametrize(
    ("cmdline", "video", "gpu", "mac", "mmc", "uart"),
    [
        # Some subsystems give up for good, some go on without, and the rest recovers.
        ("", "LOST", "DEGRADED", "DEGRADED", "RECOVERS", "RECOVERS"),
        # What the vendors set; mind that the clock starts again with each driver.
        ("deferred_probe_timeout=60", "LATE", "LATE", "LATE", "LATE", "LATE"),
        ("deferred_probe_timeout=-1", *["RECOVERS"] * 5),
        # No relief: power domains survive for their links, IOMMUs are given up on at once.
        ("deferred_probe_timeout=0", "RECOVERS", "DEGRADED", "DEGRADED", "RECOVERS", "RECOVERS"),
    ],
)
def test_a17_suppliers_on_the_root_file_system_after_the_timeout(
    cmdline, video, gpu, mac, mmc, uart
):
    """qualcomm-linux/kernel #191: which consumers give up hard after ten seconds."""
    made = Board(SUPPLIERS, ON_ROOT, cmdline=cmdline, root_after=20)
    assert made.causes() == {
        "/pd@1": {"/video@6": video},
        "/iommu@2": {"/gpu@7": gpu},
        "/gpio@3": {"/mac@8": mac},
        "/clk@4": {"/mmc@9": mmc},
        "/tlmm@5": {"/uart@a": uart},
    }
