"""The output node of a range or an endpoint is no virtio-iommu.

What it finds: an output node that is 0, lies outside of the table, is not the first byte of a node,
or is a node of another kind.
Why it matters: Linux drops the range or the endpoint ("No IOMMU node found") and reads on: its
devices have no IOMMU. Where no node begins, it takes whatever bytes lie there for one.
What to do: write the byte offset, from the start of the table, of the virtio-iommu's node.
References: ACPI specification 6.5, 5.2.34, output node; Linux, drivers/acpi/viot.c,
viot_get_iommu(), viot_parse_node().
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.viot import Endpoint, Viot
from dtlink.rules.model import Finding, Severity, Tables, rule
from dtlink.rules.viot._words import NO_IOMMU, OVERFLOW, UNTRANSLATED, choices, iommu_nodes


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    bad=Tables(
        """
        VIOT
          iommu: virtio-iommu-pci function=0x8
          range: pci-range bdf_end=0xff output=iommu
          mmio: mmio-endpoint base=0x1c000000 endpoint=0x10000 output=range
        """,
        finds=("mmio:output",),
    ),
    good=Tables(
        """
        VIOT
          iommu: virtio-iommu-pci function=0x8
          range: pci-range bdf_end=0xff output=iommu
          mmio: mmio-endpoint base=0x1c000000 endpoint=0x10000 output=iommu
        """
    ),
    needs=("VIOT",),
)
def illegal_target(board: TablesBoard) -> Iterator[Finding]:
    """One finding a node. Where there is no IOMMU at all, viot/no-iommu says so."""
    table = board.machine.viot
    if table is None:
        return
    meant = {node.start: node for node in iommu_nodes(table)}
    fix = f"the byte offset of its virtio-iommu: {choices(list(meant.values()))}"
    for node in table.endpoints if meant else ():
        if node.output not in meant:
            yield _finding(table, node, fix)


def _finding(table: Viot, node: Endpoint, fix: str) -> Finding:
    return illegal_target.finding(
        node,
        f"{node.name} has the output node {node.output:#x}, {_what(table, node.output)}",
        property_name="output",
        consequence=_consequence(table, node.output),
        fix=fix,
        supplier=table.by_offset.get(node.output),
    )


def _what(table: Viot, offset: int) -> str:
    named = table.by_offset.get(offset)
    if named is not None:
        return f"which is {named.name}, no virtio-iommu"
    before = bisect_right(table.nodes, offset, key=lambda node: node.start) - 1
    if before >= 0 and offset < table.nodes[before].end:
        return f"which lies within {table.nodes[before].name}"
    return "which lies within the header" if offset < table.SIZE else "where the table has no node"


def _consequence(table: Viot, offset: int) -> str:
    """What Linux checks of an offset: that it is within the table, and the type that is there."""
    if not max(table.SIZE, table.node_offset) <= offset <= table.end - 4:
        return f"{OVERFLOW}, {NO_IOMMU}: its devices have {UNTRANSLATED}"
    if table.data[offset] in (3, 4):
        return (
            "Linux takes the bytes there for a virtio-iommu: its devices wait for one that never "
            f"comes, or have {UNTRANSLATED}"
        )
    return f"{NO_IOMMU}: its devices have {UNTRANSLATED}"
