"""This kernel ignores the SMMU's mmu-masters.

What it finds: SMMUs with mmu-masters that this kernel has a driver for, which is a module, or was
built without ARM_SMMU_LEGACY_DT_BINDINGS.
Why it matters: the driver sets the SMMU up and ignores the list. The masters are not attached,
and with ARM_SMMU_DISABLE_BYPASS_BY_DEFAULT the SMMU refuses their DMA as that of unknown streams.
What to do: write iommus in the masters; or build the kernel with ARM_SMMU=y and
ARM_SMMU_LEGACY_DT_BINDINGS=y, which lets the masters bypass the SMMU in the DMA API.
References: Linux 6.12, drivers/iommu/arm/arm-smmu/arm-smmu.c, arm_smmu_device_dt_probe(),
disable_bypass; drivers/iommu/Kconfig, ARM_SMMU_LEGACY_DT_BINDINGS (depends on ARM_SMMU=y).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dtlink.board.tree import TreeBoard
from dtlink.facts.outcomes import State
from dtlink.rules.legacy._smmu import smmus
from dtlink.rules.model import Dts, Finding, Severity, rule

_LEGACY = "ARM_SMMU_LEGACY_DT_BINDINGS"
_REFUSES = "ARM_SMMU_DISABLE_BYPASS_BY_DEFAULT"


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    needs=("mmu-masters",),
    bad=Dts(
        """
        / {
            smmu: iommu@1000 {
                compatible = "arm,mmu-401";
                #global-interrupts = <1>;
                mmu-masters = <&sata 0x10>;
            };
            sata: sata@2000 { compatible = "snps,dwc-ahci"; #stream-id-cells = <1>; };
        };
        """,
        finds=("/iommu@1000:mmu-masters",),
        kernel="""
        module ARM_SMMU drivers/iommu/arm/arm-smmu/arm_smmu.c arm,mmu-401
        config ARM_SMMU_DISABLE_BYPASS_BY_DEFAULT=y
        """,
    ),
    good=Dts(
        """
        / {
            smmu: iommu@1000 {
                compatible = "arm,mmu-401";
                #global-interrupts = <1>;
                #iommu-cells = <1>;
            };
            sata: sata@2000 { compatible = "snps,dwc-ahci"; iommus = <&smmu 0x10>; };
        };
        """,
        kernel="""
        built-in ARM_SMMU drivers/iommu/arm/arm-smmu/arm_smmu.c arm,mmu-401
        config ARM_SMMU_DISABLE_BYPASS_BY_DEFAULT=y
        """,
    ),
)
def mmu_masters(board: TreeBoard) -> Iterator[Finding]:
    """Every enabled SMMU of the old kind that has a driver."""
    if board.facts is None or not board.facts.build.knows("config"):
        return
    config = board.facts.build.config
    if config.get(_LEGACY) == "y" or config.get("ARM_SMMU") not in ("y", "m"):
        return
    for smmu in smmus(board.tree).legacy:
        if board.drivers.of(smmu.index).state not in (State.BUILT_IN, State.MODULE):
            continue
        links = board.links("mmu-masters")
        masters = [link.consumer for link in links if link.supplier.index == smmu.index]
        yield mmu_masters.finding(
            smmu,
            f"{_why(config)}, so this kernel ignores the masters that {smmu.name} lists in "
            "mmu-masters",
            property_name="mmu-masters",
            severity=Severity.ERROR if config.get(_REFUSES) == "y" else Severity.WARNING,
            effect=_effect(config),
            fix="Write iommus in each master instead of mmu-masters, or set CONFIG_ARM_SMMU=y and "
            f"CONFIG_{_LEGACY}=y.",
            related=masters,
        )


def _why(config: Mapping[str, str]) -> str:
    if config.get("ARM_SMMU") == "m":
        return "ARM_SMMU is a module"
    return f"CONFIG_{_LEGACY} is off"


def _effect(config: Mapping[str, str]) -> str:
    line = '"deprecated "mmu-masters" DT property in use; SMMU support unavailable"'
    if config.get(_REFUSES) == "y":
        return (
            f"{line}; the masters' DMA is refused as that of unknown streams, unless "
            "arm-smmu.disable_bypass=0 is on the command line"
        )
    return f"{line}; the masters' DMA passes untranslated"
