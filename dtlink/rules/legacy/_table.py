"""The table of legacy bindings: one row each.

The fates are those in Linux 6.12. A row stands here only if there is something newer to write:
vendors' properties that fw_devlink does not follow and that are still the binding's present form
(``fsl,usbmisc``, ``phy-handle``, syscon phandles …) are not legacy.
"""

from __future__ import annotations

from dtlink.rules.legacy._binding import Fate, LegacyBinding
from dtlink.rules.model import Severity

#: What drivers/iommu/arm/arm-smmu/arm-smmu.c binds to (arm_smmu_of_match[]).
ARM_SMMU = (
    "arm,smmu-v1",
    "arm,smmu-v2",
    "arm,mmu-400",
    "arm,mmu-401",
    "arm,mmu-500",
    "cavium,smmu-v2",
    "nvidia,smmu-500",
    "qcom,smmu-v2",
)

#: USB controllers of drivers/usb/chipidea (but for the glue that passes a PHY on).
_CHIPIDEA = ("chipidea,*", "*,ci-hdrc", "xlnx,zynq-usb-*", "lsi,zevio-usb", "fsl,imx27-usb")

#: Whose drivers need usb-phy, whether or not there is phys (drivers/usb/musb/omap2430.c,
#: drivers/power/supply/isp1704_charger.c).
_USB_PHY_ONLY = ("ti,*-musb", "nxp,isp1704", "nxp,isp1707")

#: Devices for which the GPIO library still looks for gpio-reset.
_GPIO_RESET = (
    "lantiq,pci-xway",
    "ti,tlv320aic3x",
    "ti,tlv320aic33",
    "ti,tlv320aic3007",
    "ti,tlv320aic3104",
    "ti,tlv320aic3106",
)

_IOMMUS = ("iommus", "iommu-map")
_NO_IOMMU = (
    "{node} has no IOMMU: its DMA is not translated, and faults where the IOMMU refuses streams "
    "that nobody claimed"
)


def _old_gpio(old: str, new: str, *on: str) -> LegacyBinding:
    """A row of the GPIO library's rename table (gpiolib-of.c, of_find_gpio_rename())."""
    return LegacyBinding(
        old=old,
        new=new,
        fate=Fate.HIDDEN,
        on=on,
        unless=(new, new.removesuffix("s")),
        cells="#gpio-cells",
        consequence="fw_devlink does not order {node} behind that GPIO controller: if it comes "
        'first, its driver defers, and no "wait for supplier" says for whom; the kernel logs '
        f"\"uses legacy gpio name '{old}' instead of '{new}'\"",
        fix="in {path}:  {new} = {value};",
    )


def _wakeup(old: str) -> LegacyBinding:
    """A row of Documentation/devicetree/bindings/power/wakeup-source.txt."""
    return LegacyBinding(
        old=old,
        new="wakeup-source",
        fate=Fate.READ,
        unless=("wakeup-source",),
        consequence="none as long as the driver of {node} asks for the old name too",
        fix="in {path}:  wakeup-source;",
    )


def _cooling(old: str) -> LegacyBinding:
    return LegacyBinding(
        old=old,
        new="the limits in the cooling map",
        fate=Fate.IGNORED,
        consequence="none: what {node} may be asked for stands in the cooling map alone",
        fix="give the lowest and highest state in the cooling map:  "
        "cooling-device = <&fan MIN MAX>;",
    )


