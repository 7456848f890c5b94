"""The I/O APICs and HPETs that an IVRS names, and those that it does not."""

from __future__ import annotations

from dtlink.firmware.acpi.ivrs import IOAPIC, Special
from dtlink.records import NamedTuple
from dtlink.rules.ivrs._linux import taken
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dtlink.board.tables import TablesBoard
    from dtlink.firmware.acpi.madt import IoApic


class Named(NamedTuple):
    """The entries of one variety in the blocks that Linux takes."""

    by_handle: Mapping[int, Special]
    """The first of each handle, which Linux takes."""
    contradictions: Sequence[tuple[Special, Special]]
    """The first of a handle, and a later one with another device ID."""


def named(board: TablesBoard, variety: int) -> Named:
    """What the table says of one variety."""
    found: dict[int, Special] = {}
    contradictions = []
    for block in taken(board):
        for entry in block.entries:
            if isinstance(entry, Special) and entry.variety == variety:
                first = found.setdefault(entry.handle, entry)
                if (first.segment, first.source) != (entry.segment, entry.source):
                    contradictions.append((first, entry))
    return Named(found, contradictions)


def unnamed(board: TablesBoard) -> list[IoApic]:
    """The MADT's I/O APICs that no entry names."""
    madt = board.machine.madt
    handles = named(board, IOAPIC).by_handle
    return [each for each in (madt.ioapics if madt else ()) if each.id not in handles]
