"""What the rules look at: one input, with its links."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Final

from dtlink.facts.cmdline import CommandLine
from dtlink.facts.kernels import DEFAULT
from dtlink.facts.profile import KernelProfile
from dtlink.links.graph import Graph
from dtlink.links.reference import Failure, Link, UnresolvedReason
from dtlink.links.streams import (
    IommuKind,
    Maps,
    Stream,
    bus_ids,
    by_iommu,
    iommu_maps,
    is_pci,
    kind_of,
    streams,
)

if TYPE_CHECKING:
    from dtlink.boot.devlink.model import Prediction
    from dtlink.boot.devlink.ordering import Ordering
    from dtlink.boot.drivers import TreeDrivers
    from dtlink.boot.roles import Roles
    from dtlink.boot.timeline import Timeline
    from dtlink.facts.kernels import KernelVersion
    from dtlink.firmware.tree import Node, Tree
    from dtlink.kernel.facts import Facts
    from dtlink.links.reference import Reference
    from dtlink.schema.model import SchemaResult
    from dtlink.schema.source import SchemaSource
    from dtlink.schema.suppliers import SupplierFaults

#: Children of the root that Linux, or its driver for them, looks into all the same.
_TENDED = frozenset((b"chosen", b"cpus", b"firmware", b"reserved-memory", b"thermal-zones"))

#: What an overlay may leave open, since the base tree has the rest.
_OPEN = frozenset(
    (UnresolvedReason.DANGLING, UnresolvedReason.NO_CELLS, UnresolvedReason.NO_PARENT)
)

#: What a command line must hold for it to matter here: most have none of it.
_DECIDING = ("fw_devlink", "fw-devlink", "deferred_probe", "deferred-probe")

_NOTHING = CommandLine()


class Board:
    """One devicetree, as the rules see it.

    ``graph`` holds the links of enabled consumers, without the vendors' own properties. ``cmdline``
    is the kernel's command line; without one, the tree's ``bootargs``. ``against`` is another
    kernel version to compare with. ``facts`` are what one kernel holds, if the user named one, and
    ``root`` the path of the node that has the root file system. ``schema`` says which
    schemas are asked, if any are.
    """

    firmware: Final = "devicetree"
    """Which kind of firmware this is a board of."""

    def __init__(
        self,
        tree: Tree,
        version: KernelVersion = DEFAULT,
        *,
        cmdline: CommandLine | None = None,
        against: KernelVersion | None = None,
        facts: Facts | None = None,
        root: str = "",
        schema: SchemaSource | None = None,
    ) -> None:
        self.tree = tree
        self._schema = schema
        self.facts = facts
        self._root = root
        self.version = version
        self._cmdline = cmdline
        self.graph = Graph.of(tree, version, vendor=False)
        self._against = against

    @property
    def holdings(self) -> AbstractSet[str]:
        """The names of the properties there are."""
        return self.tree.columns.keys()

    @cached_property
    def profile(self) -> KernelProfile:
        """The kernel that the board boots."""
        return self._profile(self.version)

    @cached_property
    def against(self) -> KernelProfile | None:
        """The kernel to compare with, started by the same command line."""
        return None if self._against is None else self._profile(self._against)

    @cached_property
    def drivers(self) -> TreeDrivers:
        """Who drives each device; for boards with :attr:`facts` alone."""
        from dtlink.boot.drivers import TreeDrivers

        facts = self._named_facts
        return TreeDrivers(self.tree, facts.build, facts.source_index)

    @cached_property
    def timeline(self) -> Timeline:
        """When each device can probe; for boards with :attr:`facts` alone."""
        from dtlink.boot.timeline import Timeline

        facts = self._named_facts
        return Timeline(
            self.tree,
            self.profile,
            self.drivers,
            initramfs=facts.initramfs,
            modules=facts.build.config.get("MODULES", "y") == "y",
            build=facts.build,
        )

    @cached_property
    def roles(self) -> Roles:
        """What the devices are to their user."""
        from dtlink.boot.roles import Roles

        node = self.tree.find(self._root) if self._root else None
        return Roles(self.tree, bootargs(self.tree), node.index if node else None)

    @cached_property
    def verdict(self) -> SchemaResult:
        """What dtschema says of the tree; nothing where no schema was asked for.

        Raises :class:`InputError` where the schemas can't be loaded.
        """
        from dtlink.schema.model import SchemaResult

        return self._schema.verdict(self.tree) if self._schema else SchemaResult()

    @cached_property
    def schema_faults(self) -> SupplierFaults:
        """The part of :attr:`verdict` that is about suppliers."""
        from dtlink.schema.suppliers import sort_out

        return sort_out(self.tree, self.verdict)

    @property
    def notes(self) -> list[str]:
        """What the user should know of the check with schemas, beside the findings."""
        if self._schema is None:
            return []
        others = self.schema_faults.others
        more = f"{others} other schema errors, not about suppliers: dt-validate tells them"
        return [note for note in (self.verdict.note, more if others else "") if note]

    @property
    def _named_facts(self) -> Facts:
        if self.facts is None:
            raise ValueError("no kernel was named")
        return self.facts

    @cached_property
    def prediction(self) -> Prediction:
        """What fw_devlink does, all drivers being there: costs more than all rules together.

        A rule asks for it only where something else says that it will have a finding.
        """
        return self.order.prediction

    @cached_property
    def order(self) -> Ordering:
        """:attr:`prediction`, as ties between devices."""
        return self.ordering(self.profile)

    def ordering(self, profile: KernelProfile) -> Ordering:
        """The same for any kernel."""
        # Imported here, since few boards need it.
        from dtlink.boot.devlink.ordering import Ordering
        from dtlink.boot.devlink.predict import predict

        return Ordering(predict(self.tree, profile, "full"), profile)

    def _profile(self, version: KernelVersion) -> KernelProfile:
        """A kernel with the board's command line; what it would refuse has no effect."""
        line = self._cmdline
        if line is None:
            text = bootargs(self.tree)
            matters = any(word in text for word in _DECIDING)
            line = CommandLine.read(text)[0] if matters else _NOTHING
        return _profile(version, line)

    @cached_property
    def _failures(self) -> Mapping[UnresolvedReason, list[Failure]]:
        groups: dict[UnresolvedReason, list[Failure]] = {}
        for raw in self.graph.unresolved:
            if raw.why not in _OPEN or not self.tree.is_overlay:
                groups.setdefault(raw.why, []).append(Failure(self.tree, raw))
        return groups

    def failures(self, *why: UnresolvedReason) -> Iterator[Failure]:
        """The entries of supplier properties that do not resolve for one of these reasons.

        What an overlay leaves open, and the base tree may have, is not among them.
        """
        for reason in why:
            yield from self._failures.get(reason, ())

    def links(self, *bindings: str) -> Iterator[Link]:
        """The links made by the bindings of these names (all if none is named)."""
        if bindings:
            yield from self.graph.links_of(*bindings)
        else:
            yield from self.graph.links

    @cached_property
    def masters(self) -> Mapping[int, Sequence[Reference]]:
        """What ``iommus`` and ``iommu-map`` name, and the references that name it."""
        return by_iommu(self.graph)

    @cached_property
    def streams(self) -> Mapping[int, Sequence[Stream]]:
        """The stream IDs of all masters, by IOMMU."""
        return streams(self.tree, self.masters, self.iommu_maps)

    @cached_property
    def iommu_maps(self) -> Maps:
        """The ``iommu-map`` of every enabled node that has one."""
        return iommu_maps(self.tree)

    def iommu_kind(self, iommu: int) -> IommuKind | None:
        """What kind of IOMMU a node is, if that is known."""
        return kind_of(self.tree[iommu].compatible)

    def pci_ids(self, host: int) -> range | None:
        """The requester IDs of a PCI host's buses; ``None`` if it is none."""
        return bus_ids(self.tree, host) if is_pci(self.tree, host) else None

    def device(self, node: Node) -> Node:
        """The device that a node is, or is a part of: the nearest with ``compatible``.

        A pin group belongs to its pin controller, a regulator to its PMIC, an NVMEM cell to its
        provider: their drivers serve them (Linux, drivers/base/core.c,
        __fw_devlink_pickup_dangling_consumers()). A node without one stands for itself.
        """
        return self.tree[self.device_index(node.index)]

    def device_index(self, index: int) -> int:
        """:meth:`device` in node numbers."""
        compatible, parents = self.tree.holders("compatible"), self.tree.parents
        cursor = index
        while cursor > 0 and cursor not in compatible:
            cursor = parents[cursor]
        return cursor if cursor > 0 else index

    @cached_property
    def suppliers(self) -> frozenset[int]:
        """Every node that some reference names."""
        return frozenset(ref[1] for ref in self.graph.references)

    @cached_property
    def unpopulated(self) -> Sequence[range]:
        """The children of the root for which the kernel makes no devices, each with all below it.

        It populates the children of the root, and passes over one without ``compatible`` with all
        that is below it (Linux, drivers/of/platform.c, of_platform_bus_create()).
        """
        tree, compatible = self.tree, self.tree.holders("compatible")
        top = [node for node, parent in enumerate(tree.parents) if not parent]
        ends = (*top, len(tree))[1:]
        both = zip(top, ends, strict=True)
        return [range(node, end) for node, end in both if node not in compatible]

    @cached_property
    def passed_over(self) -> frozenset[int]:
        """The nodes with a phandle that are :attr:`unpopulated`, and tended by nobody else."""
        tree, names = self.tree, self.tree.layout.names
        named = [
            node
            for part in self.unpopulated
            if names[part.start].partition(b"@")[0] not in _TENDED
            for node in part
            if node in tree.own_phandle
        ]
        return frozenset(named if named and not tree.is_overlay else ())

    @cached_property
    def stranded(self) -> Sequence[Reference]:
        """The references to nodes that are :attr:`passed_over`."""
        outside = self.passed_over
        return [ref for ref in self.graph.references if ref[1] in outside] if outside else ()

    def ref(self, node: Node) -> str:
        """A node as DTS names it: ``&label``, or ``&{/path}`` where no label is known."""
        label = self.tree.labels.get(node.path)
        return f"&{label}" if label else f"&{{{node.path}}}"


def bootargs(tree: Tree) -> str:
    """The command line that a tree brings in its ``/chosen``; empty if it has none."""
    for node, at in tree.holders("bootargs").items():
        if tree.layout.names[node] == b"chosen" and not tree.parents[node]:
            return tree.value(at).partition(b"\0")[0].decode("latin-1")
    return ""


@lru_cache(maxsize=64)
def _profile(version: KernelVersion, line: CommandLine) -> KernelProfile:
    return KernelProfile.of(version, line)
