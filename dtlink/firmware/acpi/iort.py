"""IORT: which SMMU and which ITS serve the PCI segments and the named devices of an Arm machine.

Sources: Arm DEN0049 (IO Remapping Table) revisions A to E.f as far as ACPICA (actbl2.h), edk2 and
Linux (drivers/acpi/arm64/iort.c) define them. Old nodes are shorter: the offset of a node's mapping
array determines which fields there are before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import ClassVar

from dtlink.firmware.acpi.layout import U8, U16, U32, U64, Numbers, OffsetOf, Part, Struct, Text
from dtlink.firmware.acpi.table import Frame, FrameFault, FrameFaultKind, TableHeader, walk
from dtlink.records import NamedTuple

#: Table revisions that are drafts, or withdrawn: E, E.a, and E.c, "must not be used".
WITHDRAWN = (1, 2, 4)
LATEST_IORT_REVISION = 7
#: The table revision from which on nodes have an identifier.
IDENTIFIER_SINCE = 3
#: The memory attributes among the flags of an RMR, and the last value that has a meaning.
RMR_ATTRIBUTES = 0xFF << 2
_LAST_RMR_ATTRIBUTE = 5
_FRAME = Frame("node", type_size=1, length_at=1, length_size=2)


class IdMapping(Struct):
    """One ID mapping: ``count`` is the number of IDs less one."""

    TABLE, WORD, MEMBER, SIZE = "IORT", "map", "mappings", 20
    input_base = U32(0)
    count = U32(4)
    output_base = U32(8)
    output = OffsetOf(12, 4, refers_to=("its-group", "smmu", "smmu-v3"))
    """Of the node that the IDs go to."""
    flags = U32(16, reserved=~1 & 0xFFFFFFFF)

    __slots__ = ("_ends", "_inputs", "_single")
    _ends: tuple[int, int, int]
    _inputs: range
    _single: bool

    @property
    def single(self) -> bool:
        """Whether it is a single mapping: whatever the input, the output is ``output_base``."""
        try:
            return self._single
        except AttributeError:
            self._single = bool(self.flags & 1)
            return self._single

    @property
    def ends(self) -> tuple[int, int, int]:
        """Input base, output base and output reference; asked for often."""
        try:
            return self._ends
        except AttributeError:
            self._ends = self.input_base, self.output_base, self.output
            return self._ends

    @property
    def inputs(self) -> range:
        """The IDs that it takes, as the specification counts them; asked for often."""
        try:
            return self._inputs
        except AttributeError:
            base = self.input_base
            self._inputs = range(base, base + self.count + 1)
            return self._inputs

    @property
    def outputs(self) -> range:
        """The IDs that it gives."""
        first = self.ends[1]
        return range(first, first + (1 if self.single else len(self.inputs)))


class IortNode(Struct):
    """What every node begins with; also a node of a type that is not known."""

    TABLE, WORD, SIZE = "IORT", "node", 16
    PARTS: ClassVar[tuple[Part, ...]] = (
        Part((IdMapping,), counted_by="mapping_count", at="mapping_offset"),
    )
    LEAST = 16
    ARRAYS_FROM = 16
    type = U8(0)
    length = U16(1)
    node_revision = U8(3)
    identifier = U32(4)
    mapping_count = U32(8)
    mapping_offset = U32(12)

    __slots__ = ("__dict__",)

    @property
    def revision(self) -> int:
        return self.node_revision

    @property
    def fields_end(self) -> int:
        """Where the mappings begin, else the node's end. Mappings within the fields that every
        document has end no fields: Linux reads both.
        """
        at = int.from_bytes(self.data[self.start + 12 : self.start + 16], "little")
        return self.start + at if self.LEAST <= at <= self.end - self.start else self.end

    def nonzero_reserved(self) -> Iterator[tuple[str, int]]:
        """Also the identifier, in tables of a revision that has none."""
        yield from super().nonzero_reserved()
        table = self.owner
        if self.identifier and isinstance(table, Iort) and table.revision < IDENTIFIER_SINCE:
            yield "identifier", self.identifier

    @cached_property
    def mappings(self) -> tuple[IdMapping, ...]:
        """The mappings that lie within the node, whole ones only."""
        return self.array(IdMapping, self.mapping_count, self.mapping_offset)


_ITS_IDS = Numbers(20, 4, "id_count")


class ItsGroup(IortNode):
    """GIC interrupt translation services that work as one; Linux uses the first only."""

    WORD, TYPE, SIZE, LEAST = "its-group", 0, 20, 20
    id_count = U32(16)
    ids = _ITS_IDS

    @property
    def fields_end(self) -> int:
        """It has no mappings: whatever offset of them it says does not end the ids."""
        return self.end

    @property
    def identity(self) -> str:
        shown = self.first_ids(4)
        return f"ITS {', '.join(map(str, shown))}" if shown else ""

    def first_ids(self, most: int) -> tuple[int, ...]:
        """The first of the ids, without reading the others."""
        return _ITS_IDS.first(self, most) if self.has("ids") else ()


class Memory:
    """Values of the cache coherency attribute and the memory access flags."""

    COHERENT = 1
    CPM = 1 << 0
    DACS = 1 << 1


class NamedComponent(IortNode):
    """A device that the namespace describes, by its path there."""

    WORD, TYPE, SIZE, ALIGN, LEAST = "named-component", 1, 29, 4, 29
    node_flags = U32(16, reserved=0xFFFFFFC0)
    coherent = U32(20, 1)
    hints = U8(24, reserved=0xF0)
    memory_reserved = U16(25, reserved=0xFFFF)
    memory_flags = U8(27, 3, reserved=0xF8)
    address_limit = U8(28, 64)
    object_name = Text(29)

    @property
    def identity(self) -> str:
        return self.object_name


class RootComplex(IortNode):
    """A PCI segment."""

    WORD, TYPE, SIZE, LEAST = "root-complex", 2, 40, 32
    coherent = U32(16, 1)
    hints = U8(20, reserved=0xF0)
    memory_reserved = U16(21, reserved=0xFFFF)
    memory_flags = U8(23, 3, reserved=0xF8)
    ats = U32(24, reserved=0xFFFFFFF8)
    segment = U32(28)
    address_limit = U8(32, 64, since=1)
    pasid_width = U16(33, since=3, reserved=0xFFE0)
    reserved = U8(35, since=1, reserved=0xFF)
    node_flags = U32(36, since=4, reserved=~1 & 0xFFFFFFFF)

    ATS = 1 << 0
    ATS_SINCE: ClassVar[dict[int, tuple[str, int]]] = {
        1 << 1: ("PRI", 2),
        1 << 2: ("forwarding of PASIDs", 3),
    }
    """Further bits of the ATS attribute, and the revisions of the node that brought them
    (documents E and E.b).
    """

    @property
    def is_memory_flags_in_ats(self) -> bool:
        """Whether the ATS attribute looks like memory access flags: 3 (CPM and DACS), with none of
        them set, for a coherent root complex.
        """
        both = Memory.CPM | Memory.DACS
        return bool(self.ats == both and not self.memory_flags and self.coherent)

    @property
    def identity(self) -> str:
        return f"segment {self.segment}"


class Interrupt(Struct):
    """An interrupt of an SMMUv1 or v2: GSIV, and flags of which bit 0 says that it is an edge."""

    TABLE, SIZE = "IORT", 8
    gsiv = U32(0)
    flags = U32(4, reserved=~1 & 0xFFFFFFFF)

    __slots__ = ()


class GlobalInterrupts(Struct):
    """The global and the configuration interrupt of an SMMUv1 or v2."""

    TABLE, WORD, MEMBER, SIZE = "IORT", "global-interrupts", "global_interrupts", 16
    gsiv = U32(0)
    flags = U32(4, reserved=~1 & 0xFFFFFFFF)
    config_gsiv = U32(8)
    config_flags = U32(12, reserved=~1 & 0xFFFFFFFF)

    __slots__ = ()


class ContextInterrupt(Interrupt):
    """A context interrupt of an SMMUv1 or v2."""

    WORD, MEMBER = "context-interrupt", "context_interrupts"
    __slots__ = ()


class PmuInterrupt(Interrupt):
    """A performance counter's interrupt of an SMMUv1 or v2."""

    WORD, MEMBER = "pmu-interrupt", "pmu_interrupts"
    __slots__ = ()


