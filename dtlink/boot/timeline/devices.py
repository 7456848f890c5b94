"""Which nodes are devices, what makes them, and which device provides for the other nodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from dtlink.facts.outcomes import Driver, State
from dtlink.facts.resources import PCI_POWER
from dtlink.links.streams import is_pci
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.boot.devlink.simulation import Simulation
    from dtlink.boot.drivers.made import MadeDevice, MadeDevices
    from dtlink.facts.outcomes import Drivers
    from dtlink.firmware.tree import Tree


class Provider(NamedTuple):
    """What serves a node's consumers: a device, -1 for none; and whether it does so early."""

    device: int
    early: bool = False
    """It serves them before there are devices, so that no consumer waits."""
    partly: bool = False
    """Early, but its driver serves more than its early code does."""


class Devices:
    """The devices of a tree when all drivers there could be have bound, by node number.

    Devices without a node, which drivers make (``made``), have numbers beyond those of the nodes.
    """

    def __init__(
        self, tree: Tree, booted: Simulation, drivers: Drivers, made: MadeDevices | None = None
    ) -> None:
        self.tree = tree
        self._drivers = drivers
        self._made = made
        self._numbers: dict[MadeDevice, int] = {}
        self._made_devices: list[MadeDevice] = []
        self._known: dict[int, Driver] = {}
        self.early: Mapping[int, bool] = booted.early
        nodes = booted.nodes
        self.nodes = sorted(n for n in nodes if self.driver(n).state is not State.NO_DEVICE)
        self._set = frozenset(self.nodes)
        self.at_boot = booted.at_boot
        self._providers: dict[int, Provider] = {}
        self._provided: dict[int, Provider] = {}

    def __contains__(self, node: int) -> bool:
        return node in self._set

    def providing(self, supplier: int, kind: str) -> Sequence[int]:
        """The devices without a node that provide a resource for a supplier, by their numbers.

        None where the driver of the supplier's own device provides it, or where that is not known.
        """
        device = self.provider(supplier).device
        if self._made is None or device < 0:
            return ()
        if kind == PCI_POWER:
            return [self._number(self._made.power_control(self._host(supplier), supplier))]
        if not self._made.of(device):
            return ()
        protocol = self._protocol(supplier)
        return [self._number(each) for each in self._made.providing(device, kind, protocol)]

    def _protocol(self, node: int) -> int:
        """The SCMI protocol whose node a supplier is, or is below; -1 for none."""
        names = self.tree.layout.names
        while node > 0 and not names[node].startswith(b"protocol@"):
            node = self.tree.parents[node]
        found = self.tree.cell("reg", node) if node > 0 else None
        return -1 if found is None else found

    def _host(self, node: int) -> int:
        """The PCI host that a node is behind."""
        while is_pci(self.tree, above := self.tree.parents[node]):
            node = above
        return node

    def perhaps_providing(self, supplier: int, kind: str) -> Sequence[int]:
        """Those that may provide it, where it is not known of any that it does."""
        device = self.provider(supplier).device
        if self._made is None or device < 0:
            return ()
        found = self._made.perhaps_providing(device, kind, self._protocol(supplier))
        return [self._number(each) for each in found]

    def _number(self, made: MadeDevice) -> int:
        if made not in self._numbers:
            self._numbers[made] = len(self.tree) + len(self._made_devices)
            self._made_devices.append(made)
        return self._numbers[made]

    def made(self, device: int) -> MadeDevice | None:
        """The device without a node of a number; ``None`` for a node."""
        at = device - len(self.tree)
        return self._made_devices[at] if at >= 0 else None

    def driver(self, node: int) -> Driver:
        """The driver of a device, asked once."""
        found = self._known.get(node)
        if found is None:
            made = self.made(node)
            found = self._known[node] = self._drivers.of(node) if made is None else made.driver
        return found

    def at(self, node: int) -> int:
        """The device at a node or the nearest above it; -1 for none."""
        return self.above[node] if node > 0 else -1

    @cached_property
    def above(self) -> Sequence[int]:
        """:meth:`at` of each node; parents have the smaller numbers."""
        known, found = self._set, [-1]
        for node, above in enumerate(self.tree.parents):
            if node:
                found.append(node if node in known else found[above])
        return found

    def maker(self, device: int) -> int:
        """The device whose driver makes this one; -1 for those that need no driver for it."""
        return -1 if device in self.at_boot else self.at(self.tree.parents[device])

    def provider(self, node: int) -> Provider:
        """What serves the consumers of a node."""
        found = self._provided.get(node)
        if found is None:
            found = self._provided[node] = self._provider(node)
        return found

    def _provider(self, node: int) -> Provider:
        if node in self._compatibles and self.driver(node).state is State.EARLY:
            return Provider(node if node in self._set else -1, early=True)
        path = []
        while node > 0 and node not in self._providers:
            path.append(node)
            if (found := self._own_provider(node)) is not None:
                self._providers[node] = found
                break
            node = self.tree.parents[node]
        result = self._providers.get(node, Provider(-1))
        self._providers.update(dict.fromkeys(path, result))
        return result

    def _own_provider(self, node: int) -> Provider | None:
        if node in self.early:
            device = node if node in self._set else -1
            return Provider(device, early=True, partly=self.early[node] and device >= 0)
        return Provider(node) if node in self._set else None

    @cached_property
    def _compatibles(self) -> frozenset[int]:
        return frozenset(self.tree.holders("compatible"))

    def named(self, node: int) -> int:
        """The node at or above one that names a driver: kernels before 6.1 linked to this."""
        while node > 0 and node not in self._compatibles:
            node = self.tree.parents[node]
        return node
