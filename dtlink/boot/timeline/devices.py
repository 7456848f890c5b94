"""Which nodes are devices, who makes them, and who speaks for the nodes that are none."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from dtlink.boot.devlink.population import Population
from dtlink.boot.devlink.served import served_early
from dtlink.facts.kernels import KernelVersion
from dtlink.facts.outcomes import Driver, State

if TYPE_CHECKING:
    from dtlink.boot.devlink.model import Prediction
    from dtlink.facts.outcomes import Drivers
    from dtlink.firmware.tree import Tree


class Server(NamedTuple):
    """Who serves a node's consumers: a device, -1 if nobody ever will; and whether it is early."""

    device: int
    early: bool = False
    """It serves them before there are devices, so nobody waits."""
    partly: bool = False
    """Early, but its driver serves more than its early code does."""


class Devices:
    """The devices of a tree when all drivers there could be have bound, by node number."""

    def __init__(self, tree: Tree, prediction: Prediction, drivers: Drivers) -> None:
        self.tree = tree
        self._drivers = drivers
        self._known: dict[int, Driver] = {}
        early = served_early(tree, KernelVersion.parse(prediction.kernel_version))
        self.early: Mapping[int, bool] = early
        numbers = {tree.path(node): node for node in reversed(range(len(tree)))}
        nodes = (numbers[device.node] for device in prediction.devices)
        self.nodes = sorted(n for n in nodes if self.driver(n).state is not State.NO_DEVICE)
        self._set = frozenset(self.nodes)
        populated = Population(tree, [node for node, device in early.items() if not device])
        self.at_boot = frozenset(spawn.node for spawn in populated.at_boot())
        self._served: dict[int, Server] = {}

    def __contains__(self, node: int) -> bool:
        return node in self._set

    def driver(self, node: int) -> Driver:
        """Who drives a node, asked once."""
        found = self._known.get(node)
        if found is None:
            found = self._known[node] = self._drivers.of(node)
        return found

    def at(self, node: int) -> int:
        """The device at a node or the nearest above it; -1 for none."""
        while node > 0 and node not in self._set:
            node = self.tree.parents[node]
        return node if node > 0 else -1

    def maker(self, device: int) -> int:
        """The device whose driver makes this one; -1 for those that need no driver for it."""
        return -1 if device in self.at_boot else self.at(self.tree.parents[device])

    def server(self, node: int) -> Server:
        """Who serves the consumers of a node."""
        if node in self._compatibles and self.driver(node).state is State.EARLY:
            return Server(node if node in self._set else -1, early=True)
        path = []
        while node > 0 and node not in self._served:
            path.append(node)
            if (found := self._own_server(node)) is not None:
                self._served[node] = found
                break
            node = self.tree.parents[node]
        result = self._served.get(node, Server(-1))
        self._served.update(dict.fromkeys(path, result))
        return result

    def _own_server(self, node: int) -> Server | None:
        if node in self.early:
            device = node if node in self._set else -1
            return Server(device, early=True, partly=self.early[node] and device >= 0)
        return Server(node) if node in self._set else None

    @cached_property
    def _compatibles(self) -> frozenset[int]:
        return frozenset(self.tree.holders("compatible"))

    def named(self, node: int) -> int:
        """The node at or above one that names a driver: kernels before 6.1 linked to this."""
        while node > 0 and node not in self._compatibles:
            node = self.tree.parents[node]
        return node
