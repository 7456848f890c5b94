"""#iommu-cells has a value that the IOMMU's binding does not allow.

What it finds: an IOMMU that iommus or iommu-map references, whose #iommu-cells has a value that the
binding of its compatible does not allow, or is missing where iommu-map references it.
Why it matters: the entries of every master are read by this number. Where it is too small the
driver gets no stream ID, where it is too large it ignores the rest or refuses the entry.
What to do: write the number that the binding requires, and entries of that length.
References: Documentation/devicetree/bindings/iommu/; the of_xlate function of each driver in
drivers/iommu. Linux reads iommu-map by #iommu-cells since 7.2.
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tree import TreeBoard
from dtlink.facts.iommus import IommuKind, Sharing, kind_of
from dtlink.firmware.tree import Node
from dtlink.links.reference import UnresolvedReason
from dtlink.rules.model import Dts, Finding, Fix, Safety, Severity, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    fix=Safety(True, "all entries of the map are of that length already"),
    asks="odd_iommu_cells",
    bad=Dts(
        """
        / {
            smmu: iommu@1000 { compatible = "arm,smmu-v3"; #iommu-cells = <0>; };
            dma@2000 { compatible = "vendor,dma"; iommus = <&smmu>; };
        };
        """,
        finds=("/iommu@1000:#iommu-cells",),
    ),
    good=Dts(
        """
        / {
            smmu: iommu@1000 { compatible = "arm,smmu-v3"; #iommu-cells = <1>; };
            dma@2000 { compatible = "vendor,dma"; iommus = <&smmu 0x10>; };
        };
        """
    ),
    needs=("iommus", "iommu-map"),
)
def cells(board: TreeBoard) -> Iterator[Finding]:
    """Every IOMMU in use."""
    told = {
        entry.raw.target
        for entry in board.failures(UnresolvedReason.NO_CELLS)
        if entry.binding.name == "iommus"
    }
    told |= {
        each.supplier
        for each in board.wrong_cells
        if each.value is None and each.cells == "#iommu-cells"
    }
    for iommu in board.odd_iommu_cells:
        kind = kind_of(board.tree[iommu].compatible)
        value = board.tree.cell("#iommu-cells", iommu)
        if kind is not None and iommu not in told:
            yield _finding(board, iommu, kind, value)


def _finding(board: TreeBoard, iommu: int, kind: IommuKind, value: int | None) -> Finding:
    from dtlink.facts.behaviours import IOMMU_MAP_BY_CELLS

    node = board.tree[iommu]
    allowed = " or ".join(map(str, kind.cells))
    is_v3 = kind.sharing is Sharing.REFUSED
    fails = value is not None and (is_v3 or value < kind.cells[0])
    return cells.finding(
        node,
        f"{node.name} ({node.compatible[0]}) "
        + (f"has #iommu-cells = <{value}>" if value is not None else "has no #iommu-cells")
        + f"; its binding requires {allowed}",
        property_name="#iommu-cells",
        severity=Severity.ERROR if fails or is_v3 else Severity.WARNING,
        effect=_v3(value)
        if is_v3
        else "the entries of its masters have no cell for the stream ID"
        if value is not None and value < kind.cells[0]
        else "its driver ignores the extra cells of each entry, or refuses the entry"
        if value is not None
        else f"Linux {IOMMU_MAP_BY_CELLS.since} and newer read iommu-map by it and refuse the map; "
        "older kernels assume one cell",
        fix=_fix(board, node, kind, value),
    )


def _v3(value: int | None) -> str:
    """What the driver of SMMUv3s says: arm_smmu_device_dt_probe(), the same in 5.10 and 7.2."""
    told = (
        f"invalid #iommu-cells value ({value})"
        if value is not None
        else "missing #iommu-cells property"
    )
    return f'"{told}": the driver refuses the SMMU (-EINVAL), and its masters wait for it'


def _fix(board: TreeBoard, node: Node, kind: IommuKind, value: int | None) -> Fix:
    """Add what is missing, if all maps have entries of that length."""
    from dtlink.firmware.edits import SetProperty, ref

    width = kind.cells[0]
    set_cells = f"Set #iommu-cells = <{width}>; in {ref(node)}"
    rows = [row for table in board.iommu_maps.values() for row in table.entries]
    widths = {len(row.output) for row in rows if row.target == node.index}
    if value is None and widths == {width}:
        return Fix(f"{set_cells}.", (SetProperty(ref(node), "#iommu-cells", ((width,),)),))
    return Fix(f"{set_cells}, and write entries of that length in its masters.")
