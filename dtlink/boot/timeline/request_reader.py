"""Whether what a node references is asked for: by its driver, its bus, or the driver above it."""

from __future__ import annotations

from dtlink.facts.binding import Walk
from dtlink.facts.resource import UNKNOWN_REQUEST, Asker, Request, Requested
from dtlink.facts.resources import (
    DMA_CHANNEL,
    GPIO,
    I2C_BUS,
    INTERRUPT,
    NVMEM_CELL,
    PHY,
    POWER_SUPPLY,
    REGULATOR,
)
from dtlink.links.names import entry_name
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.boot.drivers.requests import DriverRequests
    from dtlink.firmware.tree import Tree
    from dtlink.links.reference import Reference

#: The walks whose entries a driver asks for one by one.
_BY_ENTRY = (Walk.LIST, Walk.INTERRUPTS)


class _Framework(NamedTuple):
    """What a framework asks for when a driver registers a provider with it."""

    offered: str
    kind: str
    names: tuple[str, ...]
    """Empty: any."""


_FRAMEWORKS = (
    # drivers/regulator/core.c, regulator_resolve_supply()
    _Framework(REGULATOR.kind, REGULATOR.kind, ()),
    # drivers/phy/phy-core.c, phy_create()
    _Framework(PHY.kind, REGULATOR.kind, ("phy",)),
    # drivers/power/supply/power_supply_core.c, power_supply_check_supplies()
    _Framework(POWER_SUPPLY.kind, POWER_SUPPLY.kind, ()),
    # drivers/i2c/i2c-core-base.c, i2c_gpio_init_recovery()
    _Framework(I2C_BUS.kind, GPIO.kind, ("scl", "sda")),
    # drivers/nvmem/core.c, nvmem_register()
    _Framework(NVMEM_CELL.kind, GPIO.kind, ("wp",)),
)


class RequestReader:
    """The requests for what the nodes of one tree reference."""

    def __init__(self, tree: Tree, requests: DriverRequests) -> None:
        self._tree = tree
        self._requests = requests

    def of(self, reference: Reference, device: int) -> Requested:
        """Whether the driver of a device asks for what the device's own node references."""
        requests, binding = self._requests, reference.binding
        if binding.walk not in _BY_ENTRY or binding.resource is DMA_CHANNEL:
            return Requested.UNKNOWN  # of a DMA channel drivers take one error or the other
        name = self.name(reference)
        if binding.resource is INTERRUPT and requests.is_on_named_bus(device):
            # i2c_device_probe() and spi_probe() ask for the one that they pass on.
            first = reference.entry == 0 and name in ("", "irq")
            return Requested.REQUIRED if first else Requested.UNKNOWN
        found = requests.of(device, reference, name)
        return self._but_for_others(found, reference, name, device)

    def of_part(self, reference: Reference, device: int) -> tuple[Request, Requested]:
        """What becomes of a reference of a node that is a part of a device, and none itself.

        Neither the kernel nor a bus asks for it, but the device's driver may.
        """
        requests, request = self._requests, reference.binding.resource.request
        if request is UNKNOWN_REQUEST or reference.binding.walk not in _BY_ENTRY:
            return UNKNOWN_REQUEST, Requested.UNKNOWN
        name = self.name(reference)
        found = requests.of_child(device, reference, name)
        if not found.is_waited_for and self._is_for_ports(reference, device):
            found = requests.of(device, reference, name)
        found = self._but_for_others(found, reference, name, device)
        if found is Requested.UNKNOWN:
            return UNKNOWN_REQUEST, found
        return request._replace(asker=Asker.DRIVER), found

    def _is_for_ports(self, reference: Reference, device: int) -> bool:
        """Whether a request for the cell of a MAC address is one for the ports below a device.

        Drivers of several ports pass the port's node on (drivers/net/ethernet/mediatek/
        mtk_eth_soc.c, mtk_add_mac()), where the device's own has no such cell.
        """
        is_cell = reference.binding.resource is NVMEM_CELL
        return is_cell and device not in self._tree.holders("nvmem-cells")

    def name(self, reference: Reference) -> str:
        """The name by which a driver asks for an entry."""
        return entry_name(self._tree, reference)

    def offers(self, device: int, kind: str) -> bool | None:
        """Whether a device's driver registers a provider of a kind; ``None``: not known."""
        return self._requests.offers(device, kind)

    def lacks(self, device: int, kind: str) -> bool:
        """Whether a device's driver is known to provide nothing of a kind.

        What it makes, or early code, may provide it otherwise.
        """
        return self._requests.offers(device, kind) is False and self._requests.is_alone(device)

    def of_kind(self, device: int, kind: str) -> Requested:
        """Whether a device's driver asks for something of a kind that no property names."""
        return self._requests.of_kind(device, kind)

    def makes_devices(self, device: int) -> bool:
        """Whether a device's driver makes devices that have no node of their own."""
        return self._requests.makes_devices(device)

    def is_known(self, device: int) -> bool:
        """Whether the source of a device's driver is known."""
        return any(self._requests.facts(device))

    def has_drivers(self, device: int) -> bool:
        """Whether the source has a driver for a device, be it known what it does or not."""
        return self._requests.has_drivers(device)

    def has_only_readers(self, device: int) -> bool:
        """Whether the drivers of other devices look for a node, and none is for it."""
        return self._requests.has_only_readers(device)

    def names_of(self, device: int, kind: str, *, required: bool = False) -> frozenset[str]:
        """The names under which a device's driver asks for something of a kind.

        With ``required`` only those without which its probe fails.
        """
        return self._requests.names_of(device, kind, required=required)

    def of_name(self, device: int, kind: str, name: str) -> Requested:
        """Whether a device's driver asks for something of a kind under a name."""
        return self._requests.of_name(device, kind, name)

    def _but_for_others(
        self, found: Requested, reference: Reference, name: str, device: int
    ) -> Requested:
        """An answer, unless something beside the device's driver may ask.

        That is the driver of a device that it makes, or the framework that it registers with.
        """
        requests, kind = self._requests, reference.binding.kind
        if not found.holds_nothing:
            return found
        if requests.makes_devices(device) or any(
            requests.offers(device, each.offered) is not False
            for each in _FRAMEWORKS
            if each.kind == kind and (name in each.names or not each.names)
        ):
            return Requested.UNKNOWN
        return found
