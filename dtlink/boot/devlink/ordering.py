"""What a prediction comes to: which devices wait, and which do not although a property says so.

A link to a node that is not a device ends at the device that provides for it when it binds: here
links are between devices, wherever there are devices.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from dtlink.boot.devlink.effects import LinkEffect, effect, effect_tried
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.boot.devlink.model import FwnodeLink, Prediction, PropertyEntry, TriedReference
    from dtlink.facts.profile import KernelProfile

#: A consumer and a supplier, by path.
Ends = tuple[str, str]


class DeviceDependency(NamedTuple):
    """What there is between a consumer and a supplier."""

    effect: LinkEffect
    origins: tuple[PropertyEntry, ...]
    """The entries that say so; none where a link replaces one of a node below."""


class Ordering:
    """A prediction, as dependencies between devices."""

    def __init__(self, prediction: Prediction, profile: KernelProfile) -> None:
        self.prediction = prediction
        self.devices: frozenset[str] = frozenset(device.node for device in prediction.devices)
        self.profile = profile
        self._moved = {(x.consumer, x.supplier) for x in prediction.fwnode_links if x.moved}
        self._device_links = {(x.consumer, x.supplier): x for x in prediction.device_links}
        # A device link that was relaxed is gone when its consumer has bound.
        self._relaxed = frozenset((x.consumer, x.supplier) for x in prediction.relaxed)

    @cached_property
    def dependencies(self) -> Mapping[Ends, DeviceDependency]:
        """Every dependency of a device on a supplier, by their paths, in the order of the links."""
        found: dict[Ends, list[FwnodeLink]] = {}
        for link in self.prediction.fwnode_links:
            if link.consumer in self.devices:
                ends = link.consumer, self.provider(link.consumer, link.supplier)
                found.setdefault(ends, []).append(link)
        tried: dict[Ends, list[TriedReference]] = {}
        for each in self.prediction.tried:
            if each.provider and each.device == each.origin.node:
                tried.setdefault((each.device, each.provider), []).append(each)
        dependencies = {}
        for ends in dict.fromkeys([*found, *tried, *self._device_links]):
            links, own = found.get(ends, []), tried.get(ends, [])
            what = self._effect(ends, links, own)
            if what is not None and ends[0] != ends[1]:
                origins = [each.origin for each in own] + [o for x in links for o in x.origins]
                dependencies[ends] = DeviceDependency(what, tuple(origins))
        return dependencies

    def _effect(
        self, ends: Ends, links: Sequence[FwnodeLink], tried: Iterable[TriedReference]
    ) -> LinkEffect | None:
        link, is_device = self._device_links.get(ends), ends[1] in self.devices
        orders = None if link is None else not link.sync_state_only
        orders_probing = self.profile.orders_probing
        if tried:
            results = {each.result for each in tried}
            return effect_tried(
                results, orders=orders, is_device=is_device, orders_probing=orders_probing
            )
        return effect(
            links,
            orders=orders,
            is_relaxed=ends in self._relaxed,
            is_device=is_device,
            orders_probing=orders_probing,
        )

    def provider(self, consumer: str, supplier: str) -> str:
        """The device at which a consumer's link to a node ended; the node if there is none."""
        if supplier not in self.devices:
            for above in _ancestors(supplier):
                if (consumer, above) in self._moved:
                    return above
        return supplier

    def relaxes(self, consumer: str, supplier: str) -> bool:
        """Whether the kernel does not order two nodes since they are part of a cycle."""
        return (consumer, self.provider(consumer, supplier)) in self._unordered

    def of(self, *effects: LinkEffect) -> Iterator[tuple[Ends, DeviceDependency]]:
        """The dependencies of these effects."""
        return (item for item in self.dependencies.items() if item[1].effect in effects)

    @cached_property
    def _unordered(self) -> frozenset[Ends]:
        return frozenset(ends for ends, _ in self.of(LinkEffect.RELAXED))

    def parent(self, device: str) -> str | None:
        """The device above a device; ``None`` if there is none."""
        return next((node for node in _ancestors(device) if node in self.devices), None)

    def device(self, node: str) -> str:
        """The device at or above a node; the node if there is none."""
        return node if node in self.devices else self.parent(node) or node

    @cached_property
    def held_up(self) -> Mapping[str, tuple[str, ...]]:
        """Devices that wait for suppliers that are devices but have not bound."""
        bound = {device.node for device in self.prediction.devices if device.driver}
        held: dict[str, list[str]] = {}
        for link in self.prediction.device_links:
            if not link.sync_state_only and not bound & {link.consumer, link.supplier}:
                held.setdefault(link.consumer, []).append(link.supplier)
        return {consumer: tuple(suppliers) for consumer, suppliers in held.items()}

    def arcs(self) -> dict[str, list[str]]:
        """What each device has to wait for: its suppliers and the device above it."""
        arcs: dict[str, list[str]] = {}
        for device in self.prediction.devices:
            parent = self.parent(device.node)
            arcs[device.node] = [] if parent is None else [parent]
        for (consumer, supplier), _ in self.of(LinkEffect.ORDERS):
            arcs[consumer].append(supplier)
        return arcs


def _ancestors(path: str) -> Iterator[str]:
    """The paths above a path, the nearest first, the root left out."""
    while path := path.rpartition("/")[0]:
        yield path
