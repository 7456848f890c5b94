"""Which bridge leads to which bus, and which functions share a device.

Sources: Linux, drivers/pci/probe.c, pci_scan_bridge_extend() (bus numbers that count) and
pci_scan_slot() (multifunction devices); drivers/pci/iov.c (buses of virtual functions).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from dtlink.facts.pci_quirks import VMD
from dtlink.firmware.pci.functions import Buses, Function, FunctionList

#: Segments above it are those of buses that Linux numbers itself, as behind Intel's VMD.
LAST_SEGMENT = 0xFFFF

#: Base class and subclass of host bridges and of IOMMUs.
_WITHOUT_DMA = (0x0600, 0x0806)

Place = tuple[int, int]


class PciHierarchy:
    """The functions of a machine with the bridges above them."""

    def __init__(self, functions: FunctionList) -> None:
        self.functions = functions
        self._ways: dict[Place, Sequence[Function]] = {}

    @cached_property
    def _bridges(self) -> Mapping[Place, Function]:
        """The bridge that leads to each bus, by segment and bus."""
        found: dict[Place, Function] = {}
        for each in self.functions:
            if buses := leads_to(each):
                found.setdefault((each.segment, buses.secondary), each)
        return found

    @cached_property
    def _by_bus(self) -> Mapping[Place, Sequence[Function]]:
        found: dict[Place, list[Function]] = {}
        for each in self.functions:
            found.setdefault((each.segment, each.bus), []).append(each)
        return found

    @cached_property
    def _by_slot(self) -> Mapping[tuple[int, int, int], Sequence[Function]]:
        found: dict[tuple[int, int, int], list[Function]] = {}
        for each in self.functions:
            found.setdefault(each.slot, []).append(each)
        return found

    @cached_property
    def _virtual(self) -> Mapping[Place, Function]:
        """The physical function of each virtual one, by segment and requester ID."""
        found: dict[Place, Function] = {}
        for each in self.functions:
            if each.virtual is not None:
                count, offset, stride = each.virtual
                for number in range(min(count, 0x10000 if stride else 1)):
                    rid = each.rid + offset + stride * number
                    if rid <= 0xFFFF:
                        found.setdefault((each.segment, rid), each)
        return found

    def on_bus(self, segment: int, bus: int) -> Sequence[Function]:
        """The functions on one bus."""
        return self._by_bus.get((segment, bus), ())

    def physical(self, function: Function) -> Function | None:
        """The physical function of a virtual one; ``None`` for any other."""
        return self._virtual.get((function.segment, function.rid))

    def bridge(self, function: Function) -> Function | None:
        """The bridge above a function; ``None`` on a root bus.

        A bus without a bridge of its own that another bridge has among its subordinate buses
        is one of virtual functions: it belongs to the bus of their physical function.
        """
        return self._above_bus(*self._bus_of(function))

    def _bus_of(self, function: Function) -> Place:
        physical = self.physical(function)
        bus = function.bus if physical is None else min(physical.bus, function.bus)
        return function.segment, bus

    def _above_bus(self, segment: int, bus: int) -> Function | None:
        found = self._bridges.get((segment, bus))
        return found if found is not None else self._around.get((segment, bus))

    @cached_property
    def _around(self) -> Mapping[Place, Function]:
        """The innermost bridge of each bus that none leads to and one has below it."""
        found: dict[Place, Function] = {}
        inner = sorted(self._bridges.items(), reverse=True)
        ranges: dict[int, list[tuple[range, Function]]] = {}
        for (segment, secondary), bridge in inner:
            buses = leads_to(bridge)
            if buses is not None:
                span = range(secondary, buses.subordinate + 1)
                ranges.setdefault(segment, []).append((span, bridge))
        for segment, bus in self._by_bus:
            if (segment, bus) not in self._bridges:
                for span, bridge in ranges.get(segment, ()):
                    if bus in span:
                        found[segment, bus] = bridge
                        break
        return found

    def above(self, function: Function) -> Iterator[Function]:
        """The bridges from a function up to the root bus, the nearest first."""
        return iter(self._way(self._bus_of(function)))

    def _way(self, place: Place) -> Sequence[Function]:
        """The bridges above a bus, looked for once for all functions on it."""
        if place not in self._ways:
            found: list[Function] = []
            bridge = self._above_bus(*place)
            while bridge is not None:
                found.append(bridge)
                place_above = self._bus_of(bridge)
                if known := self._ways.get(place_above):
                    found.extend(known)
                    break
                bridge = self._above_bus(*place_above)
            self._ways[place] = found
        return self._ways[place]

    def path(self, function: Function) -> list[Function]:
        """The function and the bridges above it, from the root bus down."""
        return [*reversed(list(self.above(function))), function]

    def is_multifunction(self, function: Function) -> bool:
        """Whether Linux takes a function for one of several of its device.

        A virtual function is not one; any but function 0 is; for function 0 its header says so, or
        else that there are others.
        """
        if self.physical(function) is not None:
            return False
        if function.multifunction or function.rid & 7:
            return True
        return function.multifunction is None and len(self.siblings(function)) > 1

    def siblings(self, function: Function) -> Sequence[Function]:
        """The functions with the same bus and device, this one among them."""
        return self._by_slot[function.slot]

    def translated(self, function: Function) -> Function | None:
        """The function whose requester ID its DMA has: behind a VMD that one's, else its own.

        ``None`` where several could be. Linux: pci_real_dma_dev().
        """
        if function.segment <= LAST_SEGMENT:
            return function
        return self._vmds[0] if len(self._vmds) == 1 else None

    @cached_property
    def _vmds(self) -> Sequence[Function]:
        return [each for each in self.functions if (each.vendor, each.device) in VMD]

    def requesters(self, segment: int) -> list[Function]:
        """The functions of a segment that need an IOMMU: all but host bridges and IOMMUs."""
        return [
            each
            for each in self.functions
            if each.segment == segment and each.class_code not in _WITHOUT_DMA
        ]

    @property
    def segments(self) -> frozenset[int]:
        """The segments with functions, without those that Linux numbers itself."""
        return frozenset(each.segment for each in self.functions if each.segment <= LAST_SEGMENT)

    def buses(self, segment: int) -> Mapping[int, Sequence[Function]]:
        """The buses of a segment on which there are functions, and these."""
        return {bus: some for (of, bus), some in sorted(self._by_bus.items()) if of == segment}

    def root_buses(self, segment: int) -> frozenset[int]:
        """The buses of a segment with functions that no bridge leads to."""
        return frozenset(
            bus for bus, some in self.buses(segment).items() if self.bridge(some[0]) is None
        )

    def hotplug_buses(self, segment: int) -> frozenset[int]:
        """The buses of a segment on which a device may still appear: behind slots with hot-plug."""
        found: set[int] = set()
        for each in self.functions:
            buses = leads_to(each)
            if each.segment == segment and each.hotplug and buses:
                found.update(range(buses.secondary, buses.subordinate + 1))
        return frozenset(found)


def leads_to(function: Function) -> Buses | None:
    """The bus numbers of a bridge; ``None`` where it has none, or none that count.

    Linux accepts only buses above the bridge's own, in order.
    """
    buses = function.buses
    if buses is None or not function.bus < buses.secondary <= buses.subordinate:
        return None
    return buses
