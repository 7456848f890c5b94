"""IVRS: which IOMMU serves the PCI devices, the I/O APICs and the HPETs of an AMD machine.

An IOMMU has one to three blocks, of types 10h, 11h and 40h, newer ones for newer systems. A block
lists the devices that its IOMMU serves, as entries of 4, 8 or more bytes: what length an entry has
follows from its type. Blocks 20h to 22h reserve memory for devices.

Sources: AMD 48882 (I/O Virtualization Technology specification), chapter on the IVRS, as far as
Linux (drivers/iommu/amd/init.c) and ACPICA (actbl2.h) define it. Device IDs are bus, device and
function in 16 bits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import ClassVar

from dtlink.facts.pci import bdf
from dtlink.firmware.acpi.layout import (
    U8,
    U16,
    U32,
    U64,
    Chars,
    Numbers,
    Part,
    Struct,
    Value,
)
from dtlink.firmware.acpi.table import Frame, FrameFault, FrameFaultKind, TableHeader, walk

#: The highest block type that Linux looks at when it chooses one (ACPI_IVHD_TYPE_MAX_SUPPORTED).
MAX_TYPE = 0x40
#: How many device IDs a segment has.
DEVICES = 0x10000
IOAPIC = 1
HPET = 2
_FRAME = Frame("block", type_size=1, length_at=2, length_size=2)
_HID = 0xF0


class Uid(Numbers):
    """Bytes whose number another field has; they are also written as text."""

    def write(self, value: Value) -> bytes:
        return value.encode("latin-1") if isinstance(value, str) else super().write(value)


class DeviceEntry(Struct):
    """What every device entry begins with; also an entry of a type that is not known."""

    TABLE, WORD, SIZE = "IVRS", "entry", 4
    type = U8(0)
    device = U16(1)
    flags = U8(3, reserved=0x08)

    __slots__ = ("_devices", "last")
    _devices: range

    def __init__(
        self, data: bytes, start: int, end: int, owner: Struct | None = None, entry: int = 0
    ) -> None:
        super().__init__(data, start, end, owner, entry)
        self.last = -1
        """The last device of a range; -1 where no entry ends it."""

    @property
    def segment(self) -> int:
        """The PCI segment of the block."""
        return self.owner.key[0] if isinstance(self.owner, Ivhd) else 0

    @property
    def devices(self) -> range:
        """The device IDs that the entry gives to its IOMMU; asked for often, and made once."""
        try:
            return self._devices
        except AttributeError:
            self._devices = self.covered()
            return self._devices

    def covered(self) -> range:
        """The device IDs by the entry's fields."""
        return range(0)

    @property
    def identity(self) -> str:
        devices = self.devices
        if not devices:
            return ""
        first, last = bdf(devices.start, self.segment), devices.stop - 1
        return first if last == devices.start else f"{first}-{bdf(last, self.segment)}"


class Pad(DeviceEntry):
    """Padding, so that 8-byte entries are aligned."""

    WORD, TYPE = "pad", 0
    __slots__ = ()


class All(DeviceEntry):
    """All devices of the segment."""

    WORD, TYPE = "all", 1
    __slots__ = ()

    def covered(self) -> range:
        return range(DEVICES)


class Select(DeviceEntry):
    """One device."""

    WORD, TYPE = "select", 2
    __slots__ = ()

    def covered(self) -> range:
        return range(self.device, self.device + 1)


class Range(DeviceEntry):
    """The first device of a range."""

    WORD, TYPE = "range", 3
    __slots__ = ()

    def covered(self) -> range:
        return range(self.device, self.last + 1)

    @property
    def identity(self) -> str:
        told = super().identity
        return told or f"{bdf(self.device, self.segment)}-"


class RangeEnd(DeviceEntry):
    """The last device of a range, of whatever kind that is."""

    WORD, TYPE = "range-end", 4
    __slots__ = ()

    @property
    def identity(self) -> str:
        return f"-{bdf(self.device, self.segment)}"


