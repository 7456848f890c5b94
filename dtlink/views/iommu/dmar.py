"""The unit of a function in a DMAR, where the bridges above the function are known."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

from dtlink.firmware.acpi.dmar import PciScope
from dtlink.links.acpi.dmar_units import units_of
from dtlink.links.acpi.units import INCLUDE_ALL
from dtlink.typed import TYPE_CHECKING
from dtlink.views.iort_walks import TranslationStep, TranslationWalk

if TYPE_CHECKING:
    from dtlink.firmware.acpi.dmar import Dmar, Drhd
    from dtlink.links.acpi.place import Place


class ByPlace:
    """The unit of a function, which is looked for once for all requester IDs of its DMA."""

    def __init__(self, table: Dmar, place: Place) -> None:
        self._units = units_of(table)
        self._place = place

    def walk(self, ident: int, walk: TranslationWalk) -> TranslationWalk:
        """The walk of a function to its unit: the first that names it, or a bridge above it.

        ``ident`` is the requester ID of its DMA, ``walk`` what is known without the bridges.
        Source: Linux 7.2, drivers/iommu/intel/iommu.c, device_lookup_iommu().
        """
        if self._units.refused:
            return walk
        if self._found is not None:
            return _at(*self._found, ident, walk)
        return replace(walk, steps=(), found=None, id=None, note=None, end=walk.end or _NONE)

    @cached_property
    def _found(self) -> tuple[Drhd, str, str] | None:
        """The unit, with the path and the name of the entry that says so."""
        place = self._place
        for unit in self._units.by_segment.get(place.segment, ()):
            for scope in (each for each in unit.scopes if isinstance(each, PciScope)):
                if place.is_at(scope) or place.is_behind(scope):
                    return unit, scope.path, scope.WORD
            if unit.include_all:
                return unit, unit.path, INCLUDE_ALL
        return None


_NONE = "no unit names the function or a bridge above it, and none of the segment includes all"


def _at(unit: Drhd, node: str, entry: str, ident: int, walk: TranslationWalk) -> TranslationWalk:
    step = TranslationStep(
        node=node, index=0, id_in=ident, id_out=ident, target=unit.path, entry=entry
    )
    return TranslationWalk(
        sought=walk.sought,
        reading=walk.reading,
        steps=(step,),
        found=unit.path,
        id=ident,
        end=None,
    )
