"""Fixes have edits where the input determines the answer, and none where it leaves a choice."""

from __future__ import annotations

import pytest

from dtlink.board.settings import Settings
from dtlink.board.tree import TreeBoard
from dtlink.facts.kernels import KernelVersion
from dtlink.firmware.apply import apply
from dtlink.firmware.edit_text import dts
from dtlink.firmware.edits import SetField
from dtlink.rules.catalogue import choose
from dtlink.rules.model import Dts, Finding
from dtlink.rules.run import check
from dtlink.testing.trees import tree_of

NEWEST = Settings(kernel_version=KernelVersion(7, 2))
CLOCKS = """
    osc: osc { compatible = "fixed-clock"; #clock-cells = <0>; clock-frequency = <1>; };
"""
GPIO = """
    gpio: gpio@1000 {
        compatible = "vendor,gpio"; reg = <0x1000>; gpio-controller; #gpio-cells = <2>;
    };
"""
MAP = """
    smmu: iommu@1000 { compatible = "arm,smmu-v3"; #iommu-cells = <1>; };
    gic: interrupt-controller@3000 { compatible = "arm,gic-v3"; };
    pcie@2000 { compatible = "pci-host-ecam-generic"; device_type = "pci"; %s };
"""


def found(rule: str, source: str) -> list[Finding]:
    """The findings of a rule; with their edits made they are gone."""
    example = Dts(f"/ {{ {source} }};")
    tree = tree_of(example)
    findings = check(TreeBoard(tree, NEWEST), choose([rule])).findings
    made = (edit for each in findings for edit in each.fix.edits)
    edits = [edit for edit in made if not isinstance(edit, SetField)]
    if edits:
        after = check(TreeBoard(apply(tree, edits), NEWEST), choose([rule])).findings
        with_edits = sum(bool(each.fix.edits) for each in findings)
        assert len(after) <= len(findings) - with_edits
    return findings


def edits(rule: str, source: str) -> list[str]:
    """The edits of a rule's findings, as DTS."""
    return [" ".join(dts(each.fix.edits).split()) for each in found(rule, source)]


@pytest.mark.parametrize(
    ("rule", "source", "wanted"),
    [
        (
            "phandle/one-way-graph",
            (
                "a { port { a: endpoint { remote-endpoint = <&b>; }; }; };"
                "b { port { b: endpoint { }; }; };"
            ),
            "&b { remote-endpoint = <&a>; };",
        ),
        (
            "phandle/dangling",
            (
                "a { port { a: endpoint { remote-endpoint = <&b>; }; }; };"
                "b { port { b: endpoint { remote-endpoint = <0x99>; }; }; };"
            ),
            "&b { remote-endpoint = <&a>; };",
        ),
        (
            "iommu/map-input-overlap",
            MAP % "iommu-map = <0x0 &smmu 0x0 0x101>, <0x100 &smmu 0x4000 0x100>;",
            "iommu-map = <0x0 &smmu 0x0 0x100>, <0x100 &smmu 0x4000 0x100>;",
        ),
        (
            "iommu/map-mask",
            MAP % "iommu-map-mask = <0xff>; iommu-map = <0x0 &smmu 0x0 0x10000>;",
            "iommu-map-mask = <0xffff>;",
        ),
        (
            "iommu/not-an-iommu",
            MAP % "iommu-map = <0x0 &gic 0x0 0x10000>;",
            "iommu-map = <0x0 &smmu 0x0 0x10000>;",
        ),
        (
            "iommu/map-cells",
            (
                'smmu: iommu@1000 { compatible = "arm,mmu-500"; #iommu-cells = <2>; };'
                'pcie@2000 { compatible = "pci-host-ecam-generic"; device_type = "pci";'
                "iommu-map = <0x0 &smmu 0x80 0x1>, <0x100 &smmu 0x81 0x2>; };"
            ),
            "iommu-map = <0x0 &smmu 0x80 1>, <0x100 &smmu 0x81 1>, <0x101 &smmu 0x82 1>;",
        ),
        (
            "iommu/smmu-node",
            'iommu@1000 { compatible = "arm,smmu-v3"; reg = <0x1000>; #iommu-cells = <0>; };',
            "#iommu-cells = <1>;",
        ),
        (
            "phandle/assigned-clocks",
            CLOCKS + "a { assigned-clock-rates = <5>; };",
            "/delete-property/ assigned-clock-rates;",
        ),
        (
            "phandle/names-mismatch",
            CLOCKS + 'a { clocks = <&osc>, <&osc>; clock-names = "x", "x"; };',
            'clock-names = "x";',
        ),
        (
            "phandle/missing-cells",
            "c: c { }; a { clocks = <&c 0>, <&c 0x11>; }; b { clocks = <&c 0x12>; };",
            "#clock-cells = <1>;",
        ),
        (
            "phandle/missing-cells",
            "p: p { }; a { pwms = <&p 0 0>; };",
            "#pwm-cells = <2>;",
        ),
        (
            "legacy/dead-property",
            GPIO + 'a { compatible = "vendor,a"; gpio-reset = <&gpio 1 0>; };',
            "reset-gpios = <&gpio 1 0>; /delete-property/ gpio-reset;",
        ),
        (
            "supplier/misspelt-name",
            CLOCKS + 'a { compatible = "vendor,a"; clock = <&osc>; };',
            "clocks = <&osc>; /delete-property/ clock;",
        ),
        (
            "supplier/misspelt-name",
            CLOCKS + 'a { compatible = "vendor,a"; clocks = <&osc>; clock-name = "bus"; };',
            'clock-names = "bus"; /delete-property/ clock-name;',
        ),
    ],
)
def test_what_is_determined_is_written(rule: str, source: str, wanted: str) -> None:
    assert wanted in edits(rule, source)[0]


