"""A node does not fit its frame, or there are other nodes than the header announces.

What it finds: nodes with a length of 0, or less than their type needs, or beyond the table's end; a
first node within the header; more nodes announced than there are, or fewer.
Why it matters: Linux steps from node to node by these lengths, as often as the header says. An
empty node, or a PCI range or MMIO endpoint that is too short, ends its reading: the devices of all
nodes from there on have no IOMMU. Of a node's end it does not check that it is within the table.
What to do: write the true lengths (24 for a PCI range or an MMIO endpoint, 16 for a virtio-iommu),
and count the nodes.
References: ACPI specification 6.5, 5.2.34; Linux, drivers/acpi/viot.c, viot_check_bounds(),
viot_parse_node(), viot_get_iommu(), acpi_viot_init().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.layout import Struct
from dtlink.firmware.acpi.table import Trouble, TroubleKind
from dtlink.firmware.acpi.viot import MmioEndpoint, PciRange, Viot
from dtlink.rules.model import Finding, Severity, Tables, rule
from dtlink.rules.viot._words import BUG, NO_IOMMU, OVERFLOW, UNTRANSLATED

#: What Linux says of a node of a type that is too short, and what comes of it.
_STOPS = f"and stops reading: its devices, and those of the nodes behind it, have {UNTRANSLATED}"
_TOO_SHORT: dict[type[Struct], str] = {
    PciRange: f'Linux says "{BUG}Invalid PCI node size" {_STOPS}',
    MmioEndpoint: f'Linux says "{BUG}Invalid MMIO node size" {_STOPS}',
}


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    bad=Tables(
        """
        VIOT
          iommu: virtio-iommu-pci function=0x8
          range: pci-range bdf_end=0xff output=iommu length=16
        """,
        finds=("range:length",),
    ),
    good=Tables(
        """
        VIOT
          iommu: virtio-iommu-pci function=0x8
          range: pci-range bdf_end=0xff output=iommu
        """
    ),
    needs=("VIOT",),
)
def frame(board: TablesBoard) -> Iterator[Finding]:
    """One finding for each trouble; if there is none, one for nodes that were not announced."""
    table = board.machine.viot
    if table is None:
        return
    troubles = list(board.troubles("VIOT"))
    yield from (_finding(table, trouble) for trouble in troubles)
    end = table.nodes[-1].end if table.nodes else table.node_offset
    if not troubles and any(table.data[end:]):
        yield _unannounced(table, end)


def _finding(table: Viot, trouble: Trouble) -> Finding:
    if trouble.where is table:
        return _header(table, trouble)
    if trouble.kind is TroubleKind.BEYOND:
        return _beyond(table, trouble)
    return _short(trouble)


def _header(table: Viot, trouble: Trouble) -> Finding:
    if trouble.kind is TroubleKind.MISSING:
        there = len(table.nodes)
        return frame.finding(
            table,
            f"the header announces {table.node_count} nodes, and the table has room for {there}",
            property_name="node_count",
            severity=Severity.WARNING,
            consequence=f"{OVERFLOW}: Linux keeps the {there} nodes that it has read",
            fix=f"node_count {there}, or a length that takes in the nodes that were meant",
        )
    return frame.finding(
        table,
        f"the first node is said to be at {table.node_offset:#x}, within the header",
        property_name="node_offset",
        consequence=f"{OVERFLOW}: Linux reads no node, and all devices have {UNTRANSLATED}",
        fix="the byte offset of the first node, 48 if it follows the header",
    )


def _short(trouble: Trouble) -> Finding:
    node = trouble.where
    if trouble.length < 4:
        consequence = f'Linux says "{BUG}Empty node" {_STOPS}'
    else:
        consequence = _TOO_SHORT.get(
            type(node), f"Linux does not take it for an IOMMU: {NO_IOMMU}, for all that name it"
        )
    return frame.finding(
        node,
        f"{node.name} has a length of {trouble.length} bytes, and needs {max(node.SIZE, 4)}",
        property_name="length",
        consequence=consequence,
        fix=f"length {node.SIZE}" if node.TYPE > 0 else "the node's true length",
    )


def _beyond(table: Viot, trouble: Trouble) -> Finding:
    node = trouble.where
    lost = table.node_count - len(table.nodes)
    harmless = trouble.room >= node.SIZE and not lost
    consequence = "Linux takes what follows the table in memory for the node's fields"
    if lost:
        consequence = f"{OVERFLOW}: the {lost} nodes that were announced behind it are not read"
    elif harmless:
        consequence = "Linux does not check it, and needs no more of the node than there is"
    return frame.finding(
        node,
        f"{node.name} says that it has {trouble.length} bytes, but the table ends after "
        f"{trouble.room}",
        property_name="length",
        severity=Severity.WARNING if harmless else None,
        consequence=consequence,
        fix=f"length {node.SIZE}"
        if trouble.room >= node.SIZE > 4
        else "the true lengths of the node and of the table",
    )


def _unannounced(table: Viot, end: int) -> Finding:
    return frame.finding(
        table,
        f"the header announces {table.node_count} nodes, which end at {end:#x}; "
        f"{len(table.data) - end} bytes follow",
        property_name="node_count",
        severity=Severity.WARNING,
        consequence=f"Linux does not read them: devices that they are about have {UNTRANSLATED}",
        fix="the number of all nodes, or a table that ends with the last",
    )
