"""From fwnode links to device links (Linux, drivers/base/core.c, fw_devlink_create_devlink())."""

from __future__ import annotations

from dtlink.boot.devlink.cycles import Detector
from dtlink.boot.devlink.joining import join
from dtlink.boot.devlink.state import CoreDevice, CoreFwnodeLink, CoreState, DriverState
from dtlink.enums import Enum, auto
from dtlink.facts.behaviours import CYCLE_LINE_ONCE


class LinkAttempt(Enum):
    """What came of the attempt to turn a fwnode link into a device link."""

    DONE = auto()
    REFUSED = auto()
    LATER = auto()
    """The supplier is not a device yet."""


class Bookkeeper:
    """Turns fwnode links into device links, and looks for cycles each time."""

    def __init__(self, state: CoreState) -> None:
        self._state = state
        self._detector = Detector(state)
        self._once = CYCLE_LINE_ONCE.on(state.profile.version)
        self.reports: list[tuple[int, int]] = []
        """The cycles found, as the log reports them."""

    def link_to_consumers(self, device: CoreDevice) -> None:
        """Link the consumers that wait for a device to it (__fw_devlink_link_to_consumers())."""
        state = self._state
        for link in state.links_to(device.node):
            consumer = state.device.get(link.consumer)
            if consumer is not None:
                self._own(consumer, device.node, link)
                continue
            # A device above the consumer is linked instead; but not one above the supplier too.
            consumer = state.device_above(link.consumer)
            if consumer is not None and not state.is_at_or_above(consumer.node, device.node):
                self._create(consumer, device.node, link)

    def link_to_suppliers(self, device: CoreDevice) -> None:
        """Link a device, for itself and for all below it (__fw_devlink_link_to_suppliers())."""
        state = self._state
        for link in state.links_of(device.node):
            self._own(device, link.supplier, link)
        self._link_below(device)

    def _link_below(self, device: CoreDevice) -> None:
        """Link a device for all below it: they may need their suppliers' sync_state() to wait."""
        if not self._state.tree.children[device.node]:
            return
        suppliers = self._state.suppliers
        for node in self._state.consumers_below(device.node):
            for link in reversed(suppliers.get(node, {}).values()):
                self._create(device, link.supplier, link)

    def _own(self, consumer: CoreDevice, supplier: int, link: CoreFwnodeLink) -> None:
        """Turn a consumer's own link into a device link, unless it is too early for that."""
        if self._create(consumer, supplier, link) is not LinkAttempt.LATER:
            self._state.unlink(link)

    def _create(self, consumer: CoreDevice, supplier: int, link: CoreFwnodeLink) -> LinkAttempt:
        """Look for cycles, then make the device link if both ends are devices."""
        state = self._state
        if link.ignore:
            return LinkAttempt.DONE
        if self._detector.closes_cycle(link):
            self._report(link)
        device = (
            state.device_above(supplier)
            if supplier in state.not_device
            else state.device.get(supplier)
        )
        if device is None:
            return LinkAttempt.REFUSED if self._never_device(supplier) else LinkAttempt.LATER
        if device.state is DriverState.NO_DRIVER and supplier in state.initialized:
            return LinkAttempt.REFUSED
        own = link.consumer == consumer.node
        if device is not consumer and not join(
            state,
            consumer,
            device,
            orders=own and not link.cycle and state.profile.orders_probing,
            cycle=own and link.cycle,
            may_loop=self._detector.pruned,
        ):
            state.refused.append((consumer.node, device.node))
            return LinkAttempt.REFUSED
        return LinkAttempt.DONE

    def _report(self, link: CoreFwnodeLink) -> None:
        """Mark a link that closes a cycle, and note what the log says of it."""
        if self._once:
            self.reports += [(each.consumer, each.supplier) for each in self._detector.marked]
        if not (self._once and link.cycle):
            self.reports.append((link.consumer, link.supplier))
        link.cycle = True
        self._state.touched.append(link.consumer)

    def _never_device(self, supplier: int) -> bool:
        """Whether a node or one above it is served without a driver (fwnode_init_without_drv())."""
        state = self._state
        node = supplier if state.is_below_initialized[supplier] else -1
        while node >= 0:
            device = state.device.get(node)
            bound = device is not None and device.state is not DriverState.NO_DRIVER
            if node in state.initialized and not bound:
                return True
            node = state.tree.parents[node]
        return False