class Smmu(IortNode):
    """An SMMUv1 or v2."""

    WORD, TYPE, SIZE, LEAST = "smmu", 3, 60, 60
    PARTS = (
        Part((GlobalInterrupts,), at="global_offset"),
        Part((ContextInterrupt,), counted_by="context_count", at="context_offset"),
        Part((PmuInterrupt,), counted_by="pmu_count", at="pmu_offset"),
        Part((IdMapping,), counted_by="mapping_count", at="mapping_offset"),
    )
    base = U64(16)
    span = U64(24, 0x20000)
    model = U32(32, 3)
    node_flags = U32(36, reserved=0xFFFFFFFC)
    global_offset = U32(40)
    context_count = U32(44)
    context_offset = U32(48)
    pmu_count = U32(52)
    pmu_offset = U32(56)

    @property
    def fields_end(self) -> int:
        """The arrays of interrupts lie among the fields and the mappings, in any order."""
        return self.end

    @cached_property
    def global_interrupts(self) -> GlobalInterrupts | None:
        """The global interrupts, if they lie within the node."""
        return next(iter(self.array(GlobalInterrupts, 1, self.global_offset)), None)

    @cached_property
    def context_interrupts(self) -> tuple[ContextInterrupt, ...]:
        """The context interrupts that lie within the node."""
        return self.array(ContextInterrupt, self.context_count, self.context_offset)

    @cached_property
    def pmu_interrupts(self) -> tuple[PmuInterrupt, ...]:
        """The performance counters' interrupts that lie within the node."""
        return self.array(PmuInterrupt, self.pmu_count, self.pmu_offset)

    @property
    def identity(self) -> str:
        return f"{self.base:#x}"


