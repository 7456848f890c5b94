"""What drivers ask for on behalf of other nodes than their device's own."""

from __future__ import annotations

from dtlink.boot.timeline.mdio import Asked, asked_for, owner
from dtlink.boot.timeline.pci_power import hosts, power_needs
from dtlink.boot.timeline.requirement import Hold, Requirement
from dtlink.facts.binding import Walk
from dtlink.facts.outcomes import State
from dtlink.facts.resource import Requested
from dtlink.facts.resources import ENDPOINT, ETHERNET_PHY, PCI_POWER, REQUESTED
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from dtlink.boot.timeline.devices import Devices
    from dtlink.boot.timeline.request_reader import RequestReader
    from dtlink.links.reference import Reference

#: What the node of a USB role switch, a Type-C orientation or mode switch, or a retimer has.
_SWITCHES = ("usb-role-switch", "orientation-switch", "mode-switch", "retimer-switch")
#: Nodes without a driver of their own: the driver above reads what they reference.
_PARTS = (State.SERVED, State.NO_DEVICE)


class OnBehalf:
    """The requirements that devices have for nodes below them."""

    def __init__(self, devices: Devices, reader: RequestReader) -> None:
        self._devices = devices
        self._tree = devices.tree
        self._reader = reader
        self._switches = frozenset[int]().union(*map(devices.tree.holders, _SWITCHES))
        self._read_by_parents: dict[int, bool] = {}
        self._asked_for: dict[int, Asked] = {}

    def of(self, reference: Reference) -> Iterable[Requirement]:
        """Those that follow from a reference of another node."""
        node = reference.consumer
        if reference.binding.walk is Walk.ENDPOINT:
            return self._of_switch(reference) if reference.supplier in self._switches else ()
        read = self._read_by_parents.get(node)
        if read is None:
            read = self._read_by_parents[node] = self._is_read_by_parent(node)
            self._asked_for[node] = asked_for(self._tree, node)
        if not (read or self._asked_for[node]):
            return ()
        of_parent = self._of_parent(reference) if read else ()
        return (*of_parent, *self._of_mdio_bus(reference))

    def _of_switch(self, reference: Reference) -> Iterator[Requirement]:
        """The switch at the other end of a graph, which a Type-C port is not registered without.

        Sources: drivers/usb/typec/class.c, typec_register_port(); drivers/usb/typec/mux.c,
        typec_switch_match(); drivers/usb/roles/class.c, usb_role_switch_match().
        """
        device = self._devices.at(reference.consumer)
        while device > 0 and self._devices.driver(device).state in _PARTS:
            device = self._devices.at(self._tree.parents[device])
        if device > 0 and self._devices.at(reference.supplier) != device:
            requested = self._reader.of_kind(device, ENDPOINT.kind)
            if requested.is_waited_for:
                yield _requirement(device, reference, requested)

    def _of_parent(self, reference: Reference) -> Iterator[Requirement]:
        """What the driver above asks for on behalf of a device without a driver."""
        device = reference.consumer
        parent = self._devices.at(self._tree.parents[device])
        if parent < 0 or self._devices.at(reference.supplier) in (parent, device):
            return
        request, requested = self._reader.of_part(reference, parent)
        if requested.is_waited_for:
            found = _requirement(parent, reference, requested)
            yield found._replace(request=request)

    def _is_read_by_parent(self, device: int) -> bool:
        """Whether a node counts as a device, and yet it is its parent's driver that reads it.

        The ports of a PCI host are devices of their own only when the host has found them.
        """
        types, above = self._tree.holders("device_type"), self._tree.parents[device]
        return device in self._devices and (
            self._devices.driver(device).state in _PARTS or (device in types and above in types)
        )

    def _of_mdio_bus(self, reference: Reference) -> Iterator[Requirement]:
        """What a driver that registers an MDIO bus waits for on behalf of its PHYs."""
        reader, asked = self._reader, self._asked_for[reference.consumer]
        if not asked or (reference.binding.kind, reader.name(reference)) not in asked:
            return
        bus = owner(self._devices, reference.consumer)
        if bus > 0 and self._devices.at(reference.supplier) != bus:
            registers = reader.offers(bus, ETHERNET_PHY.kind)
            requested = Requested.OPTIONAL if registers else Requested.UNKNOWN
            yield _requirement(bus, reference, requested)

    def of_pci_hosts(self, references: Sequence[Reference]) -> Iterator[Requirement]:
        """What the drivers of PCI hosts wait for so that there is power behind them."""
        links: dict[int, list[Reference]] = {}
        for host, requested in self._powering_hosts():
            if not links:
                for reference in references:
                    links.setdefault(reference.consumer, []).append(reference)
            for supplier, binding, node, kind in power_needs(self._tree, host, links):
                yield Requirement(
                    host, supplier, binding, node, REQUESTED, Hold.NONE, False, requested, kind
                )

    def _powering_hosts(self) -> Iterator[tuple[int, Requested]]:
        """The PCI hosts whose drivers are known to have power switched on."""
        for host in hosts(self._tree):
            requested = self._reader.of_kind(host, PCI_POWER)
            if host in self._devices and requested.is_waited_for:
                yield host, requested


def _requirement(device: int, reference: Reference, requested: Requested) -> Requirement:
    """What a device needs for the node that has the reference: its driver asks."""
    binding = reference.binding
    return Requirement(
        device,
        reference.supplier,
        binding.name,
        reference.node,
        REQUESTED,
        Hold.NONE,
        requested=requested,
        kind=binding.kind,
    )
