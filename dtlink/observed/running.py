"""What a running board reports, by the paths of nodes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property

from dtlink.observed.naming import NodeNames
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.firmware.tree import Tree
    from dtlink.observed.observation import LinkEntry, Observation

NodePair = tuple[str, str]
"""Consumer and supplier."""


class RunningBoard:
    """What the board reported, by the paths of nodes."""

    def __init__(self, observation: Observation, tree: Tree) -> None:
        self.told = observation
        self.tree = tree
        self.unmapped: set[str] = set()
        self._names = NodeNames(tree, observation.nodes, observation.pci_hosts)

    def node(self, name: str, path: str = "") -> str | None:
        """The node of a device, or of a path in the log; names without one are remembered."""
        node = name if name.startswith("/") else self._names.node(name, path)
        if node is None:
            self.unmapped.add(name)
        return node

    def named(self, node: str) -> str:
        """The path of a node that the log names by its path, or (before 6.2) by its name alone."""
        if node.startswith("/"):
            return node
        return self._names.named(node) or ""

    def pair(self, consumer: str, supplier: str) -> NodePair | None:
        """The nodes of two names."""
        ends = self.node(consumer), self.node(supplier)
        return (ends[0], ends[1]) if ends[0] is not None and ends[1] is not None else None

    def pairs(self, named: Iterable[tuple[str, str]]) -> dict[NodePair, None]:
        """The nodes of pairs of names, where both are known, in the order of the report."""
        return dict.fromkeys(pair for names in named if (pair := self.pair(*names)))

    def ends(self, entry: LinkEntry) -> NodePair | None:
        """The nodes of a device link."""
        consumer = self.node(entry.consumer, entry.consumer_path)
        supplier = self.node(entry.supplier, entry.supplier_path)
        return (consumer, supplier) if consumer is not None and supplier is not None else None

    @cached_property
    def drivers(self) -> Mapping[str, str | None]:
        """The driver of each node that is a device; ``None``: not bound."""
        found: dict[str, str | None] = {}
        for path, node in self.told.nodes.items():
            # Devices of classes (a GPIO chip, a regulator) share the node of the real one.
            found[node] = self.told.drivers.get(path) or found.get(node)
        return found

    def is_no_device(self, node: str) -> bool:
        """Whether the board is known to have no device of a node."""
        return bool(self.drivers) and node not in self.drivers

    def is_bound(self, node: str) -> bool:
        """Whether a node's device is known to have a driver."""
        return bool(self.drivers.get(node))

    def is_unbound(self, node: str) -> bool:
        """Whether a node's device is known to have none."""
        return node in self.drivers and not self.drivers[node]

    def is_foreign(self, node: str) -> bool:
        """Whether the tree has no such node."""
        return node not in self.tree.by_path
