"""DMAR: which VT-d unit translates the DMA, and remaps the interrupts, of which device.

Sources: Intel Virtualization Technology for Directed I/O (chapter 8, BIOS considerations) as far as
ACPICA (actbl1.h) and Linux (drivers/iommu/intel/dmar.c) define it. Linux up to 7.2 passes over
type 6 (SIDP), and over whatever it does not know.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import ClassVar

from dtlink.firmware.acpi.layout import U8, U16, U32, U64, Field, Part, Struct, Text, Value
from dtlink.firmware.acpi.table import Frame, FrameFault, FrameFaultKind, TableHeader, walk

_FRAME = Frame("structure", type_size=2, length_at=2, length_size=2)
_SCOPE_FRAME = Frame("device scope", type_size=1, length_at=1, length_size=1)

Hop = tuple[int, int]


class Hops(Field[tuple[Hop, ...]]):
    """A path: a device and a function for each bus that is passed, up to the structure's end.

    It is written as ``"1c.0-00.0"``, in hexadecimal.
    """

    def __init__(self, offset: int) -> None:
        super().__init__(offset, 0, ())

    def raw(self, owner: Struct) -> bytes:
        """The bytes of the path."""
        return owner.data[owner.start + self.offset : owner.end]

    def read(self, owner: Struct) -> tuple[Hop, ...]:
        data = self.raw(owner)
        return tuple(zip(data[::2], data[1::2], strict=False))

    def write(self, value: Value) -> bytes:
        if not isinstance(value, str):
            return b"".join(number.to_bytes(1, "little") for number in _numbers(value))
        digits = value.replace("-", ".").split(".") if value else []
        return bytes(int(each, 16) for each in digits)


def _numbers(value: int | bytes | Sequence[int]) -> Sequence[int]:
    return [value] if isinstance(value, int) else value


class Scope(Struct):
    """One device scope: a device, by where it is; also a scope of a type that is not known."""

    TABLE, WORD, SIZE = "DMAR", "scope", 6
    type = U8(0)
    length = U8(1)
    flags = U8(2)
    """Only SIDP structures use it."""
    reserved = U8(3, reserved=0xFF)
    enumeration_id = U8(4)
    bus = U8(5)
    hops = Hops(6)

    __slots__ = ("_key",)
    _key: tuple[object, ...]

    @property
    def name(self) -> str:
        """All are called scopes; what they identify distinguishes them."""
        told = f" ({self.identity})" if self.identity else ""
        return f"scope@{self.start:#x}{told}"

    @property
    def segment(self) -> int:
        """The PCI segment, which the structure that holds the scope says."""
        segment: int = getattr(self.owner, "segment", 0)
        return segment

    @property
    def place(self) -> str:
        """The start bus and the path."""
        shown = "-".join(f"{device:02x}.{function:x}" for device, function in self.hops[:8])
        return f"{self.segment:04x}:{self.bus:02x}:{shown}" + ("-…" if len(self.hops) > 8 else "")

    @property
    def key(self) -> tuple[object, ...]:
        """The same for two scopes that name one device; asked for often, and made once."""
        try:
            return self._key
        except AttributeError:
            self._key = self.named()
            return self._key

    def named(self) -> tuple[object, ...]:
        """What the fields name."""
        return self.WORD, self.enumeration_id


class PciScope(Scope):
    """A scope that says a PCI function."""

    __slots__ = ()

    @property
    def identity(self) -> str:
        return self.place

    def named(self) -> tuple[object, ...]:
        return self.segment, self.bus, Hops(6).raw(self)


class Endpoint(PciScope):
    """A PCI function that is no bridge."""

    WORD, TYPE = "endpoint", 1
    __slots__ = ()


class Bridge(PciScope):
    """A PCI bridge, and all that is below it."""

    WORD, TYPE = "bridge", 2
    __slots__ = ()

    @property
    def identity(self) -> str:
        return f"bridge {self.place}"


class IoApicScope(Scope):
    """An I/O APIC, by its id in the MADT; the path is the source of its interrupt requests."""

    WORD, TYPE = "ioapic", 3
    __slots__ = ()

    @property
    def identity(self) -> str:
        return f"ioapic {self.enumeration_id}"


class HpetScope(Scope):
    """An HPET block whose interrupts are MSIs, by its number."""

    WORD, TYPE = "hpet", 4
    __slots__ = ()

    @property
    def identity(self) -> str:
        return f"hpet {self.enumeration_id}"


class AcpiScope(Scope):
    """A device of the namespace, by the number that an ANDD structure gives it."""

    WORD, TYPE = "acpi-device", 5
    __slots__ = ()

    @property
    def identity(self) -> str:
        return self.object_name or f"ACPI device {self.enumeration_id}"

    @property
    def object_name(self) -> str:
        """The device's name; empty if no ANDD structure gives it."""
        table = self.owner.owner if self.owner else None
        names = table.device_names if isinstance(table, Dmar) else {}
        return names.get(self.enumeration_id, "")


