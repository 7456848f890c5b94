"""A map's mask clears bits of its entries, or makes devices share a stream ID.

What it finds: an entry of iommu-map or msi-map whose input base has bits that …-map-mask clears;
and a mask that folds requester IDs of different functions at an SMMUv3.
Why it matters: the kernel stops at such an entry, for every ID that no earlier entry matched. And
an SMMUv3 accepts one device per stream ID: where the mask gives two functions one ID, the second is
refused. (SMMUv1 and v2 let them share, and boards use that on purpose.)
What to do: keep every bit of the input bases in the mask; with an SMMUv3, keep all bits of the
requester ID unless there can be only one function behind the host. A mask that only folds IDs
which need a PCIe switch between host and device is a note.
References: Linux, drivers/of/base.c, of_map_id(); drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.c,
arm_smmu_insert_master(), since 5.13.
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tree import TreeBoard
from dtlink.facts.iommus import Sharing, kind_of
from dtlink.links.maps import IdMap, IdMapEntry
from dtlink.links.streams import bus_ids, iommu_maps, is_pci
from dtlink.rules.iommu._rows import place
from dtlink.rules.model import Dts, Finding, Fix, Safety, Severity, rule

#: The bits in which the requester IDs of a root port and of what is plugged into it differ: the
#: lowest of the bus number, and the function. Device 0 is the only one on a PCIe link (PCI Express
#: Base Specification 6.0, 7.3.1), so that other bits need a switch, or ARI.
_WITHOUT_SWITCH = 0x107
#: The bits of a requester ID.
_ALL = 0xFFFF


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    fix=Safety(False, "devices then get other IDs than with the mask"),
    bad=Dts(
        """
        / {
            smmu: iommu@1000 { compatible = "arm,mmu-500"; #iommu-cells = <1>; };
            pcie@2000 {
                compatible = "pci-host-ecam-generic";
                device_type = "pci";
                iommu-map-mask = <0xff>;
                iommu-map = <0x0 &smmu 0x10 0x1>, <0x100 &smmu 0x11 0x1>;
            };
        };
        """,
        finds=("/pcie@2000:iommu-map",),
    ),
    good=Dts(
        """
        / {
            smmu: iommu@1000 { compatible = "arm,mmu-500"; #iommu-cells = <1>; };
            pcie@2000 {
                compatible = "pci-host-ecam-generic";
                device_type = "pci";
                iommu-map-mask = <0xff00>;
                iommu-map = <0x0 &smmu 0x10 0x1>, <0x100 &smmu 0x11 0x1>;
            };
        };
        """
    ),
    needs=("iommu-map-mask", "msi-map-mask"),
)
def map_mask(board: TreeBoard) -> Iterator[Finding]:
    """Contradictions first; for a map without one, the requester IDs that its mask folds."""
    tree = board.tree
    for name, cells in (("iommu-map", "#iommu-cells"), ("msi-map", "#msi-cells")):
        if not tree.holders(f"{name}-mask"):
            continue
        maps = board.iommu_maps if name == "iommu-map" else iommu_maps(tree, name, cells)
        for node, table in maps.items():
            bad = next((row for row in table.entries if row.input_base & ~table.mask), None)
            if bad:
                yield _contradiction(board, node, name, table, bad)
            elif name == "iommu-map":
                yield from _folding(board, node, table)


def _contradiction(
    board: TreeBoard, node: int, name: str, table: IdMap, row: IdMapEntry
) -> Finding:
    kind = "IOMMU" if name == "iommu-map" else "MSI controller"
    return map_mask.finding(
        place(board, node, name, row),
        f"{name}[{row.entry}] of {board.tree[node].name} begins at {row.input_base:#x}, "
        f"but {name}-mask ({table.mask:#x}) clears bits of it",
        property_name=name,
        effect="every device that no earlier entry matched gets no "
        f'{kind}: "Invalid {name} translation - {name}-mask ({table.mask:#x}) '
        f'ignores id-base ({row.input_base:#x})"',
        fix=_whole(board, node, name, table)
        or f"Write a {name}-mask that keeps {row.input_base:#x}, for example "
        f"{name}-mask = <{table.mask | row.input_base:#x}>;",
    )


def _whole(board: TreeBoard, node: int, name: str, table: IdMap) -> Fix | None:
    """Keep all bits, where the entries cover every requester ID of the host's buses."""
    from dtlink.firmware.edits import Hex, SetProperty, ref

    ids = bus_ids(board.tree, node)
    if not ids or not is_pci(board.tree, node):
        return None
    at = ids[0]
    for row in sorted(table.entries, key=lambda row: row.input_base):
        if row.input_base <= at:
            at = max(at, row.input_base + row.length)
    if at <= ids[-1]:
        return None
    host, mask = board.tree[node], f"{name}-mask"
    return Fix(
        f"Set {mask} = <{_ALL:#x}>; in {ref(host)}: the entries cover every requester ID.",
        (SetProperty(ref(host), mask, ((Hex(_ALL),),)),),
    )


def _folding(board: TreeBoard, node: int, table: IdMap) -> Iterator[Finding]:
    tree = board.tree
    ids = bus_ids(tree, node)
    folded = ~table.mask & (ids[0] ^ ids[-1]) if ids else 0
    row = next((row for row in table.entries if row.target >= 0 and row.length), None)
    kind = kind_of(tree[row.target].compatible) if row else None
    if folded and row and is_pci(tree, node) and kind and kind.sharing is Sharing.REFUSED:
        near = folded & _WITHOUT_SWITCH
        yield map_mask.finding(
            place(board, node, "iommu-map", row),
            f"iommu-map-mask ({table.mask:#x}) of {tree[node].name} maps requester IDs "
            f"that differ only in bits {folded:#x} to one stream ID of the "
            f"SMMUv3 {tree[row.target].name}",
            property_name="iommu-map",
            supplier=tree[row.target],
            severity=Severity.WARNING if near else Severity.INFO,
            likely=True,
            effect=f"of several functions behind {'the host' if near else 'a PCIe switch'} only "
            "the first gets the IOMMU; the others run without translation, and the SMMU refuses "
            f"their DMA{'' if near else '; without a switch nothing happens'}",
            fix=_whole(board, node, "iommu-map", table)
            or "Set iommu-map-mask = <0xffff>; and map every requester ID.",
        )
