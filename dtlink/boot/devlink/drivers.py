"""Which drivers there are, and what their probes do: the policy of a view."""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.boot.devlink.population import Population, Spawn
from dtlink.boot.devlink.power_domains import BUS as POWER_DOMAINS
from dtlink.enums import Enum, auto
from dtlink.facts.behaviours import PURE_BUSES_BIND
from dtlink.facts.platform import POWERED_BUSES, TRANSPARENT_BUSES
from dtlink.facts.resource import Asker
from dtlink.typed import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from dtlink.boot.devlink.power_domains import PowerDomains
    from dtlink.boot.devlink.state import CoreDevice, CoreState
    from dtlink.facts.kernels import KernelVersion


class ProbeResult(Enum):
    """What a driver's probe returns."""

    BOUND = auto()
    DEFERRED = auto()
    FAILED = auto()


class DriverPolicy(Protocol):
    """The drivers of a kernel, as far as fw_devlink meets them."""

    def match(self, device: CoreDevice) -> str | None:
        """The name of the driver that matches a device, if there is one."""
        ...

    def is_first(self, device: CoreDevice) -> bool:
        """Whether a device's driver is there before the device is."""
        ...

    def children(self, device: CoreDevice) -> Iterator[Spawn]:
        """The devices that a driver makes while it probes."""
        ...

    def probe(self, device: CoreDevice) -> ProbeResult:
        """How the probe ends."""
        ...


class BareDrivers:
    """No driver but the one that every kernel has (drivers/bus/simple-pm-bus.c).

    Where it does not bind pure buses it is optional (CONFIG_SIMPLE_PM_BUS), and there is none.
    """

    def __init__(self, population: Population, version: KernelVersion) -> None:
        self._population = population
        self._powered = tuple(name for name, known in POWERED_BUSES.items() if version in known)
        binds = PURE_BUSES_BIND.on(version)
        self._buses = frozenset((*self._powered, *TRANSPARENT_BUSES) if binds else ())

    def match(self, device: CoreDevice) -> str | None:
        """A bus without a driver of its own."""
        is_bus = device.bus == "platform" and self._population.is_any(device.node, self._buses)
        return "simple-pm-bus" if is_bus else None

    def is_first(self, device: CoreDevice) -> bool:  # noqa: ARG002
        """The driver is registered when the devices are there (device_initcall)."""
        return False

    def _role(self, device: CoreDevice) -> tuple[int, bytes]:
        """The compatible that matches best: its place among the node's, and its name."""
        own = self._population.compatible(device.node)
        return min((own.index(name), name) for name in self._buses if name in own)

    def children(self, device: CoreDevice) -> Iterator[Spawn]:
        """One level below a simple-pm-bus; below the other buses the devices are there already."""
        if self._role(device)[1] in self._powered:
            yield from self._population.children_of(device.node)

    def probe(self, device: CoreDevice) -> ProbeResult:
        """A plain bus must be named first, lest it take a device from a driver of its own.

        The clocks of a simple-pm-bus are not waited for again once it may probe: a bare kernel
        has no clock provider, and the look-up (CONFIG_COMMON_CLK off) asks for none.
        """
        place, name = self._role(device)
        pure = name not in self._powered
        return ProbeResult.FAILED if place and pure else ProbeResult.BOUND


class FullDrivers:
    """A driver for every device: each probe succeeds as soon as it is tried.

    But for nodes whose power domains are registered without one: none ever binds them.
    """

    def __init__(
        self, state: CoreState, population: Population, domains: PowerDomains | None = None
    ) -> None:
        self._tree = state.tree
        self._unavailable = state.availability.unavailable
        self._population = population
        self._pin_controllers = _pin_controllers(state)
        self._domains = domains
        self._without_driver = frozenset(domains.early if domains else ())

    def match(self, device: CoreDevice) -> str | None:
        """The driver that the device has by then."""
        if device.bus == POWER_DOMAINS:
            return POWER_DOMAINS
        return None if device.node in self._without_driver else "any"

    def is_first(self, device: CoreDevice) -> bool:
        """Pin controllers: most of their drivers are registered before the devices are made.

        So is the driver of power domains (drivers/pmdomain/core.c, genpd_bus_init()).
        """
        return device.bus == POWER_DOMAINS or device.node in self._pin_controllers

    def children(self, device: CoreDevice) -> Iterator[Spawn]:
        """What buses, multi-function devices and multiplexers find below their nodes.

        Whatever names a driver (``compatible``) becomes a device, also below a node that only
        groups (the channel of a multiplexer, a list of regulators).
        """
        if device.bus == POWER_DOMAINS:
            return
        if self._domains is not None:
            yield from self._domains.below(device.node)
        stack = list(self._tree.children[device.node])[::-1]
        while stack:
            node = stack.pop()
            if node in self._unavailable or self._population.is_part(node):
                continue
            if self._population.names_driver(node):
                yield from list(self._population.below_bus(node, device.node))
            else:
                stack += self._tree.children[node][::-1]

    def probe(self, device: CoreDevice) -> ProbeResult:  # noqa: ARG002
        """Nothing fails."""
        return ProbeResult.BOUND


def _pin_controllers(state: CoreState) -> set[int]:
    """The nodes with ``compatible`` at or above what ``pinctrl-0`` and its kind name."""
    compatibles, parents = state.tree.holders("compatible"), state.tree.parents
    found = set()
    rows: dict[int, bool] = {}  # rows by identity: to hash one costs more than to read one
    for references in state.references.values():
        for reference in references:
            row = reference.binding
            if id(row) not in rows:
                rows[id(row)] = row.resource.request.asker is Asker.PINS
            if rows[id(row)]:
                node = reference.supplier
                while node >= 0 and node not in compatibles:
                    node = parents[node]
                found.add(node)
    return found
