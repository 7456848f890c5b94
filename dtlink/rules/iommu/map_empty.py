"""An entry of iommu-map maps no ID.

What it finds: entries whose length is 0.
Why it matters: such an entry matches nothing, so its devices get no IOMMU. On some platforms
(Layerscape's fsl-mc) it is a placeholder that the boot loader fills in.
What to do: nothing, if the boot loader fills it in (check /sys/firmware/fdt on the machine); else
write the number of IDs.
References: Linux, drivers/of/base.c, of_map_id().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tree import TreeBoard
from dtlink.rules.iommu._rows import place
from dtlink.rules.model import Dts, Finding, Severity, rule
from dtlink.wording import besides


@rule(
    __name__,
    __doc__,
    severity=Severity.INFO,
    bad=Dts(
        """
        / {
            smmu: iommu@1000 { compatible = "arm,smmu-v3"; #iommu-cells = <1>; };
            fsl-mc@2000 { compatible = "fsl,qoriq-mc"; iommu-map = <0x0 &smmu 0x0 0x0>; };
        };
        """,
        finds=("/fsl-mc@2000:iommu-map",),
    ),
    good=Dts(
        """
        / {
            smmu: iommu@1000 { compatible = "arm,smmu-v3"; #iommu-cells = <1>; };
            fsl-mc@2000 { compatible = "fsl,qoriq-mc"; iommu-map = <0x23 &smmu 0x23 0x29>; };
        };
        """
    ),
    needs=("iommu-map",),
)
def map_empty(board: TreeBoard) -> Iterator[Finding]:
    """One finding for each map, at its first empty entry."""
    for node, table in board.iommu_maps.items():
        empty = [row for row in table.entries if not row.length]
        if empty:
            name, more = board.tree[node].name, besides(len(empty))
            yield map_empty.finding(
                place(board, node, "iommu-map", empty[0]),
                f"iommu-map[{empty[0].entry}] of {name} has length 0 and maps no ID{more}",
                property_name="iommu-map",
                effect="unless the boot loader fills it in, its devices get no IOMMU "
                '("no iommu-map translation for id …")',
                fix="If the boot loader does not fill it in, write the number of IDs in it.",
            )
