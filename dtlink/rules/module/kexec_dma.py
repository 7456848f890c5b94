"""An SMMU is switched off while its masters may still do DMA.

What it finds: boards with an Arm SMMU that has masters, in a kernel that can start another
(CONFIG_KEXEC or CONFIG_KEXEC_FILE); one finding for each board.
Why it matters: at shutdown the SMMU's driver switches translation off. Consumers are stopped before
it only if their drivers have a shutdown callback; a display that is still active then reads, and a
network controller writes, physical addresses in the next kernel's memory.
What to do: check that the masters' drivers have a shutdown callback; else stop the devices before
kexec, or leave them in bypass.
References: Linux, drivers/iommu/arm/arm-smmu/arm-smmu.c, arm_smmu_device_shutdown();
drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.c, arm_smmu_device_shutdown(); drivers/base/core.c,
device_shutdown().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tree import TreeBoard
from dtlink.facts.outcomes import State
from dtlink.rules.model import Dts, Finding, Severity, rule
from dtlink.wording import counted

_SHUTS_DOWN = ("arm_smmu", "arm_smmu_v3", "ARM_SMMU", "ARM_SMMU_V3")
_TREE = """
/ {
    smmu: iommu@1000 { compatible = "arm,smmu-v3"; #iommu-cells = <1>; };
    display@2000 { compatible = "vendor,display"; iommus = <&smmu 1>; };
};
"""
_KERNEL = """
built-in ARM_SMMU_V3 drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.c arm,smmu-v3
module DRM_VENDOR drivers/gpu/drm/vendor.c vendor,display
"""


@rule(
    __name__,
    __doc__,
    severity=Severity.INFO,
    bad=Dts(_TREE, finds=("/iommu@1000",), kernel=f"{_KERNEL}\nconfig KEXEC_FILE=y"),
    good=Dts(_TREE, kernel=_KERNEL),
    needs=("iommus", "iommu-map"),
)
def kexec_dma(board: TreeBoard) -> Iterator[Finding]:
    """One finding, at the SMMU with the most masters."""
    config = board.facts.build.config if board.facts else {}
    if "y" not in (config.get("KEXEC"), config.get("KEXEC_FILE")):
        return
    masters = {
        iommu: {ref.consumer for ref in references}
        for iommu, references in board.masters.items()
        if _switches_off(board, iommu)
    }
    if not masters:
        return
    most = max(masters, key=lambda iommu: len(masters[iommu]))
    count = sum(map(len, masters.values()))
    smmu = board.tree[most]
    yield kexec_dma.finding(
        smmu,
        f"{smmu.name} is switched off at shutdown and kexec, even if its masters still do DMA "
        f"({counted(count, 'master')} behind {counted(len(masters), 'SMMU')})",
        effect='"disabling translation": a master whose driver has no shutdown callback '
        "keeps doing DMA into the next kernel's memory",
        fix="Stop such devices before kexec, or in the .shutdown callback of their drivers.",
        related=[board.tree[node] for node in sorted(masters[most])],
        likely=True,
    )


def _switches_off(board: TreeBoard, iommu: int) -> bool:
    """Whether the driver is one of Arm's, which have the callback, and is in this kernel."""
    driver = board.drivers.of(iommu)
    if iommu in board.tree.disabled or driver.state not in (State.BUILT_IN, State.MODULE):
        return False
    return driver.config in _SHUTS_DOWN or any(name in _SHUTS_DOWN for name in driver.modules)