class Alias(Select):
    """A device whose requests carry another device's ID."""

    WORD, TYPE, SIZE = "alias", 0x42, 8
    reserved = U8(4, reserved=0xFF)
    alias = U16(5)
    reserved_last = U8(7, reserved=0xFF)
    __slots__ = ()


class AliasRange(Range):
    """The first device of a range whose requests carry another device's ID."""

    WORD, TYPE, SIZE = "alias-range", 0x43, 8
    reserved = U8(4, reserved=0xFF)
    alias = U16(5)
    reserved_last = U8(7, reserved=0xFF)
    __slots__ = ()


class ExtSelect(Select):
    """One device, with more settings."""

    WORD, TYPE, SIZE = "ext-select", 0x46, 8
    ext_flags = U32(4)
    __slots__ = ()


class ExtRange(Range):
    """The first device of a range, with more settings."""

    WORD, TYPE, SIZE = "ext-range", 0x47, 8
    ext_flags = U32(4)
    __slots__ = ()


class Special(DeviceEntry):
    """An I/O APIC or a HPET: its number, and the device ID that its interrupts carry."""

    WORD, TYPE, SIZE = "special", 0x48, 8
    handle = U8(4)
    source = U16(5)
    variety = U8(7, IOAPIC)
    __slots__ = ()

    def covered(self) -> range:
        return range(self.source, self.source + 1)

    @property
    def what(self) -> str:
        """Its kind and number, as ``IOAPIC 33``."""
        return f"{ {IOAPIC: 'IOAPIC', HPET: 'HPET'}.get(self.variety, 'device') } {self.handle}"

    @property
    def identity(self) -> str:
        return f"{self.what}, {bdf(self.source, self.segment)}"


class AcpiHid(DeviceEntry):
    """A device that the namespace describes, by its hardware ID and unique ID."""

    WORD, TYPE, SIZE = "acpi-hid", _HID, 22
    hid = Chars(4, 8)
    cid = Chars(12, 8)
    uid_format = U8(20)
    uid_length = U8(21)
    uid = Uid(22, 1, "uid_length")
    __slots__ = ()

    NO_UID, INTEGER, TEXT = 0, 1, 2

    def covered(self) -> range:
        return range(self.device, self.device + 1)

    @property
    def uid_text(self) -> str:
        """The unique ID; empty where there is none."""
        raw = bytes(self.uid)
        if self.uid_format == self.INTEGER:
            return str(int.from_bytes(raw, "little"))
        return raw.partition(b"\0")[0].decode("latin-1") if self.uid_format == self.TEXT else ""

    @property
    def identity(self) -> str:
        return " ".join(filter(None, (self.hid, self.uid_text)))


ENTRIES: dict[int, type[DeviceEntry]] = {
    kind.TYPE: kind
    for kind in (
        Pad,
        All,
        Select,
        Range,
        RangeEnd,
        Alias,
        AliasRange,
        ExtSelect,
        ExtRange,
        Special,
        AcpiHid,
    )
}


def entry_length(data: bytes, at: int) -> int:
    """How many bytes the entry at an offset has; 0 if its type does not determine it.

    Source: Linux, drivers/iommu/amd/init.c, ivhd_entry_length().
    """
    kind = data[at]
    if kind == _HID:
        return 22 + (data[at + 21] if at + 21 < len(data) else 0)
    return 4 << (kind >> 6) if kind < 0x80 else 0


class IvrsBlock(Struct):
    """What every block begins with; also a block of a type that is not known."""

    TABLE, WORD, SIZE = "IVRS", "block", 4
    type = U8(0)
    flags = U8(1)
    length = U16(2)
    device = U16(4)

    __slots__ = ()


