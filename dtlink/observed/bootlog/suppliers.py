"""What the devicetree says of a device that the log complains of: its suppliers, and theirs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from dtlink.boot.devlink.availability import Availability
from dtlink.boot.devlink.effects import LinkEffect
from dtlink.boot.devlink.population import Population, served_early
from dtlink.boot.drivers.asked import strongest
from dtlink.facts.binding import Walk
from dtlink.facts.resource import Asker, Requested
from dtlink.links.names import entry_name
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.board.tree import TreeBoard
    from dtlink.facts.resource import Resource
    from dtlink.firmware.tree import Node
    from dtlink.links.reference import Link
    from dtlink.links.streams import Stream
    from dtlink.observed.naming import PciFunction

#: Buses that are nothing else: they provide nothing (drivers/bus/simple-pm-bus.c).
_PLAIN_BUSES = frozenset(("simple-bus", "isa", "arm,amba-bus"))


class Need(NamedTuple):
    """A supplier that a device names."""

    supplier: str
    owner: str | None
    """The device that the supplier is, or is a part of; ``None``: nothing makes it one."""
    entry: str
    """``property[index]``."""
    resource: Resource
    """What is known of the supplier, by the binding."""
    binding: str
    both_ways: bool
    """Whether the two name each other (graph endpoints)."""
    name: str = ""
    """What the driver asks for it by: of ``clock-names``, or ``vcc`` of ``vcc-supply``."""
    requested: Requested = Requested.UNKNOWN
    """Whether the device's driver asks for it, where it is the driver that would."""

    @property
    def kind(self) -> str:
        """What the supplier gives, as a noun."""
        return self.resource.kind


class Suppliers:
    """The tree's side of the story, for the kernel that wrote the log."""

    def __init__(self, board: TreeBoard) -> None:
        self.tree = board.tree
        self._board = board

    def owner(self, path: str) -> str | None:
        """The device that a node is, or is a part of; ``None``: no driver ever speaks for it."""
        node: Node | None = self.tree.by_path[path]
        while node is not None and node.parent is not None:
            if node.compatible:
                plain = node.path != path and _PLAIN_BUSES.issuperset(node.compatible)
                return None if plain else node.path
            node = node.parent
        return None

    def bus(self, path: str) -> str | None:
        """The device that has to bind before a node becomes one; ``None``: it is one by itself."""
        node = self.tree.by_path[path]
        if node.index in self._at_boot:
            return None
        return next((up.path for up in node.ancestors if up.compatible and up.parent), None)

    def is_served_early(self, path: str) -> bool:
        """Whether no device waits for a node, since it is provided before there are drivers."""
        return self.tree.by_path[path].index in self._early

    def needs(self, path: str) -> list[Need]:
        """The suppliers that can hold up a device or what is a part of it, each once.

        Without those that are served early, switched off, mere pointers, or parents of the device.
        """
        found: dict[tuple[str, str, str], Need] = {}
        node = self.tree.by_path[path]
        for link, requested in self._links(node):
            row = link.binding
            if row.probes_first and row.orders_probe and link.supplier.enabled:
                need = self._need(link)._replace(requested=requested)
                owner = need.owner
                if owner is None or not (self.is_served_early(owner) or _within(path, owner)):
                    key = need.supplier, need.binding, need.name
                    same = found.get(key, need)
                    both = strongest((same.requested, requested))
                    found[key] = same._replace(requested=both)
        return list(found.values())

    def passed_over(self, path: str) -> list[Need]:
        """The suppliers that cannot hold a device up: disabled, or served before there are devices.

        Its driver lacks one of them all the same where it is disabled, or not there at boot.
        """
        links = (link for link, _ in self._links(self.tree.by_path[path]))
        found = [self._need(link) for link in links if link.binding.orders_probe]
        return [
            need
            for need in found
            if not self.tree.by_path[need.supplier].enabled
            or (need.owner and self.is_served_early(need.owner))
        ]

    def waits_for(self, path: str, need: Need) -> bool:
        """Whether fw_devlink makes the device wait for a supplier, with all drivers there."""
        order = self._board.order
        dependency = order.dependencies.get((path, order.provider(path, need.supplier)))
        return dependency is not None and dependency.effect in (LinkEffect.ORDERS, LinkEffect.WAITS)

    def iommu(self, function: PciFunction) -> str | None:
        """The IOMMU of a PCI function; ``None`` if its host's map has none for it."""
        table = self._board.iommu_maps.get(self.tree.by_path[function.host].index)
        for row in table.entries if table else ():
            requester = function.requester & table.mask if table else 0
            if row.target >= 0 and row.input_base <= requester < row.input_base + row.length:
                return self.tree.path(row.target)
        return None

    def is_iommu(self, host: str, requester: int) -> bool:
        """Whether a PCI function is an IOMMU itself, which its host's map leaves out."""
        node = self.tree.by_path.get(host)
        return node is not None and any(
            child.has("#iommu-cells") and ((child.cell("reg") or 0) >> 8) & 0xFFFF == requester
            for child in node.children
        )

    def masters(self, iommu: str, stream: int) -> Sequence[str] | None:
        """The devices with a stream ID at an IOMMU, in the tree; ``None``: unknown."""
        known = self._board.streams.get(self.tree.by_path[iommu].index)
        if known is None:
            return None
        found = [each.master for each in known if _takes(each, stream)]
        return [self.tree.path(master) for master in dict.fromkeys(found)]

    def users(self, iommu: str) -> Sequence[str]:
        """The nodes that name an IOMMU in the tree, by any stream ID."""
        named = self._board.masters.get(self.tree.by_path[iommu].index, ())
        return list(dict.fromkeys(self.tree.path(each.consumer) for each in named))

    def _links(self, node: Node) -> Iterator[tuple[Link, Requested]]:
        """The links of a device and of its parts, each with what its driver does of it.

        Parts are the nodes below that are no devices, and, of those that may be, what the device's
        driver asks for on their behalf.
        """
        stack = [node]
        while stack:
            part = stack.pop()
            is_device = part is not node and bool(part.compatible)
            for link in self._board.full_graph.suppliers.get(part.index, ()):
                requested = self._requested(link, node)
                if not is_device or requested.is_waited_for:
                    yield link, requested
            if not is_device:
                stack += [each for each in part.children[::-1] if each.enabled]

    def _requested(self, link: Link, device: Node) -> Requested:
        reader, reference = self._board.requests, link.reference
        if reference.binding.resource.request.asker is not Asker.DRIVER:
            return Requested.UNKNOWN
        if reference.consumer == device.index:
            return reader.of(reference, device.index)
        return reader.of_part(reference, device.index)[1]

    def _need(self, link: Link) -> Need:
        path, row = link.supplier.path, link.binding
        both_ways = row.walk is Walk.ENDPOINT
        name = entry_name(self.tree, link.reference)
        return Need(path, self.owner(path), link.entry, row.resource, row.name, both_ways, name)

    @cached_property
    def _early(self) -> Mapping[int, bool]:
        return served_early(Availability.of(self.tree, self._board.version))

    @cached_property
    def _at_boot(self) -> frozenset[int]:
        """The nodes that become devices without any driver."""
        population = Population(Availability.of(self.tree, self._board.version))
        return frozenset(spawn.node for spawn in population.at_boot())


def _takes(stream: Stream, number: int) -> bool:
    masked = stream.length == 1 and not (stream.first ^ number) & ~stream.mask
    return masked or stream.first <= number <= stream.last


def _within(path: str, owner: str) -> bool:
    """Whether a device's supplier is itself, or a parent."""
    return path == owner or path.startswith(f"{owner}/")
