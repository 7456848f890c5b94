"""What Linux does with a VIOT.

Source, unless a row has its own: Linux 6.12, drivers/acpi/viot.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtlink.firmware.acpi.table import FrameFaultKind
from dtlink.firmware.acpi.viot import MmioEndpoint, PciRange, Viot, ViotNode
from dtlink.rules.acpi._rows import (
    Effect,
    FrameRows,
    ReservedRows,
    TableRows,
    UnknownRows,
    fault,
    table_of,
)
from dtlink.rules.model import Severity
from dtlink.rules.viot._words import BUG, NO_IOMMU, OVERFLOW, PREFIX, UNTRANSLATED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dtlink.firmware.acpi.layout import Struct
    from dtlink.firmware.acpi.table import FrameFault

_STOPS = f"and stops reading: its devices, and those of the nodes after it, have {UNTRANSLATED}"
_PARSE = "viot_parse_node()"
_BOUNDS = "viot_check_bounds()"


def _lost(case: FrameFault) -> int:
    """How many nodes are announced and not read."""
    table = table_of(case.where)
    return table.node_count - len(table.nodes) if isinstance(table, Viot) else 0


def _read(case: FrameFault) -> int:
    table = table_of(case.where)
    return len(table.nodes) if isinstance(table, Viot) else 0


FRAME = FrameRows(
    effects=(
        Effect(
            lambda case: f"{OVERFLOW}: Linux keeps the {_read(case)} nodes that it has read",
            fault(FrameFaultKind.MISSING),
            Severity.WARNING,
            "acpi_viot_init()",
        ),
        Effect(
            f"{OVERFLOW}: Linux reads no node, and all devices have {UNTRANSLATED}",
            fault(FrameFaultKind.SHORT, on=Viot),
            source=_BOUNDS,
        ),
        Effect(
            f'Linux logs "{BUG}Empty node" {_STOPS}',
            fault(FrameFaultKind.SHORT, when=lambda case: case.length < ViotNode.SIZE),
            source=_BOUNDS,
        ),
        Effect(
            f'Linux logs "{BUG}Invalid PCI node size" {_STOPS}',
            fault(FrameFaultKind.SHORT, on=PciRange),
            source=_PARSE,
        ),
        Effect(
            f'Linux logs "{BUG}Invalid MMIO node size" {_STOPS}',
            fault(FrameFaultKind.SHORT, on=MmioEndpoint),
            source=_PARSE,
        ),
        Effect(
            f"Linux does not take it for an IOMMU: {NO_IOMMU}, for every node that refers to it",
            fault(FrameFaultKind.SHORT),
            source="viot_get_iommu()",
        ),
        Effect(
            lambda case: f"{OVERFLOW}: Linux does not read the {_lost(case)} nodes after it",
            fault(FrameFaultKind.BEYOND, when=lambda case: _lost(case) > 0),
            source=_BOUNDS,
        ),
        Effect(
            "Linux does not check it, and needs no more of the node than there is",
            fault(FrameFaultKind.BEYOND, when=lambda case: case.room >= case.where.SIZE),
            Severity.WARNING,
            _BOUNDS,
        ),
        Effect(
            "Linux takes what follows the table in memory for the node's fields",
            fault(FrameFaultKind.BEYOND),
            source=_PARSE,
        ),
        Effect(
            f"Linux does not read them: devices that they describe have {UNTRANSLATED}",
            fault(FrameFaultKind.UNANNOUNCED),
            Severity.WARNING,
            "acpi_viot_init()",
        ),
    )
)


def _type(nodes: Sequence[Struct]) -> int:
    number: int = getattr(nodes[0], "type", 0)
    return number


UNKNOWN = UnknownRows(
    known="1 (PCI range), 2 (MMIO endpoint), 3 (virtio-iommu as a PCI function), "
    "4 (virtio-iommu with MMIO registers)",
    effects=(
        Effect(
            lambda nodes: f'"{PREFIX}Unsupported node {_type(nodes):x}": Linux skips it',
            source=_PARSE,
        ),
    ),
)

ROWS = TableRows(
    frame=FRAME,
    reserved=ReservedRows(together=True),
    unknown=UNKNOWN,
)
