"""A device has #stream-id-cells, but no SMMU lists it.

What it finds: nodes with #stream-id-cells that no mmu-masters lists, all of a board in one
finding: those without iommus as a warning if the board has an SMMU, leftovers beside iommus as a
note.
Why it matters: #stream-id-cells only says how to read an entry of mmu-masters. On its own it has
no effect: the device was meant to be behind an SMMU and is not, so the SMMU may refuse its DMA.
What to do: give the device iommus with its stream IDs, and delete #stream-id-cells.
References: Linux drivers/iommu/arm/arm-smmu/arm-smmu.c, arm_smmu_register_legacy_master().
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dtlink.board.tree import TreeBoard
from dtlink.firmware.tree import Node
from dtlink.rules.legacy._rows import in_all, several
from dtlink.rules.legacy._smmu import listed_masters, smmus
from dtlink.rules.model import Covers, Dts, Finding, Fix, Safety, Severity, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    fix=Safety(True, "nothing reads #stream-id-cells of a device that no mmu-masters lists"),
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
def stream_id_cells(board: TreeBoard) -> Iterator[Finding]:
    """The nodes that are in no list, in two groups."""
    tree = board.tree
    alone = tree.holders("#stream-id-cells").keys() - tree.disabled - listed_masters(tree)
    served = alone & (tree.holders("iommus").keys() | tree.holders("iommu-map").keys())
    lost = [tree[index] for index in sorted(alone - served)]
    serious = any(smmus(tree))
    if lost:
        yield _finding(
            lost,
            f"{lost[0].name} is not behind an SMMU: its streams are not claimed"
            if serious
            else "none: the board has no enabled SMMU",
            f"Replace #stream-id-cells with iommus = <&smmu STREAM-ID>; in {lost[0].path}.",
            Severity.WARNING if serious else Severity.INFO,
        )
    if served:
        yield _finding(
            [tree[index] for index in sorted(served)],
            "none: the kernel uses iommus",
            _deleted([tree[index] for index in sorted(served)]),
            Severity.INFO,
        )


def _deleted(nodes: Sequence[Node]) -> Fix:
    from dtlink.firmware.edits import DeleteProperty, ref

    edits = [[DeleteProperty(ref(node), "#stream-id-cells")] for node in nodes]
    return in_all("Delete #stream-id-cells: ", edits)


def _finding(nodes: Sequence[Node], effect: str, fix: Fix | str, severity: Severity) -> Finding:
    return stream_id_cells.finding(
        nodes[0],
        f"{several(nodes)}: #stream-id-cells, but not in any mmu-masters",
        property_name="#stream-id-cells",
        effect=effect,
        fix=fix,
        related=nodes[1:],
        severity=severity,
    )
