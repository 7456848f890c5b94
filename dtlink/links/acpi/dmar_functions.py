"""Which PCI function a device scope is for, and which unit Linux finds for a function.

Source: Linux, drivers/iommu/intel/dmar.c, dmar_match_pci_path(); iommu.c, device_lookup_iommu().
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from dtlink.firmware.acpi.dmar import Drhd, PciScope
from dtlink.firmware.pci.functions import Function
from dtlink.links.acpi.dmar_units import Units
from dtlink.links.pci.hierarchy import PciHierarchy, leads_to


def function_of(hierarchy: PciHierarchy, scope: PciScope) -> Function | None:
    """The function that a scope names; ``None``: the machine has none there.

    The path begins on a root bus. Linux also takes a single hop for a function on whatever bus
    the scope names (with a message about a broken RMRR entry).
    """
    bus, found = scope.bus, None
    for number, (device, function) in enumerate(scope.hops):
        found = hierarchy.functions.find(scope.segment, bus << 8 | device << 3 | function & 7)
        if found is None or device > 31 or function > 7:
            return None
        if not number and len(scope.hops) > 1 and hierarchy.bridge(found) is not None:
            return None
        buses = leads_to(found)
        bus = buses.secondary if buses else -1
        if bus < 0 and number + 1 < len(scope.hops):
            return None
    return found


def why_never(hierarchy: PciHierarchy, scope: PciScope) -> str:
    """Why no device could be found by a path of several hops; empty if one could.

    By the functions that there are: a bus behind a bridge is no root bus, and nothing is behind a
    function that is not a bridge.
    """
    if len(scope.hops) < 2 or not hierarchy.functions.has_bridges:
        return ""
    bus = scope.bus
    for number, (device, function) in enumerate(scope.hops[:-1]):
        found = hierarchy.functions.find(scope.segment, bus << 8 | device << 3 | function & 7)
        if found is None or device > 31 or function > 7:
            return ""
        if not number and (above := hierarchy.bridge(found)):
            return f"bus {bus:02x} is not a root bus but behind {above.name}"
        buses = leads_to(found)
        if buses is None:
            return "" if found.is_bridge else f"{found.name} is not a bridge"
        bus = buses.secondary
    return ""


class FunctionUnits:
    """The units of the functions that a machine has."""

    def __init__(self, units: Units, hierarchy: PciHierarchy) -> None:
        self.units = units
        self.hierarchy = hierarchy

    @cached_property
    def _naming(self) -> Mapping[tuple[int, int], Sequence[Drhd]]:
        """The units with a scope for a function, by segment and requester ID."""
        found: dict[tuple[int, int], list[Drhd]] = {}
        for unit in self.units.in_order:
            for scope in unit.scopes:
                if isinstance(scope, PciScope):
                    function = function_of(self.hierarchy, scope)
                    if function is not None:
                        found.setdefault((function.segment, function.rid), []).append(unit)
        return found

    @cached_property
    def _order(self) -> Mapping[int, int]:
        return {id(unit): at for at, unit in enumerate(self.units.in_order)}

    def of(self, function: Function) -> Drhd | None:
        """The unit of a function; ``None``: Linux has no IOMMU for it.

        Of a virtual function it is that of its physical one; a scope for a bridge is for all
        behind it; of several units the one that Linux asks first.
        """
        own = self.hierarchy.translated(self.hierarchy.physical(function) or function)
        if own is None:
            return None
        named = [unit for each in self.hierarchy.path(own) for unit in self._at(each)]
        including = self.units.including(own.segment)
        every = [*named, *([including] if including else [])]
        return min(every, key=lambda unit: self._order[id(unit)], default=None)

    def _at(self, function: Function) -> Sequence[Drhd]:
        return self._naming.get((function.segment, function.rid), ())
