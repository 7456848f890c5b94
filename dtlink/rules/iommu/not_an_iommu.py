"""iommu-map references a node that is not an IOMMU.

What it finds: an entry of iommu-map that references a node without #iommu-cells and without the
compatible of an IOMMU. (In iommus, such a node is reported by phandle/missing-cells.)
Why it matters: the kernel treats any available node as an IOMMU whose driver is not loaded yet, so
every device behind the bus waits for it until the deferred-probe timeout.
What to do: reference the IOMMU by its label.
References: Linux, drivers/iommu/of_iommu.c, of_iommu_xlate(); drivers/base/dd.c,
driver_deferred_probe_check_state().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tree import TreeBoard
from dtlink.facts.iommus import kind_of
from dtlink.links.reference import Link
from dtlink.rules.model import Dts, Finding, Fix, Safety, Severity, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    fix=Safety(False, "that the board's only IOMMU is meant is likely, not certain"),
    bad=Dts(
        """
        / {
            gic: interrupt-controller@1000 { compatible = "arm,gic-v3"; };
            pcie@2000 {
                compatible = "pci-host-ecam-generic";
                device_type = "pci";
                iommu-map = <0x0 &gic 0x0 0x10000>;
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
                iommu-map = <0x0 &smmu 0x0 0x10000>;
            };
        };
        """
    ),
    needs=("iommu-map",),
)
def not_an_iommu(board: TreeBoard) -> Iterator[Finding]:
    """The first entry of each map that references such a node."""
    tree = board.tree
    for target, references in board.masters.items():
        if target in tree.holders("#iommu-cells") or kind_of(tree[target].compatible):
            continue
        maps = {ref.node: ref for ref in references[::-1] if ref.binding.name == "iommu-map"}
        for ref in reversed(maps.values()):
            link = Link(tree, ref)
            yield not_an_iommu.finding(
                link,
                f"{link.entry} of {link.node.name} references {link.supplier.name}, "
                "which is not an IOMMU",
                supplier=link.supplier,
                effect=f'every device behind {link.node.name} waits ("deferred probe timeout, '
                'ignoring dependency"), then runs without translation',
                fix=_fix(board, link),
            )


def _fix(board: TreeBoard, link: Link) -> Fix:
    """Reference the only IOMMU that the board has, if one output cell is what it takes."""
    from dtlink.firmware.edit_maps import id_map_value
    from dtlink.firmware.edits import SetProperty, ref

    tree, name = board.tree, "iommu-map"
    iommus = [node for node in tree.holders("#iommu-cells") if node not in tree.disabled]
    if len(iommus) != 1 or tree.cell("#iommu-cells", iommus[0]) != 1:
        return Fix("Reference the IOMMU: iommu-map = <0x… &iommu 0x… 0x…>;")
    only = ref(tree[iommus[0]])
    cells = link.node.cells(name)
    at = {cell: only for cell in range(1, len(cells), 4) if cells[cell] == link.supplier.phandle}
    value = id_map_value(link.node, name, at)
    text = f"Reference {only}, the board's only IOMMU, instead of {ref(link.supplier)} in {name}."
    return Fix(text, (SetProperty(ref(link.node), name, value),))
