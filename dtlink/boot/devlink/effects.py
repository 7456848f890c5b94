"""What the links of a machine do to the probes of its devices, by the numbers of the nodes.

A link to a node that is not a device ends at the device that provides for it when it binds: here
links are between devices, wherever there are devices. :mod:`.ordering` has the same by paths.
"""

from __future__ import annotations

from functools import cached_property

from dtlink.enums import Enum
from dtlink.typed import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from dtlink.boot.devlink.simulation import Simulation

#: A consumer and a supplier.
NodeEnds = tuple[int, int]


class LinkEffect(Enum):
    """What a link does to its consumer's probe."""

    ORDERS = "ordered"
    """A device link: the supplier probes first."""
    WAITS = "waits"
    """The supplier is not a device: the consumer waits until it is one."""
    RELAXED = "relaxed"
    """Part of a cycle: the kernel does not order the two."""
    IGNORED = "ignored"
    """Given up by ``post-init-providers``."""
    SYNC_STATE_ONLY = "sync_state() only"
    """A device link that delays no probe."""


class TryResult(Enum):
    """What comes of a reference on a kernel that links devices only."""

    LINKED = "linked"
    LATER = "later"
    """The supplier is not a device yet."""
    NO_DEVICE = "no device"
    """It never will be one, as far as the kernel knows."""
    DESCENDANT = "descendant"
    """It is the device itself, or below it."""
    LOOP = "loop"
    """It depends on the device."""


class AnyLink(Protocol):
    """A link between two nodes, by their paths or numbers."""

    @property
    def cycle(self) -> bool:
        """Whether it is part of a cycle."""
        ...

    @property
    def ignore(self) -> bool:
        """Whether it is given up by ``post-init-providers``."""
        ...

    @property
    def remaining(self) -> bool:
        """Whether it is there in the end."""
        ...


def effect(
    links: Collection[AnyLink],
    *,
    orders: bool | None,
    is_relaxed: bool,
    is_device: bool,
    orders_probing: bool,
) -> LinkEffect | None:
    """What the links between two ends do; ``None``: nothing, the supplier is served early.

    ``orders``: whether the device link between them orders probing; ``None``: there is none.
    ``is_relaxed``: whether there was one that turned out to be part of a cycle; ``is_device``:
    whether the supplier is one.
    """
    if orders:
        return LinkEffect.ORDERS
    if orders_probing:
        for link in links:
            if link.remaining and not (link.cycle or link.ignore):
                return LinkEffect.WAITS
    if is_relaxed or any(link.cycle for link in links):
        return LinkEffect.RELAXED
    if any(link.ignore for link in links):
        return LinkEffect.IGNORED
    if orders is None and (orders_probing or not is_device):
        return None
    return LinkEffect.SYNC_STATE_ONLY


def effect_tried(
    results: Collection[TryResult], *, orders: bool | None, is_device: bool, orders_probing: bool
) -> LinkEffect | None:
    """The same of references that were tried, on a kernel that links devices only."""
    if orders:
        return LinkEffect.ORDERS
    if TryResult.LATER in results and orders_probing:
        return LinkEffect.WAITS
    if TryResult.LOOP in results or TryResult.DESCENDANT in results:
        return LinkEffect.RELAXED
    return LinkEffect.SYNC_STATE_ONLY if is_device else None


class LinkEffects:
    """What one machine's links do."""

    def __init__(self, simulation: Simulation) -> None:
        state = simulation.state
        self._simulation = simulation
        self._parents = state.tree.parents
        self.devices = state.device.keys()
        """The nodes that are devices."""
        self.orders_probing = state.profile.orders_probing
        self._moved = {(link.consumer, link.supplier) for link in state.made if link.moved}

    @cached_property
    def of(self) -> Mapping[NodeEnds, LinkEffect]:
        """What there is between a device and a supplier, in the order of the links."""
        linked, tried = self._linked(), self._tried()
        orders = {
            (link.consumer.node, link.supplier.node): not link.sync_state_only
            for link in self._simulation.device_links
        }
        relaxed, devices = frozenset(self._simulation.state.relaxed), self.devices
        orders_probing = self.orders_probing
        found: dict[NodeEnds, LinkEffect] = {}
        for ends in {**linked, **tried, **orders}:
            if ends[0] == ends[1]:
                continue
            link, is_device = orders.get(ends), ends[1] in devices
            if ends in tried:
                what = effect_tried(
                    tried[ends], orders=link, is_device=is_device, orders_probing=orders_probing
                )
            else:
                what = effect(
                    linked.get(ends, ()),
                    orders=link,
                    is_relaxed=ends in relaxed,
                    is_device=is_device,
                    orders_probing=orders_probing,
                )
            if what is not None:
                found[ends] = what
        return found

    def _linked(self) -> dict[NodeEnds, list[AnyLink]]:
        """The links between nodes whose consumers are devices."""
        found: dict[NodeEnds, list[AnyLink]] = {}
        devices = self.devices
        for link in self._simulation.state.made:
            if link.consumer in devices:
                ends = link.consumer, self.provider(link.consumer, link.supplier)
                found.setdefault(ends, []).append(link)
        return found

    def _tried(self) -> dict[NodeEnds, set[TryResult]]:
        """What came of the references of devices, on a kernel that links devices only."""
        found: dict[NodeEnds, set[TryResult]] = {}
        for each in self._simulation.tried:
            if each.supplier >= 0 and each.device == each.reference.node:
                found.setdefault((each.device, each.supplier), set()).add(each.result)
        return found

    def provider(self, consumer: int, supplier: int) -> int:
        """The device at which a consumer's link to a node ended; the node if there is none."""
        if supplier not in self.devices:
            for above in self._above(supplier):
                if (consumer, above) in self._moved:
                    return above
        return supplier

    def between(self, consumer: int, supplier: int) -> LinkEffect | None:
        """What there is between a device and what serves a node; ``None``: nothing.

        A pin controller that binds first provides its pins before any node references them.
        """
        found = self.of.get((consumer, supplier))
        if found is None and supplier not in self.devices:
            found = self.of.get((consumer, self.provider(consumer, supplier)))
            if found is None:
                found = self.of.get((consumer, self._device(supplier)))
        return found

    def relaxes(self, consumer: int, supplier: int) -> bool:
        """Whether the kernel does not order two nodes since they are part of a cycle."""
        return self.of.get((consumer, self.provider(consumer, supplier))) is LinkEffect.RELAXED

    def needs(self, device: int) -> Iterable[int]:
        """What a device has to wait for: the device above it, and its suppliers in their order."""
        parent = next((node for node in self._above(device) if node in self.devices), None)
        suppliers = self._needs.get(device, ())
        return suppliers if parent is None else (parent, *suppliers)

    @cached_property
    def _needs(self) -> Mapping[int, list[int]]:
        found: dict[int, list[int]] = {}
        for (consumer, supplier), what in self.of.items():
            if what is LinkEffect.ORDERS:
                found.setdefault(consumer, []).append(supplier)
        return found

    def _device(self, node: int) -> int:
        """The device at or above a node; the node if there is none."""
        if node in self.devices:
            return node
        return next((above for above in self._above(node) if above in self.devices), node)

    def _above(self, node: int) -> Iterator[int]:
        """The nodes above one, the nearest first, the root left out."""
        while (node := self._parents[node]) > 0:
            yield node
