"""The results of a timeline. Nodes are numbers of the tree."""

from __future__ import annotations

from collections.abc import Iterable

from dtlink.facts.outcomes import Driver, Outcome, Wait, When
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.firmware.acpi.layout import Struct

#: The binding of a dependency that no property declares: a device is made by the driver above it.
PARENT = "parent"

_RANKS = {
    When.INITCALL: 0,
    When.INITRAMFS: 1,
    When.ROOT: 2,
    When.UNKNOWN: 3,  # it may be any of those before it: only a sure "never" is later
    When.NEVER: 4,
}
#: From bad to worse. What is unknown is no claim, so any claim is worse.
_BADNESS = {outcome: place for place, outcome in enumerate(Outcome)} | {Outcome.UNKNOWN: -1}


def latest(times: Iterable[When]) -> When:
    """The latest of some times, of which there is at least one."""
    return max(times, key=_RANKS.__getitem__)


def later(one: When, other: When) -> When:
    """The later of two times."""
    return one if _RANKS[one] >= _RANKS[other] else other


def earliest(times: Iterable[When]) -> When:
    """The earliest of some times, as far as it is known; there is at least one."""
    known = list(times)
    found = min(known, key=_RANKS.__getitem__)
    # Modules are never there at initcall, so what is unknown of one comes no earlier than this.
    sure = not is_later(found, When.INITRAMFS) or When.UNKNOWN not in known
    return found if sure else When.UNKNOWN


def is_later(one: When, other: When) -> bool:
    """Whether a time is later than another."""
    return _RANKS[one] > _RANKS[other]


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """The worst outcome that is claimed; ``UNKNOWN`` if none is, ``OK`` if there are none."""
    return max(outcomes, key=_BADNESS.__getitem__, default=Outcome.OK)


def _is_open(outcome: Outcome, if_in_time: Outcome) -> bool:
    """Whether two outcomes differ; one that waits longer than another has the same effect."""
    return outcome is not if_in_time and outcome is not Outcome.RECOVERS


class Dependency(NamedTuple):
    """What a device needs of another, by one binding, and how that ends in this kernel."""

    consumer: int
    """The device that needs it."""
    supplier: int
    """The node that is named."""
    binding: str
    """The row of the table of bindings (``clocks``, ``*-supply``, ``iommu-map``), or ``parent``."""
    node: int
    """The node that holds the property: the consumer, or one below it that is not a device."""
    provider: int
    """The device whose driver serves the supplier: the supplier, or one above; -1 for none."""
    comes: When
    """When the supplier is there at the earliest."""
    wait: Wait
    outcome: Outcome
    unasked: Outcome
    """The outcome if the consumer's driver never asks for what the node declares.

    The same as :attr:`outcome` where the kernel asks by itself, or waits whoever asks.
    """
    if_in_time: Outcome
    """The outcome if modules of the root filesystem load before the timeout expires, where that is
    not known; else the same as :attr:`outcome`, which takes them for too late."""
    of_functions: bool = False
    """Not the consumer needs it, but the PCI functions behind it do (``iommu-map``)."""

    @property
    def is_open(self) -> bool:
        """Whether the effect depends on when the root filesystem is mounted, which is not known."""
        return _is_open(self.outcome, self.if_in_time)


class AffectedDevice(NamedTuple):
    """A device that a late or absent driver takes down."""

    node: int
    binding: str
    """By which binding it needs what comes late."""
    supplier: int
    """The node that it names: the cause's own, or one that depends on it."""
    wait: Wait
    outcome: Outcome
    unasked: Outcome
    if_in_time: Outcome
    """The outcome if modules of the root filesystem load before the timeout expires, where that is
    not known; else the same as :attr:`outcome`, which takes them for too late."""
    loss: str = ""
    """As that of its :class:`~dtlink.facts.resource.Request`."""

    @property
    def is_open(self) -> bool:
        """Whether the effect depends on when the root filesystem is mounted, which is not known."""
        return _is_open(self.outcome, self.if_in_time)


class Cause(NamedTuple):
    """A driver that comes late or never, and what that costs."""

    supplier: int
    """The node that lacks its driver, where the chains end."""
    driver: Driver
    comes: When
    wait: Wait
    """What holds the worst of the devices back."""
    outcome: Outcome
    """The worst outcome of the devices."""
    devices: tuple[AffectedDevice, ...]
    """In the order of the tree."""
    made: str = ""
    """The alias of the device that lacks it, if it has no node: the supplier's driver makes it."""


class AcpiDependency(NamedTuple):
    """What a consumer in an ACPI table needs of a supplier in it, and how that ends."""

    consumer: Struct
    supplier: Struct
    binding: str
    config: str
    """The option of the supplier's driver, without ``CONFIG_``; empty if it is not known."""
    modules: tuple[str, ...]
    """The modules to load for it; empty if there are none."""
    comes: When
    wait: Wait
    outcome: Outcome
    if_in_time: Outcome
    """As that of a :class:`Dependency`."""

    @property
    def is_open(self) -> bool:
        """Whether the effect depends on when the root filesystem is mounted, which is not known."""
        return _is_open(self.outcome, self.if_in_time)
