"""With fw_devlink.strict=1 the kernel misreads iommu-map, and links its node to others.

What it finds: an iommu-map whose entries are not 4 cells long, in which a cell that fw_devlink
takes for a phandle is that of a node which the map does not reference.
Why it matters: fw_devlink reads the second of every four cells, whatever #iommu-cells says. With
fw_devlink.strict=1 it links the node to whatever has these phandles: it probes after unrelated
devices, or waits forever where one of them never becomes a device. Without, nothing is linked.
What to do: boot without fw_devlink.strict=1. Entries of 4 cells and length 1 are read alike by all
kernels, but map one ID each.
References: Linux, drivers/of/property.c, parse_iommu_maps(); drivers/of/base.c, of_map_id().
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dtlink.board.tree import TreeBoard
from dtlink.facts.bindings import bindings_for
from dtlink.links.maps import misread_links
from dtlink.links.reference import Link, UnresolvedReason
from dtlink.rules.model import Dts, Finding, Severity, rule
from dtlink.wording import counted

_MAP = """
            smmu: iommu { compatible = "arm,mmu-500"; #iommu-cells = <2>; };
            pcie@2000 {
                compatible = "vendor,pcie";
                reg = <0x2000>;
                device_type = "pci";
                iommu-map = <0x0 &smmu 0x0 0x0 0x1>, <0x100 &smmu 0x1 0x0 0x1>;
            };
"""


@rule(
    __name__,
    __doc__,
    severity=Severity.INFO,
    since="0.2",
    bad=Dts(
        f"""
        / {{{_MAP}
            pins {{ group {{ phandle = <0x100>; }}; }};
        }};
        """,
        finds=("/pcie@2000:iommu-map",),
    ),
    good=Dts(
        f"""
        / {{{_MAP}
            pins {{ group {{ phandle = <0x42>; }}; }};
        }};
        """
    ),
    needs=("iommu-map",),
)
def map_strict(board: TreeBoard) -> Iterator[Finding]:
    """One finding a map."""
    row = bindings_for(board.version)["iommu-map"]
    # What the kernel makes of a map with cells too many or too few is an accident of that fault.
    broken = {entry.node.index for entry in board.failures(*UnresolvedReason)}
    for node in board.iommu_maps:
        if node in broken:
            continue
        links = [Link(board.tree, ref) for ref in misread_links(board.tree, row, node)]
        if links:
            yield _finding(board, links)


def _finding(board: TreeBoard, links: Sequence[Link]) -> Finding:
    first = links[0]
    name, cell = first.node.name, first.reference.cell
    on = _follows_maps(board)
    waits = _waits(board, links) if on else ""  # a note is not worth another prediction
    device = board.device(first.supplier).path
    told = (
        f"{name} waits forever for {waits}"
        if waits
        else f"{name} waits for {device}, forever if that has no driver"
    )
    loud = Severity.ERROR if waits else Severity.WARNING
    return map_strict.finding(
        first.node,
        f"fw_devlink.strict=1 takes cell {cell} of iommu-map of {name} for the phandle of "
        f"{first.supplier.path}{_more(links)}",
        property_name="iommu-map",
        effect=told if on else f"none unless fw_devlink.strict=1 is set: then {told}",
        fix="Remove fw_devlink.strict=1 from the kernel command line."
        if on
        else "Do not boot with fw_devlink.strict=1.",
        related=[link.supplier for link in links],
        severity=loud if on else Severity.INFO,
    )


def _more(links: Sequence[Link]) -> str:
    others = {link.supplier.path for link in links} - {links[0].supplier.path}
    return (
        f"; it takes other cells for phandles of {counted(len(others), 'more node')}"
        if others
        else ""
    )


def _follows_maps(board: TreeBoard) -> bool:
    """Whether the kernel links what an iommu-map references."""
    row, profile = bindings_for(board.version)["iommu-map"], board.profile
    optional = row is not None and row.optional is not None and profile.version in row.optional
    return profile.orders_probing and (profile.strict or not optional)


def _waits(board: TreeBoard, links: Sequence[Link]) -> str:
    """The misread suppliers that the node waits for forever, if the kernel links them."""
    if not board.profile.orders_probing:
        return ""
    strict = board.profile._replace(strict=True)
    found = board.prediction if strict == board.profile else board.predicted(strict)
    misread = {link.supplier.path for link in links}
    for item in found.waiting:
        if item.device == links[0].node.path:
            return ", ".join(path for path in item.suppliers if path in misread)
    return ""