class SmmuV3(IortNode):
    """An SMMUv3."""

    WORD, TYPE, SIZE, LEAST = "smmu-v3", 4, 68, 60
    base = U64(16)
    node_flags = U32(24, reserved=0xFFFFFFE0)
    reserved = U32(28, reserved=0xFFFFFFFF)
    vatos = U64(32)
    model = U32(40)
    event_gsiv = U32(44)
    pri_gsiv = U32(48)
    gerr_gsiv = U32(52)
    sync_gsiv = U32(56)
    proximity_domain = U32(60, since=1)
    device_id_index = U32(64, since=1)

    PROXIMITY_VALID = 1 << 3
    DEVICE_ID_VALID = 1 << 4
    FLAGS_SINCE: ClassVar[dict[int, int]] = {PROXIMITY_VALID: 1, DEVICE_ID_VALID: 5}
    """The revisions of the node that brought some of its flags."""

    def nonzero_reserved(self) -> Iterator[tuple[str, int]]:
        """Also flags that the node's revision does not have."""
        yield from super().nonzero_reserved()
        for flag, since in self.FLAGS_SINCE.items():
            if self.node_flags & flag and self.revision < since:
                yield "node_flags", flag

    @property
    def identity(self) -> str:
        return f"{self.base:#x}"

    @cached_property
    def gsivs(self) -> tuple[int, int, int, int]:
        """The wired interrupts: event, PRI, global error, sync; 0 where there is none."""
        return self.event_gsiv, self.pri_gsiv, self.gerr_gsiv, self.sync_gsiv

    @property
    def own_mapping(self) -> int | None:
        """Which mapping gives the DeviceID of its own MSIs; ``None``: it has no such.

        Source: Linux 6.12, drivers/acpi/arm64/iort.c, iort_get_id_mapping_index().
        """
        if self.revision < self.FLAGS_SINCE[self.DEVICE_ID_VALID]:
            return self.own_mapping_by_interrupts
        valid = self.node_flags & self.DEVICE_ID_VALID and self.has("device_id_index")
        return self.device_id_index if valid else None

    @property
    def own_mapping_by_interrupts(self) -> int | None:
        """The same as node revisions 1 to 4 have it: valid unless all interrupts are wired."""
        if self.revision < 1 or not self.has("device_id_index") or all(self.gsivs):
            return None
        return self.device_id_index


