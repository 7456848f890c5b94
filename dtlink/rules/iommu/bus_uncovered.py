"""An iommu-map leaves out whole buses of its host.

What it finds: buses in bus-range of which iommu-map covers no function, in a map that covers other
buses by ranges. (Maps that name single functions are left alone: many boards have such on purpose.)
Why it matters: a device there gets no IOMMU. Its DMA is not translated: it is refused where it
passes through an SMMU that knows no such stream, and unprotected where it does not.
What to do: cover the whole of bus-range, or make bus-range as small as the map.
References: Linux, drivers/of/base.c, of_map_id(); drivers/iommu/of_iommu.c, of_iommu_xlate().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.links.maps import IdMap
from dtlink.links.streams import bus_ids, is_pci
from dtlink.rules.board import Board
from dtlink.rules.iommu._rows import inputs, span
from dtlink.rules.model import Dts, Finding, Severity, rule

_BUS = 0x100
_MASKED = 0xFFFF


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    bad=Dts(
        """
        / {
            smmu: iommu@1000 { compatible = "arm,smmu-v3"; #iommu-cells = <1>; };
            pcie@2000 {
                compatible = "pci-host-ecam-generic";
                device_type = "pci";
                bus-range = <0x0 0x7f>;
                iommu-map = <0x0 &smmu 0x0 0x4000>;
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
                bus-range = <0x0 0x7f>;
                iommu-map = <0x0 &smmu 0x0 0x8000>;
            };
        };
        """
    ),
    needs=("iommu-map",),
)
def bus_uncovered(board: Board) -> Iterator[Finding]:
    """One finding a host, that names all the gaps."""
    for node, table in board.iommu_maps.items():
        if table.mask & _MASKED != _MASKED or not is_pci(board.tree, node):
            continue
        if not any(row.length >= _BUS for row in table.entries):
            continue
        gaps = [gap for gap in _gaps(table, bus_ids(board.tree, node)) if len(gap) >= _BUS]
        if gaps:
            name = board.tree[node].name
            told = ", ".join(map(span, gaps[:4])) + (", …" if len(gaps) > 4 else "")
            yield bus_uncovered.finding(
                board.tree[node],
                f"iommu-map of {name} covers no requester ID in {told}, which bus-range allows",
                property_name="iommu-map",
                likely=True,
                consequence="a device on these buses gets no IOMMU: its DMA is not translated, "
                "and is refused where it passes through an SMMU",
                fix="rows in iommu-map for the whole of bus-range, or a smaller bus-range",
            )


def _gaps(table: IdMap, ids: range) -> Iterator[range]:
    """What the rows leave of the IDs."""
    at = ids.start
    for row in sorted(map(inputs, table.entries), key=lambda row: row.start):
        if at < min(row.start, ids.stop):
            yield range(at, min(row.start, ids.stop))
        at = max(at, row.stop)
    if at < ids.stop:
        yield range(at, ids.stop)
