"""MADT: the interrupt controllers that other tables name (ACPI specification, 5.2.12)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from dtlink.firmware.acpi.layout import U8, U16, U32, U64, Part, Struct
from dtlink.firmware.acpi.table import Frame, TableHeader, walk

_FRAME = Frame("interrupt controller", type_size=1, length_at=1, length_size=1)


class MadtEntry(Struct):
    """What every entry begins with; also an entry that nothing here asks for."""

    TABLE, WORD, SIZE = "APIC", "entry", 2
    type = U8(0)
    length = U8(1)

    __slots__ = ()


class IoApic(MadtEntry):
    """An I/O APIC."""

    WORD, TYPE, SIZE = "ioapic", 1, 12
    id = U8(2)
    address = U32(4)
    gsi_base = U32(8)

    __slots__ = ()


class GicDistributor(MadtEntry):
    """The GIC's distributor; ``version`` 0 leaves it open."""

    WORD, TYPE, SIZE = "gicd", 12, 24
    base = U64(8)
    version = U8(20)

    __slots__ = ()


class GicMsiFrame(MadtEntry):
    """A GICv2m frame."""

    WORD, TYPE, SIZE = "msi-frame", 13, 24
    id = U32(4)
    base = U64(8)

    __slots__ = ()


class GicIts(MadtEntry):
    """An interrupt translation service of a GICv3."""

    WORD, TYPE, SIZE = "its", 15, 20
    reserved = U16(2)
    id = U32(4)
    base = U64(8)

    __slots__ = ()


class GicTranslateFrame(MadtEntry):
    """A translate frame of a GICv5 ITS. An IORT refers to its ``id`` as to that of an ITS."""

    WORD, TYPE, SIZE = "its-translate-frame", 30, 24
    reserved = U16(2)
    its = U32(4)
    """The number of the ITS (type 29) that it belongs to."""
    id = U32(8)
    reserved_second = U32(12)
    base = U64(16)

    __slots__ = ()


KINDS: dict[int, type[Struct]] = {
    kind.TYPE: kind for kind in (IoApic, GicDistributor, GicMsiFrame, GicIts, GicTranslateFrame)
}


class Madt(TableHeader):
    """The table (its signature is ``APIC``)."""

    TABLE, SIZE = "APIC", 44
    PARTS = (Part((*KINDS.values(), MadtEntry)),)
    address = U32(36)
    flags = U32(40)

    __slots__ = ("__dict__",)

    @cached_property
    def entries(self) -> tuple[Struct, ...]:
        """All entries."""
        return tuple(walk(self, self.SIZE, self.end, _FRAME, KINDS, MadtEntry, self.frame_faults))

    @property
    def structures(self) -> Sequence[Struct]:
        return self.entries

    @cached_property
    def its_ids(self) -> frozenset[int]:
        """The GIC ITS ids."""
        return frozenset(entry.id for entry in self.entries if isinstance(entry, GicIts))

    @cached_property
    def frame_ids(self) -> frozenset[int]:
        """The ids of the GICv5 translate frames."""
        frames = (entry for entry in self.entries if isinstance(entry, GicTranslateFrame))
        return frozenset(frame.id for frame in frames)

    @cached_property
    def ioapics(self) -> tuple[IoApic, ...]:
        """The I/O APICs."""
        return tuple(entry for entry in self.entries if isinstance(entry, IoApic))

    @property
    def gic_version(self) -> int:
        """The GIC's version; 0 where it is not said."""
        return next(
            (entry.version for entry in self.entries if isinstance(entry, GicDistributor)), 0
        )
