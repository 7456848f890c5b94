"""The IOMMU groups that Linux makes of PCI functions.

Source: Linux, drivers/iommu/iommu.c, pci_device_group(), get_pci_alias_group() and
get_pci_function_alias_group(). The drivers of ARM's SMMUs, Intel's, AMD's, RISC-V's and virtio's
IOMMUs use it. Functions without an IOMMU have no group: the caller says which have one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence

from dtlink.firmware.pci.functions import Function
from dtlink.links.pci.acs import Isolations
from dtlink.links.pci.aliases import dma_aliases, own_aliases
from dtlink.links.pci.hierarchy import PciHierarchy


class IommuGroups:
    """The groups of a machine's functions.

    ``has_iommu`` says which functions have an IOMMU (by default all). The numbers of the kernel
    depend on the order in which devices are found: groups are compared by their members.
    """

    def __init__(
        self,
        hierarchy: PciHierarchy,
        *,
        has_ivrs: bool = False,
        has_iommu: Callable[[Function], bool] = lambda _: True,
    ) -> None:
        self.hierarchy = hierarchy
        self.isolations: Isolations = Isolations(hierarchy, has_ivrs=has_ivrs)
        self._pairs: dict[tuple[int, int], Mapping[int, Sequence[Function]]] = {}
        self._number: dict[tuple[int, int], int] = {}
        members: list[list[Function]] = []
        for function in _in_order(hierarchy):
            if has_iommu(function):
                number = self._of(function, len(members))
                if number == len(members):
                    members.append([])
                members[number].append(function)
                self._number[function.segment, function.rid] = number
        self._members = members

    @property
    def groups(self) -> Sequence[Sequence[Function]]:
        """The functions of each group."""
        return self._members

    def members(self, function: Function) -> Sequence[Function]:
        """The functions in the group of a function, itself among them; none without a group."""
        number = self._group(function)
        return () if number is None else self._members[number]

    def _group(self, function: Function) -> int | None:
        return self._number.get((function.segment, function.rid))

    def _of(self, function: Function, new: int) -> int:
        """The number of the group that a function joins; ``new`` for one of its own."""
        top = function
        for alias in dma_aliases(self.hierarchy, function):
            top = alias.function
            number = self._group(top)
            if number is not None:
                return number
        for bridge in self.hierarchy.above(top):
            if self.isolations.path_isolated(bridge):
                break
            top = bridge
            number = self._group(bridge)
            if number is not None:
                return number
        for near in self._neighbours(top):
            number = self._group(near)
            if number is not None:
                return number
        return new

    def _neighbours(self, top: Function) -> Iterator[Function]:
        """The functions whose group a function joins if they have one, itself first."""
        seen: set[int] = set()
        yield from self._aliased(top, seen)
        for other in self._not_isolated(top):
            yield from self._aliased(other, seen)

    def _aliased(self, function: Function, seen: set[int]) -> Iterator[Function]:
        """It, then those of its bus that use its requester ID or whose ID it uses, and theirs."""
        waiting = deque([function])
        while waiting:
            each = waiting.popleft()
            if each.rid not in seen:
                seen.add(each.rid)
                yield each
                for other in self._sharing(each):
                    if other.rid not in seen:
                        waiting.append(other)
                        waiting.extend(self._not_isolated(other))

    def _sharing(self, function: Function) -> Sequence[Function]:
        """The others of its bus that have a requester ID in common with a function by quirks."""
        place = function.segment, function.bus
        if place not in self._pairs:
            self._pairs[place] = _pairs(self.hierarchy.on_bus(*place))
        return self._pairs[place].get(function.rid, ())

    def _not_isolated(self, function: Function) -> Sequence[Function]:
        """The other functions of a multifunction device, if neither it nor they are isolated."""
        isolated, hierarchy = self.isolations.isolated, self.hierarchy
        if not hierarchy.is_multifunction(function) or isolated(function):
            return ()
        others = (each for each in hierarchy.siblings(function) if each.rid != function.rid)
        return [each for each in others if not isolated(each)]


def _pairs(functions: Sequence[Function]) -> Mapping[int, Sequence[Function]]:
    """The functions of a bus that share requester IDs, by requester ID."""
    used = {each.rid: own_aliases(each) for each in functions}
    if not any(used.values()):
        return {}
    return {
        one.rid: [
            other
            for other in functions
            if other.rid != one.rid
            and (other.rid & 0xFF in used[one.rid] or one.rid & 0xFF in used[other.rid])
        ]
        for one in functions
    }


def _in_order(hierarchy: PciHierarchy) -> list[Function]:
    """The functions as the kernel finds them: those of a bus before those behind its bridges."""
    depth = {id(each): sum(1 for _ in hierarchy.above(each)) for each in hierarchy.functions}
    return sorted(
        hierarchy.functions,
        key=lambda each: (each.segment, depth[id(each)], each.rid),
    )


def observed(functions: Sequence[Function]) -> Mapping[int, Sequence[Function]]:
    """The groups that the kernel made, by number, as the input shows them."""
    found: dict[int, list[Function]] = {}
    for each in functions:
        if each.group is not None:
            found.setdefault(each.group, []).append(each)
    return found
