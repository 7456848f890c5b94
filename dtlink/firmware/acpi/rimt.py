"""RIMT: which IOMMU serves the PCI segments and the named devices of a RISC-V machine.

Sources: RISC-V IO Mapping Table specification 1.0; ACPICA (actbl2.h).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import ClassVar

from dtlink.facts.pci import bdf
from dtlink.firmware.acpi.layout import U8, U16, U32, U64, Chars, OffsetOf, Part, Struct, Text
from dtlink.firmware.acpi.table import Frame, FrameFault, FrameFaultKind, TableHeader, walk

_FRAME = Frame("node", type_size=1, length_at=2, length_size=2)
_UNUSED = 0xFFFFFFFC


class RimtMapping(Struct):
    """One ID mapping. Unlike in an IORT, ``count`` is the number of IDs."""

    TABLE, WORD, MEMBER, SIZE = "RIMT", "map", "mappings", 20
    source_base = U32(0)
    count = U32(4)
    output_base = U32(8)
    output = OffsetOf(12, 4, refers_to=("iommu",))
    """Of the IOMMU that the IDs go to."""
    flags = U32(16, reserved=_UNUSED)

    __slots__ = ()

    @property
    def inputs(self) -> range:
        """The IDs that it takes."""
        return range(self.source_base, self.source_base + self.count)

    @property
    def outputs(self) -> range:
        """The device IDs that the IOMMU sees."""
        return range(self.output_base, self.output_base + self.count)


class RimtNode(Struct):
    """What every node begins with; also a node of a type that is not known."""

    TABLE, WORD, SIZE = "RIMT", "node", 8
    type = U8(0)
    node_revision = U8(1, 1)
    length = U16(2)
    node_reserved = U16(4, reserved=0xFFFF)
    id = U16(6)

    __slots__ = ("__dict__",)


class Wire(Struct):
    """A wired interrupt of an IOMMU."""

    TABLE, WORD, MEMBER, SIZE = "RIMT", "wire", "wires", 8
    gsi = U32(0)
    flags = U32(4, reserved=_UNUSED)

    __slots__ = ()


class Iommu(RimtNode):
    """An IOMMU: a platform device at an address, or a PCIe function."""

    WORD, TYPE, SIZE = "iommu", 0, 40
    PARTS: ClassVar[tuple[Part, ...]] = (Part((Wire,), counted_by="wire_count", at="wire_offset"),)
    hardware_id = Chars(8, 8)
    base = U64(16)
    flags = U32(24, reserved=_UNUSED)
    proximity_domain = U32(28)
    segment = U16(32)
    function = U16(34)
    wire_count = U16(36)
    wire_offset = U16(38, 40)

    PCIE = 1

    @property
    def is_pcie(self) -> bool:
        """Whether it is a PCIe function, which has no fixed address."""
        return bool(self.flags & self.PCIE)

    @property
    def identity(self) -> str:
        if self.is_pcie:
            return bdf(self.function, self.segment)
        return f"{self.base:#x}"


class Mapped(RimtNode):
    """A node whose IDs are mapped."""

    PARTS: ClassVar[tuple[Part, ...]] = (
        Part((RimtMapping,), counted_by="mapping_count", at="mapping_offset"),
    )
    mapping_offset = U16(8)
    mapping_count = U16(10)

    @cached_property
    def mappings(self) -> tuple[RimtMapping, ...]:
        """The mappings that lie within the node, whole ones only."""
        return self.array(RimtMapping, self.mapping_count, self.mapping_offset)


class RimtRootComplex(Mapped):
    """A PCIe root complex, or a part of one; its IDs are bus, device and function."""

    WORD, TYPE, SIZE = "root-complex", 1, 20
    flags = U32(8, reserved=_UNUSED)
    reserved = U16(12, reserved=0xFFFF)
    segment = U16(14)
    mapping_offset = U16(16)
    mapping_count = U16(18)

    @property
    def identity(self) -> str:
        return f"segment {self.segment}"


class PlatformDevice(Mapped):
    """A device that the namespace describes, by its path there."""

    WORD, TYPE, SIZE, ALIGN = "platform-device", 2, 12, 4
    object_name = Text(12)

    @property
    def fields_end(self) -> int:
        """Where the mappings begin, if there are any, else the node's end."""
        at = int.from_bytes(self.data[self.start + 8 : self.start + 10], "little")
        return self.start + at if self.SIZE <= at <= self.end - self.start else self.end

    @property
    def identity(self) -> str:
        return self.object_name


KINDS: dict[int, type[Struct]] = {
    kind.TYPE: kind for kind in (Iommu, RimtRootComplex, PlatformDevice)
}


class Rimt(TableHeader):
    """The table."""

    TABLE, SIZE = "RIMT", 48
    PARTS = (Part((*KINDS.values(), RimtNode), counted_by="node_count", at="node_offset"),)
    node_count = U32(36)
    node_offset = U32(40, 48)
    reserved = U32(44, reserved=0xFFFFFFFF)

    __slots__ = ("__dict__",)

    @cached_property
    def nodes(self) -> tuple[RimtNode, ...]:
        """The nodes that can be reached from the first, not more than are announced."""
        if self.end < self.SIZE:
            short = FrameFault(FrameFaultKind.SHORT, self, "table", 4, self.end, self.SIZE)
            self.frame_faults.append(short)
            return ()
        if self.node_offset < self.SIZE:
            self.frame_faults.append(
                FrameFault(
                    FrameFaultKind.SHORT,
                    self,
                    "first node",
                    40,
                    self.node_offset,
                    self.SIZE,
                    "node_offset",
                )
            )
            return ()
        found: list[RimtNode] = []
        nodes = walk(self, self.node_offset, self.end, _FRAME, KINDS, RimtNode, self.frame_faults)
        while len(found) < self.node_count and isinstance(node := next(nodes, None), RimtNode):
            found.append(node)
        if len(found) < self.node_count and not self.frame_faults:
            missing = self.node_count - len(found)
            end = found[-1].end if found else self.node_offset
            self.frame_faults.append(
                FrameFault(FrameFaultKind.MISSING, self, "node", end, missing, 0, "node_count")
            )
        for node in found:
            self.frame_faults += _array_faults(node)
        return tuple(found)

    @property
    def structures(self) -> Sequence[Struct]:
        return self.nodes

    @cached_property
    def by_offset(self) -> dict[int, RimtNode]:
        """The nodes by their offset in the table."""
        return {node.start: node for node in self.nodes}


def _array_faults(node: RimtNode) -> Iterator[FrameFault]:
    """The array of a node, if it does not lie within it, after the fields."""
    length = node.end - node.start
    if isinstance(node, Mapped):
        what, field, at = "mapping array", "mapping_count", node.mapping_offset
        size = node.mapping_count * RimtMapping.SIZE
    elif isinstance(node, Iommu):
        what, field, at = "wire array", "wire_count", node.wire_offset
        size = node.wire_count * Wire.SIZE
    else:
        return
    if length >= node.SIZE and size and not node.SIZE <= at <= length - size:
        room = max(length - at, 0) if at >= node.SIZE else 0
        yield FrameFault(FrameFaultKind.BEYOND, node, what, node.start + at, size, room, field)