class Ivhd(IvrsBlock):
    """An IOMMU and the devices that it serves. ``device`` is the IOMMU's own ID."""

    PARTS: ClassVar[tuple[Part, ...]] = (Part((*ENTRIES.values(), DeviceEntry)),)
    device = U16(4, 2)
    capability = U16(6, 0x40)
    base = U64(8)
    segment = U16(16)
    info = U16(18)
    features = U32(20)

    __slots__ = ("__dict__",)

    @property
    def bdf(self) -> str:
        """The IOMMU's place, as ``0000:00:00.2``."""
        return bdf(self.device, self.segment)

    @cached_property
    def key(self) -> tuple[int, int]:
        """What identifies an IOMMU: segment and device ID."""
        return self.segment, self.device

    @property
    def identity(self) -> str:
        return self.bdf

    @cached_property
    def walked(self) -> tuple[tuple[DeviceEntry, ...], tuple[FrameFault, ...]]:
        """The entries, ranges with their ends, and what is wrong with their lengths."""
        found: list[DeviceEntry] = []
        faults: list[FrameFault] = []
        at = self.start + self.SIZE
        while at < self.end:
            length = entry_length(self.data, at)
            kind = ENTRIES.get(self.data[at], DeviceEntry)
            end = min(at + (length or DeviceEntry.SIZE), self.end)
            entry = kind(self.data, at, end, self, len(found))
            found.append(entry)
            if not length or at + length > self.end:
                why = FrameFaultKind.BEYOND if length else FrameFaultKind.UNKNOWN
                room = self.end - at
                faults.append(FrameFault(why, entry, "device entry", at, length, room))
                break
            at += length
        _pair(found)
        return tuple(found), tuple(faults)

    @property
    def entries(self) -> tuple[DeviceEntry, ...]:
        """All device entries that can be read."""
        return self.walked[0]

    @cached_property
    def unpaired(self) -> tuple[DeviceEntry, ...]:
        """Starts of ranges that no entry ends, and ends without a start."""
        return tuple(_unpaired(self.entries))


class Ivhd10(Ivhd):
    """An IOMMU, for the oldest systems."""

    WORD, TYPE, SIZE = "ivhd-10", 0x10, 24


class Ivhd11(Ivhd):
    """An IOMMU, with a copy of its extended feature registers."""

    WORD, TYPE, SIZE = "ivhd-11", 0x11, 40
    efr = U64(24)
    efr2 = U64(32)


class Ivhd40(Ivhd11):
    """An IOMMU that serves devices of the namespace, too."""

    WORD, TYPE = "ivhd-40", 0x40


class Ivmd(IvrsBlock):
    """Memory that devices use without asking: the firmware's, or excluded from translation."""

    SIZE = 32
    flags = U8(1, reserved=0xF0)
    aux = U16(6)
    segment = U16(8)
    reserved = U16(10, reserved=0xFFFF)
    reserved_last = U32(12, reserved=0xFFFFFFFF)
    range_start = U64(16)
    range_length = U64(24)

    __slots__ = ()

    UNITY, READ, WRITE, EXCLUSION = 1, 2, 4, 8

    @property
    def devices(self) -> range:
        """The device IDs that use it."""
        return range(DEVICES)

    @property
    def identity(self) -> str:
        return f"{self.range_start:#x}"


class IvmdAll(Ivmd):
    """Memory that all devices of the segment use."""

    WORD, TYPE = "ivmd-all", 0x20
    __slots__ = ()


class IvmdSelect(Ivmd):
    """Memory that one device uses."""

    WORD, TYPE = "ivmd-select", 0x21
    __slots__ = ()

    @property
    def devices(self) -> range:
        return range(self.device, self.device + 1)


class IvmdRange(Ivmd):
    """Memory that the devices of a range use; ``aux`` is the last."""

    WORD, TYPE = "ivmd-range", 0x22
    __slots__ = ()

    @property
    def devices(self) -> range:
        return range(self.device, self.aux + 1)


KINDS: dict[int, type[Struct]] = {
    kind.TYPE: kind for kind in (Ivhd10, Ivhd11, Ivhd40, IvmdAll, IvmdSelect, IvmdRange)
}


