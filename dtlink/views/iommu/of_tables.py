"""The requesters of ACPI tables: PCI functions, and devices that the tables name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import islice

from dtlink.facts.behaviours import AMD_READS_HATS, DMAR_OPTS_OUT, SMMU_V3_REFUSES_ALIASES
from dtlink.firmware.acpi.dmar import Dmar
from dtlink.firmware.acpi.iort import Smmu, SmmuV3
from dtlink.firmware.acpi.ivrs import IvmdSelect
from dtlink.firmware.acpi.rimt import Iommu
from dtlink.firmware.acpi.viot import VirtioIommuPci
from dtlink.firmware.errors import InputError
from dtlink.links.acpi.components import components
from dtlink.links.acpi.dmar import OPTED_OUT
from dtlink.links.acpi.ivrs import NO_HOST_TABLES, host_tables
from dtlink.links.acpi.place import Place
from dtlink.links.acpi.reserved import Ivmds, Rmrrs
from dtlink.links.acpi.reserved import of_component as regions_of_component
from dtlink.links.acpi.reserved import of_function as regions_of_function
from dtlink.links.acpi.translation import of_machine
from dtlink.links.id_ranges import IdRange, within
from dtlink.links.translation import IdTranslations, Supplier, SupplierKind
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING
from dtlink.views.bounds import Room
from dtlink.views.data import ABSENT
from dtlink.views.iommu import isolation
from dtlink.views.iommu.assignment import Asked, Partner, Served, obstacles, worst
from dtlink.views.iommu.coherence import of_struct
from dtlink.views.iommu.dmar import ByPlace
from dtlink.views.iommu.rows import (
    MOST_REGIONS,
    EntryRow,
    InterruptsRow,
    IommuRow,
    RequesterRow,
    region_rows,
)
from dtlink.views.iort import IortView

if TYPE_CHECKING:
    from dtlink.board.tables import TablesBoard
    from dtlink.firmware.acpi.layout import Struct
    from dtlink.links.acpi.components import Component
    from dtlink.links.reserved import Region
    from dtlink.views.iommu.known import Known, StreamId
    from dtlink.views.iort_walks import TranslationStep, TranslationWalk

#: What IDs at an IOMMU are called, by its table.
ID_KINDS = {
    "IORT": "stream ID",
    "VIOT": "endpoint ID",
    "DMAR": "source ID",
    "IVRS": "device ID",
    "RIMT": "device ID",
}
_UNMAPPED = "none of its mappings leads to an SMMU"
_IOMMU, _MSI = "IOMMU", "MSI controller"


class _Found(NamedTuple):
    """The IOMMUs of one function, and how they were found."""

    node: str | None
    walks: Sequence[TranslationWalk]
    iommus: Sequence[IommuRow]


class TableRequesters:
    """The requesters of one machine's tables; what several have in common is found once.

    Raises :class:`InputError` for a machine without a table that describes IOMMUs.
    """

    def __init__(self, board: TablesBoard) -> None:
        self.board = board
        self.machine = board.machine
        self._msi: dict[int, IdTranslations] = {}
        self._room = Room()
        self._found: dict[tuple[int, int, tuple[int, ...]], _Found] = {}
        self._views: dict[tuple[int, int], IortView] = {}
        self._as_partner: dict[str, Partner] = {}
        if not self.machine.tables.keys() & set(ID_KINDS):
            *most, last = ID_KINDS
            raise InputError(f"there is no {', no '.join(most)} and no {last} here")

    @property
    def has_ivrs(self) -> bool:
        """Whether the machine is one with AMD's IOMMUs."""
        return self.machine.ivrs is not None

    @property
    def components(self) -> Sequence[Component]:
        """The devices that the tables name."""
        return components(self.machine)

    @cached_property
    def singled_out(self) -> Sequence[Place]:
        """The functions that the tables reserve memory for, where they name one by its ID."""
        ivrs = self.machine.ivrs
        blocks = (each for each in (ivrs.memory if ivrs else ()) if isinstance(each, IvmdSelect))
        named = [*self._rmrrs.functions, *((each.segment, each.device) for each in blocks)]
        return [Place(*each) for each in dict.fromkeys(named)]

    @cached_property
    def _rmrrs(self) -> Rmrrs:
        return Rmrrs(self.machine.dmar)

    @cached_property
    def _ivmds(self) -> Ivmds:
        return Ivmds(self.machine.ivrs)

    def of_function(self, known: Known) -> RequesterRow:
        """The answer for one PCI function."""
        place = known.place
        found = self._look_up(known)
        used = self._used(found.iommus)
        unless = "" if used or not found.iommus else found.iommus[-1].note or ""
        asked = Asked(
            self.board.version,
            [self._served(each, None) for each in used],
            self._interrupts(place.segment, known.interrupt_id, used, unless),
            self._regions(known, used),
            is_iommu=(place.segment, place.requester) in self._iommu_functions,
            is_bridge=known.is_bridge,
            chip=known.chip,
            partners=self._partners(known),
            aliased=known.aliased,
            unless=unless,
        )
        row = self._row(known.name, found.node, found.iommus, asked, found.walks)
        return replace(row, id=place.requester, dma_ids=known.dma_ids, group=known.group)

    def has_iommu(self, known: Known) -> bool:
        """Whether an IOMMU translates the DMA of a function."""
        return bool(self._used(self._look_up(known).iommus))

    def own_ids(self, known: Known) -> frozenset[StreamId]:
        """The IDs of a function that the driver of the IOMMU lets no other device have."""
        refuses = SMMU_V3_REFUSES_ALIASES.on(self.board.version)
        return self._ids_at(known, SmmuV3) if refuses else frozenset()

    def group_ids(self, known: Known) -> frozenset[StreamId]:
        """The IDs of a function that put it in one group with whatever has them."""
        return self._ids_at(known, Smmu)

    def _ids_at(self, known: Known, kind: type[Smmu | SmmuV3]) -> frozenset[StreamId]:
        return frozenset(
            (each.found, each.id)
            for each in self._used(self._look_up(known).iommus)
            if each.found and each.id is not None
            if isinstance(self._by_path.get(each.found), kind)
        )

    def _look_up(self, known: Known) -> _Found:
        """The walks of all requester IDs of a function."""
        key = known.place.segment, known.place.requester, known.ids
        if key not in self._found:
            self._found[key] = self._find(known)
        return self._found[key]

    def _find(self, known: Known) -> _Found:
        place = known.place
        placed = self._by_place(place)
        views = [self._view(place.segment, each) for each in known.ids]
        walks = [
            placed.walk(each, walk) if placed and walk.sought == _IOMMU else walk
            for each, view in zip(known.ids, views, strict=True)
            for walk in view.walks
        ]
        rows = [*self._iommus(walks), *(_virtio(view) for view in views if view.viot)]
        return _Found(views[0].node, walks, _distinct(rows))

    def _view(self, segment: int, requester: int) -> IortView:
        """The walks of one requester ID, which all functions behind a bridge may have."""
        key = segment, requester
        if key not in self._views:
            self._views[key] = IortView.of_function(self.board, segment, requester)
        return self._views[key]

    def _regions(self, known: Known, used: Sequence[IommuRow]) -> list[Region]:
        streams, version = _streams(used), self.board.version
        place = known.place
        regions = regions_of_function(
            self.machine, self._rmrrs, self._ivmds, place, streams, version
        )
        return list(islice(regions, MOST_REGIONS))

    def _partners(self, known: Known) -> list[Partner] | None:
        """The others of its group, whose regions count as well; ``None``: not known."""
        if known.group is None:
            return None
        return [self._partner(each) for each in known.partners]

    def _partner(self, known: Known) -> Partner:
        """A function as the others of its group see it, which is the same for all of them.

        By name: what is behind a VMD has its place.
        """
        name = known.name
        if name not in self._as_partner:
            regions = self._regions(known, self._used(self._look_up(known).iommus))
            self._as_partner[name] = Partner(name, bool(known.is_bridge), regions)
        return self._as_partner[name]

    def of_component(self, node: Component, view: IortView) -> RequesterRow:
        """The answer for a device that the tables name, whose walks are known."""
        iommus = _distinct(self._iommus(view.walks)) or [_none(self._passed_over.get(node.path))]
        used = self._used(iommus)
        streams, version = _streams(used), self.board.version
        regions = regions_of_component(self.machine, self._ivmds, node, streams, version)
        asked = Asked(
            version,
            [self._served(each, node) for each in used],
            self._of_component(view, used),
            list(islice(regions, MOST_REGIONS)),
            is_pci=False,
        )
        return self._row(view.requester, view.node, iommus, asked, view.walks)

    def _row(
        self,
        requester: str,
        node: str | None,
        iommus: Sequence[IommuRow],
        asked: Asked,
        walks: Sequence[TranslationWalk],
    ) -> RequesterRow:
        found = obstacles(asked)
        unused = self._unused
        reserved = self._room.first(asked.regions, lambda each: (each.entry.path, each.note))
        is_cut = len(reserved) < len(asked.regions) or len(reserved) == MOST_REGIONS
        marked = (replace(row, note=unused) if unused and row.found else row for row in iommus)
        return RequesterRow(
            requester=requester,
            id=None,
            dma_ids=(),
            node=node,
            iommus=tuple(marked),
            interrupts=asked.interrupts,
            reserved=region_rows(reserved),
            more_reserved=is_cut or ABSENT,
            group=None,
            assignment=worst(found),
            obstacles=found,
            walks=tuple(walks),
        )

    def _by_place(self, place: Place) -> ByPlace | None:
        """The unit of a DMAR, where it is known which bridges are above the function."""
        if self.machine.dmar is None or place.above is None:
            return None
        return ByPlace(self.machine.dmar, place)

    def _iommus(self, walks: Sequence[TranslationWalk]) -> Iterator[IommuRow]:
        """One IOMMU for each walk that Linux does."""
        for walk in walks:
            if walk.sought == _IOMMU and walk.reading == "linux":
                yield IommuRow(
                    found=walk.found,
                    id=walk.id,
                    id_kind=ID_KINDS[self._table(walk)],
                    entry=_entry(walk.steps[0]) if walk.steps else None,
                    end=walk.end,
                    note=walk.note,
                )

    def _table(self, walk: TranslationWalk) -> str:
        path = walk.found or (walk.steps[0].node if walk.steps else "")
        there = (name for name in ID_KINDS if name in self.machine.tables)
        return path.partition("/")[0] or next(there)

    def _used(self, iommus: Sequence[IommuRow]) -> list[IommuRow]:
        return [] if self._unused else [each for each in iommus if each.found]

    @cached_property
    def _unused(self) -> str:
        """Why Linux translates no DMA, although tables describe IOMMUs; empty: it does."""
        dmar, ivrs, version = self.machine.dmar, self.machine.ivrs, self.board.version
        if dmar is not None and DMAR_OPTS_OUT.on(version) and dmar.flags & Dmar.OPT_OUT:
            return OPTED_OUT
        if ivrs is None or not AMD_READS_HATS.on(version):
            return ""
        host = host_tables(ivrs)
        return NO_HOST_TABLES if host.fault is not None and not host.has_guest_tables else ""

    @cached_property
    def _passed_over(self) -> dict[str, str]:
        """Why Linux does not use the first mapping of a named component, by its path."""
        links = (each.table_link for each in self.board.links("iort-iommu"))
        unused = [each for each in links if each.why_not]
        return {each.consumer.path: each.why_not for each in reversed(unused)}

    @cached_property
    def _by_path(self) -> dict[str, Struct]:
        return {each.path: each for each in reversed(self.machine.nodes[1:])}

    @cached_property
    def _platform(self) -> InterruptsRow:
        return isolation.of_platform(self.board)

    @cached_property
    def _iommu_functions(self) -> frozenset[tuple[int, int]]:
        """The PCI functions that are IOMMUs."""
        found = set(self.machine.ivrs.iommus) if self.machine.ivrs else set()
        for each in self.machine.nodes[1:]:
            if isinstance(each, VirtioIommuPci) or (isinstance(each, Iommu) and each.is_pcie):
                found.add((each.segment, each.function))
        return frozenset(found)

    def _interrupts(
        self, segment: int, requester: int, used: Sequence[IommuRow], unless: str
    ) -> InterruptsRow:
        if segment not in self._msi:
            self._msi[segment] = of_machine(self.machine, segment).msi
        for piece in within(self._msi[segment], IdRange(requester, requester)):
            return isolation.at_controller(piece.value.supplier, piece.value.ids.at(requester))
        return isolation.of_requester(self._platform, used[0].found if used else None, unless)

    def _of_component(self, view: IortView, used: Sequence[IommuRow]) -> InterruptsRow:
        """A device of an IORT has the ITS that a walk of Linux finds; others their IOMMU."""
        for walk in view.walks:
            if walk.sought == _MSI and walk.reading == "linux" and walk.found:
                found = Supplier(("node", walk.found), SupplierKind.ITS, walk.found)
                return isolation.at_controller(found, walk.id or 0)
        return isolation.of_requester(self._platform, used[0].found if used else None)

    def _served(self, row: IommuRow, device: Struct | None) -> Served:
        return of_struct(self._by_path.get(row.found or ""), device)


