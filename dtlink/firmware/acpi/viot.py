"""VIOT: which virtio-iommu serves the PCI functions and the memory-mapped devices of a guest.

Sources: ACPI specification 6.5, 5.2.34 (Virtual I/O Translation); Linux, drivers/acpi/viot.c.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

from dtlink.facts.pci import bdf
from dtlink.firmware.acpi.layout import U8, U16, U32, U64, OffsetOf, Part, Struct, UInt
from dtlink.firmware.acpi.table import Frame, FrameFault, FrameFaultKind, TableHeader, walk

_FRAME = Frame("node", type_size=1, length_at=2, length_size=2)
_SIX_BYTES = (1 << 48) - 1
IOMMU_WORDS = ("virtio-iommu-pci", "virtio-iommu-mmio")


class ViotNode(Struct):
    """What every node begins with; also a node of a type that is not known."""

    TABLE, WORD, SIZE = "VIOT", "node", 4
    type = U8(0)
    node_reserved = U8(1, reserved=0xFF)
    length = U16(2)

    __slots__ = ()

    @property
    def is_whole(self) -> bool:
        """Whether it has all the fields of its kind, and all of them lie within the table."""
        return self.end - self.start >= self.SIZE


class PciRange(ViotNode):
    """PCI functions: those from one BDF to another in each segment of a range. Ends are inclusive.

    The endpoint ID of a function is ``endpoint_start``, plus its distance from the first BDF, plus
    0x10000 for each segment from the first.
    """

    WORD, TYPE, SIZE = "pci-range", 1, 24
    endpoint_start = U32(4)
    segment_start = U16(8)
    segment_end = U16(10)
    bdf_start = U16(12)
    bdf_end = U16(14)
    output = OffsetOf(16, 2, refers_to=IOMMU_WORDS)
    """Of the IOMMU's node."""
    reserved = UInt(18, 6, reserved=_SIX_BYTES)

    __slots__ = ()

    @property
    def segments(self) -> range:
        """The segments; none if they are the wrong way round."""
        return range(self.segment_start, self.segment_end + 1)

    @property
    def functions(self) -> range:
        """The BDFs, in each segment; none if they are the wrong way round."""
        return range(self.bdf_start, self.bdf_end + 1)

    def covers(self, segment: int, function: int) -> bool:
        """Whether a function is among them."""
        return segment in self.segments and function in self.functions

    def endpoint_id(self, segment: int, function: int) -> int:
        """The endpoint ID of one of its functions (viot_pci_dev_iommu_init())."""
        distance = ((segment - self.segment_start) << 16) + function - self.bdf_start
        return (self.endpoint_start + distance) & 0xFFFFFFFF

    @property
    def identity(self) -> str:
        first, last = self.segment_start, self.segment_end
        segments = f"{first:04x}" if first == last else f"{first:04x}-{last:04x}"
        return f"{segments}:{bdf(self.bdf_start)}-{bdf(self.bdf_end)}"


class MmioEndpoint(ViotNode):
    """A device that is found by the address of its first registers."""

    WORD, TYPE, SIZE = "mmio-endpoint", 2, 24
    endpoint = U32(4)
    base = U64(8)
    output = OffsetOf(16, 2, refers_to=IOMMU_WORDS)
    """Of the IOMMU's node."""
    reserved = UInt(18, 6, reserved=_SIX_BYTES)

    __slots__ = ()

    @property
    def identity(self) -> str:
        return f"{self.base:#x}"


class VirtioIommuPci(ViotNode):
    """A virtio-iommu that is a PCI function."""

    WORD, TYPE, SIZE = "virtio-iommu-pci", 3, 16
    segment = U16(4)
    function = U16(6)
    reserved = U64(8, reserved=0xFFFFFFFFFFFFFFFF)

    __slots__ = ()

    @property
    def identity(self) -> str:
        return f"{self.segment:04x}:{bdf(self.function)}"