@pytest.mark.parametrize(
    ("rule", "source"),
    [
        (  # a third endpoint references the one without a reference
            "phandle/one-way-graph",
            (
                "a { port { a: endpoint { remote-endpoint = <&b>; }; }; };"
                "c { port { c: endpoint { remote-endpoint = <&b>; }; }; };"
                "b { port { b: endpoint { }; }; };"
            ),
        ),
        ("phandle/dangling", "b { port { endpoint { remote-endpoint = <0x99>; }; }; };"),
        (  # which of the two entries is wrong, for many IDs
            "iommu/map-input-overlap",
            MAP % "iommu-map = <0x0 &smmu 0x0 0x200>, <0x100 &smmu 0x4000 0x200>;",
        ),
        (  # the entries leave requester IDs out: what the mask was to fold is not known
            "iommu/map-mask",
            MAP % "iommu-map-mask = <0xff>; iommu-map = <0x100 &smmu 0x0 0x100>;",
        ),
        (  # two IOMMUs
            "iommu/not-an-iommu",
            'iommu@4000 { compatible = "arm,smmu-v3"; #iommu-cells = <1>; };'
            + MAP % "iommu-map = <0x0 &gic 0x0 0x10000>;",
        ),
        (  # the lists do not agree
            "phandle/missing-cells",
            "c: c { }; a { clocks = <&c 5>; }; b { clocks = <&c 2 3>; };",
        ),
        (  # it provides something else, and its driver is not known
            "phandle/missing-cells",
            "c: c { #reset-cells = <1>; }; a { clocks = <&c 5>; };",
        ),
        (  # the middle one of three names is the second: the third has an entry
            "phandle/names-mismatch",
            CLOCKS + 'a { clocks = <&osc>, <&osc>, <&osc>; clock-names = "x", "x", "y"; };',
        ),
        (  # a rate of a clock that is empty
            "phandle/assigned-clocks",
            CLOCKS + "a { assigned-clocks = <0>, <&osc>; assigned-clock-rates = <5>; };",
        ),
        (  # the old power domain has no cells property
            "legacy/dead-property",
            "p: p { }; a { samsung,power-domain = <&p>; };",
        ),
        (  # the supplier needs what would stay disabled
            "supplier/disabled",
            (
                'a: regulator-a { compatible = "regulator-fixed"; regulator-name = "a"; '
                'status = "disabled"; };'
                'b: regulator-b { compatible = "regulator-fixed"; regulator-name = "b"; '
                'vin-supply = <&a>; status = "disabled"; };'
                'mmc@1 { compatible = "vendor,mmc"; reg = <1>; vmmc-supply = <&b>; };'
            ),
        ),
    ],
)
def test_what_leaves_a_choice_is_advice(rule: str, source: str) -> None:
    findings = found(rule, source)
    assert findings
    assert [each.fix.edits for each in findings] == [()] * len(findings)


def test_the_same_gpio_twice_is_deleted_safely_and_another_one_is_not() -> None:
    source = GPIO + "a { reset-gpios = <&gpio 1 0>; reset-gpio = <&gpio %d 0>; };"
    same, other = (found("legacy/both-gpio-names", source % number)[0].fix for number in (1, 2))
    assert [fix.safety and fix.safety.is_safe for fix in (same, other)] == [True, False]
