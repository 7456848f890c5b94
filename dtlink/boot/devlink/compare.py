"""What two kernels do differently with one devicetree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dtlink.boot.devlink.model import PropertyEntry
from dtlink.boot.devlink.ordering import DeviceDependency, Ends, Ordering
from dtlink.facts.behaviours import DEVLINK_CHANGES, Behaviour
from dtlink.facts.bindings import bindings_for
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from dtlink.facts.profile import KernelProfile

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class ChangedDefault(NamedTuple):
    """A parameter that is not the same on both kernels."""

    parameter: str
    before: str | int | bool
    after: str | int | bool


class EntryReading(NamedTuple):
    """What a kernel makes of one entry of a property."""

    consumer: str
    supplier: str
    reason: str
    """Why it makes no link of it; empty if it makes one."""
    devices: Ends
    """The devices at or above the two."""


class ReadingChange(NamedTuple):
    """An entry that two kernels read differently; ``None``: not read at all."""

    origin: PropertyEntry
    before: EntryReading | None
    after: EntryReading | None


class DependencyChange(NamedTuple):
    """Two devices that two kernels dependency differently; ``None``: not at all."""

    consumer: str
    supplier: str
    before: DeviceDependency | None
    after: DeviceDependency | None

    @property
    def properties(self) -> tuple[str, ...]:
        """The names of the properties that make it, on either kernel."""
        sides = [side for side in (self.after, self.before) if side is not None]
        return tuple(dict.fromkeys(o.property_name for side in sides for o in side.origins))


@dataclass(frozen=True, slots=True)
class KernelComparison:
    """From one kernel (``before``) to another (``after``); pairs are consumer and supplier."""

    before: KernelProfile
    after: KernelProfile
    defaults: Sequence[ChangedDefault]
    behaviours: Sequence[Behaviour[bool]]
    """What else the one does and the other does not."""
    reads: Sequence[ReadingChange]
    dependencies: Sequence[DependencyChange]
    cycles_gained: Sequence[Ends]
    """As the log names them; what it says of the same two devices on both kernels is left out."""
    cycles_lost: Sequence[Ends]
    waits_gained: Sequence[Ends]
    waits_lost: Sequence[Ends]


def compare(
    old: Ordering, new: Ordering, before: KernelProfile, after: KernelProfile
) -> KernelComparison:
    """Compare what two kernels do with one tree, in one view."""
    gained, lost = _difference(_cycles(old), _cycles(new))
    waits_gained, waits_lost = _difference(_waits(old), _waits(new))
    return KernelComparison(
        before=before,
        after=after,
        defaults=_defaults(before, after),
        behaviours=[
            row for row in DEVLINK_CHANGES if row.on(before.version) != row.on(after.version)
        ],
        reads=_reads(old, new),
        dependencies=[
            DependencyChange(*ends, one, other)
            for ends, one, other in _pairs(old.dependencies, new.dependencies)
            if (one and one.effect) is not (other and other.effect)
        ],
        cycles_gained=gained,
        cycles_lost=lost,
        waits_gained=waits_gained,
        waits_lost=waits_lost,
    )


def _defaults(before: KernelProfile, after: KernelProfile) -> list[ChangedDefault]:
    rows: tuple[tuple[str, str | int | bool, str | int | bool], ...] = (
        ("fw_devlink", before.fw_devlink.value, after.fw_devlink.value),
        ("fw_devlink.strict", before.strict, after.strict),
        (
            "deferred_probe_timeout",
            before.deferred_probe_timeout,
            after.deferred_probe_timeout,
        ),
    )
    return [ChangedDefault(*row) for row in rows if row[1] != row[2]]


def _reads(old: Ordering, new: Ordering) -> list[ReadingChange]:
    changes = [ReadingChange(*each) for each in _pairs(_read(old), _read(new))]
    return [
        change
        for change in changes
        if _outcome(change.before) != _outcome(change.after)
        and not _is_read_alike(change)
        and not (change.before is None and _is_idle(change, change.after, new, old))
        and not (change.after is None and _is_idle(change, change.before, old, new))
    ]


def _is_read_alike(change: ReadingChange) -> bool:
    """Whether both kernels link the same nodes: if other nodes are devices, the links say so."""
    one, other = change.before, change.after
    if one is None or other is None or one.reason or other.reason:
        return False
    return (one.consumer, one.supplier) == (other.consumer, other.supplier)


def _is_idle(
    change: ReadingChange, read: EntryReading | None, here: Ordering, there: Ordering
) -> bool:
    """Whether an entry that only ``here`` made a link comes to nothing on either kernel.

    Its supplier is served early: some kernels see that when they read it, others later.
    """
    if read is None or read.reason or read.supplier in here.devices:
        return False
    version = there.profile.version
    row = bindings_for(version)[change.origin.property_name]
    tie = here.dependencies.get((read.consumer, here.provider(read.consumer, read.supplier)))
    return tie is None and row is not None and row.in_kernel(version)


def _outcome(read: EntryReading | None) -> tuple[bool, Ends] | None:
    """What comes of an entry: a link between devices, or none.

    Why it makes none is no change: kernels before 6.1 find no device for a supplier that is
    disabled, where later ones see that it is (drivers/of/property.c, of_link_to_phandle()).
    """
    if read is None:
        return None
    return (True, ("", "")) if read.reason else (False, read.devices)


def _read(ordering: Ordering) -> dict[PropertyEntry, EntryReading]:
    """Every entry that a kernel reads, and between which devices."""
    found = {}
    for link in ordering.prediction.fwnode_links:
        devices = ordering.device(link.consumer), ordering.device(link.supplier)
        for origin in link.origins:
            found[origin] = EntryReading(link.consumer, link.supplier, "", devices)
    for tried in ordering.prediction.tried:
        if tried.device == ordering.device(tried.origin.node):
            devices = tried.device, ordering.device(tried.supplier)
            found[tried.origin] = EntryReading(tried.origin.node, tried.supplier, "", devices)
    for item in ordering.prediction.not_linked:
        devices = ordering.device(item.consumer), ordering.device(item.supplier)
        found[item.origin] = EntryReading(item.consumer, item.supplier, item.reason, devices)
    return found


def _cycles(ordering: Ordering) -> dict[frozenset[str], Ends]:
    """What the log reports, once for each pair of devices, whichever of them it names first."""
    found: dict[frozenset[str], Ends] = {}
    for report in ordering.prediction.cycles:
        ends = ordering.device(report.consumer), ordering.device(report.supplier)
        found.setdefault(frozenset(ends), (report.consumer, report.supplier))
    return found


def _waits(ordering: Ordering) -> dict[Ends, Ends]:
    pairs = [(x.device, supplier) for x in ordering.prediction.waiting for supplier in x.suppliers]
    return {pair: pair for pair in pairs}


def _difference(
    old: Mapping[_Key, Ends], new: Mapping[_Key, Ends]
) -> tuple[list[Ends], list[Ends]]:
    """What only the new has, and what only the old has."""
    gained = [ends for key, ends in new.items() if key not in old]
    lost = [ends for key, ends in old.items() if key not in new]
    return gained, lost


def _pairs(
    old: Mapping[_Key, _Value], new: Mapping[_Key, _Value]
) -> list[tuple[_Key, _Value | None, _Value | None]]:
    """Each key of either, with both values."""
    return [(key, old.get(key), new.get(key)) for key in {**old, **new}]
