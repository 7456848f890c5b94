"""A device has #stream-id-cells, but no SMMU lists it.

What it finds: nodes with #stream-id-cells that stand in no mmu-masters, all of a board in one
finding: those without iommus as a warning if the board has an SMMU, leftovers beside iommus as a
note.
Why it matters: #stream-id-cells only says how to read an entry of mmu-masters. On its own nobody
reads it: the device was meant to be behind an SMMU and is not, so the SMMU may refuse its DMA.
What to do: give the device iommus with its stream IDs, and delete #stream-id-cells.
References: Linux drivers/iommu/arm/arm-smmu/arm-smmu.c, arm_smmu_register_legacy_master().
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dtlink.board.tree import Board
from dtlink.firmware.tree import Node
from dtlink.rules.legacy._smmu import listed_masters, smmus
from dtlink.rules.legacy._tell import several
from dtlink.rules.model import Covers, Dts, Finding, Severity, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    covers=Covers.RELATED,
    needs=("#stream-id-cells",),
    bad=Dts(
        """
        / {
            iommu@1000 { compatible = "arm,mmu-500"; #iommu-cells = <1>; };
            sata@2000 { compatible = "snps,dwc-ahci"; #stream-id-cells = <1>; };
        };
        """,
        finds=("/sata@2000:#stream-id-cells",),
    ),
    good=Dts(
        """
        / {
            smmu: iommu@1000 { compatible = "arm,mmu-500"; #iommu-cells = <1>; };
            sata@2000 { compatible = "snps,dwc-ahci"; iommus = <&smmu 0x10>; };
        };
        """
    ),
)
def stream_id_cells(board: Board) -> Iterator[Finding]:
    """The nodes that are in no list, in two groups."""
    tree = board.tree
    alone = tree.holders("#stream-id-cells").keys() - tree.disabled - listed_masters(tree)
    served = alone & (tree.holders("iommus").keys() | tree.holders("iommu-map").keys())
    lost = [tree[index] for index in sorted(alone - served)]
    serious = any(smmus(tree))
    if lost:
        yield _finding(
            lost,
            f"{lost[0].name} is behind no SMMU: nobody claims its streams"
            if serious
            else "none: the board has no SMMU that is in use",
            f"in {lost[0].path}:  iommus = <&smmu STREAM-ID>;  /delete-property/ #stream-id-cells;",
            Severity.WARNING if serious else Severity.INFO,
        )
    if served:
        yield _finding(
            [tree[index] for index in sorted(served)],
            "none: iommus is what counts",
            "delete #stream-id-cells",
            Severity.INFO,
        )


def _finding(nodes: Sequence[Node], consequence: str, fix: str, severity: Severity) -> Finding:
    return stream_id_cells.finding(
        nodes[0],
        f"{several(nodes)}: #stream-id-cells, but in no SMMU's mmu-masters",
        property_name="#stream-id-cells",
        consequence=consequence,
        fix=fix,
        related=nodes[1:],
        severity=severity,
    )
