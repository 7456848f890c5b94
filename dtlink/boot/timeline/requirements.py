"""What devices need: the references of a tree, each with what fw_devlink makes of it."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from dtlink.boot.devlink.ordering import LinkEffect
from dtlink.boot.drivers.requests import strongest
from dtlink.boot.timeline.core_requests import CoreRequests
from dtlink.boot.timeline.pci_power import hosts, power_needs
from dtlink.facts.binding import Walk
from dtlink.facts.outcomes import State
from dtlink.facts.resource import UNKNOWN_REQUEST, Asker, Requested
from dtlink.facts.resources import PCI_POWER, PHY_INTERRUPT, REQUESTED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dtlink.boot.devlink.ordering import Ordering
    from dtlink.boot.timeline.devices import Devices
    from dtlink.boot.timeline.request_reader import RequestReader
    from dtlink.facts.resource import Request
    from dtlink.firmware.tree import Tree
    from dtlink.links.reference import Reference


#: Nodes without a driver of their own: the driver above reads what they reference.
_PARTS = (State.SERVED, State.NO_DEVICE)
#: The binding of the link that ``fw_devlink.strict=1`` makes of an ``iommu-map``: to the host.
HOST = "iommu-map, for the host itself"


class Hold(Enum):
    """What fw_devlink does to a consumer for a supplier."""

    NONE = "nothing"
    LINK = "it waits, until the timeout if the supplier is a device without a driver"
    SOFT = "as LINK, for a device that may probe without what has no driver (the console)"
    RELAXED = "nothing: part of a cycle, or given up by post-init-providers"


class Requirement(NamedTuple):
    """One device needs one node, by one binding."""

    consumer: int
    supplier: int
    binding: str
    node: int
    """The node that holds the property."""
    request: Request
    hold: Hold
    function: bool = False
    """Not the consumer needs it, but the PCI functions behind it do."""
    requested: Requested = Requested.UNKNOWN
    """Whether the consumer's driver asks for it, where the request is a driver's."""
    kind: str = ""
    """The kind of the resource; empty: not that of a provider."""

    @property
    def is_certain(self) -> bool:
        """Whether the consumer's driver is known to wait for it."""
        return self.request.asker is Asker.DRIVER and self.requested.is_waited_for

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits for it: neither fw_devlink nor a driver."""
        held = self.hold in (Hold.LINK, Hold.SOFT)
        return self.request.asker is Asker.DRIVER and self.requested.holds_nothing and not held


def requirements(
    references: Sequence[Reference],
    ordering: Ordering,
    devices: Devices,
    reader: RequestReader | None = None,
) -> Sequence[Requirement]:
    """Every requirement, once, in the order of the tree's properties.

    ``reader`` says what drivers ask for; without it that is not known.
    """
    return _Requirements(ordering, devices, reader).read(references)


class _Requirements:
    """Reads the requirements of one tree for one kernel."""

    def __init__(self, ordering: Ordering, devices: Devices, reader: RequestReader | None) -> None:
        self._tree = devices.tree
        self._devices = devices
        self._ordering = ordering
        self._reader = reader
        self._console = _console(devices.tree)

    def read(self, references: Sequence[Reference]) -> list[Requirement]:
        found: dict[tuple[int, int, str], Requirement] = {}
        several = _with_several(references)
        self._core = CoreRequests(self._tree, references)
        for reference in references:
            if self._counts(reference):
                for each in (*self._of(reference, several), *self._of_parent(reference)):
                    key = each.consumer, each.supplier, each.binding
                    found[key] = _both(found[key], each) if key in found else each
        for each in self._of_pci_hosts(references):
            found.setdefault((each.consumer, each.supplier, each.binding), each)
        return [each for each in found.values() if not each.is_idle]

    def _counts(self, reference: Reference) -> bool:
        binding = reference.binding
        return (
            binding.orders_probe
            and binding.probes_first
            and binding.walk is not Walk.MASTERS
            and reference.supplier not in self._tree.disabled
        )

    def _of(self, reference: Reference, several: frozenset[int]) -> Iterator[Requirement]:
        name, supplier = reference.binding.name, reference.supplier
        devices = self._devices
        consumer = devices.at(reference.consumer)
        if consumer < 0 or devices.at(supplier) == consumer:
            return
        binding, hold = reference.binding, self._hold(reference, consumer)
        resource, request = binding.resource, binding.resource.request
        if resource.if_several is not None and reference.consumer in several:
            request = request._replace(asker=resource.if_several)
        request, requested = self._core.of(reference, request), Requested.UNKNOWN
        if name.startswith("interrupts") and self._is_phy(reference.consumer):
            # The MDIO bus asks, before there is a device for the PHY.
            request, hold = PHY_INTERRUPT, Hold.NONE
        elif reference.consumer != consumer and binding.walk is not Walk.ENDPOINT:
            request = UNKNOWN_REQUEST
            if self._reader is not None:
                request, requested = self._reader.of_part(reference, consumer)
        elif request.asker is Asker.DRIVER and self._reader is not None:
            requested = self._reader.of(reference, consumer)
        if resource.is_iommu and binding.walk is Walk.ID_MAP:
            # A link holds the host; the request is that of the functions behind it.
            yield Requirement(
                consumer, supplier, name, reference.node, request, Hold.NONE, function=True
            )
            for function in self._functions(reference):
                yield Requirement(function, supplier, name, reference.node, request, Hold.NONE)
            if hold is Hold.NONE:
                return
            name, request = HOST, UNKNOWN_REQUEST
        node = reference.node
        kind = "" if name is HOST else resource.kind
        yield Requirement(
            consumer, supplier, name, node, request, hold, requested=requested, kind=kind
        )

    def _of_parent(self, reference: Reference) -> Iterator[Requirement]:
        """What the driver of the device above asks for on behalf of a device without a driver."""
        device, supplier = reference.consumer, reference.supplier
        if self._reader is None or not self._is_read_by_parent(device):
            return
        parent = self._devices.at(self._tree.parents[device])
        if parent < 0 or self._devices.at(supplier) in (parent, device):
            return
        request, requested = self._reader.of_part(reference, parent)
        if requested.is_waited_for:
            name, node = reference.binding.name, reference.node
            kind = reference.binding.resource.kind
            yield Requirement(
                parent,
                supplier,
                name,
                node,
                request,
                Hold.NONE,
                requested=requested,
                kind=kind,
            )

    def _of_pci_hosts(self, references: Sequence[Reference]) -> Iterator[Requirement]:
        """What the drivers of PCI hosts wait for so that there is power behind them."""
        links: dict[int, list[Reference]] = {}
        for host, requested in self._powering_hosts():
            if not links:
                for reference in references:
                    links.setdefault(reference.consumer, []).append(reference)
            for need in power_needs(self._tree, host, links):
                supplier, name, node, kind = need
                yield Requirement(
                    host, supplier, name, node, REQUESTED, Hold.NONE, False, requested, kind
                )

    def _powering_hosts(self) -> Iterator[tuple[int, Requested]]:
        """The PCI hosts whose drivers are known to have power switched on."""
        reader = self._reader
        for host in hosts(self._tree) if reader is not None else ():
            requested = reader.of_kind(host, PCI_POWER) if reader else Requested.UNKNOWN
            if host in self._devices and requested.is_waited_for:
                yield host, requested

    def _is_read_by_parent(self, device: int) -> bool:
        """Whether a node counts as a device, and yet it is its parent's driver that reads it.

        The ports of a PCI host are devices of their own only when the host has found them.
        """
        types, above = self._tree.holders("device_type"), self._tree.parents[device]
        return device in self._devices and (
            self._devices.driver(device).state in _PARTS or (device in types and above in types)
        )

    def _functions(self, reference: Reference) -> Iterator[int]:
        """The functions with a node, on the host's first bus, that a row of its map names."""
        tree, host = self._tree, reference.consumer
        cells = tree.cells_at(reference.at)[reference.cell - 1 : reference.cell + 3]
        mask = tree.cell("iommu-map-mask", host)
        for child in tree.children[host]:
            place = tree.cell("reg", child)
            if child in self._devices and place is not None and len(cells) == 4:
                requester = place >> 8 & (0xFFFF if mask is None else mask)
                if 0 <= requester - cells[0] < cells[3]:
                    yield child

    def _hold(self, reference: Reference, consumer: int) -> Hold:
        if reference.consumer != consumer or not self._ordering.profile.orders_probing:
            return Hold.NONE
        order, path = self._ordering, self._tree.path
        here, there = path(consumer), path(reference.supplier)
        # A pin controller that binds first provides its pins before any node references them.
        providers = order.provider(here, there), order.device(there)
        found = (order.dependencies.get((here, each)) for each in providers)
        dependency = next(filter(None, found), None)
        if dependency is None:
            return Hold.NONE
        if dependency.effect in (LinkEffect.ORDERS, LinkEffect.WAITS):
            return Hold.SOFT if consumer == self._console else Hold.LINK
        return Hold.RELAXED

    def _is_phy(self, node: int) -> bool:
        """Whether a node is a PHY on an MDIO bus."""
        names = self._tree.layout.names
        above = self._tree.parents[node]
        return names[node].startswith(b"ethernet-phy") or (
            above > 0 and names[above].startswith(b"mdio")
        )


