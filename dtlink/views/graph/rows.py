"""The rows of a graph. A node is named by its place in :attr:`GraphData.nodes`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dtlink.boot.devlink.effects import LinkEffect
from dtlink.enums import Enum
from dtlink.facts.outcomes import Outcome, When
from dtlink.report.entries import Json
from dtlink.views.cycles import CycleStep
from dtlink.views.data import ABSENT, Absent, JsonRow
from dtlink.views.iommu.rows import RangeRow, RequesterRow

#: The number of the form of :class:`GraphData`; within one, members are only added.
FORM = 1


class NodeState(Enum):
    """What a kernel has for a node, in the words of pictures."""

    BUILT_IN = "built in"
    INITRAMFS = "module in the initramfs"
    MODULE = "module"
    """On the root filesystem, or it is not known where."""
    MISSING = "no driver"
    """The kernel has none: its configuration leaves it out, or its source has none."""
    NONE_NEEDED = "needs no driver"
    """Set up before there are devices, or served by the parent's driver."""
    DISABLED = "disabled"
    NO_DEVICE = "no device"
    """A node that does not become a device."""
    UNKNOWN = "unknown"
    """No kernel was named, or it does not say."""


class EdgeEffect(Enum):
    """What an edge does to its consumer; those of fw_devlink have its words."""

    ORDERED = LinkEffect.ORDERS.value
    WAITS = LinkEffect.WAITS.value
    RELAXED = LinkEffect.RELAXED.value
    IGNORED = LinkEffect.IGNORED.value
    SYNC_STATE_ONLY = LinkEffect.SYNC_STATE_ONLY.value
    PARENT = "parent"
    """The consumer is a child of the supplier: its driver, or the kernel for it, creates it."""
    NONE = "no wait"
    """fw_devlink makes no link of it, or the supplier is there before there are devices."""
    TABLE = "table"
    """An entry of an ACPI table."""


class ObservedState(Enum):
    """What a running board reports of a device."""

    BOUND = "bound"
    HELD_BACK = "held back"
    """It waits for a supplier, or its driver deferred its probe."""
    UNBOUND = "not bound"


