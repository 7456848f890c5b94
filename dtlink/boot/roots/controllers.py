"""The controllers of media on a board, found by what their drivers are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, lru_cache

from dtlink.boot.roots.pci import Behind, behind, is_host
from dtlink.facts.media import (
    KEYBOARD_FOLDERS,
    KEYBOARD_NAMES,
    MEDIA,
    MMC,
    NETWORK,
    PCI_MEDIA,
    PCI_USB,
    USB,
    VIRTIO,
    VIRTIO_MMIO_SCSI,
    VIRTIO_NETWORK,
    VIRTUAL_MACHINES,
    VIRTUAL_MEDIA,
    Medium,
    Tier,
)
from dtlink.typed import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from dtlink.firmware.tree import Tree

#: What a network device has, or its ports (ethernet-controller.yaml).
_PORT = ("phy-mode", "phy-connection-type", "phy-handle", "managed")


#: The power sequences that SDIO functions have (drivers/mmc/core/pwrseq_simple.c, pwrseq_sd8787.c).
_SDIO_POWER = frozenset(("mmc-pwrseq-simple", "mmc-pwrseq-sd8787", "mmc-pwrseq-wilc1000"))
#: Properties of hosts with an eMMC (mmc-controller-common.yaml).
_EMMC = ("cap-mmc-highspeed", "cap-mmc-hw-reset", "mmc-ddr-1_8v", "mmc-hs200-1_8v", "no-sdio")


class DriverFiles(Protocol):
    """Where drivers are in the source."""

    def files(self, node: int) -> tuple[str, ...]:
        """The files of the drivers that match a node."""
        ...


class Controllers:
    """The controllers among the devices of one board, each with the media that it can have.

    ``drivers``: ``None`` where no kernel is known: names alone decide.
    """

    def __init__(
        self, tree: Tree, devices: Sequence[int], drivers: DriverFiles | None = None
    ) -> None:
        self._tree = tree
        self._devices = devices
        self._drivers = drivers
        self._files: dict[int, tuple[str, ...]] = {}

    @cached_property
    def media(self) -> Mapping[int, tuple[Medium, ...]]:
        """The media of every controller, by its node, in the order of the tree."""
        kinds = {node: found for node in self._devices if (found := self._media(node))}
        shells = frozenset(self._shells(kinds))
        return {node: found for node, found in kinds.items() if node not in shells}

    @cached_property
    def keyboards(self) -> frozenset[int]:
        """The devices by which a passphrase can be typed, as far as they are in the tree."""
        return frozenset(node for node in self._devices if self._is_keyboard(node))

    @cached_property
    def usb_hosts(self) -> tuple[int, ...]:
        """The USB controllers that can be hosts."""
        return tuple(node for node, media in self.media.items() if USB in media)

    def files(self, node: int) -> tuple[str, ...]:
        """The source files of a controller's drivers, looked up once."""
        found = self._files.get(node)
        if found is None:
            found = self._files[node] = self._drivers.files(node) if self._drivers else ()
        return found

    def media_of(self, node: int) -> tuple[Medium, ...]:
        """The media of a node, whether or not it counts as their controller."""
        return self.media.get(node) or self._media(node)

    def _media(self, node: int) -> tuple[Medium, ...]:
        if is_host(self._tree, node):
            return tuple(self._behind(node))
        name = base_name(self._tree.layout.names[node])
        files = self.files(node)
        found = next((each for each in _matching(name, files) if self._is_one(each, node)), None)
        if found is None or not self._can_be(found, node):
            return ()
        return (found, VIRTIO_MMIO_SCSI, VIRTIO_NETWORK) if found is VIRTIO else (found,)

    def _is_one(self, medium: Medium, node: int) -> bool:
        """Whether a node is a controller of a medium that matches its drivers, or its name.

        A network driver's folder has those of MDIO buses, timers and queues as well.
        """
        if medium is not NETWORK or not self.files(node):
            return True
        return base_name(self._tree.layout.names[node]) in medium.names or self._has_port(node)

    def _can_be(self, medium: Medium, node: int) -> bool:
        if medium is MMC:
            return not self._is_sdio(node)
        if medium is USB:
            return self._mode(node) != "peripheral"
        return True

    def _behind(self, host: int) -> Iterator[Medium]:
        """The media that can be behind a PCI host."""
        found = behind(self._tree, host)
        virtual = any(name in VIRTUAL_MACHINES for name in self._tree.root.compatible)
        if Behind.UNKNOWN in found or Behind.DISK in found:
            yield from (*PCI_MEDIA, *VIRTUAL_MEDIA) if virtual else PCI_MEDIA
        elif Behind.USB in found:
            yield PCI_USB
        if virtual:
            yield VIRTIO_NETWORK
        elif Behind.NETWORK in found:
            yield NETWORK

    def _shells(self, kinds: Mapping[int, tuple[Medium, ...]]) -> Iterator[int]:
        """The devices that only have a controller in them, as a vendor's glue has."""
        parents = self._tree.parents
        for node, media in kinds.items():
            above = parents[node] if media[0].tier in (Tier.DISK, Tier.PLUGGED) else 0
            while above > 0:
                if kinds.get(above) == media:
                    yield above
                above = parents[above]

    def _has_port(self, node: int) -> bool:
        """Whether a node, or a part of it that is no device, is an Ethernet port."""
        tree = self._tree
        if any(tree[node].has(name) for name in _PORT):
            return True
        return any(
            self._has_port(below) for below in tree.children[node] if not tree[below].compatible
        )

    def _is_sdio(self, node: int) -> bool:
        """Whether a host's slot has an SDIO function, or takes neither SD cards nor eMMC."""
        tree = self._tree
        if tree[node].has("no-sd") and tree[node].has("no-mmc"):
            return True
        if self._powers_function(node):
            return True
        own = tree.holders("compatible")
        cards = [child for child in tree.children[node] if child in own]
        return any(
            "mmc-card" not in tree[child].compatible for child in cards if tree[child].has("reg")
        )

    def _powers_function(self, node: int) -> bool:
        """Whether a host's power sequence is one that SDIO functions have, and no eMMC is told of.

        An eMMC has a sequence of its own (drivers/mmc/core/pwrseq_emmc.c, mmc-pwrseq-emmc.yaml).
        """
        tree = self._tree
        if node not in tree.holders("mmc-pwrseq") or any(map(tree[node].has, _EMMC)):
            return False
        target = tree.phandles.get(next(iter(tree[node].cells("mmc-pwrseq")), 0))
        return target is not None and not _SDIO_POWER.isdisjoint(tree[target].compatible)

    def _mode(self, node: int) -> str:
        """The role that a USB controller, or the glue around it, is limited to."""
        tree = self._tree
        for each in (node, tree.parents[node], *tree.children[node]):
            if modes := tree[each].strings("dr_mode"):
                return modes[0]
        return ""

    def _is_keyboard(self, node: int) -> bool:
        name = base_name(self._tree.layout.names[node])
        files = self.files(node)
        known = not files or any(file.startswith(KEYBOARD_FOLDERS) for file in files)
        return known and name in KEYBOARD_NAMES


@lru_cache(maxsize=4096)
def _matching(name: str, files: tuple[str, ...]) -> Sequence[Medium]:
    """The media whose controllers have drivers in some files, or, of no files, a name."""
    media = (each for each in MEDIA if not each.is_pci and name not in each.not_names)
    if not files:
        return [each for each in media if name in each.names]
    return [each for each in media if any(file.startswith(each.folders) for file in files)]


@lru_cache(maxsize=4096)
def base_name(name: bytes) -> str:
    """A node's name without its address and without a number at its end."""
    whole = name.partition(b"@")[0].decode("latin-1")
    base = whole.rstrip("0123456789")
    return whole if base == whole else base.removesuffix("-")