_FIRMEST = (Hold.LINK, Hold.SOFT, Hold.RELAXED, Hold.NONE)


def _both(one: Requirement, other: Requirement) -> Requirement:
    """Two references of a consumer to one supplier, as one requirement: the stronger request."""
    stronger = strongest((one.requested, other.requested))
    hold = next(each for each in _FIRMEST if each in (one.hold, other.hold))
    return (one if one.requested is stronger else other)._replace(hold=hold)


def _with_several(references: Sequence[Reference]) -> frozenset[int]:
    """The nodes with more than one entry of a resource for which that makes a difference."""
    return frozenset(
        reference.consumer
        for reference in references
        if reference.entry > 0 and reference.binding.resource.if_several is not None
    )


def _console(tree: Tree) -> int:
    """The node of the console, which fw_devlink lets try (drivers/of/base.c, of_alias_scan())."""
    chosen, aliases = tree.root.child("chosen"), tree.root.child("aliases")
    names = chosen.strings("stdout-path") or chosen.strings("linux,stdout-path") if chosen else ()
    name = names[0].partition(":")[0] if names else ""
    if name and not name.startswith("/") and aliases:
        name = next(iter(aliases.strings(name)), "")
    node = tree.by_path.get(name.rstrip("/")) if name else None
    return -1 if node is None else node.index