class Pmcg(IortNode):
    """A performance monitor counter group."""

    WORD, TYPE, SIZE, LEAST = "pmcg", 5, 40, 32
    base = U64(16)
    overflow_gsiv = U32(24)
    reference = U32(28)
    """Byte offset, in the table, of the node that it counts for."""
    page1 = U64(32, since=1)

    @property
    def identity(self) -> str:
        return f"{self.base:#x}"


class RmrDescriptor(Struct):
    """A range of memory that its devices use before an operating system does."""

    TABLE, WORD, MEMBER, SIZE = "IORT", "descriptor", "descriptors", 20
    base = U64(0)
    length = U64(8)
    reserved = U32(16, reserved=0xFFFFFFFF)

    __slots__ = ()

    @property
    def span(self) -> range:
        """The addresses."""
        return range(self.base, self.base + self.length)


class Rmr(IortNode):
    """Reserved memory ranges, and the stream IDs that use them."""

    WORD, TYPE, SIZE, LEAST = "rmr", 6, 28, 28
    PARTS = (
        Part((RmrDescriptor,), counted_by="descriptor_count", at="descriptor_offset"),
        Part((IdMapping,), counted_by="mapping_count", at="mapping_offset"),
    )
    node_flags = U32(16, reserved=0xFFFFFC00)
    descriptor_count = U32(20)
    descriptor_offset = U32(24)

    @property
    def fields_end(self) -> int:
        """Descriptors and mappings come in any order."""
        return self.end

    def nonzero_reserved(self) -> Iterator[tuple[str, int]]:
        """Also memory attributes that have no meaning."""
        yield from super().nonzero_reserved()
        attributes = self.node_flags & RMR_ATTRIBUTES
        if attributes >> 2 > _LAST_RMR_ATTRIBUTE:
            yield "node_flags", attributes

    @cached_property
    def descriptors(self) -> tuple[RmrDescriptor, ...]:
        """The descriptors that lie within the node, whole ones only."""
        return self.array(RmrDescriptor, self.descriptor_count, self.descriptor_offset)

    @property
    def identity(self) -> str:
        return f"{self.descriptors[0].base:#x}" if self.descriptors else ""


class Iwb(IortNode):
    """A GICv5 interrupt wire bridge."""

    WORD, TYPE, SIZE, ALIGN, LEAST = "iwb", 7, 26, 4, 26
    base = U64(16)
    iwb_index = U16(24)
    object_name = Text(26)

    @property
    def identity(self) -> str:
        return self.object_name


KINDS: dict[int, type[Struct]] = {
    kind.TYPE: kind
    for kind in (ItsGroup, NamedComponent, RootComplex, Smmu, SmmuV3, Pmcg, Rmr, Iwb)
}


class Array(NamedTuple):
    """An array within a node: the fields that say where it is, and the size of an entry.

    ``counted_by`` is empty where there is one entry, ``at`` where it follows the fixed part.
    """

    what: str
    counted_by: str
    at: str
    size: int

    def extent(self, node: IortNode) -> range:
        """The bytes that it should take, from the start of the node; empty if it has no entry."""
        offset = getattr(node, self.at) if self.at else node.SIZE
        count = getattr(node, self.counted_by) if self.counted_by else int(offset > 0)
        return range(offset, offset + count * self.size)


#: The arrays of each kind of node, for the check that they lie within it.
ARRAYS: dict[type[Struct], tuple[Array, ...]] = {
    ItsGroup: (Array("ITS ids", "id_count", "", 4),),
    Smmu: (
        Array("global interrupts", "", "global_offset", 16),
        Array("context interrupts", "context_count", "context_offset", 8),
        Array("PMU interrupts", "pmu_count", "pmu_offset", 8),
    ),
    Rmr: (Array("descriptors", "descriptor_count", "descriptor_offset", 20),),
}
_MAPPINGS = Array("mapping array", "mapping_count", "mapping_offset", IdMapping.SIZE)


def arrays(node: IortNode) -> Iterator[tuple[Array, range]]:
    """The arrays of a node that have entries, and the bytes that they should take in it."""
    for array in (*ARRAYS.get(type(node), ()), _MAPPINGS):
        if extent := array.extent(node):
            yield array, extent


