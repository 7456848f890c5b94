"""The table of legacy bindings: one row each.

The fates are those in Linux 6.12. Only forms that have a successor have a row: vendors' properties
that fw_devlink does not follow and that are still what the binding requires (``fsl,usbmisc``,
``phy-handle``, syscon phandles …) are not legacy.
"""

from __future__ import annotations

from dtlink.facts.iommus import ARM_SMMU
from dtlink.rules.legacy._binding import Fate, LegacyBinding, Rewrite
from dtlink.rules.model import Severity

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
    "that no device has claimed"
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
        effect="fw_devlink does not make {node} wait for that GPIO controller: if {node} comes "
        'first, its driver defers, and no "wait for supplier" line names the supplier; the kernel '
        f"logs \"uses legacy gpio name '{old}' instead of '{new}'\"",
        rewrite=Rewrite.RENAME,
    )


def _wakeup(old: str) -> LegacyBinding:
    """A row of Documentation/devicetree/bindings/power/wakeup-source.txt."""
    return LegacyBinding(
        old=old,
        new="wakeup-source",
        fate=Fate.READ,
        unless=("wakeup-source",),
        effect="none as long as the driver of {node} reads the old name too",
        rewrite=Rewrite.RENAME,
    )


def _cooling(old: str) -> LegacyBinding:
    return LegacyBinding(
        old=old,
        new="the limits in the cooling map",
        fate=Fate.IGNORED,
        effect="none: only the cooling map limits the states of {node}",
        fix="Write the lowest and highest state in the cooling map: "
        "cooling-device = <&fan MIN MAX>;",
    )


