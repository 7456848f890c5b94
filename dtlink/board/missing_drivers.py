"""The drivers that come late or never, and what each of them costs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from dtlink.boot.roles import Role
from dtlink.boot.timeline.model import AffectedDevice
from dtlink.facts.outcomes import Driver, Outcome, State, Wait, When
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.boot.drivers.tree import TreeDrivers
    from dtlink.boot.roles import Roles
    from dtlink.boot.timeline.timeline import Timeline

#: The binding of a device that lacks its own driver.
OWN_DRIVER = "driver"

_BADNESS = list(Outcome)
#: Those without which no root is mounted, or no passphrase entered.
_GRAVE = (Role.ROOT, Role.CONSOLE, Role.PROMPT)


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
    also: tuple[Driver, ...] = ()
    """Drivers missing as well, for devices that the missing one would create."""

    @property
    def all_drivers(self) -> tuple[Driver, ...]:
        """The missing drivers, that of :attr:`suppliers` first."""
        return (self.driver, *self.also)


def missing_drivers(
    timeline: Timeline, drivers: TreeDrivers, roles: Roles
) -> Sequence[MissingDriver]:
    """Every driver whose absence affects a device, those of important devices themselves included.

    Several nodes that lack one driver are one row: the cure is the same.
    """
    groups: dict[tuple[Driver, When, str], dict[int, list[AffectedDevice]]] = {}
    for cause in timeline.causes():
        key = cause.driver._replace(by=""), cause.comes, cause.made
        groups.setdefault(key, {})[cause.supplier] = list(cause.devices)
    for node, driver, comes in _own(timeline, drivers, roles):
        end = Outcome.NEVER if comes is When.NEVER else Outcome.RECOVERS
        own = AffectedDevice(node, OWN_DRIVER, node, Wait.NONE, end, end, end)
        groups.setdefault((driver, comes, ""), {}).setdefault(node, []).append(own)
    return [_row(roles, *key, found) for key, found in groups.items()]


def _own(
    timeline: Timeline, drivers: TreeDrivers, roles: Roles
) -> Iterator[tuple[int, Driver, When]]:
    """The media, the console and what takes a passphrase, if they lack their own drivers."""
    for node in timeline.devices:
        if roles.of(node) in _GRAVE and not roles.is_phy(node):
            driver, comes = drivers.of(node), timeline.comes(node)
            if driver.state in (State.MODULE, State.NOT_BUILT) and comes in (When.ROOT, When.NEVER):
                yield node, driver._replace(by=""), comes


def _row(
    roles: Roles,
    driver: Driver,
    comes: When,
    made: str,
    found: Mapping[int, Iterable[AffectedDevice]],
) -> MissingDriver:
    affected = (each for devices in found.values() for each in devices)
    return MissingDriver(driver, comes, tuple(found), by_role(affected, roles), made)


def by_role(affected: Iterable[AffectedDevice], roles: Roles) -> tuple[AffectedDevice, ...]:
    """Each device once, as it is affected worst; the worst role first."""
    worst: dict[int, AffectedDevice] = {}
    for each in affected:
        before = worst.get(each.node)
        if before is None or _badness(each) > _badness(before):
            worst[each.node] = each
    return tuple(sorted(worst.values(), key=lambda each: (roles.of(each.node), each.node)))


def _badness(affected: AffectedDevice) -> tuple[int, int]:
    return _BADNESS.index(affected.outcome), _BADNESS.index(affected.unasked)