class Change(Enum):
    """How a node, an edge, a cycle or a finding differs from the other input."""

    GAINED = "gained"
    LOST = "lost"
    CHANGED = "changed"


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class ObservedNode(JsonRow):
    """What a running board reports of a node's device."""

    state: ObservedState
    text: str
    """The driver, or the reason for which it is held back; empty: not reported."""
    agrees: bool | Absent
    """Whether it is as predicted; absent: nothing was predicted."""


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class GraphNode(JsonRow):
    """A device, or a node that a device depends on."""

    path: str
    state: NodeState
    label: str | Absent = ABSENT
    compatible: tuple[str, ...] | Absent = ABSENT
    driver: str | Absent = ABSENT
    """The driver in a few words, where a kernel is named."""
    modules: tuple[str, ...] | Absent = ABSENT
    """Any of them drives it."""
    config: str | Absent = ABSENT
    when: When | Absent = ABSENT
    """When it can probe at the earliest, where a kernel is named."""
    outcome: Outcome | Absent = ABSENT
    """How it ends, unless all is well."""
    wave: int | Absent = ABSENT
    """As ``dtlink order`` counts; of a device alone."""
    gate: int | Absent = ABSENT
    """The supplier, or parent, that comes last."""
    role: str | Absent = ABSENT
    """What it is to its user: root, storage, console, network, display …"""
    made: bool | Absent = ABSENT
    """Whether it has no node: its parent's driver makes it; the path ends in its name."""
    place: str | Absent = ABSENT
    """The file and line of a node that was read from source."""
    observed: ObservedNode | Absent = ABSENT
    """What a running board reports, where that was given."""
    change: Change | Absent = ABSENT
    was: str | Absent = ABSENT
    """Of a changed node: its state and time in the other input."""


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class EdgeEntry(JsonRow):
    """An entry of a property that makes the edge."""

    property_name: str
    index: int
    binding: str
    node: str | Absent = ABSENT
    """The node that has the property, unless it is the consumer."""
    target: str | Absent = ABSENT
    """The node that it references, unless it is the supplier."""
    place: str | Absent = ABSENT
    """The file and line of the property, if it was read from source."""
    ids: tuple[int, ...] | Absent = ABSENT
    """Of tables: the first and the last input ID, and the output ID of the first."""


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class GraphEdge(JsonRow):
    """A consumer and a supplier, with all that makes them so."""

    consumer: int
    supplier: int
    effect: EdgeEffect
    entries: tuple[EdgeEntry, ...] | Absent = ABSENT
    more: int | Absent = ABSENT
    """How many entries are left out."""
    outcome: Outcome | Absent = ABSENT
    """How the dependency ends for the consumer, unless all is well."""
    wait: str | Absent = ABSENT
    """What holds the consumer back, by what ends the wait."""
    if_missing: Outcome | Absent = ABSENT
    """What becomes of the consumer if the supplier never probes, where a kernel is named."""
    surely: Outcome | Absent = ABSENT
    """The same if the consumer's driver asks only for what it is known to ask for."""
    functions: Outcome | Absent = ABSENT
    """The same for the PCI functions behind the consumer, where they need the supplier."""
    findings: tuple[int, ...] | Absent = ABSENT
    note: str | Absent = ABSENT
    """Why Linux does not use it."""
    change: Change | Absent = ABSENT
    was: str | Absent = ABSENT


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class AffectedNode(JsonRow):
    """A device that a late or missing driver affects."""

    node: int
    binding: str
    outcome: Outcome
    sure: bool
    """Whether it happens even if the driver does not ask for what its node declares."""


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class WaitCause(JsonRow):
    """A driver that comes late or never; without a kernel: a supplier that is not a device."""

    driver: str
    suppliers: tuple[int, ...]
    comes: When | Absent
    devices: tuple[AffectedNode, ...]


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class GraphCycle(JsonRow):
    """Devices that wait for each other."""

    nodes: tuple[int, ...]
    chain: tuple[CycleStep, ...]
    breaks: tuple[CycleStep, ...]
    """Steps whose suppliers, given to ``post-init-providers``, leave no cycle."""
    links: int
    relaxed: int
    behind: int
    """How many other devices depend on those of the cycle."""
    roles: tuple[str, ...]
    """The roles of the devices in it and behind it."""
    change: Change | Absent = ABSENT


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class GraphFinding(JsonRow):
    """A finding, with the nodes of the graph that it is about."""

    rule: str
    severity: str
    confidence: str
    subject: str
    property_name: str | None
    index: int | None
    message: str
    effect: str
    fix: str
    nodes: tuple[int, ...]
    """The subject's device first, if it is in the graph."""
    place: str | Absent
    fingerprint: str
    change: Change | Absent = ABSENT


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class GraphModule(JsonRow):
    """A module that drives a node, or that such a module needs."""

    name: str
    depends: tuple[str, ...]
    in_initramfs: bool | None
    """``None``: not known."""


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class GraphKernel(JsonRow):
    """The kernel of a graph."""

    version: str
    release: str | None
    """``None``: no kernel is named, and drivers are not known."""
    initramfs: bool
    timeout: int
    """``deferred_probe_timeout`` in seconds; 0 or less: none."""


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class GraphIommu(JsonRow):
    """As ``dtlink iommu`` has it."""

    ranges: tuple[RangeRow, ...]
    requesters: tuple[RequesterRow, ...]
    left_out: int
    more_ranges: bool | Absent = ABSENT


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class GraphSide(JsonRow):
    """The other input of a comparison."""

    input: str
    model: str
    counts: Mapping[str, Json]
    """How many nodes, edges, cycles and findings were gained, lost and changed."""


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class InView(JsonRow):
    """The part that was asked for."""

    nodes: tuple[int, ...]
    depth: int
    consumers: int
