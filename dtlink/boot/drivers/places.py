"""What makes a device of a node, if anything does; and strings that no driver matches by.

Plain buses, descriptions and the functions of cards have ``compatible``, but no driver of that.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from dtlink.boot.devlink.availability import Availability
from dtlink.boot.devlink.population import Population
from dtlink.boot.drivers.options import by_option
from dtlink.enums import Enum, auto
from dtlink.facts.platform import POWERED_BUSES, TRANSPARENT_BUSES
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.facts.kernels import KernelVersion
    from dtlink.facts.outcomes import Driver
    from dtlink.firmware.tree import Tree
    from dtlink.kernel.holdings.model import Holdings


class DeviceMaker(Enum):
    """What makes a device of a node."""

    LOOSE = auto()
    """Nothing: it is where the kernel looks for no devices."""
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
#: What makes a device that needs no driver: a bus in name only, to which simple-pm-bus binds where
#: it is the first string, and does nothing (drivers/bus/simple-pm-bus.c, ONLY_BUS); registers that
#: others reach through the node (drivers/mfd/syscon.c, device_node_get_regmap()).
PLAIN = (*(each.decode("ascii") for each in TRANSPARENT_BUSES), "syscon")
_FRAMEBUFFER = frozenset((b"simple-framebuffer",))

#: Nodes that are read, by the kernel or by other devices' drivers; no driver binds to them even
#: where of_platform makes a device of them.
_DESCRIPTIONS = frozenset(
    (
        *("cache", "arm,idle-state", "domain-idle-state", "riscv,idle-state"),
        *("simple-battery", "shared-dma-pool", "restricted-dma-pool"),
    )
)
_POINTS = "operating-points"

#: Firmware that the kernel talks to from its start (drivers/firmware/psci/psci.c, psci_dt_init()).
FIRMWARE = ("arm,psci", "arm,psci-0.2", "arm,psci-1.0")

#: Functions of cards, which are found by what the card says: option and module.
_CARDS = {
    "mmc-card": ("MMC_BLOCK", "mmc_block"),
    "brcm,bcm4329-fmac": ("BRCMFMAC", "brcmfmac"),
    "marvell,sd8787": ("MWIFIEX_SDIO", "mwifiex_sdio"),
    "marvell,sd8897": ("MWIFIEX_SDIO", "mwifiex_sdio"),
    "marvell,sd8978": ("MWIFIEX_SDIO", "mwifiex_sdio"),
    "marvell,sd8997": ("MWIFIEX_SDIO", "mwifiex_sdio"),
    "qcom,ath10k": ("ATH10K_SDIO", "ath10k_sdio"),
}


class DeviceMakers:
    """The place of each node of one tree."""

    def __init__(self, tree: Tree, version: KernelVersion) -> None:
        self._tree = tree
        self.population = Population(Availability.of(tree, version))
        powered = (name for name, known in POWERED_BUSES.items() if version in known)
        self._buses = frozenset((*TRANSPARENT_BUSES, *powered))
        self._found: dict[int, DeviceMaker] = {0: DeviceMaker.LOOSE}
        self._at_boot = {spawn.node for spawn in self.population.at_boot()}

    def of(self, node: int) -> DeviceMaker:
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

    def _below(self, above: int, node: int) -> DeviceMaker:
        """The place of a node below one whose place is known."""
        has_name = self.population.names_driver(node)
        if node in self._at_boot or (has_name and self._is_platform(above, node)):
            return DeviceMaker.PLATFORM
        if above == 0 or self._found[above] is DeviceMaker.LOOSE:
            return DeviceMaker.LOOSE
        if self.population.is_any(above, self._buses):
            return DeviceMaker.LOOSE
        if self.population.is_part(node):
            return DeviceMaker.CELL
        return self._bus(above, self._tree.layout.names[node].lower())

    def _is_platform(self, above: int, node: int) -> bool:
        """Whether a bus, or the kernel at its start, makes a device of a node with a name."""
        if above == 0 or self.population.is_any(above, self._buses):
            return True
        if self._tree.parents[above] != 0 or self.population.names_driver(above):
            return False
        top = self._tree.layout.names[above]
        frame = top == b"chosen" and self.population.is_any(node, _FRAMEBUFFER)
        return frame or top == b"firmware"

    def _bus(self, above: int, own: bytes) -> DeviceMaker:
        """What a device is to those below it, by the names of the nodes."""
        name = self._tree.layout.names[above].lower()
        # What is called as the bus itself is a branch of it, or the core of a wrapper.
        if own.startswith(name.partition(b"@")[0]):
            return DeviceMaker.CELL
        if name.startswith(_NAMED_BUSES):
            return DeviceMaker.NAMED
        return DeviceMaker.CLIENT if name.startswith(_CLIENT_BUSES) else DeviceMaker.CELL


def plain_word(names: Iterable[str]) -> str:
    """The first string that makes a device without a driver; empty if there is none."""
    return next((name for name in names if name in PLAIN or name in FIRMWARE), "")


@lru_cache(maxsize=4096)
def is_description(names: tuple[str, ...]) -> bool:
    """Whether a node only describes."""
    return any(name in _DESCRIPTIONS or _POINTS in name for name in names)


def card_driver(build: Holdings, names: Iterable[str]) -> Driver | None:
    """The driver of a card, or of a card's function, that a node below a host describes."""
    name = next((name for name in names if name in _CARDS), None)
    return by_option(build, *_CARDS[name], name) if name else None
