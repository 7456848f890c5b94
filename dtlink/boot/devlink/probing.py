"""Devices are added, drivers are registered, probes are deferred and tried again.

Source: Linux, drivers/base/core.c (device_add(), device_links_*()) and drivers/base/dd.c.
"""

from __future__ import annotations

from collections.abc import Iterable

from dtlink.boot.devlink.drivers import DriverPolicy, ProbeResult
from dtlink.boot.devlink.state import CoreDevice, CoreState, DriverState, LinkState
from dtlink.boot.devlink.waiting import Waiting
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.boot.devlink.linker import Linker
    from dtlink.boot.devlink.population import Spawn


class DriverCore:
    """The driver core of one machine."""

    def __init__(self, state: CoreState, linker: Linker, drivers: DriverPolicy) -> None:
        self._state = state
        self._linker = linker
        self._drivers = drivers
        self._registered = False
        self._retrying = False
        self._waiting = Waiting()
        self._put_off: list[CoreDevice] = []
        """What its own driver deferred: it says nothing of why."""

    def boot(self, first: Iterable[Spawn], rest: Iterable[Spawn]) -> None:
        """Add the devices there are at first, then register the drivers, then settle.

        ``rest`` are the devices below the root node, during which linking may be paused.
        """
        for spawn in first:
            self.add(spawn)
        self._linker.pause()
        for spawn in rest:
            self.add(spawn)
        for device in self._linker.resume():
            self._probe_at_once(device)
        self.register_drivers()
        self.retry()
        self._waiting.release()

    def add(self, spawn: Spawn) -> None:
        """Add a device, link it, and probe it if the drivers are there (device_add())."""
        state = self._state
        device = CoreDevice(spawn.node, spawn.bus, state.device.get(spawn.above))
        if device.parent is not None:
            device.parent.children.append(device)
        if state.add(device) and not self._linker.added(device):
            return
        self._probe_at_once(device)

    def _probe_at_once(self, device: CoreDevice) -> None:
        """Probe a new device if its driver is there already (bus_probe_device())."""
        if self._registered or self._drivers.is_first(device):
            self._probe(device)

    def register_drivers(self) -> None:
        """Offer every device to the drivers, those included that are added meanwhile."""
        self._registered = True
        for device in self._state.devices:
            self._probe(device)

    def retry(self) -> None:
        """Retry what was deferred until nothing binds any more (deferred_probe_initcall())."""
        self._retrying = True
        self._waiting.let_try_all()
        while (device := self._waiting.turn()) is not None:
            self._probe(device)

    def _trigger(self) -> None:
        """All that waits gets another try (driver_deferred_probe_trigger()).

        It is given to those of which something has changed: the others would be deferred again.
        """
        waiting, touched = self._waiting, self._state.touched
        if self._retrying:
            for node in touched:
                for device in waiting.devices_of(node):
                    waiting.let_try(device)
            for device in self._put_off:
                waiting.let_try(device)
            self._put_off.clear()
        touched.clear()

    def _defer(self, device: CoreDevice) -> None:
        """Keep a device for later, once (driver_deferred_probe_add())."""
        if device.can_match:
            self._waiting.add(device)

    def _probe(self, device: CoreDevice) -> None:
        """Probe a device unless it waits for a supplier (really_probe())."""
        driver = None if device.driver else self._drivers.match(device)
        if driver is None:
            return
        device.can_match = True
        if not self._ready(device):
            self._defer(device)
            return
        for spawn in self._drivers.children(device):
            self.add(spawn)
        outcome = self._drivers.probe(device)
        if outcome is ProbeResult.BOUND:
            device.driver = driver
            self._bound(device)
            self._waiting.remove(device)
            self._trigger()
            return
        self._unbound(device)
        if outcome is ProbeResult.DEFERRED:
            self._defer(device)
            self._put_off.append(device)
        else:
            self._waiting.remove(device)

    def _ready(self, device: CoreDevice) -> bool:
        """Whether no supplier is missing (device_links_check_suppliers())."""
        if self._state.profile.orders_probing and self._linker.holds(device):
            return False
        device.state = DriverState.PROBING
        for link in device.suppliers.values():
            if link.state is not LinkState.AVAILABLE and not link.sync_state_only:
                self._fall_back(device, LinkState.CONSUMER_PROBE)
                return False
            link.state = LinkState.CONSUMER_PROBE
        return True

    def _unbound(self, device: CoreDevice) -> None:
        """A probe has failed (device_links_no_driver())."""
        self._fall_back(device, LinkState.CONSUMER_PROBE, LinkState.ACTIVE)
        device.state = DriverState.NO_DRIVER

    def _fall_back(self, device: CoreDevice, *states: LinkState) -> None:
        for link in device.suppliers.values():
            if link.state in states:
                bound = link.supplier.state is DriverState.BOUND
                link.state = LinkState.AVAILABLE if bound else LinkState.DORMANT

    def _bound(self, device: CoreDevice) -> None:
        """A driver has bound (device_links_driver_bound())."""
        state = self._state
        if state.device.get(device.node) is device:
            self._linker.bound(device)
        for link in device.consumers.values():
            if link.state not in (LinkState.CONSUMER_PROBE, LinkState.ACTIVE):
                link.state = LinkState.AVAILABLE
                state.touched.append(link.consumer.node)
                if not link.sync_state_only:
                    self._defer(link.consumer)
        for link in list(device.suppliers.values()):
            if link.sync_state_only:
                del device.suppliers[link.supplier.node]
                del link.supplier.consumers[device.node]
            else:
                link.state = LinkState.ACTIVE
        device.state = DriverState.BOUND
