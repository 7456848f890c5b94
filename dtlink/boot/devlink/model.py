"""What a prediction holds. Nodes are named by full path, as the kernel names them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from types import MappingProxyType

from dtlink.boot.devlink.effects import TryResult
from dtlink.records import NamedTuple


class PropertyEntry(NamedTuple):
    """The entry of a property that made the kernel link two nodes."""

    node: str
    property_name: str
    entry: int


class FwnodeLink(NamedTuple):
    """A link between two nodes, whether or not they are, or will be, devices."""

    consumer: str
    supplier: str
    cycle: bool
    """Part of a cycle: delays no probe."""
    ignore: bool
    """From ``post-init-providers``: as if it were not there."""
    origins: tuple[PropertyEntry, ...]
    moved: bool
    """Handed to a device that bound, by a node below it that is not a device."""
    remaining: bool
    """Still there in the end: neither turned into a device link nor dropped."""

    @property
    def flags(self) -> tuple[str, ...]:
        """The names of the kernel's flags that are set."""
        return ("CYCLE",) * self.cycle + ("IGNORE",) * self.ignore


class DeviceLink(NamedTuple):
    """A link between two devices, as in /sys/class/devlink."""

    consumer: str
    supplier: str
    sync_state_only: bool
    """It orders sync_state() callbacks only, and never delays a probe."""
    runtime_pm: bool
    status: str
    """As sysfs spells it: ``dormant``, ``available``, ``consumer probing``, ``active``."""


class CycleReport(NamedTuple):
    """One line "CONSUMER: Fixed dependency cycle(s) with SUPPLIER" of the kernel's log."""

    consumer: str
    supplier: str


class WaitingDevice(NamedTuple):
    """A device whose ``waiting_for_supplier`` is 1."""

    device: str
    suppliers: tuple[str, ...]
    """Nodes without a device, the newest link first: this is the one that the kernel names."""


class NotLinked(NamedTuple):
    """A reference that made no link."""

    consumer: str
    supplier: str
    origin: PropertyEntry
    reason: str
    at: str
    """The node that is the reason."""


class TriedReference(NamedTuple):
    """A reference as a kernel without links between nodes tried it for one device."""

    device: str
    supplier: str
    """The node that the property references."""
    provider: str
    """The node at or above it that is, or would be, the supplier's device; empty: none."""
    origin: PropertyEntry
    result: TryResult


class LinkedPair(NamedTuple):
    """A consumer and its supplier."""

    consumer: str
    supplier: str


class Device(NamedTuple):
    """A device that has a node."""

    node: str
    bus: str
    driver: str | None
    """The driver that it bound, if any."""


class Prediction(NamedTuple):
    """All that a kernel's fw_devlink does with one devicetree."""

    kernel_version: str
    view: str
    devices: Sequence[Device]
    """In the order in which they are added."""
    parsed_nodes: Sequence[str]
    """The nodes whose supplier properties the kernel reads, in that order."""
    fwnode_links: Sequence[FwnodeLink]
    """Every link ever made, in that order."""
    device_links: Sequence[DeviceLink]
    """The links there are in the end."""
    cycles: Sequence[CycleReport]
    """In the order of the log; the same pair may be reported more than once."""
    waiting: Sequence[WaitingDevice]
    not_linked: Sequence[NotLinked]
    refused: Sequence[LinkedPair]
    """Device links that would have closed a loop, or came too late."""
    relaxed: Sequence[LinkedPair]
    """Device links that no longer order probing since they turned out to be part of a cycle."""
    tried: Sequence[TriedReference] = ()
    """On kernels without links between nodes: each reference, for each device that tried it."""
    nodes: Sequence[int] = ()
    """The :attr:`devices` by the numbers of their nodes in the tree."""
    at_boot: AbstractSet[int] = frozenset()
    """The nodes of those that there are without any driver."""
    early: Mapping[int, bool] = MappingProxyType({})
    """The nodes that are served before there are devices, and whether they become some as well."""