def _streams(used: Sequence[IommuRow]) -> dict[str, list[int]]:
    """The IDs at each IOMMU."""
    found: dict[str, list[int]] = {}
    for each in used:
        if each.found and each.id is not None:
            found.setdefault(each.found, []).append(each.id)
    return found


def _entry(step: TranslationStep) -> EntryRow:
    index = step.index if step.entry == "mappings" else None
    return EntryRow(node=step.node, name=step.entry, index=index)


def _virtio(view: IortView) -> IommuRow:
    said = view.viot
    return IommuRow(
        found=said.found if said else None,
        id=said.id if said else None,
        id_kind=ID_KINDS["VIOT"],
        entry=EntryRow(node=said.node, name="pci-range", index=None) if said else None,
        end=said.end if said else None,
        note=None,
    )


def _none(end: str | None) -> IommuRow:
    """No IOMMU, for a device of an IORT."""
    return IommuRow(
        found=None, id=None, id_kind=ID_KINDS["IORT"], entry=None, end=end or _UNMAPPED, note=None
    )


def _distinct(rows: Sequence[IommuRow] | Iterator[IommuRow]) -> list[IommuRow]:
    """Each IOMMU once, and why there is none only if there is none."""
    rows = list(rows)
    found = {(each.found, each.id): each for each in reversed(rows) if each.found}
    return list(reversed(found.values())) or rows[-1:]
