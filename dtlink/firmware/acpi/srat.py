"""SRAT: which proximity domains there are, and what is in them (ACPI specification, 5.2.16).

What other tables name is a domain; of what is in it, only whether it is enabled is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from dtlink.firmware.acpi.layout import U8, U16, U32, U64, Part, Struct
from dtlink.firmware.acpi.table import Frame, TableHeader, walk

_FRAME = Frame("affinity structure", type_size=1, length_at=1, length_size=1)


class Affinity(Struct):
    """What every structure begins with; also one of a type that is not known."""

    TABLE, WORD, SIZE = "SRAT", "entry", 2
    type = U8(0)
    length = U8(1)

    __slots__ = ()

    @property
    def domain(self) -> int | None:
        """The proximity domain; ``None`` where the structure names none."""
        return None

    @property
    def enabled(self) -> bool:
        """Whether its flags say that it is to be used."""
        return False


class _Placed(Affinity):
    """A structure of the usual form: a domain, and flags of which bit 0 enables it."""

    proximity_domain = U32(2)
    flags = U32(10, 1)

    __slots__ = ()

    @property
    def domain(self) -> int | None:
        return self.proximity_domain if self.has("proximity_domain") else None

    @property
    def enabled(self) -> bool:
        return self.has("flags") and bool(self.flags & 1)


class Processor(_Placed):
    """A processor by its local APIC; tables of revision 1 have the domain's low byte only."""

    WORD, TYPE, SIZE = "processor", 0, 16
    proximity_domain = U8(2)
    apic_id = U8(3)
    flags = U32(4, 1)
    sapic_eid = U8(8)
    domain_byte1 = U8(9)
    domain_high = U16(10)

    __slots__ = ()

    @property
    def domain(self) -> int | None:
        if not self.has("domain_high"):
            return None
        high = self.domain_byte1 << 8 | self.domain_high << 16
        return self.proximity_domain | (high if _is_wide(self) else 0)


class MemoryAffinity(_Placed):
    """A range of memory; tables of revision 1 have the domain's low byte only."""

    WORD, TYPE, SIZE = "memory", 1, 40
    base = U64(8)
    span = U64(16)
    flags = U32(28, 1)

    __slots__ = ()

    @property
    def domain(self) -> int | None:
        domain = super().domain
        return domain if domain is None or _is_wide(self) else domain & 0xFF


class X2Apic(_Placed):
    """A processor by its local x2APIC."""

    WORD, TYPE, SIZE = "x2apic", 2, 24
    proximity_domain = U32(4)
    x2apic_id = U32(8)
    flags = U32(12, 1)

    __slots__ = ()


class Gicc(_Placed):
    """A processor by its GIC CPU interface."""

    WORD, TYPE, SIZE = "gicc", 3, 18
    processor_uid = U32(6)

    __slots__ = ()


class ItsAffinity(Affinity):
    """A GIC ITS: it is in a domain, and has no flags."""

    WORD, TYPE, SIZE = "its", 4, 12
    proximity_domain = U32(2)
    id = U32(8)

    __slots__ = ()

    @property
    def domain(self) -> int | None:
        return self.proximity_domain if self.has("proximity_domain") else None


class GenericInitiator(_Placed):
    """A device that has a domain of its own."""

    WORD, TYPE, SIZE = "generic-initiator", 5, 32
    handle_type = U8(3)
    proximity_domain = U32(4)
    flags = U32(24, 1)

    __slots__ = ()


class GenericPort(_Placed):
    """A port to memory that is found at run time, such as that of a CXL host bridge."""

    WORD, TYPE, SIZE = "generic-port", 6, 32
    handle_type = U8(3)
    proximity_domain = U32(4)
    flags = U32(24, 1)

    __slots__ = ()


class Rintc(_Placed):
    """A RISC-V processor by its interrupt controller."""

    WORD, TYPE, SIZE = "rintc", 7, 20
    proximity_domain = U32(4)
    processor_uid = U32(8)
    flags = U32(12, 1)

    __slots__ = ()


KINDS: dict[int, type[Struct]] = {
    kind.TYPE: kind
    for kind in (
        Processor,
        MemoryAffinity,
        X2Apic,
        Gicc,
        ItsAffinity,
        GenericInitiator,
        GenericPort,
        Rintc,
    )
}
#: What makes a domain a node of Linux: drivers/acpi/numa/srat.c, acpi_map_pxm_to_node().
_MAKING = (Processor, MemoryAffinity, X2Apic, Gicc, GenericInitiator, Rintc)


class Srat(TableHeader):
    """The table."""

    TABLE, SIZE = "SRAT", 48
    PARTS = (Part((*KINDS.values(), Affinity)),)
    reserved_one = U32(36, 1)
    """1, for old systems."""
    reserved = U64(40)

    __slots__ = ("__dict__",)

    @cached_property
    def entries(self) -> tuple[Affinity, ...]:
        """All affinity structures."""
        found = walk(self, self.SIZE, self.end, _FRAME, KINDS, Affinity, self.frame_faults)
        return tuple(each for each in found if isinstance(each, Affinity))

    @property
    def structures(self) -> Sequence[Struct]:
        return self.entries

    @cached_property
    def domains(self) -> frozenset[int]:
        """The domains that enabled processors, memory or generic initiators are in.

        Linux makes a node of each; to it, no other domain exists.
        """
        return frozenset(
            each.domain
            for each in self.entries
            if isinstance(each, _MAKING) and each.enabled and each.domain is not None
        )

    @cached_property
    def named(self) -> frozenset[int]:
        """All domains that it names, if only in disabled structures."""
        return frozenset(each.domain for each in self.entries if each.domain is not None)


def _is_wide(entry: Struct) -> bool:
    """Whether the table is of a revision that has domains of 32 bits."""
    return entry.owner is None or entry.owner.revision > 1
