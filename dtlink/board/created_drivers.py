"""Drivers missing for devices that another missing driver would create: one cause, one row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from dtlink.board.missing_drivers import MissingDriver, by_role
from dtlink.facts.outcomes import Driver, Wait, When
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.boot.roles import Roles
    from dtlink.boot.timeline.devices import Devices
    from dtlink.boot.timeline.timeline import Timeline


def merged(
    rows: Sequence[MissingDriver],
    timeline: Timeline,
    devices: Devices,
    roles: Roles,
) -> Sequence[MissingDriver]:
    """The rows, those for devices that the driver of another row would create as parts of it."""
    owners = {(node, row.comes): row for row in rows if not row.made for node in row.suppliers}
    over = {id(row): _creator(row, owners, timeline, devices) for row in rows}
    parts: dict[int, list[MissingDriver]] = {}
    for row in rows:
        top, seen = row, {id(row)}
        while (above := over[id(top)]) is not None and id(above) not in seen:
            top = above
            seen.add(id(top))
        parts.setdefault(id(top), []).append(row)
    needed = timeline.providers - {-1}
    return [
        _joined(row, parts[id(row)], roles, _created(row, needed, timeline, devices))
        for row in rows
        if id(row) in parts
    ]


def _created(
    row: MissingDriver, needed: Iterable[int], timeline: Timeline, devices: Devices
) -> Iterator[Driver]:
    """The drivers missing as well of needed devices that the driver of a row would create."""
    suppliers = frozenset(row.suppliers)
    for node in needed:
        if not suppliers.isdisjoint(_makers(node, devices)):
            driver = devices.driver(node)._replace(by="")
            if driver.state is row.driver.state and timeline.comes(node) is row.comes:
                yield driver


def _creator(
    row: MissingDriver,
    owners: Mapping[tuple[int, When], MissingDriver],
    timeline: Timeline,
    devices: Devices,
) -> MissingDriver | None:
    """The row whose driver creates a device of this row, if all others need it as well."""
    for supplier in row.suppliers:
        own = [supplier] if row.made else []
        for maker in (*own, *_makers(supplier, devices)):
            over = owners.get((maker, row.comes))
            if over is None or over is row:
                continue
            lost = {each.node for each in over.devices if each.unasked is each.outcome}
            lost.update(over.suppliers)
            if all(_needs(node, lost, timeline, devices) for node in row.suppliers):
                return over
    return None


def _makers(node: int, devices: Devices) -> Iterator[int]:
    """The devices whose drivers create a device, one the other, nearest first."""
    while (node := devices.maker(node)) >= 0:
        yield node


def _needs(node: int, lost: AbstractSet[int], timeline: Timeline, devices: Devices) -> bool:
    """Whether a device without a driver could not probe without some others, if it had one."""
    held = (each for each in timeline.waits_of(node) if each.wait is not Wait.NONE)
    needed = [node, *(each.provider for each in held if each.provider >= 0)]
    return any(each in lost or not lost.isdisjoint(_makers(each, devices)) for each in needed)


def _joined(
    row: MissingDriver,
    parts: Sequence[MissingDriver],
    roles: Roles,
    created: Iterable[Driver],
) -> MissingDriver:
    drivers = {*(each.driver for each in parts), *created} - {row.driver}
    if not drivers:
        return row
    affected = by_role((each for part in (row, *parts) for each in part.devices), roles)
    also = sorted(drivers, key=lambda each: (each.config, each.modules))
    return row._replace(devices=affected, also=tuple(also))
