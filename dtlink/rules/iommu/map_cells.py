"""Kernels read the rows of an iommu-map with different lengths.

What it finds: a map with rows of other than four cells, and a map of four-cell rows at an IOMMU
whose #iommu-cells is not 1, unless every row has length 1 and the same IOMMU.
Why it matters: Linux before 7.2 takes every row for four cells (input, phandle, output, length).
Newer kernels take as many output cells as #iommu-cells says, and let the four-cell form pass only
where all rows have length 1 and one IOMMU. The others misread the map, or refuse all of it.
What to do: write rows that both read alike: one output cell, at an IOMMU with #iommu-cells = <1>,
or one row of length 1 for each ID.
References: Linux, drivers/of/base.c, of_map_id() and, since 7.2, of_check_bad_map().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tree import Board
from dtlink.facts.behaviours import IOMMU_MAP_BY_CELLS
from dtlink.firmware.tree import Tree
from dtlink.links.maps import IdMap
from dtlink.rules.model import Dts, Finding, Severity, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    bad=Dts(
        """
        / {
            smmu: iommu@1000 { compatible = "arm,mmu-500"; #iommu-cells = <2>; };
            pcie@2000 {
                compatible = "pci-host-ecam-generic";
                device_type = "pci";
                iommu-map = <0x0 &smmu 0x1000 0x0 0x10000>;
            };
        };
        """,
        finds=("/pcie@2000:iommu-map",),
    ),
    good=Dts(
        """
        / {
            smmu: iommu@1000 { compatible = "arm,mmu-500"; #iommu-cells = <2>; };
            pcie@2000 {
                compatible = "pci-host-ecam-generic";
                device_type = "pci";
                iommu-map = <0x0 &smmu 0x1000 0x1>, <0x100 &smmu 0x1001 0x1>;
            };
        };
        """
    ),
    needs=("iommu-map",),
)
def map_cells(board: Board) -> Iterator[Finding]:
    """One finding a map."""
    for node, table in board.iommu_maps.items():
        if table.leftover or any(row.target < 0 for row in table.entries):
            continue  # how the rows were meant is not known
        wide = any(len(row.output) != 1 for row in table.entries)
        if not wide and not _misread(board.tree, table):
            continue
        name = board.tree[node].name
        yield map_cells.finding(
            board.tree[node],
            f"iommu-map of {name} has rows of {'other than ' if wide else ''}four cells, "
            "which not all kernels read so",
            property_name="iommu-map",
            consequence=f"Linux before {IOMMU_MAP_BY_CELLS.since} takes every row for four cells: "
            f"the devices behind {name} get wrong stream IDs, or none"
            if wide
            else f"Linux {IOMMU_MAP_BY_CELLS.since} and newer read #iommu-cells output cells a "
            f"row: the devices behind {name} get wrong stream IDs, or none",
            fix="a row of four cells and length 1 for each ID: iommu-map = <0x… &iommu 0x… 1>, …;",
        )


def _misread(tree: Tree, table: IdMap) -> bool:
    """Whether kernels that read #iommu-cells do not take the four-cell rows as they stand."""
    widths = {tree.cell("#iommu-cells", row.target) for row in table.entries}
    alike = len({row.phandle for row in table.entries}) == 1
    return not widths <= {None, 1} and not (alike and all(r.length <= 1 for r in table.entries))
