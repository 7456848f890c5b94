"""What Linux does with a VIOT.

Source, unless a row has its own: Linux 6.12, drivers/acpi/viot.c.
"""

from __future__ import annotations

from operator import attrgetter

from dtlink.facts.pci import bdf
from dtlink.firmware.acpi.table import FrameFaultKind
from dtlink.firmware.acpi.viot import (
    MmioEndpoint,
    PciRange,
    Viot,
    ViotNode,
    VirtioIommuMmio,
    VirtioIommuPci,
)
from dtlink.rules.acpi._effects import Effect, fault, table_of
from dtlink.rules.acpi._rows import (
    DescribedRows,
    FrameRows,
    OffsetReference,
    RangeRows,
    ReferenceRows,
    ReservedRows,
    TableRows,
    UniqueRows,
    UnknownRows,
)
from dtlink.rules.model import Severity
from dtlink.rules.viot._words import BUG, NO_IOMMU, OVERFLOW, PREFIX, UNTRANSLATED
from dtlink.typed import TYPE_CHECKING

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


def _is_checked(case: OffsetReference) -> bool:
    """Whether Linux finds that the offset is outside the table (viot_check_bounds())."""
    table = table_of(case.where)
    start = table.node_offset if isinstance(table, Viot) else 0
    return not max(table.SIZE, start) <= case.value <= table.end - ViotNode.SIZE


def _looks_like_iommu(case: OffsetReference) -> bool:
    return case.where.data[case.value] in (VirtioIommuPci.TYPE, VirtioIommuMmio.TYPE)


_ILLEGAL: Effect[OffsetReference] = Effect(
    f"{NO_IOMMU}: its devices have {UNTRANSLATED}", source="viot_parse_node()"
)
REFERENCES = ReferenceRows(
    needs_target=True,
    dangling=(
        Effect(
            f"{OVERFLOW}, {NO_IOMMU}: its devices have {UNTRANSLATED}",
            _is_checked,
            source=_BOUNDS,
        ),
        Effect(
            "Linux takes the bytes there for a virtio-iommu: its devices wait for one that never "
            f"comes, or have {UNTRANSLATED}",
            _looks_like_iommu,
            source="viot_get_iommu()",
        ),
        _ILLEGAL,
    ),
    illegal=(_ILLEGAL,),
)

DESCRIBED = DescribedRows(
    suppliers=(VirtioIommuPci, VirtioIommuMmio),
    noun="virtio-iommu",
    consumers=attrgetter("endpoints"),
    frame_matters=False,
    effect=Effect(f"{NO_IOMMU}, for every node: the devices have {UNTRANSLATED}", source=_PARSE),
    fix="Add a virtio-iommu node (type 3 or 4), and set the output of the others to its offset.",
)

_NOT_FOUND: Effect[Struct] = Effect(
    f"Linux finds no device in it, without a message; those that were meant have {UNTRANSLATED}",
    source="viot_pci_dev_iommu_init()",
)
RANGES = (
    RangeRows(
        first="segment_start",
        last="segment_end",
        field="segment_end",
        among=attrgetter("ranges"),
        show=lambda _node, number: f"segment {number}",
        effect=_NOT_FOUND,
    ),
    RangeRows(
        first="bdf_start",
        last="bdf_end",
        field="bdf_end",
        among=lambda table: (node for node in table.ranges if node.segments),
        show=lambda _node, number: f"{bdf(number)} ({number:#x})",
        effect=_NOT_FOUND,
    ),
)


def _serves(node: MmioEndpoint) -> str:
    return f"endpoint {node.endpoint:#x} at the IOMMU {node.output:#x}"


UNIQUE = (
    UniqueRows(
        alias="viot/duplicate-endpoint",
        among=attrgetter("mmio_endpoints"),
        key=attrgetter("base"),
        noun="base address",
        same=lambda first, later: (first.endpoint, first.output) == (later.endpoint, later.output),
        effects=(
            Effect(
                lambda pair: (
                    "Linux takes the last such node that refers to an IOMMU, another system "
                    f"perhaps the first ({_serves(pair[0])}, and {_serves(pair[1])}): with the "
                    "wrong one the device's DMA faults"
                ),
                source=_PARSE,
            ),
        ),
        fix=lambda _first, _later: (
            "Keep one node for the device, or set base to that of the other device."
        ),
    ),
    UniqueRows(
        alias="viot/duplicate-iommu",
        among=attrgetter("iommus"),
        key=lambda node: (node.type, node.identity),
        noun="place",
        effects=(
            Effect(
                "Linux takes both for one device; if two were meant, the devices behind one of "
                "them are attached to the wrong IOMMU, and their DMA faults",
                source="viot_get_iommu()",
            ),
        ),
        fix=lambda first, _later: (
            "Set the address of the other virtio-iommu; or keep one node, "
            f"and set the outputs to {first.start:#x}."
        ),
    ),
)

ROWS = TableRows(
    described=DESCRIBED,
    ranges=RANGES,
    unique=UNIQUE,
    references=REFERENCES,
    frame=FRAME,
    reserved=ReservedRows(together=True),
    unknown=UNKNOWN,
)
