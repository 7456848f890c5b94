"""MCFG: the PCI segments that there are, and their buses (PCI Firmware specification, 4.1.2)."""

from __future__ import annotations

from functools import cached_property

from dtlink.firmware.acpi.layout import U8, U16, U32, U64, Part, Struct
from dtlink.firmware.acpi.table import TableHeader


class Allocation(Struct):
    """The configuration space of some buses of a segment."""

    TABLE, WORD, MEMBER, SIZE = "MCFG", "allocation", "allocations", 16
    base = U64(0)
    segment = U16(8)
    start_bus = U8(10)
    end_bus = U8(11, 255)
    reserved = U32(12)

    __slots__ = ()

    @property
    def buses(self) -> range:
        """The buses."""
        return range(self.start_bus, self.end_bus + 1)


class Mcfg(TableHeader):
    """The table."""

    TABLE, SIZE = "MCFG", 44
    PARTS = (Part((Allocation,)),)
    reserved = U64(36)

    __slots__ = ("__dict__",)

    @cached_property
    def allocations(self) -> tuple[Allocation, ...]:
        """All whole entries."""
        size = Allocation.SIZE
        starts = range(self.SIZE, self.end - size + 1, size)
        return tuple(
            Allocation(self.data, at, at + size, self, entry) for entry, at in enumerate(starts)
        )

    @cached_property
    def segments(self) -> frozenset[int]:
        """The segments that it names."""
        return frozenset(entry.segment for entry in self.allocations)