class Iort(TableHeader):
    """The table; reading ``nodes`` finds its ``frame_faults``.

    An output reference names a node by the byte offset of its first byte: :attr:`by_offset`.
    """

    TABLE, SIZE = "IORT", 48
    PARTS = (Part((*KINDS.values(), IortNode), counted_by="node_count", at="node_offset"),)
    node_count = U32(36)
    node_offset = U32(40, 48)
    reserved = U32(44, reserved=0xFFFFFFFF)

    __slots__ = ("__dict__",)

    @cached_property
    def nodes(self) -> tuple[IortNode, ...]:
        """The nodes that can be reached from the first, not more than are announced."""
        if len(self.data) < self.SIZE:
            room = len(self.data)
            self.frame_faults.append(
                FrameFault(FrameFaultKind.SHORT, self, "table", 4, room, self.SIZE)
            )
            return ()
        found: list[IortNode] = []
        for node in self._walk() if self.node_count else ():
            found.append(node)
            self.frame_faults += _array_faults(node)
            if len(found) == self.node_count:
                return tuple(found)
        if len(found) < self.node_count and not self._is_cut_short:
            missing = self.node_count - len(found)
            at = found[-1].end if found else self.node_offset
            self.frame_faults.append(
                FrameFault(FrameFaultKind.MISSING, self, "node", at, missing, 0, "node_count")
            )
        return tuple(found)

    @property
    def structures(self) -> Sequence[Struct]:
        return self.nodes

    @property
    def minor_frame_faults(self) -> Iterator[FrameFault]:
        """Arrays that share bytes."""
        for node in self.nodes:
            if is_whole(node):
                yield from _overlaps(node)

    def _walk(self) -> Iterator[IortNode]:
        start = self.node_offset
        if start < self.SIZE:
            self.frame_faults.append(
                FrameFault(FrameFaultKind.SHORT, self, "first node", 40, start, 48, "node_offset")
            )
            return
        for node in walk(self, start, self.end, _FRAME, KINDS, IortNode, self.frame_faults):
            if isinstance(node, IortNode):
                yield node

    @property
    def _is_cut_short(self) -> bool:
        """Whether a trouble that is known already ended the walk."""
        return any(
            trouble.what == "first node"
            or (
                trouble.what == "node"
                and (trouble.kind is FrameFaultKind.BEYOND or trouble.length < _FRAME.size)
            )
            for trouble in self.frame_faults
        )

    @cached_property
    def by_offset(self) -> dict[int, IortNode]:
        """The nodes by their offset in the table."""
        return {node.start: node for node in self.nodes}


def _array_faults(node: IortNode) -> Iterator[FrameFault]:
    """The arrays that do not lie within their node, after the fields that every document has."""
    length = node.end - node.start
    if length < max(node.length, node.LEAST):
        return  # the node itself is in trouble
    for array, extent in arrays(node):
        if extent.start < node.LEAST or extent.stop > length:
            field = array.counted_by or array.at
            room = max(length - extent.start, 0) if extent.start >= node.LEAST else 0
            yield FrameFault(
                FrameFaultKind.BEYOND,
                node,
                array.what,
                node.offset(field),
                len(extent),
                room,
                field,
            )


def is_whole(node: IortNode) -> bool:
    """Whether the node lies within the table, with all fields of the oldest document."""
    return node.end - node.start >= max(node.length, node.LEAST)


def _overlaps(node: IortNode) -> Iterator[FrameFault]:
    """Arrays that share bytes. Linux reads the first half of the global interrupts only, and some
    tables have no more of them.
    """
    used = sorted(
        (
            extent.start,
            extent.start + 8 if array.what == "global interrupts" else extent.stop,
            array,
        )
        for array, extent in arrays(node)
    )
    end, last = 0, ""
    for start, stop, array in used:
        if start < end:
            field = array.at or array.counted_by
            both = f"{last} and {array.what}"
            yield FrameFault(FrameFaultKind.OVERLAP, node, both, start, end - start, 0, field)
        if stop > end:
            end, last = stop, array.what
