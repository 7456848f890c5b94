"""What a device is to its user: where the root file system is, the console, the network, a display.

A role follows from the node's name, which the devicetree specification (2.2.2, generic names) gives
to devices by what they do, and by ``/chosen``.
"""

from __future__ import annotations

import re
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.firmware.tree import Tree


class Role(IntEnum):
    """The lower, the worse it is to be without it."""

    ROOT = 0
    """A controller of the medium that has the root file system."""
    CONSOLE = 1
    NETWORK = 2
    DISPLAY = 3
    STORAGE = 4
    """A controller of another medium."""
    OTHER = 5


_MMC = ("mmc", "sdhci", "sdmmc", "mmcblk", "emmc", "sdio")
_SATA = ("sata", "ahci", "ide", "ata")
_UFS = ("ufs", "ufshc")
_FLASH = ("nand", "nand-controller", "flash")
_NETWORK = ("ethernet", "ethernet-switch", "switch", "mdio", "wifi", "can")
_DISPLAY = (
    *("display", "display-controller", "display-subsystem", "hdmi", "dsi", "panel", "gpu"),
    *("lcd-controller", "lcdif", "lcdc", "edp", "displayport-controller"),
)
#: The node names of controllers by the beginning of a root device's name in /dev.
_MEDIA = (
    ("mmcblk", _MMC),
    ("nvme", ("pcie", "pci")),
    ("sd", (*_UFS, *_SATA, "usb")),
    ("vd", ("virtio_mmio", "virtio", "pcie", "pci")),
    ("mtdblock", _FLASH),
    ("ubi", _FLASH),
)
_STORAGE = (*_MMC, *_SATA, *_UFS, *_FLASH)


class Roles:
    """The roles of a tree's devices.

    ``device`` is the value of ``root=``, by which the medium is known; where it is not (a UUID, a
    label), every storage controller may be the one. ``root`` is a node that the user named.
    """

    def __init__(self, tree: Tree, device: str = "", root: int | None = None) -> None:
        self._tree = tree
        self._root = root
        self._media = _media(device)
        self._console = _console(tree)

    @property
    def is_told(self) -> bool:
        """Whether the medium of the root file system is known: by name, or by the user."""
        return self._root is not None or self._media is not None

    def of(self, node: int) -> Role:
        """The role of a node."""
        if node == self._root:
            return Role.ROOT
        if node == self._console:
            return Role.CONSOLE
        name = _base(self._tree, node)
        if self._root is None and name in (self._media or _STORAGE):
            return Role.ROOT
        groups = ((_NETWORK, Role.NETWORK), (_DISPLAY, Role.DISPLAY), (_STORAGE, Role.STORAGE))
        return next((role for names, role in groups if name in names), Role.OTHER)


def _base(tree: Tree, node: int) -> str:
    """A node's name without its address and without a number at its end."""
    name = tree.layout.names[node].partition(b"@")[0].decode("latin-1")
    return re.sub(r"-?[0-9]+$", "", name)


def _media(device: str) -> tuple[str, ...] | None:
    """The node names of the controllers that can have the root device; ``None``: not known."""
    name = device.removeprefix("/dev/")
    if name == "nfs":
        return _NETWORK
    return next((names for start, names in _MEDIA if name.startswith(start)), None)


def _console(tree: Tree) -> int | None:
    """The node that ``stdout-path`` of ``/chosen`` names."""
    chosen = tree.find("/chosen")
    path = next(iter(chosen.strings("stdout-path")), "") if chosen else ""
    node = tree.find(path.partition(":")[0]) if path else None
    return node.index if node else None
