"""What a device is to its user: where the root file system is, the console, the network …

The root file system's controllers follow from their drivers (``roots``), other roles from the
node's name, which the devicetree specification (2.2.2, generic names) gives to devices by what they
do, and from ``/chosen``.
"""

from __future__ import annotations

from dtlink.boot.roots.controllers import base_name
from dtlink.enums import IntEnum
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.boot.roots.root import Root
    from dtlink.firmware.tree import Tree


class Role(IntEnum):
    """The lower, the worse it is to be without it."""

    ROOT = 0
    """A controller of the medium that has the root file system, or the PHY of such a network.

    Not where the medium is a guess: those are :attr:`STORAGE`.
    """
    CONSOLE = 1
    PROMPT = 2
    """A display or a keyboard that a passphrase for the root file system needs."""
    NETWORK = 3
    DISPLAY = 4
    STORAGE = 5
    """A controller of another medium."""
    OTHER = 6


_NETWORK = ("ethernet", "ethernet-switch", "switch", "mdio", "wifi", "can")
_DISPLAY = (
    *("display", "display-controller", "display-subsystem", "hdmi", "dsi", "panel", "gpu"),
    *("lcd-controller", "lcdif", "lcdc", "edp", "displayport-controller"),
)
#: Those that show a prompt: a GPU only draws.
_SHOWS = tuple(name for name in _DISPLAY if name != "gpu")


class Roles:
    """The roles of a tree's devices; ``root`` knows which controllers can have the root."""

    def __init__(self, tree: Tree, root: Root) -> None:
        self._tree = tree
        self._root = root
        self._console = _console(tree)
        self._phys = frozenset[int]().union(*root.phys.values())

    def is_phy(self, node: int) -> bool:
        """Whether a node is a PHY of a network that has the root: it may do without its driver.

        The generic one takes it then (drivers/net/phy/phy_device.c, phy_attach_direct()).
        """
        return node in self._phys

    @property
    def is_told(self) -> bool:
        """Whether the medium of the root file system is known: by name, or by the user."""
        return self._root.is_told

    def of(self, node: int) -> Role:
        """The role of a node."""
        root = self._root
        if node in self._phys or (node in root.media and not root.is_guess):
            return Role.ROOT
        if node == self._console:
            return Role.CONSOLE
        name = base_name(self._tree.layout.names[node])
        if root.spec.encrypted and (name in _SHOWS or node in root.keyboards):
            return Role.PROMPT
        if name in _NETWORK or node in root.network:
            return Role.NETWORK
        if name in _DISPLAY:
            return Role.DISPLAY
        return Role.STORAGE if node in root.storage else Role.OTHER

    def prompts(self) -> list[int]:
        """The devices that show a passphrase's prompt, or take the passphrase."""
        own = sorted(self._tree.holders("compatible"))
        wanted = (Role.CONSOLE, Role.PROMPT)
        return [n for n in own if n not in self._tree.disabled and self.of(n) in wanted]


def _console(tree: Tree) -> int | None:
    """The node that ``stdout-path`` of ``/chosen`` names."""
    chosen = tree.find("/chosen")
    path = next(iter(chosen.strings("stdout-path")), "") if chosen else ""
    node = tree.find(path.partition(":")[0]) if path else None
    return node.index if node else None
