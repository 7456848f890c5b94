"""Some SMMUs have mmu-masters, others use the generic binding.

What it finds: a board whose enabled arm-smmu nodes are not all of one kind. One finding per board,
at the first SMMU of the generic kind; the others are related nodes.
Why it matters: the driver supports one kind at a time: that of the SMMU which probes first. It
refuses every SMMU of the other kind, whose masters get no IOMMU: those with iommus are deferred
until the timeout.
What to do: describe all of them with #iommu-cells and iommus (see legacy/mmu-masters).
References: Linux drivers/iommu/arm/arm-smmu/arm-smmu.c, arm_smmu_device_dt_probe().
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dtlink.board.tree import TreeBoard
from dtlink.firmware.tree import Node
from dtlink.rules.legacy._rows import several
from dtlink.rules.legacy._smmu import smmus
from dtlink.rules.model import Covers, Dts, Finding, Severity, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    covers=Covers.RELATED,
    needs=("mmu-masters",),
    bad=Dts(
        """
        / {
            iommu@1000 { compatible = "arm,mmu-401"; mmu-masters = <&sata 0x10>; };
            smmu: iommu@2000 { compatible = "arm,mmu-401"; #iommu-cells = <1>; };
            sata: sata@3000 { compatible = "snps,dwc-ahci"; #stream-id-cells = <1>; };
            mmc@4000 { compatible = "arm,pl180"; iommus = <&smmu 4>; };
        };
        """,
        finds=("/iommu@2000:#iommu-cells",),
    ),
    good=Dts(
        """
        / {
            smmu_a: iommu@1000 { compatible = "arm,mmu-401"; #iommu-cells = <1>; };
            smmu_b: iommu@2000 { compatible = "arm,mmu-401"; #iommu-cells = <1>; };
            sata@3000 { compatible = "snps,dwc-ahci"; iommus = <&smmu_a 0x10>; };
            mmc@4000 { compatible = "arm,pl180"; iommus = <&smmu_b 4>; };
        };
        """
    ),
)
def mixed_iommu_bindings(board: TreeBoard) -> Iterator[Finding]:
    """One finding, if the board has SMMUs of both kinds."""
    legacy, generic = smmus(board.tree)
    if not legacy or not generic:
        return
    lost = generic if legacy[0].index < generic[0].index else legacy
    yield mixed_iommu_bindings.finding(
        generic[0],
        f"the board has SMMUs with the generic binding ({several(generic)}) and SMMUs with "
        f"mmu-masters ({several(legacy)}): arm-smmu supports one kind at a time",
        property_name="#iommu-cells" if generic[0].has("#iommu-cells") else None,
        effect='"not probing due to mismatched DT properties" for the kind that is probed '
        f"second; in the order of the tree that is {_at_risk(board, lost)}",
        fix="Use #iommu-cells and iommus for all of them, as the fixes of legacy/mmu-masters show.",
        related=[*generic[1:], *legacy],
    )


def _at_risk(board: TreeBoard, lost: Sequence[Node]) -> str:
    """The SMMUs that are refused, and the masters that get no IOMMU."""
    wanted = {node.index for node in lost}
    masters = dict.fromkeys(
        link.consumer
        for link in board.links("iommus", "iommu-map", "mmu-masters")
        if link.supplier.index in wanted
    )
    return several(lost) + (f", the IOMMU of {several(list(masters))}" if masters else "")
