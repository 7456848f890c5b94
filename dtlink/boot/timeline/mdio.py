"""What the registration of an MDIO bus asks for on behalf of the PHYs on it.

Each PHY's reset line is asked for before there is a device for the PHY; -EPROBE_DEFER goes up to
the driver that registers the bus. Sources: Linux 6.12, drivers/net/mdio/of_mdio.c,
__of_mdiobus_register(); drivers/net/phy/mdio_bus.c, __mdiobus_register(),
mdiobus_register_gpiod(), mdiobus_register_reset(); the same since 5.10.
"""

from __future__ import annotations

from dtlink.facts.outcomes import State
from dtlink.facts.resources import GPIO, RESET
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.boot.timeline.devices import Devices
    from dtlink.firmware.tree import Tree

#: The kinds of resource and the names by which they are asked for: of PHYs, and of the bus.
_OF_PHY = frozenset(((GPIO.kind, "reset"), (RESET.kind, "phy")))
_OF_BUS = frozenset(((GPIO.kind, "reset"),))
_OF_OTHERS = frozenset[tuple[str, str]]()
Asked = frozenset[tuple[str, str]]
_PARTS = (State.SERVED, State.NO_DEVICE)


def is_phy(tree: Tree, node: int) -> bool:
    """Whether a node is a PHY on an MDIO bus."""
    above = tree.parents[node]
    return tree.layout.names[node].startswith(b"ethernet-phy") or (
        above > 0 and _is_bus(tree, above)
    )


def _is_bus(tree: Tree, node: int) -> bool:
    return tree.layout.names[node].startswith(b"mdio")


def asked_for(tree: Tree, node: int) -> Asked:
    """The kinds of resource, and the names, without which an MDIO bus is not registered.

    Of what a node references: there are none unless it is a PHY or such a bus.
    """
    if is_phy(tree, node):
        return _OF_PHY
    return _OF_BUS if _is_bus(tree, node) else _OF_OTHERS


def owner(devices: Devices, node: int) -> int:
    """The device whose driver registers the bus that a PHY is on, or that a node is; -1: none."""
    device = node if _is_bus(devices.tree, node) else devices.tree.parents[node]
    found = devices.at(device)
    while found > 0 and devices.driver(found).state in _PARTS:
        found = devices.at(devices.tree.parents[found])
    return found
