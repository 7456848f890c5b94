"""Everything known of the ACPI tables of one machine, each part computed once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from dtlink.board.settings import DEFAULTS, BoardOfSettings, Settings
from dtlink.facts.iommus import IommuKind, kind_of
from dtlink.firmware.acpi.iort import Iort, RootComplex, Smmu, SmmuV3
from dtlink.links.acpi.graph import AcpiGraph
from dtlink.links.maps import IdMap, IdMapEntry
from dtlink.links.streams import Stream
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Final

    from dtlink.board.seen import SeenMachine
    from dtlink.board.table_cycles import TableCycle
    from dtlink.boot.timeline.acpi import AcpiTimeline
    from dtlink.facts.cmdline import CommandLine
    from dtlink.facts.profile import KernelProfile
    from dtlink.firmware.acpi.layout import Struct
    from dtlink.firmware.acpi.machine import Machine
    from dtlink.firmware.acpi.table import TableHeader
    from dtlink.kernel.facts import Facts
    from dtlink.links.acpi.link import AcpiLink
    from dtlink.links.translation import IdTranslations

#: SMMUs as the devicetree's table of IOMMUs knows them.
_KINDS: Mapping[type[Struct], IommuKind | None] = {
    Smmu: kind_of(["arm,smmu-v2"]),
    SmmuV3: kind_of(["arm,smmu-v3"]),
}


class TablesBoard(BoardOfSettings):
    """The ACPI tables of one machine under one set of :class:`Settings`.

    ``facts`` are what the kernel holds; without them they are read from where the settings say.
    """

    firmware: Final = "tables"
    """Which kind of firmware this is a board of."""
    misfit_properties: Final = frozenset[tuple[str, str]]()
    """As of :class:`~dtlink.board.tree.TreeBoard`: tables have no such lists."""

    def __init__(
        self,
        machine: Machine,
        settings: Settings = DEFAULTS,
        *,
        facts: Facts | None = None,
        seen: SeenMachine | None = None,
    ) -> None:
        super().__init__(settings, facts, seen)
        self.machine = machine
        self._served: dict[int, IdTranslations] = {}
        self.graph: AcpiGraph = AcpiGraph(machine, self.version)

    @cached_property
    def cycles(self) -> Sequence[TableCycle]:
        """The nodes that lead to themselves."""
        from dtlink.board.table_cycles import table_cycles

        return table_cycles(self.graph)

    @cached_property
    def waves(self) -> Sequence[Sequence[Struct]]:
        """The nodes that take part in a link, by the wave in which they can come."""
        from dtlink.board.table_cycles import table_waves

        return table_waves(self.graph)

    @property
    def holdings(self) -> frozenset[str]:
        """The signatures of the tables there are."""
        return frozenset(self.machine.tables)

    @property
    def tables(self) -> Iterator[TableHeader]:
        """All tables."""
        yield from self.machine.tables.values()

    def links(self, *bindings: str) -> Iterator[AcpiLink]:
        """The links made by entries of these kinds (all if none is named)."""
        if bindings:
            yield from self.graph.links_of(*bindings)
        else:
            yield from self.graph.links

    @cached_property
    def profile(self) -> KernelProfile:
        """The kernel, as it was started."""
        from dtlink.facts.profile import KernelProfile

        return KernelProfile.of(self.version, self._cmdline)

    @cached_property
    def timeline(self) -> AcpiTimeline | None:
        """When the IOMMUs come with the kernel that the user named; ``None``: not known."""
        from dtlink.boot.timeline.acpi import AcpiTimeline

        facts = self.facts
        if facts is None or not facts.build.knows("config"):
            return None
        return AcpiTimeline(
            self.machine,
            self.profile,
            facts.build.config,
            initramfs=facts.initramfs,
            root_after=self.settings.root_after,
            root_delay=self._cmdline.rootdelay,
            build=facts.build,
            blacklist=self._cmdline.initcall_blacklist,
        )

    @property
    def _cmdline(self) -> CommandLine:
        from dtlink.facts.cmdline import CommandLine

        return self.settings.cmdline or CommandLine()

    @cached_property
    def streams(self) -> Mapping[int, Sequence[Stream]]:
        """The stream IDs that Linux gives to all masters, by SMMU."""
        found: dict[int, list[Stream]] = {}
        for link in self.links("iort-iommu"):
            told = link.table_link
            ids = told.inputs or range(1)
            if isinstance(told.consumer, RootComplex):
                ids = _meet(ids, self.pci_ids(told.consumer.index) or range(0x10000))
            first = (told.output or 0) + ids.start - told.inputs.start
            if link.used_by_linux and ids:
                found.setdefault(told.supplier.index, []).append(
                    Stream(
                        told.supplier.index,
                        told.consumer.index,
                        first,
                        len(ids),
                        0,
                        link.reference,
                        mapped=bool(told.inputs),
                    )
                )
        return found

    @property
    def checked_streams(self) -> Mapping[int, Sequence[Stream]]:
        """The :attr:`streams`: it is known how wide IDs of SMMUs are, and what shares one."""
        return self.streams

    @cached_property
    def iommu_maps(self) -> Mapping[int, IdMap]:
        """The mappings of every root complex that lead to an SMMU or to an ITS, as ID maps."""
        table = self.machine.iort
        return {
            node.index: IdMap(_entries(table, node), 0, 0xFFFFFFFF)
            for node in (table.nodes if table else ())
            if isinstance(node, RootComplex)
        }

    def served(self, segment: int) -> IdTranslations:
        """What a RIMT, an IVRS or a DMAR gives to the requesters of a segment."""
        if segment not in self._served:
            from dtlink.links.acpi.units import served

            self._served[segment] = served(self.machine, segment)
        return self._served[segment]

    def iommu_kind(self, iommu: int) -> IommuKind | None:
        """What kind of IOMMU a node is, if that is known."""
        node = self.machine[iommu]
        return _KINDS.get(type(node))

    def pci_ids(self, host: int) -> range | None:
        """The requester IDs of the buses that the MCFG gives to a root complex's segment."""
        node, mcfg = self.machine[host], self.machine.mcfg
        if mcfg is None or not isinstance(node, RootComplex):
            return None
        buses = [each.buses for each in mcfg.allocations if each.segment == node.segment]
        return (
            range(min(each.start for each in buses) << 8, max(each.stop for each in buses) << 8)
            if buses
            else None
        )

    @cached_property
    def nodes(self) -> tuple[Struct, ...]:
        """The nodes that need or serve each other."""
        return tuple(self.machine.nodes[1:])


def _entries(table: Iort | None, node: RootComplex) -> list[IdMapEntry]:
    """The mappings of a root complex as rows of a map; a single mapping has all requester IDs."""
    entries = []
    for mapping in node.mappings:
        first, becomes, reference = mapping.ends
        target = table.by_offset.get(reference) if table else None
        length = 0x10000 if mapping.single else len(mapping.inputs)
        entries.append(
            IdMapEntry(
                mapping.entry,
                mapping.start,
                0 if mapping.single else first,
                reference,
                target.index if target else -1,
                (becomes,),
                length,
            )
        )
    return entries


def _meet(one: range, other: range) -> range:
    return range(max(one.start, other.start), min(one.stop, other.stop))