SCOPES: dict[int, type[Struct]] = {
    kind.TYPE: kind for kind in (Endpoint, Bridge, IoApicScope, HpetScope, AcpiScope)
}


class Remapping(Struct):
    """What every remapping structure begins with; also one of a type that is not known."""

    TABLE, WORD, SIZE = "DMAR", "structure", 4
    type = U16(0)
    length = U16(2)

    __slots__ = ("__dict__",)

    @property
    def scopes(self) -> tuple[Scope, ...]:
        """The device scopes, where its kind has any."""
        return ()


class Scoped(Remapping):
    """A structure that speaks of devices of one PCI segment."""

    PARTS: ClassVar[tuple[Part, ...]] = (Part((*SCOPES.values(), Scope)),)
    segment = U16(6)

    @property
    def identity(self) -> str:
        return f"segment {self.segment}"

    @property
    def scopes(self) -> tuple[Scope, ...]:
        return self._scopes

    @cached_property
    def _scopes(self) -> tuple[Scope, ...]:
        start = self.start + self.SIZE
        table = self.owner
        faults = table.frame_faults if isinstance(table, TableHeader) else []
        before = len(faults)
        walked = walk(self, start, self.end, _SCOPE_FRAME, SCOPES, Scope, faults)
        found = tuple(each for each in walked if isinstance(each, Scope))
        if len(faults) == before:
            faults += _leftover(self, _SCOPE_FRAME, found[-1].end if found else start)
        return found


class Drhd(Scoped):
    """One unit, by the address of its registers."""

    WORD, TYPE, SIZE = "drhd", 0, 16
    flags = U8(4, reserved=0xFE)
    register_size = U8(5)
    """The registers have 2^N pages of 4 KiB (since revision 4 of the specification, before: 0)."""
    base = U64(8)

    INCLUDE_PCI_ALL = 1 << 0

    @property
    def identity(self) -> str:
        return f"{self.base:#x}"

    @property
    def include_all(self) -> bool:
        """Whether it takes all devices of its segment that no other unit names."""
        return bool(self.flags & self.INCLUDE_PCI_ALL)

    @property
    def registers(self) -> range:
        """The addresses of its registers."""
        return range(self.base, self.base + (1 << (self.register_size & 0xF) + 12))

    @cached_property
    def others(self) -> Others | None:
        """The devices that its flag means."""
        at = self.start + 4
        return Others(self.data, at, at + 1, self) if self.include_all else None


class Others(Struct):
    """The devices of a segment that no unit names; its one byte is the flag that says so."""

    TABLE, WORD, SIZE = "DMAR", "others", 1
    __slots__ = ()

    @property
    def identity(self) -> str:
        return f"all other devices of segment {getattr(self.owner, 'segment', 0)}"


class Rmrr(Scoped):
    """Memory that devices use whatever the operating system does."""

    WORD, TYPE, SIZE = "rmrr", 1, 24
    reserved = U16(4, reserved=0xFFFF)
    base = U64(8)
    last = U64(16)
    """The last address in it."""

    @property
    def identity(self) -> str:
        return f"{self.base:#x}-{self.last:#x}"


class Atsr(Scoped):
    """Root ports that pass on the ATS requests of what is below them."""

    WORD, TYPE, SIZE = "atsr", 2, 8
    flags = U8(4, reserved=0xFE)
    reserved = U8(5, reserved=0xFF)

    ALL_PORTS = 1 << 0


