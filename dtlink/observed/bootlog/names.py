"""From the names that a log uses to nodes: platform, AMBA, I2C, SPI and PCI devices.

A name that fits several nodes is not guessed. Buses of I2C and SPI are known by their alias, as the
kernel numbers them (i2c_add_adapter(), spi_register_controller()); without one, a device's address
has to be the only one of its kind.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from dtlink.observed.naming import NodeNames

if TYPE_CHECKING:
    from dtlink.firmware.tree import Tree
    from dtlink.observed.bootlog.read import LogLine

_I2C = re.compile(r"(\d{1,3})-([0-9a-f]{4})")
_SPI = re.compile(r"spi(\d{1,3})\.(\d{1,3})")
_CPU = re.compile(r"cpu(\d{1,4})")
_PCI = re.compile(r"([0-9a-f]{4,8}):([0-9a-f]{2}):([01][0-9a-f])\.([0-7])")
_HOST = re.compile(r"\S{1,64} (\S{1,200}): PCI host bridge to bus ([0-9a-f]{4,8}):[0-9a-f]{2}")


class Function(NamedTuple):
    """A PCI function: its host's node and its requester ID."""

    host: str
    requester: int


class Names:
    """Finds nodes by what the log calls them."""

    def __init__(self, tree: Tree, lines: Iterable[LogLine]) -> None:
        self._tree = tree
        self._names = NodeNames(tree, {})
        self._hosts = dict(self._host_bridges(lines))

    def node(self, device: str) -> str | None:
        """The node of a device; ``None``: it can't be told, or it has none."""
        if device.startswith("/"):
            return device if device in self._tree.by_path else None
        if found := _I2C.fullmatch(device):
            return self._on_bus("i2c", int(found[1]), int(found[2], 16))
        if found := _SPI.fullmatch(device):
            return self._on_bus("spi", int(found[1]), int(found[2]))
        if found := _CPU.fullmatch(device):
            return self._cpu(int(found[1]))
        return self._names.node(device)

    def named(self, node: str) -> str | None:
        """The path of a node that the log names by path or (before 6.2) by its name alone."""
        if node.startswith("/"):
            return node if node in self._tree.by_path else None
        found = self._by_name.get(node, ())
        return found[0] if len(found) == 1 else None

    def function(self, device: str) -> Function | None:
        """The host and the requester ID of a PCI function, if the host is known."""
        found = _PCI.fullmatch(device)
        host = self._hosts.get(int(found[1], 16)) if found else None
        if not found or host is None:
            return None
        requester = int(found[2], 16) << 8 | int(found[3], 16) << 3 | int(found[4])
        return Function(host, requester)

    def _host_bridges(self, lines: Iterable[LogLine]) -> Iterator[tuple[int, str]]:
        """The node of each segment's host: as the tree says, or the log."""
        for index in self._tree.holders("linux,pci-domain"):
            segment = self._tree.cell("linux,pci-domain", index)
            if segment is not None and index not in self._tree.disabled:
                yield segment, self._tree.path(index)
        for line in lines:
            if "PCI host bridge" in line.text and (found := _HOST.search(line.text)):
                node = self._names.node(found[1])
                if node is not None:
                    yield int(found[2], 16), node

    def _cpu(self, number: int) -> str | None:
        """A CPU by its number: the one of that place in the tree."""
        kinds = self._tree.holders("device_type")
        cpus = [n for n, at in sorted(kinds.items()) if self._tree.value(at) == b"cpu\0"]
        return self._tree.path(cpus[number]) if number < len(cpus) else None

    def _on_bus(self, bus: str, number: int, address: int) -> str | None:
        """The child of a numbered bus with that address."""
        at = self._aliases.get(f"{bus}{number}")
        tree = self._tree
        if at is not None:
            near = [each for each in tree.by_path[at].children if each.cell("reg") == address]
        else:
            near = [tree[node] for node in self._children_of(bus, address)]
        found = [each.path for each in near if each.enabled and each.compatible]
        return found[0] if len(found) == 1 else None

    def _children_of(self, bus: str, address: int) -> list[int]:
        """The nodes with an address below any bus of that kind."""
        tree, names = self._tree, self._tree.layout.names
        word = bus.encode()
        return [
            node
            for node in tree.holders("reg")
            if tree.cell("reg", node) == address
            and tree.parents[node] >= 0
            and word in names[tree.parents[node]].partition(b"@")[0]
        ]

    @cached_property
    def _by_name(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for path in self._tree.by_path:
            found.setdefault(path.rpartition("/")[2], []).append(path)
        return found

    @cached_property
    def _aliases(self) -> dict[str, str]:
        aliases = self._tree.root.child("aliases")
        if aliases is None:
            return {}
        named = ((name, next(iter(aliases.strings(name)), "")) for name in aliases.properties)
        return {name: path for name, path in named if path in self._tree.by_path}
