"""The drivers that come late or never, and what each of them costs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from dtlink.boot.roles import Role
from dtlink.boot.timeline import AffectedDevice
from dtlink.facts.outcomes import Driver, Outcome, State, Wait, When

if TYPE_CHECKING:
    from dtlink.boot.drivers import TreeDrivers
    from dtlink.boot.roles import Roles
    from dtlink.boot.timeline import Timeline
    from dtlink.boot.timeline.devices import Devices
    from dtlink.firmware.tree import Tree

#: The binding of a device that lacks its own driver.
OWN_DRIVER = "driver"

_BADNESS = list(Outcome)
#: Firmware is in flash chips, unless ``root=`` says otherwise.
_FLASH = frozenset((b"flash", b"nand", b"nand-controller"))
#: No root file system comes over these, though they are of the network.
_NO_MEDIA = frozenset((b"can", b"mdio"))


class MissingDriver(NamedTuple):
    """A driver that comes late or never, and the devices that fail or wait without it."""

    driver: Driver
    comes: When
    suppliers: tuple[int, ...]
    """The nodes that lack it."""
    devices: tuple[AffectedDevice, ...]
    """Each device once, the worst role first."""
    made: str = ""
    """The alias of the device that lacks it, if it has no node: the suppliers' driver makes it."""


def missing_drivers(
    timeline: Timeline, drivers: TreeDrivers, roles: Roles, media: frozenset[int]
) -> Sequence[MissingDriver]:
    """Every driver whose absence affects a device, those of important devices themselves included.

    Several nodes that lack one driver are one row: the cure is the same.
    """
    groups: dict[tuple[Driver, When, str], dict[int, list[AffectedDevice]]] = {}
    for cause in timeline.causes():
        key = cause.driver._replace(by=""), cause.comes, cause.made
        groups.setdefault(key, {})[cause.supplier] = list(cause.devices)
    for node, driver, comes in _own(timeline, drivers, roles, media):
        end = Outcome.NEVER if comes is When.NEVER else Outcome.RECOVERS
        own = AffectedDevice(node, OWN_DRIVER, node, Wait.NONE, end, end, end)
        groups.setdefault((driver, comes, ""), {}).setdefault(node, []).append(own)
    return [_row(roles, media, *key, found) for key, found in groups.items()]


def _own(
    timeline: Timeline, drivers: TreeDrivers, roles: Roles, media: frozenset[int]
) -> Iterator[tuple[int, Driver, When]]:
    """The media and the console that lack their own drivers."""
    for node in timeline.devices:
        if node in media or roles.of(node) is Role.CONSOLE:
            driver, comes = drivers.of(node), timeline.comes(node)
            if driver.state in (State.MODULE, State.NOT_BUILT) and comes in (When.ROOT, When.NEVER):
                yield node, driver._replace(by=""), comes


def _row(
    roles: Roles,
    media: frozenset[int],
    driver: Driver,
    comes: When,
    made: str,
    found: Mapping[int, Iterable[AffectedDevice]],
) -> MissingDriver:
    worst: dict[int, AffectedDevice] = {}
    for affected in (each for devices in found.values() for each in devices):
        before = worst.get(affected.node)
        if before is None or _badness(affected) > _badness(before):
            worst[affected.node] = affected
    by_role = sorted(worst.values(), key=lambda each: (role_of(roles, media, each.node), each.node))
    return MissingDriver(driver, comes, tuple(found), tuple(by_role), made)


def _badness(affected: AffectedDevice) -> tuple[int, int]:
    return _BADNESS.index(affected.outcome), _BADNESS.index(affected.unasked)


def role_of(roles: Roles, media: frozenset[int], node: int) -> Role:
    """The role of a device; ROOT only for those of the root file system's media."""
    found = roles.of(node)
    return Role.STORAGE if found is Role.ROOT and node not in media else found


def root_media(roles: Roles, devices: Devices) -> frozenset[int]:
    """The controllers of the media that can have the root file system.

    Not those of a slot with an SDIO function.
    """
    tree = devices.tree
    names = tree.layout.names
    out = _NO_MEDIA if roles.is_told else _NO_MEDIA | _FLASH
    return frozenset(
        node
        for node in devices.nodes
        if roles.of(node) is Role.ROOT
        and names[node].partition(b"@")[0] not in out
        and not _is_sdio(tree, node)
    )


def _is_sdio(tree: Tree, node: int) -> bool:
    """Whether a host's slot has an SDIO function, or takes neither SD cards nor eMMC."""
    if tree[node].has("no-sd") and tree[node].has("no-mmc"):
        return True
    own = tree.holders("compatible")
    cards = [child for child in tree.children[node] if child in own]
    return any(
        "mmc-card" not in tree[child].compatible for child in cards if tree[child].has("reg")
    )
