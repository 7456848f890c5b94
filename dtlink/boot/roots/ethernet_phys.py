"""The PHYs of a network device: without them there is no link."""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.firmware.tree import Tree

#: By which a port refers to its PHY (drivers/net/phy/phy_device.c, fwnode_get_phy_node()).
_HANDLES = ("phy-handle", "phy", "phy-device")


def phys(tree: Tree, device: int) -> Iterator[int]:
    """The nodes that a network device, or a port of it that is no device, has as PHYs."""
    handles = (tree.cell(name, device) for name in _HANDLES)
    number = next((each for each in handles if each is not None), None)
    found = None if number is None else tree.phandles.get(number)
    if found is not None and found not in tree.disabled:
        yield found
    for child in tree.children[device]:
        if child not in tree.disabled and not tree[child].compatible:
            yield from phys(tree, child)
