"""The legacy family: what its rows concern, and the DTS that its fixes spell out."""

from __future__ import annotations

import pytest

from dtlink.board.tree import TreeBoard
from dtlink.firmware.dts import read_text
from dtlink.rules.catalogue import find
from dtlink.rules.legacy._table import LEGACY_BINDINGS
from dtlink.rules.model import Confidence, Finding, Severity

GPIO = 'gpio: gpio { compatible = "arm,pl061"; gpio-controller; #gpio-cells = <2>; };'


def check(rule: str, source: str) -> list[Finding]:
    found = find(f"legacy/{rule}")
    assert found is not None
    return list(found.check(TreeBoard(read_text("/ {" + source + "};"))))


def test_the_list_of_masters_is_turned_round():
    [finding] = check(
        "mmu-masters",
        """
        smmu: iommu@1 { compatible = "arm,mmu-500";
            mmu-masters = <&nic 0x1 0x2000>, <&dma>, <&host 0x0>; };
        nic: ethernet@2 { #stream-id-cells = <2>; };
        dma: dma@3 { };
        host: pcie@4 { device_type = "pci"; bus-range = <2 5>; #stream-id-cells = <1>; };
        """,
    )
    assert finding.fix.text.splitlines() == [
        "List the SMMU in its masters:",
        "&smmu { #iommu-cells = <1>; /delete-property/ mmu-masters; };",
        "&nic { /delete-property/ #stream-id-cells; iommus = <&smmu 0x1>, <&smmu 0x2000>; };",
        "&dma { iommus = <&smmu …>; };",
        "&host { /delete-property/ #stream-id-cells; iommu-map = <0x200 &smmu 0x200 0x400>; };",
    ]
    assert finding.related == ("/ethernet@2", "/dma@3", "/pcie@4")


@pytest.mark.parametrize(
    ("compatible", "ids", "host", "cells", "first"),
    [
        ("arm,mmu-401", range(0x20, 0x40), "", 2, "iommus = <&smmu 0x20 0x1f>;"),
        ("arm,mmu-401", (*range(8), *range(0x10, 0x18)), "", 2, "iommus = <&smmu 0x0 0x17>;"),
        ("arm,mmu-401", range(8), "", 1, "iommus = <&smmu 0x0>, <&smmu 0x1>,"),
        ("arm,mmu-401", range(0x1F), "", 1, "iommus = <&smmu 0x0>, <&smmu 0x1>,"),
        ("arm,mmu-401", range(4, 20), "", 1, "iommus = <&smmu 0x4>, <&smmu 0x5>,"),
        ("arm,smmu-v2", range(0x20), "", 1, "iommus = <&smmu 0x0>, <&smmu 0x1>,"),
        ("arm,mmu-401", range(0x20), ", <&host 0>", 1, "iommus = <&smmu 0x0>, <&smmu 0x1>,"),
    ],
)
def test_many_stream_ids_are_an_id_and_a_mask(compatible, ids, host, cells, first):
    """Where they are all that differ in some bits, and the SMMU and all masters can have a mask."""
    numbers = list(ids)
    entry = " ".join(["&sata", *map(str, numbers)])
    [finding] = check(
        "mmu-masters",
        f"""
        smmu: iommu@1 {{ compatible = "{compatible}"; mmu-masters = <{entry}>{host}; }};
        sata: sata@2 {{ #stream-id-cells = <{len(numbers)}>; }};
        host: pcie@4 {{ device_type = "pci"; #stream-id-cells = <1>; }};
        """,
    )
    assert f"#iommu-cells = <{cells}>;" in finding.fix.text
    assert first in finding.fix.text
    assert finding.fix.edits


def test_only_arm_smmu_knows_mmu_masters():
    source = """
        iommu@1 { compatible = "samsung,exynos-sysmmu"; mmu-masters = <&dsi>; };
        dsi: dsi@2 { };
    """
    assert check("mmu-masters", source) == []
    [finding] = check("dead-property", source)
    assert finding.subject.path == "/iommu@1"
    assert finding.confidence is Confidence.LIKELY


@pytest.mark.parametrize(
    ("first", "second", "refused"),
    [("old", "new", "new@2, the IOMMU of mmc"), ("new", "old", "old@2, the IOMMU of sata")],
)
def test_of_two_kinds_of_smmu_the_later_in_the_tree_is_at_risk(first, second, refused):
    kinds = {"old": "mmu-masters = <&sata 1>", "new": "#iommu-cells = <1>"}
    [finding] = check(
        "mixed-iommu-bindings",
        f"""
        {first}: {first}@1 {{ compatible = "arm,mmu-401"; {kinds[first]}; }};
        {second}: {second}@2 {{ compatible = "arm,mmu-401"; {kinds[second]}; }};
        sata: sata {{ #stream-id-cells = <1>; }};
        mmc {{ iommus = <&new 4>; }};
        """,
    )
    assert finding.effect.endswith(f"in the order of the tree that is {refused}")
    assert finding.subject.path.startswith("/new@")


def test_a_disabled_smmu_mixes_with_nobody():
    assert not check(
        "mixed-iommu-bindings",
        """
        iommu@1 { compatible = "arm,mmu-401"; mmu-masters = <&sata 1>; };
        iommu@2 { compatible = "arm,mmu-401"; #iommu-cells = <1>; status = "disabled"; };
        sata: sata { #stream-id-cells = <1>; };
        """,
    )


def test_masters_of_a_disabled_smmu_are_listed_all_the_same():
    assert not check(
        "stream-id-cells",
        """
        iommu@1 { compatible = "arm,mmu-401"; mmu-masters = <&sata 1>; status = "disabled"; };
        sata: sata { #stream-id-cells = <1>; };
        """,
    )


