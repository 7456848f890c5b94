"""Cycles before kernels searched them across nodes: a device link that closes a loop is given up.

Such kernels (see :data:`dtlink.facts.behaviours.RELAXES_NODES`) name devices in the log.
"""

from __future__ import annotations

from dtlink.boot.devlink.booking import Bookkeeper, LinkAttempt
from dtlink.boot.devlink.joining import depends, join
from dtlink.boot.devlink.linker import FwnodeLinker
from dtlink.boot.devlink.state import CoreDevice, CoreDeviceLink, CoreFwnodeLink, DriverState
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

#: How far a new link is followed to what its supplier needs; real boards need a few steps.
_DEPTH = 50


class DeviceCycleBookkeeper(Bookkeeper):
    """Turns fwnode links into device links as long as these form no loop."""

    def link_to_suppliers(self, device: CoreDevice) -> None:
        """Link a device and what is below it; after each link also its supplier."""
        self._link_all(device, 0)

    def _link_all(self, device: CoreDevice, depth: int) -> None:
        state = self._state
        for link in state.links_of(device.node):
            if not link.remaining:
                continue
            outcome = self._create(device, link.supplier, link)
            if outcome is LinkAttempt.LATER:
                continue
            state.unlink(link)
            supplier = state.device.get(link.supplier)
            if outcome is LinkAttempt.DONE and supplier is not None and depth < _DEPTH:
                self._link_all(supplier, depth + 1)
        self._link_below(device)

    def _create(self, consumer: CoreDevice, supplier: int, link: CoreFwnodeLink) -> LinkAttempt:
        """Make a device link, or give up those that lead back (fw_devlink_create_devlink())."""
        state = self._state
        orders = link.consumer == consumer.node and state.profile.orders_probing
        device = state.device.get(supplier)
        if device is None:
            return self._without_device(consumer, supplier, orders=orders)
        if device.state is DriverState.NO_DRIVER and supplier in state.initialized:
            return LinkAttempt.REFUSED
        if join(state, consumer, device, orders=orders) or not orders:
            return LinkAttempt.DONE
        self._give_up(consumer, supplier)
        self._relax(consumer, device)
        join(state, consumer, device, orders=False)
        return LinkAttempt.REFUSED

    def _without_device(self, consumer: CoreDevice, supplier: int, *, orders: bool) -> LinkAttempt:
        """A supplier that is not a device may stand for its parent."""
        state = self._state
        if supplier in state.initialized:
            return LinkAttempt.REFUSED
        above = state.device_above(supplier) if orders else None
        if above is None or not depends(above, consumer):
            return LinkAttempt.LATER
        self._give_up(consumer, supplier)
        self._relax(consumer, above)
        return LinkAttempt.REFUSED

    def _give_up(self, consumer: CoreDevice, supplier: int) -> None:
        """Note a link that closes a loop, as the log reports it."""
        self.reports.append((consumer.node, supplier))
        self._state.relaxed.append((consumer.node, supplier))

    def _relax(self, consumer: CoreDevice, supplier: CoreDevice) -> None:
        """Relax the links by which a supplier needs its consumer (fw_devlink_relax_cycle())."""
        hopeless: set[int] = set()
        frames = [_Frame(consumer)]
        while frames:
            frame = frames[-1]
            step = None if frame.over else frame.next(hopeless)
            if step is not None and step is not supplier:
                frames.append(_Frame(step))
                continue
            found = step is supplier or frame.reaches
            if step is None:
                frames.pop()
                if not found:
                    hopeless.add(frame.device.node)
                if not frames:
                    return
                frame = frames[-1]
            if found and frame.returned():
                self._state.touched.append(frame.link.consumer.node)
                self._state.relaxed.append((frame.link.consumer.node, frame.device.node))


class _Frame:
    """A visit of one device on the way from a consumer to its supplier."""

    def __init__(self, device: CoreDevice) -> None:
        self.device = device
        self.reaches = False
        self.over = False
        self.link: CoreDeviceLink
        """The link that is followed; unset while it is a child."""
        self._steps = self._all_steps()

    def next(self, hopeless: set[int]) -> CoreDevice | None:
        """The next device to visit; ``None`` if there is none."""
        return next((step for step in self._steps if step.node not in hopeless), None)

    def returned(self) -> bool:
        """The last step leads to the supplier; whether a link was relaxed that ordered."""
        self.reaches = True
        if not hasattr(self, "link"):
            self.over = True  # a child is enough
            return False
        return self.link.relax()

    def _all_steps(self) -> Iterator[CoreDevice]:
        yield from self.device.children
        for link in list(self.device.consumers.values()):
            if not link.sync_state_only:
                self.link = link
                yield link.consumer


class DeviceCycleLinker(FwnodeLinker):
    """A device that has bound makes its descendants' consumers wait no longer."""

    def bound(self, device: CoreDevice) -> None:
        """Delete its links, and those to what is below it."""
        state = self._state
        for link in state.links_of(device.node):
            state.unlink(link)
        for child in state.available_children(device.node):
            for node in self._absent(child):
                for link in state.links_to(node):
                    state.unlink(link)
