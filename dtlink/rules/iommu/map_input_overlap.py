"""Two entries of an iommu-map or msi-map match the same requester IDs.

What it finds: entries whose input ranges overlap, and which give different stream IDs or IOMMUs,
or different device IDs or MSI controllers.
Why it matters: the kernel uses the first entry that matches. The hardware sends one ID: if that is
the later entry's, the device's DMA is refused, or translated as another device's, and its MSIs
reach no device, or another one's handler.
What to do: make the input ranges disjoint.
References: Linux, drivers/of/base.c, of_map_id();
Documentation/devicetree/bindings/pci/pci-iommu.txt and pci-msi.txt.
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tree import TreeBoard
from dtlink.firmware.tree import Node
from dtlink.links.maps import IdMap, IdMapEntry
from dtlink.links.streams import iommu_maps
from dtlink.rules.iommu._rows import inputs, place, span
from dtlink.rules.model import Dts, Finding, Fix, Safety, Severity, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    fix=Safety(False, "that the length is one too many is likely, not certain"),
    bad=Dts(
        """
        / {
            smmu: iommu@1000 { compatible = "arm,smmu-v3"; #iommu-cells = <1>; };
            pcie@2000 {
                compatible = "pci-host-ecam-generic";
                device_type = "pci";
                iommu-map = <0x0 &smmu 0x0 0x2000>, <0x1800 &smmu 0x4000 0xe800>;
            };
        };
        """,
        finds=("/pcie@2000:iommu-map",),
    ),
    good=Dts(
        """
        / {
            smmu: iommu@1000 { compatible = "arm,smmu-v3"; #iommu-cells = <1>; };
            pcie@2000 {
                compatible = "pci-host-ecam-generic";
                device_type = "pci";
                iommu-map = <0x0 &smmu 0x0 0x1800>, <0x1800 &smmu 0x4000 0xe800>;
            };
        };
        """
    ),
    needs=("iommu-map", "msi-map"),
)
def map_input_overlap(board: TreeBoard) -> Iterator[Finding]:
    """Each entry that overlaps the one which reaches furthest among those that begin before it."""
    msi_maps = iommu_maps(board.tree, "msi-map", "#msi-cells")
    for name, maps in (("iommu-map", board.iommu_maps), ("msi-map", msi_maps)):
        for node, table in maps.items():
            for first, second in overlaps(table):
                yield _finding(board, node, name, (first, second))


def _finding(
    board: TreeBoard, node: int, name: str, rows: tuple[IdMapEntry, IdMapEntry]
) -> Finding:
    first, second = rows
    ids = range(
        max(first.input_base, second.input_base), min(inputs(first)[-1], inputs(second)[-1]) + 1
    )
    return map_input_overlap.finding(
        place(board, node, name, second),
        f"{name}[{second.entry}] of {board.tree[node].name}: requester IDs {span(ids)} "
        f"are already matched by {name}[{first.entry}]",
        property_name=name,
        effect=f"{name}[{second.entry}] is never used for them; if it is the right one, "
        + (
            "their DMA is refused, or translated as another device's"
            if name == "iommu-map"
            else "their MSIs reach no device, or another one's handler"
        ),
        fix=_fix(board.tree[node], name, rows, ids),
    )


def _fix(node: Node, name: str, rows: tuple[IdMapEntry, IdMapEntry], ids: range) -> Fix:
    """Take one ID from the entry that ends with it where the other begins: a count too many."""
    from dtlink.firmware.edit_maps import LONGEST, id_map_value
    from dtlink.firmware.edits import SetProperty, ref

    low, high = sorted(rows, key=lambda row: row.input_base)
    is_one = len(ids) == 1 and low.length > 1 and high.length > 1
    if not is_one or ids[0] != high.input_base or low.input_base == high.input_base:
        return Fix(f"Remove {span(ids)} from one of the two entries.")
    length = low.length - 1
    text = f"Set the length of {name}[{low.entry}] to {length:#x}."
    if (node.length(name) or 0) > LONGEST * 4:
        return Fix(text)
    value = id_map_value(node, name, {low.cell + 2 + len(low.output): length})
    return Fix(text, (SetProperty(ref(node), name, value),))


def overlaps(table: IdMap) -> Iterator[tuple[IdMapEntry, IdMapEntry]]:
    """Pairs of entries whose inputs overlap and whose outputs differ; the one that wins first."""
    widest: IdMapEntry | None = None
    for row in sorted(table.entries, key=lambda row: (row.input_base, row.entry)):
        if not row.length:
            continue
        if widest and row.input_base < inputs(widest).stop and _differ(widest, row):
            yield (widest, row) if widest.entry < row.entry else (row, widest)
        if widest is None or inputs(row).stop > inputs(widest).stop:
            widest = row


def _differ(one: IdMapEntry, other: IdMapEntry) -> bool:
    offsets = {row.output[0] - row.input_base for row in (one, other) if row.output}
    return one.phandle != other.phandle or len(offsets) > 1
