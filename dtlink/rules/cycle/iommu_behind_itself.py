"""An IOMMU stands behind the bridge that it translates for, and the map covers it.

What it finds: an iommu-map that names an IOMMU which is a PCI function below the same host, where
the IOMMU's own requester ID is in a row for that IOMMU.
Why it matters: to probe the function the kernel wants its IOMMU, which is that function. It waits
for itself, and all that is behind the bridge waits for it, until the deferred-probe timeout; with
deferred_probe_timeout=-1 for ever. What is probed before it then runs without translation.
What to do: leave the IOMMU's own requester ID (bus << 8 | device << 3 | function) out of iommu-map.
References: Linux, drivers/iommu/of_iommu.c, of_iommu_xlate();
Documentation/devicetree/bindings/virtio/iommu.txt (virtio,pci-iommu.yaml), since 5.3.
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tree import Board
from dtlink.links.maps import IdMap, IdMapEntry
from dtlink.links.streams import bus_ids, is_pci
from dtlink.rules.iommu._rows import inputs, place
from dtlink.rules.model import Dts, Finding, Severity, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
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
def iommu_behind_itself(board: Board) -> Iterator[Finding]:
    """Each IOMMU that a map covers by itself."""
    for host, table in board.iommu_maps.items():
        for iommu in dict.fromkeys(row.target for row in table.entries):
            own = _requester_id(board, host, iommu)
            row = None if own is None else _first_match(table, own)
            if own is not None and row is not None and row.target == iommu:
                yield _finding(board, host, row, own)


def _requester_id(board: Board, host: int, iommu: int) -> int | None:
    """The requester ID of an IOMMU below a host; ``None`` if it is not, or none can be told.

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


def _finding(board: Board, host: int, row: IdMapEntry, own: int) -> Finding:
    bridge, iommu = board.tree[host], board.tree[row.target]
    return iommu_behind_itself.finding(
        place(board, host, "iommu-map", row),
        f"iommu-map[{row.entry}] of {bridge.name} covers requester ID {own:#x}, which is the IOMMU "
        f"{iommu.name} itself",
        property_name="iommu-map",
        supplier=iommu,
        consequence=f"{iommu.name} waits for itself, and what is behind {bridge.name} for it, "
        'until the timeout ("deferred probe timeout, ignoring dependency"); then they run without '
        "translation, but for those that are probed after it",
        fix=_split(board, row, own),
    )


def _split(board: Board, row: IdMapEntry, own: int) -> str:
    """The row in two, without one requester ID."""
    if not row.output or own not in inputs(row):
        return f"rows in iommu-map that leave {own:#x} out"
    label = board.ref(board.tree[row.target])
    offset = row.output[0] - row.input_base
    parts = (range(row.input_base, own), range(own + 1, inputs(row).stop))
    rows = [
        f"<{part[0]:#x} {label} {part[0] + offset:#x} {len(part):#x}>" for part in parts if part
    ]
    return f"instead of the row: {', '.join(rows) or 'nothing'}"