LEGACY_BINDINGS = (
    # Read by nobody
    LegacyBinding(
        old="mmu-masters",
        new="iommus",
        fate=Fate.IGNORED,
        severity=Severity.WARNING,
        likely=True,
        not_on=ARM_SMMU,
        consequence="only arm-smmu ever listed masters so; those of {node} get no IOMMU from it",
        fix="in {path}:  #iommu-cells = <…>;  and in each master:  iommus = <…>;",
    ),
    LegacyBinding(
        old="nvidia,smmu",
        new="iommus",
        fate=Fate.IGNORED,
        severity=Severity.WARNING,
        likely=True,
        unless=_IOMMUS,
        consequence=_NO_IOMMU,
        fix="in {path}:  iommus = <&mc SWGROUP>;",
    ),
    LegacyBinding(
        old="qcom,iommu-ctx",
        new="iommus",
        fate=Fate.IGNORED,
        severity=Severity.WARNING,
        likely=True,
        unless=_IOMMUS,
        consequence=_NO_IOMMU,
        fix="in {path}:  iommus = <…>;  with the stream IDs of the device",
    ),
    LegacyBinding(
        old="mediatek,larb",
        new="nothing: it follows from iommus",
        fate=Fate.IGNORED,
        consequence="none: the larbs of {node} are derived from the ports in its iommus",
        fix="delete mediatek,larb from {path}",
    ),
    LegacyBinding(
        old="samsung,power-domain",
        new="power-domains",
        fate=Fate.IGNORED,
        severity=Severity.WARNING,
        unless=("power-domains",),
        consequence="nobody switches the power domain on for {node}: it works as long as another "
        "device keeps the domain on",
        fix="in {path}:  power-domains = {value};",
    ),
    LegacyBinding(
        old="power-domain",
        new="power-domains",
        fate=Fate.IGNORED,
        severity=Severity.WARNING,
        unless=("power-domains",),
        names="#power-domain-cells",
        cells="#power-domain-cells",
        consequence="nobody switches the power domain on for {node}: it works as long as another "
        "device, or the boot loader, keeps the domain on",
        fix="in {path}:  power-domains = {value};",
    ),
    LegacyBinding(
        old="usb-phy",
        new="phys",
        fate=Fate.IGNORED,
        severity=Severity.WARNING,
        on=_CHIPIDEA,
        unless=("phys", "fsl,usbphy", "nvidia,phy"),
        consequence="fw_devlink does not follow it either, and the ChipIdea driver takes whichever "
        "USB 2 PHY has been registered by then: another one's, or none, if that PHY comes later",
        fix="in {path}:  phys = {value};",
    ),
    LegacyBinding(
        old="clocks-supply",
        new="clocks",
        fate=Fate.IGNORED,
        severity=Severity.WARNING,
        likely=True,
        consequence="fw_devlink takes it for a regulator, by the suffix -supply, and makes {node} "
        "wait for it",
        fix="delete clocks-supply from {path}, and list what it needs in clocks",
    ),
    LegacyBinding(
        old="gpio-reset",
        new="reset-gpios",
        fate=Fate.IGNORED,
        severity=Severity.WARNING,
        not_on=_GPIO_RESET,
        unless=("reset-gpios", "reset-gpio"),
        names="#gpio-cells",
        cells="#gpio-cells",
        consequence="nobody drives the reset line of {node}: it works if the line happens to be "
        "released",
        fix="in {path}:  reset-gpios = {value};  (check the polarity)",
    ),
    LegacyBinding(
        old="phy-reset-gpios",
        new="reset-gpios",
        fate=Fate.IGNORED,
        severity=Severity.WARNING,
        named="ethernet-phy",
        unless=("reset-gpios", "reset-gpio"),
        cells="#gpio-cells",
        consequence="it is a property of Ethernet controllers, not of PHYs: nobody drives the "
        "reset line of {node}, which works if the line happens to be released",
        fix="in {path}:  reset-gpios = {value};  (check the polarity)",
    ),
    _cooling("cooling-min-state"),
    _cooling("cooling-min-level"),
    # Read by the driver, not followed by fw_devlink
    LegacyBinding(
        old="fsl,usbphy",
        new="phys",
        fate=Fate.HIDDEN,
        unless=("phys",),
        consequence="fw_devlink does not order {node} behind its PHY: if the controller comes "
        'first, its driver defers, and no "wait for supplier" says for whom',
        fix="in {path}:  phys = {value};  (and #phy-cells = <0>; in the PHY)",
    ),
    LegacyBinding(
        old="usb-phy",
        new="phys",
        fate=Fate.HIDDEN,
        not_on=(*_CHIPIDEA, *_USB_PHY_ONLY),
        unless=("phys",),
        names="#phy-cells",
        not_to=("usb-nop-xceiv",),  # of drivers/usb/phy: phys can't name it
        consequence="fw_devlink does not order {node} behind its PHY: if the controller comes "
        'first, its driver defers, and no "wait for supplier" says for whom',
        fix='in {path}:  phys = {value}; phy-names = "usb2-phy";',
    ),
    _old_gpio("gpio-sck", "sck-gpios", "spi-gpio"),
    _old_gpio("gpio-mosi", "mosi-gpios", "spi-gpio"),
    _old_gpio("gpio-miso", "miso-gpios", "spi-gpio"),
    _old_gpio("gpio-reset", "reset-gpios", *_GPIO_RESET),
    _old_gpio("gpios-reset", "reset-gpios", "himax,hx8357", "himax,hx8369"),
    _old_gpio("reset-n-io", "reset-gpios", "marvell,nfc-*", "mrvl,nfc-uart"),
    _old_gpio("cirrus,gpio-nreset", "reset-gpios", "cirrus,cs42l56"),
    _old_gpio("fcs,int_n", "fcs,int_n-gpios", "fcs,fusb302"),
    _old_gpio("wlf,reset", "wlf,reset-gpios"),
    _old_gpio("wlf,ldoena", "wlf,ldoena-gpios"),
    _old_gpio("wlf,ldo1ena", "wlf,ldo1ena-gpios"),
    _old_gpio("wlf,ldo2ena", "wlf,ldo2ena-gpios"),
    # Still read
    LegacyBinding(
        old="snps,reset-gpio",
        new="reset-gpios in the Ethernet PHY",
        fate=Fate.READ,
        cells="#gpio-cells",
        consequence="{node}, not its PHY, waits for the GPIO controller and resets the PHY",
        fix="in the PHY of {path}:  reset-gpios = {value};  (GPIO_ACTIVE_LOW in the flags for "
        "snps,reset-active-low; reset-assert-us and reset-deassert-us for snps,reset-delays-us)",
    ),
    LegacyBinding(
        old="phy-reset-gpios",
        new="reset-gpios in the Ethernet PHY",
        fate=Fate.READ,
        on=("fsl,*-fec",),
        cells="#gpio-cells",
        consequence="{node}, not its PHY, waits for the GPIO controller and resets the PHY",
        fix="in the PHY of {path}:  reset-gpios = {value};  (GPIO_ACTIVE_LOW in the flags unless "
        "there is phy-reset-active-high; reset-assert-us and reset-deassert-us for "
        "phy-reset-duration and phy-reset-post-delay)",
    ),
    LegacyBinding(
        old="phy",
        new="phy-handle",
        fate=Fate.READ,
        beside=("phy-mode", "phy-connection-type"),
        unless=("phy-handle",),
        not_on=("rockchip,*-emac", "snps,arc-emac"),  # read the old name only
        consequence="none: the Ethernet PHY is looked for under the old name too",
        fix="in {path}:  phy-handle = {value};",
    ),
    LegacyBinding(
        old="phy-device",
        new="phy-handle",
        fate=Fate.READ,
        beside=("phy-mode", "phy-connection-type"),
        unless=("phy-handle",),
        consequence="none: the Ethernet PHY is looked for under the old name too",
        fix="in {path}:  phy-handle = {value};",
    ),
    LegacyBinding(
        old="cpu0-supply",
        new="cpu-supply",
        fate=Fate.READ,
        unless=("cpu-supply", "vbb-supply"),  # ti-cpufreq asks for cpu0 and vbb
        consequence="none on CPU 0: cpufreq-dt tries the old name first; it knows it on no other",
        fix="in {path}:  cpu-supply = {value};",
    ),
    LegacyBinding(
        old="operating-points",
        new="operating-points-v2",
        fate=Fate.READ,
        unless=("operating-points-v2",),
        consequence="none on the board; a table of the old form names no power domain state, "
        "bandwidth or other need of an operating point",
        fix="an operating-points-v2 table, and in {path}:  operating-points-v2 = <&table>;",
    ),
    LegacyBinding(
        old="regulator-compatible",
        new="the node's name",
        fate=Fate.READ,
        unless=("compatible",),  # a regulator of its own, which is not looked for by name
        consequence="none: regulators of a PMIC are looked for by it before the node's name is",
        fix="name {path} {text} instead, and delete regulator-compatible",
    ),
    LegacyBinding(
        old="#dma-channels",
        new="dma-channels",
        fate=Fate.READ,
        unless=("dma-channels",),
        consequence="none: the driver of {node} tries the old name too",
        fix="in {path}:  dma-channels = {value};",
    ),
    LegacyBinding(
        old="nand-ecc-mode",
        new="nand-ecc-engine",
        fate=Fate.READ,
        unless=("nand-ecc-engine", "nand-use-soft-ecc-engine", "nand-no-ecc-engine"),
        consequence="none on the board; which engine corrects errors is not said by a reference",
        fix="in {path}:  nand-ecc-engine = <&engine>;  (the controller, the chip or another)  or  "
        "nand-use-soft-ecc-engine;",
    ),
    _wakeup("gpio-key,wakeup"),
    _wakeup("linux,wakeup"),
    _wakeup("linux,keypad-wakeup"),
    _wakeup("linux,input-wakeup"),
    _wakeup("nvidia,wakeup-source"),
    _wakeup("enable-sdio-wakeup"),
)


def rows_of(fate: Fate) -> tuple[LegacyBinding, ...]:
    """The rows of one fate: what one rule speaks of."""
    return tuple(row for row in LEGACY_BINDINGS if row.fate is fate)
