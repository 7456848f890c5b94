"""From the names of devices to the devicetree nodes they were made from.

A board reports it where it can (the links ``of_node`` in sysfs). Otherwise devices are found by the
rules by which the kernel names them: platform and AMBA devices by address or path, I2C and SPI
devices by the number of their bus and their address, CPUs by number, PCI functions by segment and
requester ID; what drivers create, as :mod:`dtlink.observed.created_names` has it. A name that fits
several nodes is not guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property

from dtlink.links.address import first_region
from dtlink.observed.created_names import created
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.firmware.tree import Node, Tree

#: The buses whose devices are named after their nodes.
_NAMED_AFTER_NODES = ("platform", "amba")
#: Buses in the name of a device link, before the name of the device (``i2c:1-0040``).
_BUSES = (*_NAMED_AFTER_NODES, "i2c", "spi", "pci", "cpu")

_I2C = re.compile(r"(\d{1,3})-([0-9a-f]{4})")
_SPI = re.compile(r"spi(\d{1,3})\.(\d{1,3})")
_CPU = re.compile(r"cpu(\d{1,4})")
_PCI = re.compile(r"([0-9a-f]{4,8}):([0-9a-f]{2}):([01][0-9a-f])\.([0-7])")
#: What is added to the name of a device that a driver makes (drivers/base/platform.c,
#: platform_device_add(); drivers/base/auxiliary.c).
_INSTANCE = re.compile(r"\.\d{1,4}(?:\.auto)?$")


class PciFunction(NamedTuple):
    """A PCI function: the node of its host bridge, and its requester ID."""

    host: str
    requester: int


def platform_name(tree: Tree, node: int) -> str:
    """The name of a node's platform or AMBA device.

    It is the address as the processor sees it and the node's name; without such an address, the
    names of the node and its parents (drivers/of/platform.c, of_device_make_bus_id()).
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
    """Finds nodes by the names that a board or its log uses for their devices."""

    def __init__(
        self,
        tree: Tree,
        devices: Mapping[str, str] | None = None,
        hosts: Mapping[int, str] | None = None,
        made: Callable[[], Mapping[str, Sequence[str]]] = dict,
    ) -> None:
        """``devices``: the path of the node by a device's path below /sys/devices; ``hosts``: the
        device of the host bridge by PCI segment, as the log reports it; ``made``: the nodes whose
        drivers make devices without a node, by the names of these.
        """
        self._made = made
        self._tree = tree
        self._by_path = devices or {}
        self._reported_hosts = hosts or {}
        names = ((path.rpartition("/")[2], node) for path, node in self._by_path.items())
        self._by_device = _unique(names)

    def node(self, device: str, path: str = "") -> str | None:
        """The node of a device: of ``path`` below /sys/devices if known, else by its name.

        The name is that of the kernel's log (``1e780000.gpio``, ``1-0040``) or that of a device
        link, with the bus before it (``platform:1e780000.gpio``). ``None``: unknown.
        """
        if path in self._by_path:
            return self._by_path[path]
        if path and self._by_path:
            return None  # the board reported all nodes: this device has none
        bus, colon, name = device.partition(":")
        for each in (name, device) if colon else (device,):
            if each in self._by_device:
                return self._by_device[each]
        if colon and bus in _BUSES:
            return self._by_rule(name) or self._platform.get(device)
        return self._by_rule(device)

    def _by_rule(self, name: str) -> str | None:
        """The node of a device by the rule of the bus that its name belongs to."""
        if found := _I2C.fullmatch(name):
            return self._on_bus("i2c", int(found[1]), int(found[2], 16))
        if found := _SPI.fullmatch(name):
            return self._on_bus("spi", int(found[1]), int(found[2]))
        if found := _CPU.fullmatch(name):
            return self._cpu(int(found[1]))
        if _PCI.fullmatch(name):
            return self._on_root_bus(name)
        return self._platform.get(name) or created(self, name) or self._of_maker(name)

    def _of_maker(self, name: str) -> str | None:
        """The node whose driver makes a device; or the only one that is called as the device."""
        if "@" in name:
            found = self._by_name.get(name, ())
            return found[0] if len(found) == 1 else None
        makers = self.makers(name)
        return makers[0] if len(makers) == 1 else None

    def makers(self, name: str) -> Sequence[str]:
        """The nodes whose drivers make devices of a name: which of them made this one is open."""
        made = self._made_names
        return made.get(name) or made.get(_INSTANCE.sub("", name), ())

    @cached_property
    def _made_names(self) -> Mapping[str, Sequence[str]]:
        return self._made()

    def at(self, device: str) -> Node | None:
        """The node of a device that is named after its node."""
        path = self._platform.get(device)
        return self._tree.by_path[path] if path else None

    def aliased(self, bus: str, number: int) -> Node | None:
        """The node of a numbered alias."""
        path = self._aliases.get(f"{bus}{number}")
        return self._tree.by_path[path] if path else None

    def called(self, name: str) -> list[Node]:
        """The nodes with a name, whatever their unit addresses."""
        tree, word = self._tree, name.encode()
        names = enumerate(tree.layout.names)
        return [tree[node] for node, each in names if each.partition(b"@")[0] == word]

    def unaliased(self, bus: str) -> list[Node]:
        """The nodes with a name that no alias numbers: one of several that are numbered else."""
        numbered = {path for alias, path in self._aliases.items() if _is_of(alias, bus)}
        return [node for node in self.called(bus) if node.path not in numbered]

    def with_property(self, name: str) -> list[Node]:
        """The nodes with a property."""
        return [self._tree[node] for node in self._tree.holders(name)]

    def named(self, node: str) -> str | None:
        """The path of a node that the log names by path or, before 6.2, by its name alone."""
        if node.startswith("/"):
            return node if node in self._tree.by_path else None
        found = self._by_name.get(node, ())
        return found[0] if len(found) == 1 else None

    def function(self, device: str) -> PciFunction | None:
        """The host bridge and the requester ID of a PCI function, if the host is known."""
        found = _PCI.fullmatch(device)
        host = self._hosts.get(int(found[1], 16)) if found else None
        if not found or host is None:
            return None
        requester = int(found[2], 16) << 8 | int(found[3], 16) << 3 | int(found[4])
        return PciFunction(host, requester)

    def _on_root_bus(self, device: str) -> str | None:
        """The node of a PCI function on the root bus (drivers/pci/of.c, pci_set_of_node())."""
        function = self.function(device)
        if function is None:
            return None
        host = self._tree.by_path[function.host]
        if function.requester >> 8 != (host.cell("bus-range") or 0):
            return None
        slots = ((each, each.cell("reg")) for each in host.children if each.enabled)
        wanted = function.requester & 0xFF
        found = [each.path for each, reg in slots if reg is not None and reg >> 8 & 0xFF == wanted]
        return found[0] if len(found) == 1 else None

    def _cpu(self, number: int) -> str | None:
        """A CPU by its number: its place among those of the tree."""
        kinds = self._tree.holders("device_type")
        cpus = [n for n, at in sorted(kinds.items()) if self._tree.value(at) == b"cpu\0"]
        return self._tree.path(cpus[number]) if number < len(cpus) else None

    def _on_bus(self, bus: str, number: int, address: int) -> str | None:
        """The child with an address of a numbered bus.

        The kernel numbers a bus by its alias (i2c_add_adapter(), spi_register_controller()).
        Without one, the address must be the only one of its kind.
        """
        at, tree = self._aliases.get(f"{bus}{number}"), self._tree
        if at is not None:
            near = [each for each in tree.by_path[at].children if each.cell("reg") == address]
        else:
            others = {path for alias, path in self._aliases.items() if _is_of(alias, bus)}
            near = [tree[node] for node in self._children_of(bus, address)]
            near = [each for each in near if each.parent and each.parent.path not in others]
        found = [each.path for each in near if each.enabled and each.compatible]
        return found[0] if len(found) == 1 else None

    def _children_of(self, bus: str, address: int) -> list[int]:
        """The nodes with an address on any bus of that kind."""
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
    def _hosts(self) -> Mapping[int, str]:
        """The node of each segment's host bridge: from the log, or else from the tree."""
        tree, found = self._tree, dict[int, str]()
        for index in tree.holders("linux,pci-domain"):
            segment = tree.cell("linux,pci-domain", index)
            if segment is not None and index not in tree.disabled:
                found[segment] = tree.path(index)
        for segment, device in self._reported_hosts.items():
            if (node := self._platform.get(device)) is not None:
                found[segment] = node
        return found

    @cached_property
    def _platform(self) -> Mapping[str, str]:
        tree = self._tree
        nodes = (node for node in tree.holders("compatible") if node not in tree.disabled)
        return _unique((platform_name(tree, node), tree.path(node)) for node in nodes)

    @cached_property
    def _by_name(self) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = {}
        for path in self._tree.by_path:
            found.setdefault(path.rpartition("/")[2], []).append(path)
        return found

    @cached_property
    def _aliases(self) -> Mapping[str, str]:
        aliases = self._tree.root.child("aliases")
        if aliases is None:
            return {}
        named = ((name, next(iter(aliases.strings(name)), "")) for name in aliases.properties)
        return {name: path for name, path in named if path in self._tree.by_path}


def _is_of(alias: str, bus: str) -> bool:
    """Whether an alias gives a bus its number."""
    return alias.startswith(bus) and alias[len(bus) :].isdecimal()


def _unique(names: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The names that belong to one node only."""
    found: dict[str, str] = {}
    several = set()
    for name, node in names:
        if found.setdefault(name, node) != node:
            several.add(name)
    return {name: node for name, node in found.items() if name not in several}
