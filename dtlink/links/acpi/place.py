"""Where a PCI function is, and whether the device scopes of a DMAR mean it.

A scope is a start bus and the devices and functions on the way from there. Without a list of the
machine's functions only a way of one step says a requester ID. Source: Linux 7.2,
drivers/iommu/intel/dmar.c, dmar_match_pci_path() and dmar_insert_dev_scope();
drivers/iommu/intel/iommu.c, is_downstream_to_pci_bridge().
"""

from __future__ import annotations

from dtlink.firmware.acpi.dmar import Bridge, PciScope
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class Place(NamedTuple):
    """A PCI function, with what is known of it."""

    segment: int
    requester: int
    above: Sequence[int] | None = None
    """The requester IDs of the bridges above it, from the root bus on; ``None``: not known."""
    class_code: int | None = None
    """Base class and subclass."""

    @property
    def bus(self) -> int:
        """The bus that it is on."""
        return self.requester >> 8

    def is_at(self, scope: PciScope) -> bool:
        """Whether a scope is known to mean the function itself."""
        if scope.segment != self.segment:
            return False
        if self.above is None:
            return len(scope.hops) == 1 and own_id(scope) == self.requester
        return _means(scope, (*self.above, self.requester))

    def is_behind(self, scope: PciScope) -> bool:
        """Whether a scope is known to mean a bridge above the function."""
        if scope.segment != self.segment or self.above is None or not isinstance(scope, Bridge):
            return False
        way = self.above[: len(scope.hops)]
        if way and _means(scope, way):
            return True
        return len(scope.hops) == 1 and own_id(scope) in self.above

    def may_be(self, scope: PciScope) -> bool:
        """Whether a scope may mean the function, or a bridge above it, as far as is known.

        A bus behind a bridge has a higher number than the bus that the bridge is on.
        """
        if scope.segment != self.segment or self.above is not None:
            return False
        if isinstance(scope, Bridge):
            return scope.bus < self.bus
        ends_like = scope.hops and scope.hops[-1] == _hop(self.requester)
        return len(scope.hops) > 1 and scope.bus < self.bus and bool(ends_like)


def _hop(requester: int) -> tuple[int, int]:
    return requester >> 3 & 0x1F, requester & 7


def own_id(scope: PciScope) -> int:
    """The requester ID of a scope of one step."""
    device, function = scope.hops[-1]
    return scope.bus << 8 | device << 3 | function


def _means(scope: PciScope, way: Sequence[int]) -> bool:
    """Whether a scope is the way to a function: from the root bus on, or its last step alone."""
    if len(scope.hops) == 1 and own_id(scope) == way[-1]:
        return True
    if scope.bus != way[0] >> 8 or len(scope.hops) != len(way):
        return False
    return tuple(map(_hop, way)) == tuple(scope.hops)
