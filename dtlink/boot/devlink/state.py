"""The driver core's view of one machine while it boots: devices, fwnode links, device links.

Nodes are numbers of the tree. Lists that the kernel fills at the head are dicts here, filled at
the end and read backwards.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property

from dtlink.enums import Enum
from dtlink.links.components import strong_components
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.boot.devlink.availability import Availability
    from dtlink.facts.profile import KernelProfile
    from dtlink.links.reference import Reference


class DriverState(Enum):
    """Where a device is on its way to a driver (Linux, enum dl_dev_state)."""

    NO_DRIVER = "no driver"
    PROBING = "probing"
    """Also a device whose probe was put off for a device link: the kernel leaves it so."""
    BOUND = "bound"


class LinkState(Enum):
    """The state of a device link, as sysfs spells it (Linux, enum device_link_state)."""

    DORMANT = "dormant"
    AVAILABLE = "available"
    CONSUMER_PROBE = "consumer probing"
    ACTIVE = "active"


class CoreFwnodeLink:
    """A link between two nodes."""

    __slots__ = (
        "component",
        "consumer",
        "cycle",
        "ignore",
        "moved",
        "references",
        "remaining",
        "supplier",
    )

    def __init__(
        self, consumer: int, supplier: int, *, component: int | None = None, moved: bool = False
    ) -> None:
        self.consumer = consumer
        self.supplier = supplier
        self.component = component
        """The strongly connected component that both nodes are in, if they are in one."""
        self.cycle = False
        self.ignore = False
        self.moved = moved
        self.references: list[Reference] = []
        self.remaining = True

    @property
    def relaxed(self) -> bool:
        """Whether it is known to be part of a cycle."""
        return self.cycle

    def relax(self) -> bool:
        """Mark it as part of a cycle; ``False``, since the kernel reports device links only."""
        self.cycle = True
        return False

    @property
    def blocks(self) -> bool:
        """Whether the consumer's probe waits as long as the link is there."""
        return not (self.cycle or self.ignore)


class CoreDeviceLink:
    """A link between two devices, made from a fwnode link (flag INFERRED, always managed)."""

    __slots__ = ("consumer", "cycle", "runtime_pm", "state", "supplier", "sync_state_only")

    def __init__(self, consumer: CoreDevice, supplier: CoreDevice, state: LinkState) -> None:
        self.consumer = consumer
        self.supplier = supplier
        self.state = state
        self.sync_state_only = True
        self.runtime_pm = False
        self.cycle = False

    @property
    def relaxed(self) -> bool:
        """Whether it is known to be part of a cycle."""
        return self.cycle and self.sync_state_only

    def relax(self) -> bool:
        """Let it order sync_state() alone (fw_devlink_relax_link()); whether it ordered more."""
        ordered = not self.sync_state_only
        self.cycle = self.sync_state_only = True
        self.runtime_pm = False
        return ordered


class CoreDevice:
    """A device with a node; ``parent`` is ``None`` below a device that has no node."""

    __slots__ = (
        "bus",
        "can_match",
        "children",
        "consumers",
        "driver",
        "node",
        "parent",
        "state",
        "suppliers",
    )

    def __init__(self, node: int, bus: str, parent: CoreDevice | None) -> None:
        self.node = node
        self.bus = bus
        self.parent = parent
        self.children: list[CoreDevice] = []
        self.state = DriverState.NO_DRIVER
        self.driver: str | None = None
        self.can_match = False
        self.suppliers: dict[int, CoreDeviceLink] = {}
        self.consumers: dict[int, CoreDeviceLink] = {}

    def is_below(self, other: CoreDevice) -> bool:
        """Whether the other device is this one's ancestor."""
        above = self.parent
        while above is not None and above is not other:
            above = above.parent
        return above is not None