def test_stream_id_cells_are_as_bad_as_what_is_missing():
    sata = "sata { #stream-id-cells = <1>; };"
    sources = {
        Severity.INFO: sata,
        Severity.WARNING: 'iommu { compatible = "arm,mmu-500"; };' + sata,
    }
    for severity, source in sources.items():
        assert [finding.severity for finding in check("stream-id-cells", source)] == [severity]
    [leftover] = check(
        "stream-id-cells",
        """
        smmu: iommu { compatible = "arm,mmu-500"; #iommu-cells = <1>; };
        sata { #stream-id-cells = <1>; iommus = <&smmu 1>; };
        """,
    )
    assert leftover.severity is Severity.INFO


def test_a_row_is_told_once_however_many_nodes_use_it():
    [finding] = check(
        "hidden-link",
        """
        phy: usbphy { compatible = "fsl,imx23-usbphy"; };
        usb@1 { compatible = "fsl,imx6q-usb", "fsl,imx27-usb"; fsl,usbphy = <&phy>; };
        usb@2 { compatible = "fsl,imx6q-usb", "fsl,imx27-usb"; fsl,usbphy = <&phy>; };
        usb@3 { fsl,usbphy = <&phy>; status = "disabled"; };
        usb@4 { fsl,usbphy = <&phy>; phys = <&phy>; };
        """,
    )
    assert (finding.subject.path, finding.related) == ("/usb@1", ("/usb@2",))
    assert finding.message.startswith(
        "usb@1 and 1 other node: fw_devlink does not follow fsl,usbphy"
    )
    assert "phys = <&phy>;" in finding.fix.text


@pytest.mark.parametrize(
    ("controller", "phy", "rule"),
    [
        ("snps,dwc3", 'compatible = "ti,omap-usb2"; #phy-cells = <0>', "hidden-link"),
        ("qcom,ci-hdrc", 'compatible = "usb-nop-xceiv"', "dead-property"),
        # xhci has nothing newer for a PHY of drivers/usb/phy, and omap2430.c needs both
        ("generic-xhci", 'compatible = "usb-nop-xceiv"; #phy-cells = <0>', None),
        ("ti,omap3-musb", 'compatible = "ti,twl4030-usb"; #phy-cells = <0>', None),
    ],
)
def test_what_becomes_of_usb_phy_depends_on_the_driver(controller, phy, rule):
    source = f'phy: phy {{ {phy}; }}; usb {{ compatible = "{controller}"; usb-phy = <&phy>; }};'
    for name in ("hidden-link", "dead-property"):
        assert len(check(name, source)) == (name == rule)


def test_gpio_reset_is_read_for_some_codecs_only():
    def told(compatible: str) -> list[str]:
        source = f'{GPIO} codec {{ compatible = "{compatible}"; gpio-reset = <&gpio 6 1>; }};'
        rules = ("hidden-link", "dead-property")
        return [finding.rule for rule in rules for finding in check(rule, source)]

    assert told("ti,tlv320aic3106") == ["legacy/hidden-link"]
    assert told("ti,tlv320aic3110") == ["legacy/dead-property"]
    assert told("ti,tlv320dac3100") == ["legacy/dead-property"]


def test_phy_reset_gpios_belong_to_the_controller():
    source = (
        GPIO
        + """
        ethernet { compatible = "fsl,imx6q-fec"; phy-reset-gpios = <&gpio 25 0>;
            mdio { ethernet-phy@0 { phy-reset-gpios = <&gpio 26 1>; }; }; };
    """
    )
    assert [finding.subject.path for finding in check("old-name", source)] == ["/ethernet"]
    [dead] = check("dead-property", source)
    assert dead.subject.path == "/ethernet/mdio/ethernet-phy@0"
    assert "reset-gpios = <&gpio 26 1>;" in dead.fix.text


def test_cpu0_supply_is_the_present_form_beside_vbb():
    source = "vdd: r { }; cpus { cpu@0 { cpu0-supply = <&vdd>; vbb-supply = <&vdd>; }; };"
    assert check("old-name", source) == []


def test_drivers_that_ask_for_the_singular_keep_it():
    source = (
        GPIO
        + """
        amp { compatible = "ti,tpa6130a2"; power-gpio = <&gpio 1 0>; };
        pcie { compatible = "fsl,imx8mm-pcie"; reset-gpio = <&gpio 2 0>; };
        sfp { compatible = "sff,sfp"; los-gpio = <&gpio 30 0>; tx-fault-gpio = <&gpio 4 0>; };
    """
    )
    [finding] = check("singular-gpio", source)
    assert (finding.subject.path, finding.property_name) == ("/sfp", "los-gpio")
    assert finding.message == "sfp: deprecated -gpio suffix in los-gpio, tx-fault-gpio, use -gpios"
    edit = "&{/sfp} { los-gpios = <&gpio 30 0>; /delete-property/ los-gpio; };"
    assert finding.fix.text.endswith(f": {edit} (and likewise in 1 other node)")


def test_reg_fixed_voltage_is_harmless_behind_its_successor():
    source = 'r { compatible = "regulator-fixed", "reg-fixed-voltage"; regulator-name = "r"; };'
    assert check("dead-compatible", source) == []


def test_every_template_can_be_filled_in():
    words = dict.fromkeys(("node", "path", "old", "new", "text", "value"), "x")
    for row in LEGACY_BINDINGS:
        assert row.effect.format(**words)
        assert row.rewrite or row.fix.format(**words)
