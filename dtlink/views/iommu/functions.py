"""The PCI functions that a machine reports, with their IOMMU groups.

Sources: Linux 7.2, drivers/iommu/iommu.c, pci_device_group(); drivers/pci/msi/irqdomain.c,
get_msi_id_cb().
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

from dtlink.facts.pci import bdf
from dtlink.firmware.errors import InputError
from dtlink.firmware.pci.read import load
from dtlink.links.acpi.place import Place
from dtlink.links.pci.aliases import dma_aliases
from dtlink.links.pci.groups import IommuGroups, observed
from dtlink.links.pci.hierarchy import PciHierarchy
from dtlink.typed import TYPE_CHECKING
from dtlink.views.iommu.group_reasons import group_reasons
from dtlink.views.iommu.known import Known, StreamId
from dtlink.views.iommu.rows import GroupRow

if TYPE_CHECKING:
    from dtlink.firmware.pci.functions import Function
    from dtlink.views.iommu.of_tables import TableRequesters
    from dtlink.views.iommu.of_tree import TreeRequesters

_NO_CAPABILITIES = "the list has no capabilities, so ACS is not known: run lspci as root"


class Functions:
    """A list of functions; ``requesters`` say which have an IOMMU by the firmware.

    Raises :class:`InputError` for a list that can't be read.
    """

    def __init__(self, path: str, requesters: TableRequesters | TreeRequesters) -> None:
        self.path = path
        self.list = load(path)
        self.hierarchy = PciHierarchy(self.list)
        self._requesters = requesters
        self._known: dict[tuple[int, int], Known] = {}
        self._shared: dict[tuple[int, int], frozenset[StreamId]] = {}

    def __iter__(self) -> Iterator[Known]:
        """All functions whose requester IDs are known, with their groups."""
        for each in self.list:
            if self.hierarchy.translated(each) is not None:
                yield self._grouped(each)

    def __len__(self) -> int:
        return sum(1 for each in self.list if self.hierarchy.translated(each) is not None)

    def known(self, segment: int, requester: int) -> Known:
        """What is known of one. Raises :class:`InputError` if it is not in the list."""
        function = self.list.find(segment, requester)
        if function is None:
            raise InputError(f"it does not list {bdf(requester, segment)}", path=self.path)
        if self.hierarchy.translated(function) is None:
            raise InputError(
                f"{function.name} is behind one of several VMDs, whose requester ID it has",
                path=self.path,
            )
        return self._grouped(function)

    def _place(self, function: Function) -> Known:
        aliased = self._aliased.get((function.segment, function.rid), "")
        return self._at(function)._replace(aliased=aliased) if aliased else self._at(function)

    def _at(self, function: Function) -> Known:
        """The function, its bridges, and the requester IDs of its DMA."""
        place = function.segment, function.rid
        if place not in self._known:
            self._known[place] = self._of(function)
        return self._known[place]

    def _of(self, function: Function) -> Known:
        real = self.hierarchy.translated(function) or function
        above = [each.rid for each in reversed(list(self.hierarchy.above(real)))]
        place = Place(
            real.segment,
            real.rid,
            above if self.list.has_bridges else None,
            function.class_code,
        )
        ids = [real.rid]
        if self.list.has_capabilities:
            aliases = (each.rid for each in dma_aliases(self.hierarchy, function))
            ids = list(dict.fromkeys(aliases))
        return Known(
            place,
            function.name,
            tuple(ids) if ids != [function.rid] else (),
            _msi_id(ids),
            function.header_type == 1 or function.is_bridge,
            (function.vendor, function.device),
        )

    def _grouped(self, function: Function) -> Known:
        known = self._place(function)
        members = self._members(function)
        if not members:
            return known
        others = [each for each in members if each is not function]
        group = GroupRow(
            number=function.group,
            others=tuple(each.name for each in others),
            reasons=tuple(self._reasons(function, others)),
        )
        return known._replace(group=group, partners=tuple(map(self._place, others)))

    def _members(self, function: Function) -> Sequence[Function]:
        """The functions of its group: as the kernel made it, else by the kernel's rules."""
        if function.group is not None:
            return self._observed[function.group]
        if self._groups is None:
            return ()
        mine = self._groups.members(function)
        return self._joined.get((function.segment, function.rid), mine)

    @cached_property
    def _joined(self) -> dict[tuple[int, int], Sequence[Function]]:
        """The groups of functions that share an ID at an SMMUv1 or v2, whose groups are one.

        Source: Linux 7.2, drivers/iommu/arm/arm-smmu/arm-smmu.c, arm_smmu_device_group().
        """
        found: dict[StreamId, list[Function]] = {}
        result: dict[tuple[int, int], Sequence[Function]] = {}
        for members in self._groups.groups if self._groups else ():
            taken = {ident for each in members for ident in self._group_ids(each)}
            merged = list(members)
            for ident in sorted(taken):
                merged += [each for each in found.get(ident, ()) if each not in merged]
            taken |= {ident for each in merged for ident in self._group_ids(each)}
            if not taken:
                continue
            found.update(dict.fromkeys(taken, merged))
            result.update({(each.segment, each.rid): merged for each in merged})
        return result

    def _group_ids(self, function: Function) -> frozenset[StreamId]:
        place = function.segment, function.rid
        if place not in self._shared:
            self._shared[place] = self._requesters.group_ids(self._at(function))
        return self._shared[place]

    @cached_property
    def _observed(self) -> dict[int, Sequence[Function]]:
        return dict(observed(list(self.list)))

    @cached_property
    def _groups(self) -> IommuGroups | None:
        """The groups by the kernel's rules; ``None`` where ACS is not known."""
        if not self.list.has_capabilities:
            return None
        return IommuGroups(
            self.hierarchy,
            has_ivrs=self._requesters.has_ivrs,
            has_iommu=self._has_group,
        )

    def _has_group(self, function: Function) -> bool:
        known = self._place(function)
        return not known.aliased and self._requesters.has_iommu(known)

    @cached_property
    def _aliased(self) -> dict[tuple[int, int], str]:
        """The functions that have an ID of one that Linux finds before them.

        Of a bus it finds the functions in order, and those behind its bridges later.
        """
        depth = {id(each): sum(1 for _ in self.hierarchy.above(each)) for each in self.list}
        first: dict[tuple[str, int], Function] = {}
        found = {}
        order = sorted(self.list, key=lambda each: (each.segment, depth[id(each)], each.rid))
        for each in order if self.list.has_capabilities else ():
            taken = self._requesters.own_ids(self._at(each))
            others = [(ident, first[ident]) for ident in sorted(taken) if ident in first]
            if others:
                (_, ident), other = others[0]
                found[each.segment, each.rid] = f"{ident:#x} of {other.name}"
            else:
                first.update(dict.fromkeys(taken, each))
        return found

    def _reasons(self, function: Function, others: Sequence[Function]) -> Iterator[str]:
        """Why a function is not alone."""
        if others and self._groups is None:
            yield _NO_CAPABILITIES
        elif others and self._groups is not None:
            mine = self._group_ids(function)
            theirs = frozenset[StreamId]().union(*map(self._group_ids, others))
            for _, ident in sorted(mine & theirs):
                yield f"others have its stream ID {ident:#x}"
            yield from group_reasons(self._groups, function)


def _msi_id(ids: Sequence[int]) -> int:
    """The requester ID of MSIs: that of a bridge, but not another of its own bus."""
    found = ids[0]
    for each in ids[1:]:
        if each >> 8 != found >> 8:
            found = each
    return found
