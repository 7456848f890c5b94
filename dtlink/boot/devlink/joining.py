"""Device links: how one is added, and whether two devices depend on each other already."""

from __future__ import annotations

from dtlink.boot.devlink.state import CoreDeviceLink, DriverState, LinkState
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.boot.devlink.state import CoreDevice, CoreState

_FIRST_STATE = {
    (DriverState.PROBING, DriverState.PROBING): LinkState.CONSUMER_PROBE,
    (DriverState.BOUND, DriverState.NO_DRIVER): LinkState.AVAILABLE,
    (DriverState.BOUND, DriverState.PROBING): LinkState.CONSUMER_PROBE,
    (DriverState.BOUND, DriverState.BOUND): LinkState.ACTIVE,
}


def join(
    state: CoreState,
    consumer: CoreDevice,
    supplier: CoreDevice,
    *,
    orders: bool,
    cycle: bool = False,
    may_loop: bool = True,
) -> bool:
    """Add a device link, or let an existing one order more; ``False`` if the kernel refuses it.

    ``may_loop`` is false where a search has shown already that the link closes no loop.
    Source: Linux, drivers/base/core.c, device_link_add().
    """
    if consumer is supplier or (orders and may_loop and depends(supplier, consumer)):
        return False
    if not orders and consumer.state is DriverState.BOUND:
        return False
    link = consumer.suppliers.get(supplier.node)
    if link is None:
        first = _FIRST_STATE.get((supplier.state, consumer.state), LinkState.DORMANT)
        link = CoreDeviceLink(consumer, supplier, first)
        link.cycle = cycle
        consumer.suppliers[supplier.node] = supplier.consumers[consumer.node] = link
    if orders:
        link.sync_state_only = False
        link.runtime_pm |= state.profile.orders_runtime_pm
    return True


def depends(supplier: CoreDevice, consumer: CoreDevice) -> bool:
    """Whether a supplier is the consumer, below it, or needs it (device_is_dependent())."""
    seen: set[int] = set()
    stack = [consumer]
    while stack:
        device = stack.pop()
        if device is supplier or supplier.is_below(device):
            return True
        if device.node not in seen:
            seen.add(device.node)
            stack += device.children
            stack += [x.consumer for x in device.consumers.values() if not x.sync_state_only]
    return False
