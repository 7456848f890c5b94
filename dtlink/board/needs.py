"""What devices need before they can probe, followed to the roots: suppliers, parents, disks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from dtlink.boot.timeline import PARENT
from dtlink.boot.timeline.requirements import Hold
from dtlink.facts.resource import Asker

if TYPE_CHECKING:
    from dtlink.boot.timeline.devices import Devices
    from dtlink.boot.timeline.requirements import Requirement
    from dtlink.firmware.tree import Tree

#: What makes a disk of what a controller finds: by the controller's name, the modules.
_DISKS = (
    (re.compile("mmc|sdhci|sdmmc|emmc"), ("mmc_block",)),
    (re.compile("sata|ahci|ufs|ufshc"), ("sd_mod",)),
)


class NeededNode(NamedTuple):
    """A node that is needed, and what needs it by which binding."""

    node: int
    consumer: int
    """-1 for a node that was asked for."""
    binding: str


class Needs:
    """Follows what devices need, suppliers before consumers."""

    def __init__(self, devices: Devices, requirements: Iterable[Requirement]) -> None:
        self.devices = devices
        self._tree = devices.tree
        self._suppliers: dict[int, list[tuple[int, str]]] = {}
        for each in requirements:
            # What closes a cycle does not hold the consumer, whose driver may still ask for it.
            if each.hold is not Hold.RELAXED or each.request.asker is not Asker.UNKNOWN:
                self._suppliers.setdefault(each.consumer, []).append((each.supplier, each.binding))

    def follow(self, nodes: Iterable[int]) -> list[NeededNode]:
        """What nodes need, and they themselves, each once, in the order of need."""
        order: list[NeededNode] = []
        entered: set[int] = set()
        for start in nodes:
            steps = [(NeededNode(start, -1, ""), False)]
            while steps:
                step, done = steps.pop()
                if done:
                    order.append(step)
                elif step.node not in entered:
                    entered.add(step.node)
                    steps.append((step, True))
                    steps += [(each, False) for each in reversed(list(self._of(step.node)))]
        return order

    def _of(self, node: int) -> Iterator[NeededNode]:
        """The nearest device above a node, and what the node references."""
        devices = self.devices
        above = devices.at(self._tree.parents[node])
        if above >= 0:
            yield NeededNode(above, node, PARENT)
        for supplier, binding in self._suppliers.get(node, ()):
            provider = devices.provider(supplier)
            if provider.device >= 0 and (provider.partly or not provider.early):
                yield NeededNode(provider.device, node, binding)
                if devices.driver(supplier).modules and supplier != provider.device:
                    yield NeededNode(supplier, node, binding)


def disk_modules(tree: Tree, node: int) -> Sequence[str]:
    """The modules that make a disk of what a storage controller finds."""
    name = tree.layout.names[node].partition(b"@")[0].decode("latin-1")
    return next((names for word, names in _DISKS if word.match(name)), ())
