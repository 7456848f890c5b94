"""The kernel misreads the entries of an iommu-map: kernels disagree on their length.

What it finds: on kernels before 7.2, a map with entries that are not 4 cells long; since 7.2, a map
of 4-cell entries at an IOMMU whose #iommu-cells is not 1, unless every entry has length 1 and the
same IOMMU; and since 7.2, longer entries where the driver of the PCI host reads the map itself, as
entries of 4 cells. Where no kernel is named, the newest one that dtlink knows counts.
Why it matters: Linux before 7.2 reads every entry as 4 cells (input, phandle, output, length).
Newer kernels read as many output cells as #iommu-cells says, and accept 4-cell entries only where
all entries have length 1 and one IOMMU. The others misparse the map, or refuse all of it. The
driver of Qualcomm's PCIe hosts programs their table of stream IDs from the map: of longer entries
it takes the first one right and no other.
What to do: write entries that all kernels read alike: one output cell, at an IOMMU with
#iommu-cells = <1>, or one entry of length 1 for each ID.
References: Linux, drivers/of/base.c, of_map_id() and, since 7.2, of_check_bad_map();
drivers/pci/controller/dwc/pcie-qcom.c, qcom_pcie_config_sid_1_9_0().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tree import TreeBoard
from dtlink.facts.iommus import READ_AS_FOUR_CELLS
from dtlink.facts.kernels import LATEST
from dtlink.facts.patterns import fits
from dtlink.firmware.tree import Node, Tree
from dtlink.links.maps import IdMap
from dtlink.rules.model import Dts, Finding, Fix, Safety, Severity, rule

#: Upper bound on the entries that a fix writes.
_MOST = 32


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    fix=Safety(False, "the machine may have been tested with a kernel that reads it as it is"),
    bad=Dts(
        """
        / {
            smmu: iommu@1000 { compatible = "arm,mmu-500"; #iommu-cells = <2>; };
            pcie@2000 {
                compatible = "pci-host-ecam-generic";
                device_type = "pci";
                iommu-map = <0x0 &smmu 0x1000 0x10000>;
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
def map_cells(board: TreeBoard) -> Iterator[Finding]:
    """One finding a map."""
    from dtlink.facts.behaviours import IOMMU_MAP_BY_CELLS

    settings = board.settings
    named = settings.kernel or settings.kernel_version is not None
    by_cells = IOMMU_MAP_BY_CELLS.on(board.version if named else LATEST)
    for node, table in board.iommu_maps.items():
        if table.leftover or any(row.target < 0 for row in table.entries):
            continue  # what the entries were meant to be is unknown
        wide = any(len(row.output) != 1 for row in table.entries)
        if wide and by_cells and len(table.entries) > 1 and _is_read_by_driver(board.tree[node]):
            yield _by_driver(board.tree[node])
        if wide is by_cells or not (wide or _misread(board.tree, table)):
            continue
        name = board.tree[node].name
        yield map_cells.finding(
            board.tree[node],
            f"iommu-map entries of {name} are not 4 cells long; kernels before "
            f"{IOMMU_MAP_BY_CELLS.since} misparse them"
            if wide
            else f"iommu-map entries of {name} are 4 cells long, but #iommu-cells of the IOMMU "
            f"is not 1; kernels from {IOMMU_MAP_BY_CELLS.since} on misparse them",
            property_name="iommu-map",
            effect=f"Linux before {IOMMU_MAP_BY_CELLS.since} reads every entry as 4 cells: the "
            f"devices behind {name} get wrong stream IDs, or none"
            if wide
            else f"Linux {IOMMU_MAP_BY_CELLS.since} and newer read #iommu-cells output cells per "
            f"entry: the devices behind {name} get wrong stream IDs, or none",
            fix=_one_by_one(board.tree[node], table, wide=wide),
        )


def _one_by_one(host: Node, table: IdMap, *, wide: bool) -> Fix:
    """Entries of 4 cells and of length 1, where all are at one IOMMU and are not many."""
    from dtlink.firmware.edits import Hex, SetProperty, ref

    text = "Write an entry of length 1 for each ID: iommu-map = <0x… &iommu 0x… 1>, …;"
    targets = {row.target for row in table.entries}
    if wide or len(targets) != 1 or sum(row.length for row in table.entries) > _MOST:
        return Fix(text)
    iommu = ref(host.tree[targets.pop()])
    entries = tuple(
        (Hex(row.input_base + each), iommu, Hex(row.output[0] + each), 1)
        for row in table.entries
        for each in range(row.length)
    )
    return Fix(text, (SetProperty(ref(host), "iommu-map", entries),))


def _is_read_by_driver(host: Node) -> bool:
    return host.enabled and fits(host.compatible, READ_AS_FOUR_CELLS)


def _by_driver(host: Node) -> Finding:
    name = host.name
    return map_cells.finding(
        host,
        f"iommu-map entries of {name} are not 4 cells long; its driver, up to Linux 7.2, reads "
        "them as if they were",
        property_name="iommu-map",
        effect="the driver programs the host's table of stream IDs with the first entry alone: DMA "
        f"of the devices behind {name} has a wrong stream ID, and faults",
        fix="Write 4 cells and length 1 for each ID: iommu-map = <0x… &iommu 0x… 1>, …;",
    )


def _misread(tree: Tree, table: IdMap) -> bool:
    """Whether kernels that read #iommu-cells misparse the 4-cell entries."""
    widths = {tree.cell("#iommu-cells", row.target) for row in table.entries}
    alike = len({row.phandle for row in table.entries}) == 1
    return not widths <= {None, 1} and not (alike and all(r.length <= 1 for r in table.entries))