class Ivrs(TableHeader):
    """The table. An IOMMU that several blocks describe is one: see :attr:`iommus`."""

    TABLE, SIZE = "IVRS", 48
    PARTS = (Part((*KINDS.values(), IvrsBlock)),)
    ivinfo = U32(36, 0x203041)
    reserved = U64(40, reserved=(1 << 64) - 1)

    __slots__ = ("__dict__",)

    EFR_SUPPORTED = 1

    @cached_property
    def blocks(self) -> tuple[IvrsBlock, ...]:
        """All blocks; reading them finds the faults, those of their entries among them."""
        if self.end < self.SIZE:
            short = FrameFault(FrameFaultKind.SHORT, self, "table", 4, self.end, self.SIZE)
            self.frame_faults.append(short)
        walked = walk(self, self.SIZE, self.end, _FRAME, KINDS, IvrsBlock, self.frame_faults)
        found = tuple(block for block in walked if isinstance(block, IvrsBlock))
        end = found[-1].start + found[-1].length if found else self.SIZE
        if not self.frame_faults and end < self.end:
            left = self.end - end
            self.frame_faults.append(
                FrameFault(FrameFaultKind.LEFTOVER, self, "block", end, left, left, "")
            )
        for block in found:
            if isinstance(block, Ivhd):
                self.frame_faults += block.walked[1]
        return found

    @cached_property
    def taken_type(self) -> int:
        """The type of the blocks that Linux takes IOMMUs from; 0 if there is no block.

        It is that of the last block that names the same device as the first block does, before
        any of a type that Linux does not know.
        Source: Linux 6.12, drivers/iommu/amd/init.c, get_highest_supported_ivhd_type().
        """
        first = next(iter(self.blocks), None)
        taken = first.type if first else 0
        for block in self.blocks:
            if block.type > MAX_TYPE:
                break
            if first and block.device == first.device:
                taken = block.type
        return taken

    @cached_property
    def hardware(self) -> tuple[Ivhd, ...]:
        """All blocks that describe IOMMUs."""
        return tuple(block for block in self.blocks if isinstance(block, Ivhd))

    @cached_property
    def taken(self) -> tuple[Ivhd, ...]:
        """The blocks that Linux takes IOMMUs from."""
        return tuple(block for block in self.hardware if block.type == self.taken_type)

    @cached_property
    def memory(self) -> tuple[Ivmd, ...]:
        """The blocks that reserve memory."""
        return tuple(block for block in self.blocks if isinstance(block, Ivmd))

    @cached_property
    def iommus(self) -> dict[tuple[int, int], Ivhd]:
        """Each IOMMU's block, by segment and device ID: the one that Linux takes, else its last."""
        last = {block.key: block for block in self.hardware}
        return last | {block.key: block for block in reversed(self.taken)}

    @property
    def structures(self) -> Sequence[Struct]:
        return self._structures

    @cached_property
    def _structures(self) -> Sequence[Struct]:
        """The blocks, each with its entries after it; without padding and ends of ranges."""
        found: list[Struct] = []
        for block in self.blocks:
            found.append(block)
            if isinstance(block, Ivhd) and block.entries:
                lone = set(block.unpaired)
                found += [
                    entry
                    for entry in block.entries
                    if not isinstance(entry, Pad | RangeEnd) or entry in lone
                ]
        return found


def _pair(entries: Sequence[DeviceEntry]) -> None:
    """Give each start of a range its end: the first end before another start."""
    start: Range | None = None
    for entry in entries:
        if isinstance(entry, RangeEnd):
            if start is not None:
                start.last = entry.device
            start = None
        elif isinstance(entry, Range):
            start = entry


def _unpaired(entries: Sequence[DeviceEntry]) -> Iterator[DeviceEntry]:
    is_open = False
    for entry in entries:
        if isinstance(entry, RangeEnd):
            if not is_open:
                yield entry
            is_open = False
        elif isinstance(entry, Range):
            is_open = True
            if entry.last < 0:
                yield entry