class Rhsa(Remapping):
    """The proximity domain that a unit is in."""

    WORD, TYPE, SIZE = "rhsa", 3, 20
    reserved = U32(4, reserved=0xFFFFFFFF)
    base = U64(8)
    proximity_domain = U32(16)

    @property
    def identity(self) -> str:
        return f"{self.base:#x}"


class Andd(Remapping):
    """The name of a device of the namespace, for the scopes that give its number."""

    WORD, TYPE, SIZE, ALIGN = "andd", 4, 8, 4
    reserved_first = U8(4, reserved=0xFF)
    reserved = U16(5, reserved=0xFFFF)
    device_number = U8(7)
    object_name = Text(8)

    @property
    def identity(self) -> str:
        return self.object_name

    @property
    def is_terminated(self) -> bool:
        """Whether a NUL ends the name."""
        return b"\0" in self.data[self.start + self.SIZE : self.end]


class Satc(Scoped):
    """Devices within the processor's package that cache translations (ATS)."""

    WORD, TYPE, SIZE = "satc", 5, 8
    flags = U8(4, reserved=0xFE)
    reserved = U8(5, reserved=0xFF)


class Sidp(Scoped):
    """Properties of devices within the processor's package, by the flags of their scopes."""

    WORD, TYPE, SIZE = "sidp", 6, 8
    reserved = U16(4, reserved=0xFFFF)


KINDS: dict[int, type[Struct]] = {
    kind.TYPE: kind for kind in (Drhd, Rmrr, Atsr, Rhsa, Andd, Satc, Sidp)
}


class Dmar(TableHeader):
    """The table; reading ``structures`` finds its ``frame_faults``."""

    TABLE, SIZE = "DMAR", 48
    PARTS = (Part((*KINDS.values(), Remapping)),)
    width = U8(36, 38)
    """The bits of an address that DMA can reach, less one."""
    flags = U8(37, reserved=0xF8)
    reserved = U64(38, reserved=(1 << 64) - 1)
    reserved_last = U16(46, reserved=0xFFFF)

    INTR_REMAP = 1 << 0
    X2APIC_OPT_OUT = 1 << 1
    DMA_OPT_IN = 1 << 2
    OPT_OUT = 1 << 3
    """Only kernels know it; the specification reserves the bit."""

    __slots__ = ("__dict__",)

    @cached_property
    def remappings(self) -> tuple[Remapping, ...]:
        """The remapping structures."""
        before = len(self.frame_faults)
        walked = walk(self, self.SIZE, self.end, _FRAME, KINDS, Remapping, self.frame_faults)
        found = tuple(each for each in walked if isinstance(each, Remapping))
        if len(self.frame_faults) == before:
            at = found[-1].end if found else min(self.SIZE, self.end)
            self.frame_faults += _leftover(self, _FRAME, at)
        return found

    @property
    def structures(self) -> Sequence[Struct]:
        return self._structures

    @cached_property
    def _structures(self) -> Sequence[Struct]:
        """Each remapping structure, then its scopes and what its flag means."""
        found: list[Struct] = []
        for each in self.remappings:
            found += (each, *each.scopes)
            if isinstance(each, Drhd) and each.others:
                found.append(each.others)
        return found

    @cached_property
    def units(self) -> tuple[Drhd, ...]:
        """The units, whole ones only."""
        drhds = (each for each in self.remappings if isinstance(each, Drhd))
        return tuple(each for each in drhds if each.has("base"))

    @cached_property
    def device_names(self) -> dict[int, str]:
        """The names of the ANDD structures, by number; the first of each."""
        named = (each for each in reversed(self.remappings) if isinstance(each, Andd))
        return {each.device_number: each.object_name for each in named}

    @property
    def address_bits(self) -> int:
        """The bits of an address that DMA can reach."""
        return self.width + 1

    @property
    def remaps_interrupts(self) -> bool:
        """Whether the platform has interrupt remapping."""
        return bool(self.flags & self.INTR_REMAP)


def _leftover(holder: Struct, frame: Frame, at: int) -> list[FrameFault]:
    """Bytes at the end that are too few for one more: Linux takes them for one all the same."""
    room = holder.end - at
    if room <= 0:
        return []
    return [FrameFault(FrameFaultKind.LEFTOVER, holder, frame.what, at, frame.size, room, "")]