LEGACY_BINDINGS = (
    # Not read by any driver
    LegacyBinding(
        old="mmu-masters",
        new="iommus",
        fate=Fate.IGNORED,
        severity=Severity.WARNING,
        likely=True,
        not_on=ARM_SMMU,
        effect="only arm-smmu ever read such a list; the masters of {node} get no IOMMU from it",
        fix="Add #iommu-cells = <…>; to {path} and iommus = <…>; to each master.",
    ),
    LegacyBinding(
        old="nvidia,smmu",
        new="iommus",
        fate=Fate.IGNORED,
        severity=Severity.WARNING,
        likely=True,
        unless=_IOMMUS,
        effect=_NO_IOMMU,
        fix="Add iommus = <&mc SWGROUP>; to {path}.",
    ),
    LegacyBinding(
        old="qcom,iommu-ctx",
        new="iommus",
        fate=Fate.IGNORED,
        severity=Severity.WARNING,
        likely=True,
        unless=_IOMMUS,
        effect=_NO_IOMMU,
        fix="Add iommus = <…>; with the stream IDs of the device to {path}.",
    ),
    LegacyBinding(
        old="mediatek,larb",
        new="nothing: the larbs follow from iommus",
        fate=Fate.IGNORED,
        effect="none: the larbs of {node} are derived from the ports in its iommus",
        rewrite=Rewrite.DELETE,
    ),
    LegacyBinding(
        old="samsung,power-domain",
        new="power-domains",
        fate=Fate.IGNORED,
        severity=Severity.WARNING,
        unless=("power-domains",),
        cells="#power-domain-cells",
        effect="the power domain is not switched on for {node}: it works as long as another device "
        "keeps the domain on",
        rewrite=Rewrite.RENAME,
    ),
    LegacyBinding(
        old="power-domain",
        new="power-domains",
        fate=Fate.IGNORED,
        severity=Severity.WARNING,
        unless=("power-domains",),
        names="#power-domain-cells",
        cells="#power-domain-cells",
        effect="the power domain is not switched on for {node}: it works as long as another device "
        "or the boot loader keeps the domain on",
        rewrite=Rewrite.RENAME,
    ),
    LegacyBinding(
        old="usb-phy",
        new="phys",
        fate=Fate.IGNORED,
        severity=Severity.WARNING,
        on=_CHIPIDEA,
        unless=("phys", "fsl,usbphy", "nvidia,phy"),
        effect="fw_devlink does not follow it either, and the ChipIdea driver uses any USB 2 PHY "
        "that is registered by then: that of another controller, or none if the PHY comes later",
        rewrite=Rewrite.RENAME_PHY,
    ),
    LegacyBinding(
        old="clocks-supply",
        new="clocks",
        fate=Fate.IGNORED,
        severity=Severity.WARNING,
        likely=True,
        effect="fw_devlink takes it for a regulator because of its suffix -supply and makes {node} "
        "wait for it",
        fix="Delete clocks-supply from {path} and list its clocks in clocks.",
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
        effect="no driver controls the reset line of {node}: it works if the line happens to be "
        "released",
        fix="Check the polarity and write reset-gpios",
        rewrite=Rewrite.RENAME,
    ),
    LegacyBinding(
        old="phy-reset-gpios",
        new="reset-gpios",
        fate=Fate.IGNORED,
        severity=Severity.WARNING,
        named="ethernet-phy",
        unless=("reset-gpios", "reset-gpio"),
        cells="#gpio-cells",
        effect="it is a property of Ethernet controllers, not of PHYs: no driver controls the "
        "reset line of {node}, which works if the line happens to be released",
        fix="Check the polarity and write reset-gpios",
        rewrite=Rewrite.RENAME,
    ),
    _cooling("cooling-min-state"),
    _cooling("cooling-min-level"),
    # Read by the driver, not followed by fw_devlink
    LegacyBinding(
        old="fsl,usbphy",
        new="phys",
        fate=Fate.HIDDEN,
        unless=("phys",),
        effect="fw_devlink does not make {node} wait for its PHY: if the controller comes first, "
        'its driver defers, and no "wait for supplier" line names the supplier',
        rewrite=Rewrite.RENAME_PHY,
    ),
    LegacyBinding(
        old="usb-phy",
        new="phys",
        fate=Fate.HIDDEN,
        not_on=(*_CHIPIDEA, *_USB_PHY_ONLY),
        unless=("phys",),
        names="#phy-cells",
        not_to=("usb-nop-xceiv",),  # of drivers/usb/phy: phys cannot reference it
        effect="fw_devlink does not make {node} wait for its PHY: if the controller comes first, "
        'its driver defers, and no "wait for supplier" line names the supplier',
        fix='Write phys = {value}; phy-names = "usb2-phy"; in {path}.',
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
        effect="{node}, not its PHY, waits for the GPIO controller and resets the PHY",
        fix="Write reset-gpios = {value}; in the PHY of {path}. Replace snps,reset-active-low "
        "with GPIO_ACTIVE_LOW, and snps,reset-delays-us with reset-assert-us and "
        "reset-deassert-us.",
    ),
    LegacyBinding(
        old="phy-reset-gpios",
        new="reset-gpios in the Ethernet PHY",
        fate=Fate.READ,
        on=("fsl,*-fec",),
        cells="#gpio-cells",
        effect="{node}, not its PHY, waits for the GPIO controller and resets the PHY",
        fix="Write reset-gpios = {value}; in the PHY of {path}, with GPIO_ACTIVE_LOW unless there "
        "is phy-reset-active-high. Replace phy-reset-duration with reset-assert-us, and "
        "phy-reset-post-delay with reset-deassert-us.",
    ),
    LegacyBinding(
        old="phy",
        new="phy-handle",
        fate=Fate.READ,
        beside=("phy-mode", "phy-connection-type"),
        unless=("phy-handle",),
        not_on=("rockchip,*-emac", "snps,arc-emac"),  # read the old name only
        effect="none: the Ethernet PHY is looked up under the old name too",
        rewrite=Rewrite.RENAME,
    ),
    LegacyBinding(
        old="phy-device",
        new="phy-handle",
        fate=Fate.READ,
        beside=("phy-mode", "phy-connection-type"),
        unless=("phy-handle",),
        effect="none: the Ethernet PHY is looked up under the old name too",
        rewrite=Rewrite.RENAME,
    ),
    LegacyBinding(
        old="cpu0-supply",
        new="cpu-supply",
        fate=Fate.READ,
        unless=("cpu-supply", "vbb-supply"),  # ti-cpufreq asks for cpu0 and vbb
        effect="none on CPU 0: cpufreq-dt tries the old name first; other CPUs need the new one",
        rewrite=Rewrite.RENAME,
    ),
    LegacyBinding(
        old="operating-points",
        new="operating-points-v2",
        fate=Fate.READ,
        unless=("operating-points-v2",),
        effect="none today; a table of the old form cannot describe power domain states, bandwidth "
        "or other requirements of an operating point",
        fix="Add an operating-points-v2 table and write operating-points-v2 = <&table>; in {path}.",
    ),
    LegacyBinding(
        old="regulator-compatible",
        new="the node's name",
        fate=Fate.READ,
        unless=("compatible",),  # a regulator of its own, which is not looked for by name
        effect="none: regulators of a PMIC are looked up by it, then by the node's name",
        fix="Rename {path} to {text} and delete regulator-compatible.",
    ),
    LegacyBinding(
        old="#dma-channels",
        new="dma-channels",
        fate=Fate.READ,
        unless=("dma-channels",),
        effect="none: the driver of {node} reads the old name too",
        rewrite=Rewrite.RENAME,
    ),
    LegacyBinding(
        old="nand-ecc-mode",
        new="nand-ecc-engine",
        fate=Fate.READ,
        unless=("nand-ecc-engine", "nand-use-soft-ecc-engine", "nand-no-ecc-engine"),
        effect="none today; no reference says which engine corrects errors",
        fix="Write nand-ecc-engine = <&engine>; (the controller, the chip or another one) or "
        "nand-use-soft-ecc-engine; in {path}.",
    ),
    _wakeup("gpio-key,wakeup"),
    _wakeup("linux,wakeup"),
    _wakeup("linux,keypad-wakeup"),
    _wakeup("linux,input-wakeup"),
    _wakeup("nvidia,wakeup-source"),
    _wakeup("enable-sdio-wakeup"),
)


def rows_of(fate: Fate) -> tuple[LegacyBinding, ...]:
    """The rows of one fate: those of one rule."""
    return tuple(row for row in LEGACY_BINDINGS if row.fate is fate)
