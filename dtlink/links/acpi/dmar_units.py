"""Which unit Linux finds for a device of a DMAR.

Sources: Linux 6.12, drivers/iommu/intel/dmar.c (the units that there are, and their order), iommu.c
(the unit of a device) and irq_remapping.c (of an I/O APIC or HPET).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache

from dtlink.firmware.acpi.dmar import Andd, Bridge, Dmar, Drhd, Hops, PciScope, Scope
from dtlink.firmware.acpi.table import FrameFaultKind

#: The least ``width`` that Linux accepts: a page must fit (parse_dmar_table()).
LEAST_WIDTH = 11

# Why Linux uses none of the units, or not this one.
NO_UNIT = "Linux turns VT-d off: a unit is at address 0"
BAD_WIDTH = "Linux turns VT-d off: it refuses the host address width"
BAD_FRAME = "Linux turns VT-d off: a structure runs beyond the table"
BAD_NAME = "Linux turns VT-d off: the name of a device has no end"
SECOND = "Linux takes the first of two units at one address"


class Units:
    """The units of a table, as Linux looks them up."""

    def __init__(self, table: Dmar) -> None:
        self.table = table
        self.refused: str = refused(table)
        """Why Linux makes no use of the whole table; empty if it does."""

    @cached_property
    def in_order(self) -> tuple[Drhd, ...]:
        """The units that Linux knows, in the order in which it asks them.

        Explicit ones from the last to the first, then those that include all, from the first to the
        last (dmar_register_drhd_unit()); of two at one address in a segment only the first.
        """
        first: dict[tuple[int, int], Drhd] = {}
        for unit in self.table.units:
            first.setdefault((unit.segment, unit.base), unit)
        known = tuple(first.values())
        explicit = (each for each in reversed(known) if not each.include_all)
        return (*explicit, *(each for each in known if each.include_all))

    @cached_property
    def by_segment(self) -> Mapping[int, Sequence[Drhd]]:
        """The same by segment."""
        found: dict[int, list[Drhd]] = {}
        for unit in self.in_order:
            found.setdefault(unit.segment, []).append(unit)
        return found

    @cached_property
    def bridges(self) -> Mapping[int, Sequence[Bridge]]:
        """The bridges that units name, also those that Linux does not know, by segment."""
        found: dict[int, list[Bridge]] = {}
        for unit in self.table.units:
            named = [each for each in unit.scopes if isinstance(each, Bridge)]
            found.setdefault(unit.segment, []).extend(named)
        return found

    @cached_property
    def _known(self) -> frozenset[Drhd]:
        return frozenset(self.in_order)

    @cached_property
    def _found(self) -> dict[tuple[object, ...], Drhd]:
        found: dict[tuple[object, ...], Drhd] = {}
        for unit in self.in_order:
            for scope in unit.scopes:
                found.setdefault(scope.key, unit)
        return found

    @cached_property
    def _devices(self) -> dict[tuple[object, ...], Scope]:
        """The first scope of each device: those of the units come first."""
        found: dict[tuple[object, ...], Scope] = {}
        rest = (each for each in self.table.remappings if not isinstance(each, Drhd))
        for structure in (*self.table.units, *rest):
            for scope in structure.scopes:
                found.setdefault(scope.key, scope)
        return found

    @cached_property
    def _bridges(self) -> dict[tuple[object, ...], Bridge]:
        bridges = (
            each for unit in self.in_order for each in unit.scopes if isinstance(each, Bridge)
        )
        return {each.key: each for each in reversed(tuple(bridges)) if each.hops}

    @cached_property
    def _including(self) -> dict[int, Drhd]:
        including = [unit for unit in self.in_order if unit.include_all]
        return {unit.segment: unit for unit in reversed(including)}

    def device(self, scope: Scope) -> Scope:
        """The scope that represents a device: the first that names it."""
        return self._devices.get(scope.key, scope)

    def finds(self, scope: Scope) -> Drhd | None:
        """The unit in whose scopes Linux finds a device first."""
        return self._found.get(scope.key)

    def bridge(self, scope: Scope) -> Bridge | None:
        """The nearest bridge above a device that a unit names, by the paths."""
        raw = Hops(6).raw(scope)
        for length in range(len(raw) - len(raw) % 2, 0, -2):
            found = self._bridges.get((scope.segment, scope.bus, raw[:length]))
            if found is not None:
                return found
        return None

    def including(self, segment: int) -> Drhd | None:
        """The unit that takes all other devices of a segment."""
        return self._including.get(segment)

    def of(self, scope: Scope) -> Drhd | None:
        """The unit of a device: by its own scope, by a bridge's, or because it includes all."""
        unit = self.finds(scope)
        if unit is not None or not isinstance(scope, PciScope):
            return unit
        bridge = self.bridge(scope)
        owner = bridge.owner if bridge else None
        return owner if isinstance(owner, Drhd) else self.including(scope.segment)

    def why_not(self, unit: Drhd) -> str:
        """Why Linux does not use a unit; empty if it does."""
        return self.refused or ("" if unit in self._known else SECOND)


@lru_cache(maxsize=1)
def units_of(table: Dmar) -> Units:
    """The units of the table at hand, looked through once for all segments and components."""
    return Units(table)


def refused(table: Dmar) -> str:
    """Why Linux makes no use of the whole table; empty if it does."""
    _ = table.structures
    beyond = (each for each in table.frame_faults if each.kind is FrameFaultKind.BEYOND)
    if any(each.what == "structure" and each.where is not table for each in beyond):
        return BAD_FRAME
    if any(unit.base == 0 for unit in table.units):
        return NO_UNIT
    if table.width < LEAST_WIDTH:
        return BAD_WIDTH
    named = (each for each in table.remappings if isinstance(each, Andd))
    whole = (each for each in named if each.has("device_number"))
    return "" if all(each.is_terminated for each in whole) else BAD_NAME
