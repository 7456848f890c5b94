"""The controllers that can have the root filesystem, and the drivers that it needs besides."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property

from dtlink.boot.roots.ethernet_phys import phys
from dtlink.boot.roots.pci import ports
from dtlink.facts.dsa import TAGS
from dtlink.facts.media import (
    FLASH,
    HID_GENERIC,
    MTD_PARTITIONS,
    RARE,
    UBI,
    XHCI_MAKERS,
    XHCI_PLATFORM,
    BusDriver,
    Medium,
    Tier,
)
from dtlink.late import pattern
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.boot.roots.controllers import Controllers
    from dtlink.facts.root import RootSpec
    from dtlink.firmware.tree import Tree

_ALIAS = pattern(r"mmc([0-9]+)")


class Root:
    """Where the root filesystem of one board can be.

    ``spec`` is what the command line says; ``node`` a node that the user named: its controller, or
    anything behind one.
    """

    def __init__(
        self, tree: Tree, controllers: Controllers, spec: RootSpec, node: int | None = None
    ) -> None:
        self._tree = tree
        self._controllers = controllers
        self.spec = spec
        self._node = node

    @property
    def is_told(self) -> bool:
        """Whether the kind of medium, or the node, is known."""
        return self._node is not None or bool(self.spec.disk)

    @property
    def is_guess(self) -> bool:
        """Whether :attr:`media` are no more than what is there, as there is no place for disks.

        Users plug a disk into a USB host or do not, and a NOR chip mostly has the boot loader.
        """
        return not self.is_told and not self._disks

    @property
    def plugged(self) -> Collection[int]:
        """The USB hosts among :attr:`media`, where that is a guess: a user may boot from there."""
        return self._of((Tier.PLUGGED,)).keys() & self.media.keys() if self.is_guess else ()

    @cached_property
    def media(self) -> Mapping[int, tuple[Medium, ...]]:
        """The controllers that can have the root filesystem, each with its media.

        Where nothing says which medium it is: every disk controller and PCI host, or else every
        NAND chip, USB host, NOR chip.
        """
        if self._node is not None:
            media = self._controllers.media_of(self._controller)
            return {self._node: self._told(media) or _usual(media)}
        if self.spec.disk:
            return self._numbered(self._known)
        return self._disks or self._of((Tier.PLUGGED,)) or self._of((Tier.FIRMWARE,))

    @cached_property
    def _disks(self) -> Mapping[int, tuple[Medium, ...]]:
        """Disk controllers and PCI hosts; NAND chips where there is no controller for disks."""
        disks = self._of((Tier.DISK,))
        return self._of((Tier.DISK, Tier.BUS)) if disks else self._of((Tier.BUS, Tier.CHIP))

    @cached_property
    def storage(self) -> Mapping[int, tuple[Medium, ...]]:
        """Every controller of a medium.

        NAND chips only where there is no controller for disks, and NOR chips only where there is
        neither that nor a PCI host.
        """
        disks = self._disks or self._of((Tier.FIRMWARE,))
        return {**disks, **self._of((Tier.PLUGGED,))}

    @cached_property
    def network(self) -> Mapping[int, tuple[Medium, ...]]:
        """Every network device."""
        return self._of((Tier.NETWORK,))

    @cached_property
    def phys(self) -> Mapping[int, frozenset[int]]:
        """The Ethernet PHYs of those :attr:`media` that are network devices, by device."""
        return {
            node: found
            for node, media in self.media.items()
            if any(each.tier is Tier.NETWORK for each in media)
            and (found := frozenset(phys(self._tree, node)))
        }

    @property
    def keyboards(self) -> frozenset[int]:
        """The keyboards that are in the tree."""
        return self._controllers.keyboards

    @property
    def usb_hosts(self) -> Sequence[int]:
        """The controllers behind which a USB keyboard can be."""
        return self._controllers.usb_hosts

    def media_of(self, node: int) -> tuple[Medium, ...]:
        """The media of a controller that are usual; empty for another device."""
        return _usual(self._controllers.media_of(node))

    def drivers(self, node: int, media: Sequence[Medium]) -> Iterator[BusDriver]:
        """The drivers on the bus of a controller, each once."""
        found = {driver: None for medium in media for driver in medium.drivers}
        files = self._controllers.files(node)
        yield from (tag for folder, tag in TAGS if any(file.startswith(folder) for file in files))
        if any(file.startswith(XHCI_MAKERS) for file in files):
            yield XHCI_PLATFORM
        if any(each in FLASH for each in media):
            if self._has_partitions(node):
                yield MTD_PARTITIONS
            if not self.spec.disk:
                yield UBI._replace(is_optional=True)
        yield from found

    def keyboard_drivers(self, node: int) -> Iterator[BusDriver]:
        """The driver of a keyboard that says what it is to the HID core."""
        if any(file.startswith("drivers/hid/") for file in self._controllers.files(node)):
            yield HID_GENERIC

    def on_the_way(self, node: int) -> Iterator[int]:
        """The devices between a controller and its disk that have nodes: bridges and hubs."""
        yield from ports(self._tree, node)
        yield from self._hubs(node)

    def _hubs(self, above: int) -> Iterator[int]:
        tree = self._tree
        for node in tree.children[above]:
            if node not in tree.disabled and any(map(_is_hub, self._controllers.files(node))):
                yield node
                yield from self._hubs(node)

    @property
    def _controller(self) -> int:
        """The controller that a named node is, or is behind."""
        node = self._node or 0
        while node > 0 and not self._controllers.media_of(node):
            node = self._tree.parents[node]
        return node or self._node or 0

    @property
    def _known(self) -> Mapping[int, tuple[Medium, ...]]:
        told = ((node, self._told(media)) for node, media in self._controllers.media.items())
        return {node: media for node, media in told if media}

    def _told(self, media: Sequence[Medium]) -> tuple[Medium, ...]:
        """Those of media that the command line's root device can be on."""
        disk = self.spec.disk
        if disk:
            return tuple(each for each in media if disk in each.disks)
        return _usual(tuple(each for each in media if each.tier is not Tier.NETWORK))

    def _of(self, tiers: Sequence[Tier]) -> Mapping[int, tuple[Medium, ...]]:
        """The controllers of some tiers, each with the medium that is usual there."""
        found = self._controllers.media.items()
        usual = ((node, tuple(m for m in media if m.tier in tiers)) for node, media in found)
        return {node: _usual(media) for node, media in usual if media}

    def _numbered(
        self, found: Mapping[int, tuple[Medium, ...]]
    ) -> Mapping[int, tuple[Medium, ...]]:
        """The one MMC host that an alias gives the number in the root device's name.

        Linux, drivers/mmc/core/host.c, mmc_alloc_host(): an alias reserves its number.
        """
        number = self.spec.number
        aliases = self._tree.root.child("aliases")
        if number is None or aliases is None:
            return found
        hosts = {
            name: self._tree.find(name) for name in aliases.properties if _ALIAS.fullmatch(name)
        }
        host = hosts.get(f"mmc{number}")
        if host is not None and host.index in found:
            return {host.index: found[host.index]}
        numbered = {each.index for each in hosts.values() if each is not None}
        return {node: media for node, media in found.items() if node not in numbered} or found

    def _has_partitions(self, node: int) -> bool:
        tree = self._tree
        below = [node, *tree.children[node]]
        return any(
            tree.layout.names[child].startswith(b"partition")
            for each in below
            for child in tree.children[each]
        )


def _is_hub(file: str) -> bool:
    """Whether a driver powers a USB hub that a tree describes (onboard_usb_dev.c, usb3503.c …)."""
    return file.startswith("drivers/usb/misc/")


def _usual(media: tuple[Medium, ...]) -> tuple[Medium, ...]:
    """Without what is rare."""
    return tuple(each for each in media if each not in RARE)
