"""What Linux does with an IVRS.

Source, unless a row has its own: Linux, drivers/iommu/amd/init.c.
"""

from __future__ import annotations

from dtlink.facts.pci import bdf
from dtlink.firmware.acpi.ivrs import MAX_TYPE, DeviceEntry, Ivhd, Ivrs, IvrsBlock, Range
from dtlink.firmware.acpi.table import FrameFaultKind
from dtlink.rules.acpi._effects import Effect, fault, table_of
from dtlink.rules.acpi._rows import DescribedRows, FrameRows, RangeRows, TableRows, UnknownRows
from dtlink.rules.ivrs._linux import NO_IOMMU, NOT_SERVED
from dtlink.rules.model import Severity
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dtlink.firmware.acpi.layout import Struct
    from dtlink.firmware.acpi.table import FrameFault

#: Linux takes the length of an entry of these types for 0 (ivhd_entry_length()).
_NO_LENGTH = 0x80
_LAST = "find_last_devid_acpi()"
_ENTRIES = "init_iommu_from_acpi()"
_ENTRY = "Linux reads the next block's bytes as part of it, and may find other devices in it"


def _is_unread(case: FrameFault) -> bool:
    """Whether it is in a block that Linux does not take."""
    block, table = case.where.owner, table_of(case.where)
    is_taken = isinstance(table, Ivrs) and getattr(block, "type", -1) == table.taken_type
    return isinstance(block, Ivhd) and not is_taken


FRAME = FrameRows(
    names_field=False,
    effects=(
        Effect(
            "Linux takes the bytes, and what follows the table in memory, for a block",
            fault(on=Ivrs),
            source=_LAST,
        ),
        Effect(
            "Linux never advances (length 0): the boot hangs, without a message",
            fault(when=lambda case: not case.length),
            source=_LAST,
        ),
        Effect(_ENTRY, fault(on=DeviceEntry, when=_is_unread), Severity.WARNING, _ENTRIES),
        Effect(_ENTRY, fault(on=DeviceEntry), source=_ENTRIES),
        Effect(
            f"Linux finds no device in the block; then {NO_IOMMU}",
            fault(FrameFaultKind.SHORT, on=Ivhd),
            source="find_last_devid_from_ivhd()",
        ),
        Effect(
            "Linux reads bytes outside the block for its fields and for the next blocks",
            source="init_iommu_all()",
        ),
    ),
)


def taken_entries(table: Ivrs) -> Iterator[DeviceEntry]:
    """The entries of the blocks that Linux takes, but those that are too short."""
    for block in table.taken:
        if block.end - block.start >= block.SIZE:
            yield from block.entries


def _read(table: Ivrs) -> Iterator[Struct]:
    """The blocks, and the entries of those that Linux takes.

    ivrs/block-order reports an unknown type that Linux takes instead of that of the IOMMUs.
    """
    yield from (each for each in table.blocks if table.taken or each.type != table.taken_type)
    yield from taken_entries(table)


def _key(each: Struct) -> object:
    """Entries of a block make one finding, blocks one for each type."""
    return each.owner if isinstance(each, DeviceEntry) else getattr(each, "type", 0)


def _block(each: Struct) -> IvrsBlock | None:
    return each if isinstance(each, IvrsBlock) else None


def _is_newer(blocks: Sequence[Struct]) -> bool:
    """Whether Linux looks at no block after it when it chooses a type."""
    block = _block(blocks[0])
    return block is not None and block.type > MAX_TYPE


def _has_no_length(entry: Struct) -> bool:
    return isinstance(entry, DeviceEntry) and entry.type >= _NO_LENGTH


UNKNOWN = UnknownRows(
    kinds=(DeviceEntry, IvrsBlock),
    among=_read,
    key=_key,
    worst=_has_no_length,
    names_field=False,
    known="00h to 04h, 42h, 43h, 46h to 48h or F0h for an entry (00h as padding), 10h, 11h, 20h to "
    "22h or 40h for a block",
    effects=(
        Effect(
            "Linux skips it, as a type for newer systems, and looks for no type of its own in the "
            "blocks after it",
            _is_newer,
            Severity.INFO,
            "get_highest_supported_ivhd_type()",
        ),
        Effect(
            "Linux skips it: what it describes has no effect",
            lambda those: _block(those[0]) is not None,
            source="init_iommu_all()",
        ),
        Effect(
            "Linux takes the entry's length for 0 and never advances: the boot hangs, without a "
            "message",
            lambda entries: _has_no_length(entries[0]),
            Severity.ERROR,
            "ivhd_entry_length()",
        ),
        Effect("Linux skips them: devices that they refer to have no IOMMU", source=_ENTRIES),
    ),
)

DESCRIBED = DescribedRows(
    suppliers=(Ivhd,),
    noun="IOMMU (no block of type 10h, 11h or 40h)",
    effect=Effect(NO_IOMMU, source="detect_ivrs(), get_highest_supported_ivhd_type()"),
    fix="Add a block of type 11h (10h for old systems, 40h for devices of the namespace) for each "
    "IOMMU, or install no IVRS.",
)


def _taken_ranges(table: Ivrs) -> Iterator[Range]:
    """The ranges that Linux takes, if an entry ends them."""
    entries = taken_entries(table)
    return (each for each in entries if isinstance(each, Range) and each.last >= 0)


RANGES = (
    RangeRows(
        first="device",
        last="last",
        among=_taken_ranges,
        show=lambda entry, device: bdf(device, getattr(entry, "segment", 0)),
        effect=Effect(NOT_SERVED, source=_ENTRIES),
        together=lambda entry: entry.owner,
    ),
)

ROWS = TableRows(frame=FRAME, unknown=UNKNOWN, described=DESCRIBED, ranges=RANGES)
