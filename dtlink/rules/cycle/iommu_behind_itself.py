"""An iommu-map covers the requester ID of its own IOMMU.

What it finds: an iommu-map that references an IOMMU which is a PCI function of the same host, where
an entry for that IOMMU covers its own requester ID.
Why it matters: to probe the function the kernel needs its IOMMU, which is that function. It waits
for itself, and everything behind the bridge waits for it, until the deferred-probe timeout; with
deferred_probe_timeout=-1 forever. Devices that probe before it then run without translation.
What to do: exclude the IOMMU's own requester ID (bus << 8 | device << 3 | function) from iommu-map.
References: Linux, drivers/iommu/of_iommu.c, of_iommu_xlate();
Documentation/devicetree/bindings/virtio/iommu.txt (virtio,pci-iommu.yaml), since 5.3.
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tree import TreeBoard
from dtlink.links.maps import IdMap, IdMapEntry
from dtlink.links.streams import bus_ids, is_pci
from dtlink.rules.iommu._rows import inputs, place
from dtlink.rules.model import Dts, Finding, Fix, Safety, Severity, rule
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.firmware.edits import Cells, PropertyValue
    from dtlink.firmware.tree import Node


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    fix=Safety(True, "only the requester ID of the IOMMU itself is taken out"),
    bad=Dts(
        """
        / {
            pcie@40000000 {
                compatible = "pci-host-ecam-generic";
                device_type = "pci";
                #address-cells = <3>;
                #size-cells = <2>;
                iommu-map = <0x0 &viommu 0x0 0x10000>;
                viommu: iommu@1,0 {
                    compatible = "virtio,pci-iommu", "pci1af4,1057";
                    reg = <0x0800 0x0 0x0 0x0 0x0>;
                    #iommu-cells = <1>;
                };
            };
        };
        """,
        finds=("/pcie@40000000:iommu-map",),
    ),
    good=Dts(
        """
        / {
            pcie@40000000 {
                compatible = "pci-host-ecam-generic";
                device_type = "pci";
                #address-cells = <3>;
                #size-cells = <2>;
                iommu-map = <0x0 &viommu 0x0 0x8>, <0x9 &viommu 0x9 0xfff7>;
                viommu: iommu@1,0 {
                    compatible = "virtio,pci-iommu", "pci1af4,1057";
                    reg = <0x0800 0x0 0x0 0x0 0x0>;
                    #iommu-cells = <1>;
                };
            };
        };
        """
    ),
    needs=("iommu-map",),
)
def iommu_behind_itself(board: TreeBoard) -> Iterator[Finding]:
    """Each IOMMU that a map covers by itself."""
    for host, table in board.iommu_maps.items():
        for iommu in dict.fromkeys(row.target for row in table.entries):
            own = _requester_id(board, host, iommu)
            row = None if own is None else _first_match(table, own)
            if own is not None and row is not None and row.target == iommu:
                yield _finding(board, host, row, own)


def _requester_id(board: TreeBoard, host: int, iommu: int) -> int | None:
    """The requester ID of an IOMMU below a host; ``None`` if it is elsewhere or has none.

    A function's own ``reg`` has the bus number 0 where firmware left numbering to the kernel; the
    bus is then the first of the bridge's ``bus-range``, and unknown without it.
    """
    tree = board.tree
    bridge = tree.parents[iommu]
    while iommu > 0 and not is_pci(tree, bridge) and bridge > 0:
        iommu, bridge = bridge, tree.parents[bridge]
    reg = tree.cell("reg", iommu)
    below = {host} & {bridge, *(node.index for node in tree[bridge].ancestors)} if iommu > 0 else ()
    if not below or reg is None:
        return None
    bus = reg >> 16 & 0xFF
    if not bus:
        if bridge != host and bridge not in tree.holders("bus-range"):
            return None
        bus = bus_ids(tree, bridge).start >> 8
    return bus << 8 | reg >> 8 & 0xFF


def _first_match(table: IdMap, requester_id: int) -> IdMapEntry | None:
    masked = requester_id & table.mask
    return next((row for row in table.entries if masked in inputs(row)), None)


def _finding(board: TreeBoard, host: int, row: IdMapEntry, own: int) -> Finding:
    bridge, iommu = board.tree[host], board.tree[row.target]
    return iommu_behind_itself.finding(
        place(board, host, "iommu-map", row),
        f"iommu-map[{row.entry}] of {bridge.name} covers requester ID {own:#x}, that of its "
        f"own IOMMU {iommu.name}",
        property_name="iommu-map",
        supplier=iommu,
        effect=f"{iommu.name} waits for itself, and devices behind {bridge.name} wait for it, "
        'until the timeout ("deferred probe timeout, ignoring dependency"); then those that probe '
        "before it run without translation",
        fix=_split(board, bridge, row, own),
    )


def _split(board: TreeBoard, bridge: Node, row: IdMapEntry, own: int) -> Fix:
    """The entry in two, without one requester ID."""
    from dtlink.firmware.edit_text import property_value
    from dtlink.firmware.edits import DeleteProperty, Hex, SetProperty, ref

    table = board.iommu_maps[bridge.index]
    if len(row.output) != 1 or own not in inputs(row) or table.leftover:
        return Fix(f"Exclude {own:#x} from the entries of iommu-map.")
    iommu = ref(board.tree[row.target])
    offset = row.output[0] - row.input_base
    parts = (range(row.input_base, own), range(own + 1, inputs(row).stop))
    new: PropertyValue = tuple(
        (Hex(part[0]), iommu, Hex(part[0] + offset), Hex(len(part))) for part in parts if part
    )
    rows = (new if each is row else (_cells(board, each),) for each in table.entries)
    value: PropertyValue = tuple(each for row in rows for each in row)
    here, name = ref(bridge), "iommu-map"
    edit = SetProperty(here, name, value) if value else DeleteProperty(here, name)
    return Fix(f"Replace the entry with {property_value(new) or 'nothing'}.", (edit,))


def _cells(board: TreeBoard, row: IdMapEntry) -> Cells:
    from dtlink.firmware.edits import Hex, ref

    target = ref(board.tree[row.target]) if row.target >= 0 else Hex(row.phandle)
    return (Hex(row.input_base), target, *map(Hex, row.output), Hex(row.length))
