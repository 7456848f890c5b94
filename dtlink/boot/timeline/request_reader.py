"""Whether what a node references is asked for: by its driver, its bus, or the driver above it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtlink.boot.drivers.requests import Requested
from dtlink.facts.binding import Walk
from dtlink.facts.outcomes import State
from dtlink.facts.resource import UNKNOWN_REQUEST, Asker, Request
from dtlink.facts.resources import INTERRUPT, PHY, REGULATOR
from dtlink.links.names import entry_name

if TYPE_CHECKING:
    from dtlink.boot.drivers.requests import DriverRequests
    from dtlink.boot.timeline.devices import Devices
    from dtlink.links.reference import Reference

#: The walks whose entries a driver asks for one by one.
_BY_ENTRY = (Walk.LIST, Walk.INTERRUPTS)
#: Nodes without a driver of their own: the driver above reads what they reference.
_PARTS = (State.SERVED, State.NO_DEVICE)


class RequestReader:
    """The requests for what the nodes of one tree reference; without ``requests`` none is known."""

    def __init__(self, devices: Devices, requests: DriverRequests | None) -> None:
        self._devices = devices
        self._tree = devices.tree
        self._requests = requests

    def of(self, reference: Reference, device: int) -> Requested:
        """Whether the driver of a device asks for what the device's own node references."""
        requests, binding = self._requests, reference.binding
        if requests is None or binding.walk not in _BY_ENTRY:
            return Requested.UNKNOWN
        name = entry_name(self._tree, reference)
        if binding.resource is INTERRUPT and requests.is_on_named_bus(device):
            # i2c_device_probe() and spi_probe() ask for the one that they pass on.
            first = reference.entry == 0 and name in ("", "irq")
            return Requested.REQUIRED if first else Requested.UNKNOWN
        found = requests.of(device, reference, name)
        return self._but_for_inputs(found, reference, name, device)

    def of_part(self, reference: Reference, device: int) -> tuple[Request, Requested]:
        """What becomes of a reference of a node that is a part of a device, and none itself.

        Neither the kernel nor a bus asks for it, but the device's driver may.
        """
        requests, request = self._requests, reference.binding.resource.request
        if (
            requests is None
            or request is UNKNOWN_REQUEST
            or reference.binding.walk not in _BY_ENTRY
        ):
            return UNKNOWN_REQUEST, Requested.UNKNOWN
        name = entry_name(self._tree, reference)
        found = requests.of_child(device, reference, name)
        found = self._but_for_inputs(found, reference, name, device)
        if found is Requested.UNKNOWN:
            return UNKNOWN_REQUEST, found
        return request._replace(asker=Asker.DRIVER), found

    def _but_for_inputs(
        self, found: Requested, reference: Reference, name: str, device: int
    ) -> Requested:
        """An answer, unless the framework that a device registers with asks for a regulator.

        Sources: drivers/regulator/core.c, regulator_resolve_supply(); drivers/phy/phy-core.c,
        phy_create().
        """
        requests = self._requests
        if requests is None or reference.binding.resource is not REGULATOR:
            return found
        frameworks = (REGULATOR, PHY) if name == "phy" else (REGULATOR,)
        may_ask = any(requests.offers(device, each.kind) is not False for each in frameworks)
        return Requested.UNKNOWN if found.holds_nothing and may_ask else found

    def is_read_by_parent(self, device: int) -> bool:
        """Whether a node counts as a device, and yet it is its parent's driver that reads it.

        The ports of a PCI host are devices of their own only when the host has found them.
        """
        if self._requests is None or device not in self._devices:
            return False
        types, above = self._tree.holders("device_type"), self._tree.parents[device]
        return self._devices.driver(device).state in _PARTS or (device in types and above in types)
