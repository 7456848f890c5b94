"""From the names of devices to the nodes they were made of.

The board tells it itself where it can (the links ``of_node`` in sysfs). Else devices of the
platform and AMBA buses are found by the rule by which the kernel names them; a name that fits
several nodes, or a device of another bus (``1-0040``, ``spi0.0``), is not guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from dtlink.links.address import first_region

if TYPE_CHECKING:
    from dtlink.firmware.tree import Tree

#: The buses whose devices are named after their nodes.
_NAMED_AFTER_NODES = ("platform", "amba")


def platform_name(tree: Tree, node: int) -> str:
    """The name of a node's platform or AMBA device.

    It is the address as the processor sees it and the node's name; where there is no such address,
    the names of the node and those above it (Linux, of_device_make_bus_id()).
    """
    below = ""
    while tree.parents[node] >= 0:
        name = tree.layout.names[node].decode("ascii")
        region = first_region(tree, node)
        if region is not None:
            mask = tree.cell("mask", node)
            bit = "" if mask is None else f".{(mask & -mask).bit_length() - 1:x}"
            return f"{region.start:x}{bit}.{name.partition('@')[0]}{below}"
        below = f":{name}{below}"
        node = tree.parents[node]
    return below.removeprefix(":")


class NodeNames:
    """Finds nodes by what the board calls their devices."""

    def __init__(self, tree: Tree, devices: Mapping[str, str]) -> None:
        """``devices`` has the path of the node by a device's path below /sys/devices."""
        self._tree = tree
        self._by_path = devices
        names = ((path.rpartition("/")[2], node) for path, node in devices.items())
        self._by_name = _unique(names)
        self._by_rule: Mapping[str, str] | None = None

    def node(self, device: str, path: str = "") -> str | None:
        """The node of a device: of ``path`` below /sys/devices if known, else by its name.

        The name is that of the kernel's log (``1e780000.gpio``) or that of a device link, with
        the bus before it (``platform:1e780000.gpio``). ``None``: it can't be told.
        """
        if path in self._by_path:
            return self._by_path[path]
        if path and self._by_path:
            return None  # the board told of the nodes there are: this device has none
        bus, colon, name = device.partition(":")
        if colon and name in self._by_name:
            return self._by_name[name]
        if device in self._by_name:
            return self._by_name[device]
        rule = self._named_by_rule()
        if colon and bus in _NAMED_AFTER_NODES and name in rule:
            return rule[name]
        return rule.get(device)

    def _named_by_rule(self) -> Mapping[str, str]:
        if self._by_rule is None:
            tree = self._tree
            nodes = (node for node in tree.holders("compatible") if node not in tree.disabled)
            self._by_rule = _unique((platform_name(tree, node), tree.path(node)) for node in nodes)
        return self._by_rule


def _unique(names: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The names that stand for one node only."""
    found: dict[str, str] = {}
    several = set()
    for name, node in names:
        if found.setdefault(name, node) != node:
            several.add(name)
    return {name: node for name, node in found.items() if name not in several}
