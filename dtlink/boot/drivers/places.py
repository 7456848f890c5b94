"""Where a node stands: what makes a device of it, if anything does."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

from dtlink.boot.devlink.population import TRANSPARENT_BUSES, Population

if TYPE_CHECKING:
    from dtlink.firmware.tree import Tree


class Place(Enum):
    """Who makes a device of a node."""

    LOOSE = auto()
    """Nobody: it stands where the kernel looks for no devices."""
    PLATFORM = auto()
    """The kernel itself, or a bus that is one in name only."""
    CLIENT = auto()
    """A controller, for what its bus leads to: it is matched by its strings."""
    NAMED = auto()
    """A controller of a bus (I²C, SPI) whose drivers take the bare name as well."""
    CELL = auto()
    """The driver of a device, for a part of it."""


#: What buses' nodes are called (Devicetree Specification 2.2.2; the bindings of the buses).
_NAMED_BUSES = (b"i2c", b"spi", b"qspi")
_CLIENT_BUSES = (
    *(b"pci", b"usb", b"mdio", b"mmc", b"sdhci", b"sdio", b"spmi", b"i3c", b"slim", b"serial"),
    *(b"uart", b"soundwire", b"dsi", b"aux-bus", b"glink-edge", b"smd-edge", b"apr", b"gpr"),
    *(b"onewire", b"bluetooth", b"w1", b"memory-controller", b"weim", b"localbus"),
)
#: Transparent buses, and the one that wakes up before its children are made.
_BUSES = (*TRANSPARENT_BUSES, b"simple-pm-bus")


class Places:
    """The place of each node of one tree."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self.population = Population(tree)
        self._found: dict[int, Place] = {0: Place.LOOSE}
        self._at_boot = {spawn.node for spawn in self.population.at_boot()}

    def of(self, node: int) -> Place:
        """The place of a node."""
        way = []
        while node not in self._found:
            way.append(node)
            node = self._tree.parents[node]
        place = self._found[node]
        for below in reversed(way):
            place = self._found[below] = self._below(node, below)
            node = below
        return place

    def _below(self, above: int, node: int) -> Place:
        """The place of a node below one whose place is known."""
        has_name = self.population.names_driver(node)
        if node in self._at_boot or (has_name and self._is_platform(above, node)):
            return Place.PLATFORM
        if above == 0 or self._found[above] is Place.LOOSE:
            return Place.LOOSE
        if self.population.is_any(above, _BUSES):
            return Place.LOOSE
        if self.population.is_part(node):
            return Place.CELL
        return self._bus(above, self._tree.layout.names[node].lower())

    def _is_platform(self, above: int, node: int) -> bool:
        """Whether a bus, or the kernel at its start, makes a device of a node with a name."""
        if above == 0 or self.population.is_any(above, _BUSES):
            return True
        if self._tree.parents[above] != 0 or self.population.names_driver(above):
            return False
        top = self._tree.layout.names[above]
        frame = top == b"chosen" and self.population.is_any(node, (b"simple-framebuffer",))
        return frame or top == b"firmware"

    def _bus(self, above: int, own: bytes) -> Place:
        """What a device is to those below it, by the names of the nodes."""
        name = self._tree.layout.names[above].lower()
        # What is called as the bus itself is a branch of it, or the core of a wrapper.
        if own.startswith(name.partition(b"@")[0]):
            return Place.CELL
        if name.startswith(_NAMED_BUSES):
            return Place.NAMED
        return Place.CLIENT if name.startswith(_CLIENT_BUSES) else Place.CELL