class CoreState:
    """Everything fw_devlink knows at one moment, and what it did up to then."""

    def __init__(
        self,
        availability: Availability,
        profile: KernelProfile,
        references: Mapping[int, Sequence[Reference]],
    ) -> None:
        self.tree = availability.tree
        self.availability = availability
        self.profile = profile
        self.references = references
        """What each node's properties name, as far as this kernel follows it, in its order."""
        self.devices: list[CoreDevice] = []
        self.device: dict[int, CoreDevice] = {}
        """The device of each node that has one (``fwnode->dev``)."""
        self._nearest: dict[int, CoreDevice | None] = {}
        """The device of a node or else of its nearest ancestor, until the next is added."""
        self.suppliers: dict[int, dict[int, CoreFwnodeLink]] = {}
        self.consumers: dict[int, dict[int, CoreFwnodeLink]] = {}
        self.not_device: set[int] = set()
        """Nodes whose consumers a bound ancestor provides for (FWNODE_FLAG_NOT_DEVICE)."""
        self.gone: set[int] = set()
        """Nodes that are served early and never are devices (OF_POPULATED)."""
        self.initialized: set[int] = set()
        """Nodes served without the driver core (FWNODE_FLAG_INITIALIZED)."""
        self.early: Mapping[int, bool] = {}
        """Nodes that are served early, and whether they become devices as well."""
        self.at_boot: AbstractSet[int] = frozenset()
        """Nodes of the devices that there are without any driver."""
        self.touched: list[int] = []
        """Nodes a link of which holds them up less than before, until they are tried again."""
        self.made: list[CoreFwnodeLink] = []
        self.refused: list[tuple[int, int]] = []
        self.relaxed: list[tuple[int, int]] = []

    def release(self) -> None:
        """Take the devices apart, when all is said: they are in reference cycles with their links.

        Runs over many boards do without the garbage collector.
        """
        for device in self.devices:
            device.children.clear()
            device.suppliers.clear()
            device.consumers.clear()

    def add(self, device: CoreDevice) -> bool:
        """Add a device; whether it is the first of its node."""
        self.devices.append(device)
        if device.node in self.device:
            return False
        self.device[device.node] = device
        self._nearest.clear()
        return True

    def device_above(self, node: int) -> CoreDevice | None:
        """The device of the nearest ancestor that has one (fwnode_get_next_parent_dev())."""
        start = above = self.tree.parents[node]
        if start in self._nearest:
            return self._nearest[start]
        while above >= 0 and above not in self.device:
            above = self.tree.parents[above]
        found = self._nearest[start] = self.device.get(above)
        return found

    def device_node(self, node: int) -> int:
        """The nearest node upwards with ``compatible``; -1 if there is none, or one is disabled.

        (Linux 5.15, drivers/of/property.c, of_get_compat_node())
        """
        tree, off = self.tree, self.availability.unavailable
        compatibles = tree.holders("compatible")
        while node >= 0 and node not in off:
            if node in compatibles:
                return node
            node = tree.parents[node]
        return -1

    def is_at_or_above(self, ancestor: int, node: int) -> bool:
        """Whether a node is another's ancestor, or the other itself (fwnode_is_ancestor_of())."""
        while node > ancestor:  # parents have the smaller numbers
            node = self.tree.parents[node]
        return node == ancestor

    def available_children(self, node: int) -> Iterator[int]:
        """The children whose own ``status`` lets them be used, in blob order."""
        off = self.availability.unavailable
        return (child for child in self.tree.children[node] if child not in off)

    def consumers_below(self, node: int) -> list[int]:
        """The available nodes below one that may have links to suppliers, in blob order."""
        consumers, off = self._consumers, self.availability.disabled
        end = bisect_left(consumers, self._ends[node])
        found = consumers[bisect_right(consumers, node, 0, end) : end]
        if node in off:  # it is a device all the same: only what is below it may be unavailable
            return [each for each in found if self._is_reached(each, node)]
        return [each for each in found if each not in off]

    def _is_reached(self, node: int, above: int) -> bool:
        """Whether a node below another is available, and all between."""
        while node != above and node not in self.availability.unavailable:
            node = self.tree.parents[node]
        return node == above

    @cached_property
    def _consumers(self) -> list[int]:
        return sorted({each.consumer for found in self.references.values() for each in found})

    @cached_property
    def _ends(self) -> list[int]:
        """The number after the last node below each: what is below a node comes right after it."""
        parents = self.tree.parents
        ends = list(range(1, len(parents) + 1))
        for node in range(len(parents) - 1, 0, -1):
            ends[parents[node]] = max(ends[parents[node]], ends[node])
        return ends

    def link(self, consumer: int, supplier: int, *, moved: bool = False) -> CoreFwnodeLink:
        """The fwnode link between two nodes, made if there is none."""
        links = self.suppliers.setdefault(consumer, {})
        link = links.get(supplier)
        if link is None:
            home = self.components.get(consumer)
            shared = home if home == self.components.get(supplier) else None
            link = links[supplier] = CoreFwnodeLink(
                consumer, supplier, component=shared, moved=moved
            )
            self.consumers.setdefault(supplier, {})[consumer] = link
            self.made.append(link)
        return link

    @cached_property
    def components(self) -> dict[int, int]:
        """The number of each node's strongly connected component of all that can be linked.

        A link is to what a property names, or to a device above that; a node needs its parents.
        Nodes of none are left out.
        """
        arcs: dict[int, list[int]] = {}
        for found in self.references.values():
            for reference in found:
                if reference.binding.orders_probe:
                    arcs.setdefault(reference.consumer, []).append(reference.supplier)
        parents = self.tree.parents
        todo = list({*arcs, *(supplier for suppliers in arcs.values() for supplier in suppliers)})
        seen = set(todo)
        for node in todo:
            if (above := parents[node]) > 0:
                arcs.setdefault(node, []).append(above)
                if above not in seen:
                    seen.add(above)
                    todo.append(above)
        components = enumerate(strong_components(arcs))
        return {node: number for number, component in components for node in component}

    @cached_property
    def is_below_initialized(self) -> Sequence[bool]:
        """Whether each node, or one above it, is served without the driver core."""
        initialized, found = self.initialized, list[bool]()
        for node, above in enumerate(self.tree.parents):
            found.append(node in initialized or (above >= 0 and found[above]))
        return found

    def unlink(self, link: CoreFwnodeLink) -> None:
        """Delete a fwnode link."""
        del self.suppliers[link.consumer][link.supplier]
        del self.consumers[link.supplier][link.consumer]
        link.remaining = False
        self.touched.append(link.consumer)

    def links_of(self, consumer: int) -> list[CoreFwnodeLink]:
        """A node's links to suppliers, the newest first."""
        links = self.suppliers.get(consumer)
        return list(reversed(links.values())) if links else []

    def links_to(self, supplier: int) -> list[CoreFwnodeLink]:
        """A node's links to consumers, the newest first."""
        links = self.consumers.get(supplier)
        return list(reversed(links.values())) if links else []
