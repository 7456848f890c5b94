"""What the drivers of SMMUs ask of their nodes: each fault, and what is none."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dtlink.board.settings import Settings
from dtlink.board.tree import TreeBoard
from dtlink.facts.kernels import KernelVersion
from dtlink.facts.smmu_nodes import (
    QCOM_SMMUS,
    SMMU_V3_COMBINED,
    SMMU_V3_INTERRUPTS,
    TEGRA_SMMUS,
)
from dtlink.firmware import dts
from dtlink.rules.catalogue import choose
from dtlink.rules.finding import Finding
from dtlink.rules.run import check
from tests.support.kernel_sources import trees

V2 = (
    'compatible = "arm,mmu-500"; reg = <0x20000 0x10000>; #iommu-cells = <1>; '
    "#global-interrupts = <2>; interrupts = <0 1 4>, <0 2 4>, <0 3 4>;"
)
V3 = (
    'compatible = "arm,smmu-v3"; reg = <0x20000 0x20000>; #iommu-cells = <1>; '
    'interrupts = <0 1 1>, <0 2 1>; interrupt-names = "eventq", "gerror";'
)
GPU = V2.replace(
    '"arm,mmu-500"', '"qcom,sm8250-smmu-500", "qcom,adreno-smmu", "qcom,smmu-500", "arm,mmu-500"'
)
CLOCKED = "clocks = <&clk>; power-domains = <&pd>;"
TEGRA = V2.replace('"arm,mmu-500"', '"nvidia,tegra194-smmu", "nvidia,smmu-500"')
QCOM = V2.replace('"arm,mmu-500"', '"qcom,new-smmu-v2", "qcom,smmu-v2"')


def lint(smmu: str, version: str = "6.12", master: str = "iommus = <&smmu 1>;") -> list[Finding]:
    source = f"""
    / {{
        #address-cells = <1>; #size-cells = <1>; interrupt-parent = <&gic>;
        gic: interrupt-controller@1000 {{
            compatible = "arm,gic-v3"; reg = <0x1000 0x1000>;
            interrupt-controller; #interrupt-cells = <3>;
        }};
        clk: clock@0 {{ compatible = "fixed-clock"; reg = <0 1>; #clock-cells = <0>; }};
        pd: power@10 {{ compatible = "vendor,pd"; reg = <0x10 1>; #power-domain-cells = <0>; }};
        smmu: iommu@20000 {{ {smmu} }};
        dma@2000 {{ compatible = "vendor,dma"; reg = <0x2000 0x100>; {master} }};
    }};
    """
    board = TreeBoard(dts.read_text(source), Settings(KernelVersion.parse(version)))
    checked = check(board, choose(["iommu/smmu-node"]))
    assert checked.faults == []
    return checked.findings


@pytest.mark.parametrize(
    ("smmu", "place", "severity", "words"),
    [
        (V2.replace("#global-interrupts = <2>; ", ""), "#global-interrupts", "error", "has no"),
        (V2.replace("<2>", "<3>"), "interrupts", "error", "3 interrupts, of which"),
        (V2.replace("<2>", "<7>"), "interrupts", "error", "makes 7 global"),
        (re.sub("interrupts = <0.*", "", V2), "#global-interrupts", "error", "0 interrupts"),
        (TEGRA, "nvidia,memory-controller", "error", "has no nvidia,memory-controller"),
        (QCOM, "compatible", "warning", "not among the SMMUs"),
        (
            QCOM.replace('-v2", "qcom,smmu', '-v2", "qcom,adreno-smmu", "qcom,smmu') + CLOCKED,
            "compatible",
            "warning",
            "not among the SMMUs",
        ),
        (GPU, "clocks", "warning", "no clocks and no power-domains"),
        (GPU + "clocks = <&clk>;", "power-domains", "warning", "has no power-domains"),
        (V3.replace("0x20000>", "0x10000>"), "reg", "error", "0x10000 bytes"),
        (V3.replace('"eventq", "gerror"', '"evtq", "gerr"'), "interrupt-names", "warning", "evtq"),
        (re.sub("interrupt-names.*", "", V3), "interrupt-names", "warning", "has no names"),
    ],
)
def test_faults(smmu: str, place: str, severity: str, words: str) -> None:
    (found,) = lint(smmu)
    assert (found.subject.path, found.property_name) == ("/iommu@20000", place)
    assert found.severity.value == severity
    assert words in found.message


@pytest.mark.parametrize(
    "smmu",
    [
        V2,
        V2.replace("#global-interrupts", 'status = "disabled"; #x'),
        V3,
        V3.replace("0x20000>", "0x10000>") + "cavium,cn9900-broken-page1-regspace;",
        V3.replace('"eventq", "gerror"', '"combined", "x"'),
        re.sub("interrupts = .*", "msi-parent = <&gic>;", V3),
        GPU + CLOCKED,
        V2.replace('"arm,mmu-500"', '"qcom,sdm845-smmu-v2", "qcom,smmu-v2"'),
        V2.replace('"arm,mmu-500"', '"qcom,new-smmu-500", "qcom,smmu-500", "arm,mmu-500"'),
        TEGRA + "nvidia,memory-controller = <&pd>;",
        'compatible = "vendor,iommu"; reg = <0x20000 0x1000>; #iommu-cells = <1>;',
    ],
)
def test_what_is_no_fault(smmu: str) -> None:
    assert lint(smmu) == []


def test_cells_of_an_smmu_v3() -> None:
    (found,) = lint(V3.replace("<1>", "<2>"), master="iommus = <&smmu 1 0>;")
    assert (found.severity.value, found.property_name) == ("error", "#iommu-cells")
    assert '"invalid #iommu-cells value (2)", -EINVAL' in found.effect


def test_of_an_smmu_that_no_device_has_it_is_a_warning() -> None:
    (found,) = lint(V2.replace("#global-interrupts = <2>; ", ""), master="")
    assert found.severity.value == "warning"
    assert found.effect.endswith("-ENODEV: it does not probe")


def test_what_older_kernels_do_not_ask_for() -> None:
    assert lint(TEGRA, "5.10") == []
    assert len(lint(TEGRA, "6.1")) == 1
    assert lint(QCOM, "6.1") == []


def _sources() -> list[Path]:
    """Unpacked sources of 6.12 and later."""
    found = []
    for tree in trees():
        text = (tree / "Makefile").read_text(encoding="utf-8")
        number = re.search(r"^VERSION = (\d+)\nPATCHLEVEL = (\d+)$", text, re.MULTILINE)
        if number and (int(number[1]), int(number[2])) >= (6, 12):
            found.append(tree)
    return found or pytest.skip("no sources of Linux 6.12 or later")


def test_the_facts_are_those_of_the_sources() -> None:
    for tree in _sources():
        folder = tree / "drivers/iommu/arm"
        text = (folder / "arm-smmu/arm-smmu-qcom.c").read_text(encoding="utf-8")
        table = text.partition("qcom_smmu_impl_of_match[]")[2].partition("};")[0]
        assert set(re.findall(r'"(qcom,[^"]+)"', table)) == QCOM_SMMUS
        impl = (folder / "arm-smmu/arm-smmu-impl.c").read_text(encoding="utf-8")
        assert set(re.findall(r'"(nvidia,[^"]+)"', impl)) == set(TEGRA_SMMUS)
        driver = (folder / "arm-smmu-v3/arm-smmu-v3.c").read_text(encoding="utf-8")
        named = set(re.findall(r'platform_get_irq_byname_optional\(pdev, "(\w+)"', driver))
        assert named == {SMMU_V3_COMBINED, *SMMU_V3_INTERRUPTS}
        assert "return SZ_128K;" in driver