class VirtioIommuMmio(ViotNode):
    """A virtio-iommu with memory-mapped registers."""

    WORD, TYPE, SIZE = "virtio-iommu-mmio", 4, 16
    reserved = U32(4, reserved=0xFFFFFFFF)
    base = U64(8)

    __slots__ = ()

    @property
    def identity(self) -> str:
        return f"{self.base:#x}"


Endpoint = PciRange | MmioEndpoint
VirtioIommu = VirtioIommuPci | VirtioIommuMmio
KINDS: dict[int, type[Struct]] = {
    kind.TYPE: kind for kind in (PciRange, MmioEndpoint, VirtioIommuPci, VirtioIommuMmio)
}


class Viot(TableHeader):
    """The table; reading ``nodes`` finds its ``frame_faults``.

    An output node is named by the byte offset of its first byte: :attr:`by_offset`.
    """

    TABLE, SIZE = "VIOT", 48
    PARTS = (Part((*KINDS.values(), ViotNode), counted_by="node_count", at="node_offset"),)
    node_count = U16(36)
    node_offset = U16(38, 48)
    reserved = U64(40, reserved=0xFFFFFFFFFFFFFFFF)

    __slots__ = ("__dict__",)

    @cached_property
    def nodes(self) -> tuple[ViotNode, ...]:
        """The nodes that can be reached from the first, not more than are announced."""
        found: list[ViotNode] = []
        for node in self._walk() if self.node_count else ():
            if isinstance(node, ViotNode):
                found.append(node)
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
    def _is_cut_short(self) -> bool:
        """Whether the walk ended at an offset or a length that can't be true: trouble enough."""
        return any(
            each.where is self or each.kind is FrameFaultKind.BEYOND or each.length < _FRAME.size
            for each in self.frame_faults
        )

    def _walk(self) -> Iterator[Struct]:
        start = self.node_offset
        if start < self.SIZE:
            self.frame_faults.append(
                FrameFault(FrameFaultKind.SHORT, self, "first node", 38, start, 48, "node_offset")
            )
            return iter(())
        return walk(self, start, self.end, _FRAME, KINDS, ViotNode, self.frame_faults)

    @property
    def structures(self) -> Sequence[Struct]:
        return self.nodes

    @property
    def minor_frame_faults(self) -> Iterator[FrameFault]:
        """Bytes after the last node that is announced."""
        end = self.nodes[-1].end if self.nodes else self.node_offset
        if not self.frame_faults and any(self.data[end:]):
            count, room = self.node_count, len(self.data) - end
            yield FrameFault(
                FrameFaultKind.UNANNOUNCED, self, "node", end, count, room, "node_count"
            )

    @cached_property
    def by_offset(self) -> dict[int, ViotNode]:
        """The nodes by their offset in the table."""
        return {node.start: node for node in self.nodes}

    @cached_property
    def ranges(self) -> tuple[PciRange, ...]:
        """The ranges of PCI functions that have all their fields."""
        return tuple(node for node in self.nodes if isinstance(node, PciRange) and node.is_whole)

    @cached_property
    def mmio_endpoints(self) -> tuple[MmioEndpoint, ...]:
        """The memory-mapped devices that have all their fields."""
        kind = MmioEndpoint
        return tuple(node for node in self.nodes if isinstance(node, kind) and node.is_whole)

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """Both: what is served, in the order of the table."""
        return tuple(sorted((*self.ranges, *self.mmio_endpoints), key=lambda node: node.start))

    @cached_property
    def iommus(self) -> tuple[VirtioIommu, ...]:
        """The IOMMUs that have all their fields."""
        return tuple(
            node
            for node in self.nodes
            if isinstance(node, VirtioIommuPci | VirtioIommuMmio) and node.is_whole
        )

    def iommu_of(self, endpoint: Endpoint) -> VirtioIommu | None:
        """The IOMMU that a node names; ``None`` if it names the first byte of none."""
        node = self.by_offset.get(endpoint.output)
        if isinstance(node, VirtioIommuPci | VirtioIommuMmio) and node.is_whole:
            return node
        return None
