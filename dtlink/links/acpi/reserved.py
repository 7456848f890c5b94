"""The memory that ACPI tables reserve for a PCI function, or for a device that they name.

RMRR structures of a DMAR, IVMD blocks of an IVRS, RMR nodes of an IORT. Sources: Linux 7.2,
drivers/iommu/intel/iommu.c, intel_iommu_get_resv_regions() and device_rmrr_is_relaxable();
drivers/iommu/amd/iommu.c, amd_iommu_get_resv_regions() and init.c, init_unity_map_range();
drivers/acpi/arm64/iort.c, iort_node_get_rmr_info() and iort_get_rmrs().
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dtlink.facts.behaviours import READS_RMR
from dtlink.facts.kernels import DEFAULT, KernelVersion
from dtlink.firmware.acpi.dmar import Bridge, PciScope, Rmrr
from dtlink.firmware.acpi.iort import Rmr
from dtlink.firmware.acpi.ivrs import AcpiHid, Ivmd, Ivrs
from dtlink.links.acpi.dmar_units import refused
from dtlink.links.acpi.iort import RMR_SINCE
from dtlink.links.acpi.place import own_id
from dtlink.links.reserved import Region, RegionKind
from dtlink.links.translation import EntryRef
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.firmware.acpi.dmar import Dmar
    from dtlink.firmware.acpi.iort import Iort
    from dtlink.firmware.acpi.machine import Machine
    from dtlink.links.acpi.components import Component
    from dtlink.links.acpi.place import Place

#: Classes of PCI functions whose RMRRs Linux may give up: USB controllers, and displays.
_USB, _DISPLAY = 0x0C03, 0x03
_IF_RELAXED = "direct-relaxable if the function is a USB controller or a display"
_PAGE = 0xFFF
#: Bit 0 of the flags of an RMR node: its device can be mapped another way.
_REMAP_PERMITTED = 1
#: The DSM that decides whether Linux keeps the bus numbers of firmware.
_PRESERVED = "only if the host bridge's _DSM (function 5) keeps the bus numbers of firmware"


def of_function(
    machine: Machine,
    rmrrs: Rmrrs,
    ivmds: Ivmds,
    place: Place,
    streams: Mapping[str, Sequence[int]],
    version: KernelVersion = DEFAULT,
) -> Iterator[Region]:
    """The regions of a PCI function; ``streams`` has its stream IDs by the path of the SMMU."""
    yield from rmrrs.of(place)
    yield from ivmds.of(place.segment, place.requester)
    if machine.iort is not None and READS_RMR.on(version):
        for each in _rmrs(machine.iort, streams):
            yield each._replace(note=_PRESERVED)


def of_component(
    machine: Machine,
    ivmds: Ivmds,
    node: Component,
    streams: Mapping[str, Sequence[int]],
    version: KernelVersion = DEFAULT,
) -> Iterator[Region]:
    """The regions of a device that the tables name; Linux reads RMRRs for PCI functions only."""
    if isinstance(node, AcpiHid):
        yield from ivmds.of(node.segment, node.device)
    if machine.iort is not None and READS_RMR.on(version):
        yield from _rmrs(machine.iort, streams)


class Rmrrs:
    """The RMRR structures of a DMAR, by the functions that they are for."""

    def __init__(self, table: Dmar | None) -> None:
        self._of_id: dict[tuple[int, int], list[Rmrr]] = {}
        self._open: list[tuple[Rmrr, PciScope]] = []
        known = table.remappings if table is not None and not refused(table) else ()
        for structure in (each for each in known if isinstance(each, Rmrr)):
            for scope in (each for each in structure.scopes if isinstance(each, PciScope)):
                if len(scope.hops) == 1 and not isinstance(scope, Bridge):
                    ends = self._of_id.setdefault((scope.segment, own_id(scope)), [])
                    ends.append(structure)
                else:
                    self._open.append((structure, scope))

    @property
    def functions(self) -> Sequence[tuple[int, int]]:
        """The functions, by segment and requester ID, that are named without a bridge."""
        return list(self._of_id)

    def of(self, place: Place) -> Iterator[Region]:
        """Those of the function's own scopes, and of bridges that it is or may be behind."""
        sure = {each.start: each for each in self._of_id.get((place.segment, place.requester), ())}
        unsure: dict[int, tuple[Rmrr, PciScope]] = {}
        for structure, scope in self._open:
            if place.is_at(scope) or place.is_behind(scope):
                sure[structure.start] = structure
            elif place.may_be(scope):
                unsure.setdefault(structure.start, (structure, scope))
        for start in sorted(sure.keys() | unsure.keys()):
            if start in sure:
                yield _rmrr(sure[start], place)
            else:
                structure, scope = unsure[start]
                region = _rmrr(structure, place)
                what = "behind" if isinstance(scope, Bridge) else "at"
                where = f"if the function is {what} {scope.place}"
                yield region._replace(note="; ".join(filter(None, (where, region.note))))


def _rmrr(structure: Rmrr, place: Place) -> Region:
    code = place.class_code
    if code is None:
        return _direct(structure, RegionKind.DIRECT, _IF_RELAXED)
    is_relaxed = code == _USB or code >> 8 == _DISPLAY
    return _direct(structure, RegionKind.RELAXABLE if is_relaxed else RegionKind.DIRECT)


def _direct(structure: Rmrr, kind: RegionKind, note: str = "") -> Region:
    said = EntryRef(structure.path, structure.WORD)
    return Region(structure.base, structure.last, kind, said, note)


class Ivmds:
    """The memory blocks of an IVRS, by segment.

    Linux maps what is to be excluded from translation 1:1 as well.
    """

    def __init__(self, table: Ivrs | None) -> None:
        self._of_segment: dict[int, list[tuple[range, Region]]] = {}
        for block in table.memory if table is not None else ():
            size = block.range_length + _PAGE & ~_PAGE
            if size and block.flags & (Ivmd.UNITY | Ivmd.EXCLUSION):
                first = block.range_start + _PAGE & ~_PAGE
                said = EntryRef(block.path, block.WORD)
                region = Region(first, first + size - 1, RegionKind.DIRECT, said)
                blocks = self._of_segment.setdefault(block.segment, [])
                blocks.append((block.devices, region))

    def of(self, segment: int, requester: int) -> Iterator[Region]:
        """Those of the blocks that are for a requester."""
        for devices, region in self._of_segment.get(segment, ()):
            if requester in devices:
                yield region


def _rmrs(table: Iort, streams: Mapping[str, Sequence[int]]) -> Iterator[Region]:
    """Those of RMR nodes that have one of the stream IDs at the SMMU."""
    if table.revision < RMR_SINCE:
        return
    for node in (each for each in table.nodes if isinstance(each, Rmr)):
        if not any(
            ident in range(each.output_base, each.output_base + each.count + 1)
            for each in node.mappings
            for ident in streams.get(_path_at(table, each.output), ())
        ):
            continue
        relaxed = node.node_flags & _REMAP_PERMITTED
        kind = RegionKind.RELAXABLE if relaxed else RegionKind.DIRECT
        for each in node.descriptors:
            said = EntryRef(node.path, each.MEMBER, each.entry)
            if each.length:
                yield Region(each.base, each.base + each.length - 1, kind, said)


def _path_at(table: Iort, offset: int) -> str:
    node = table.by_offset.get(offset)
    return node.path if node else ""
