"""Everything known of one devicetree, each part computed once, when it is asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property, lru_cache, partial
from operator import itemgetter

from dtlink.board.devices import devices, passed_over, unpopulated
from dtlink.board.settings import DEFAULTS, Settings
from dtlink.board.signs import TreeSigns
from dtlink.facts.errors import OptionError
from dtlink.facts.iommus import IommuKind, kind_of
from dtlink.links.extract import Extraction
from dtlink.links.graph import Graph
from dtlink.links.reference import Failure, Link, UnresolvedReason
from dtlink.links.streams import Maps, Stream, bus_ids, by_iommu, iommu_maps, is_pci, streams
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Final

    from dtlink.board.device_cycles import DeviceCycle
    from dtlink.board.missing_drivers import MissingDriver
    from dtlink.board.needs import Needs
    from dtlink.board.overlays import OverlayFindings
    from dtlink.board.seen import SeenMachine
    from dtlink.board.wrong_cells import WrongCells
    from dtlink.boot.devlink.effects import LinkEffects
    from dtlink.boot.devlink.model import Prediction
    from dtlink.boot.devlink.ordering import Ordering
    from dtlink.boot.devlink.predict import View
    from dtlink.boot.devlink.simulation import Simulation
    from dtlink.boot.drivers.made import MadeDevices
    from dtlink.boot.drivers.tree import TreeDrivers
    from dtlink.boot.roles import Roles
    from dtlink.boot.roots.controllers import Controllers
    from dtlink.boot.roots.root import Root
    from dtlink.boot.timeline.devices import Devices
    from dtlink.boot.timeline.request_reader import RequestReader
    from dtlink.boot.timeline.requirement import Requirement
    from dtlink.boot.timeline.timeline import Timeline
    from dtlink.facts.cmdline import CommandLine
    from dtlink.facts.kernels import KernelVersion
    from dtlink.facts.profile import KernelProfile
    from dtlink.firmware.tree import Node, Tree
    from dtlink.kernel.facts import Facts
    from dtlink.kernel.source.index import SourceIndex
    from dtlink.links.reference import Reference
    from dtlink.schema.model import SchemaResult
    from dtlink.schema.source import SchemaSource
    from dtlink.schema.suppliers import SupplierFaults

#: Characters of the smallest integer of an option.
_DIGITS = 11
#: What an overlay may leave open, since the base tree has the rest.
_OPEN = frozenset(
    (UnresolvedReason.DANGLING, UnresolvedReason.NO_CELLS, UnresolvedReason.NO_PARENT)
)


class TreeBoard(TreeSigns):
    """One devicetree under one set of :class:`Settings`.

    ``facts`` are what the kernel holds; without them they are read from where the settings say.
    """

    firmware: Final = "devicetree"
    """Which kind of firmware this is a board of."""
    without_notes: AbstractSet[str] = frozenset()
    """The ids of the rules whose notes are not reported: they need not look for any."""

    def __init__(
        self,
        tree: Tree,
        settings: Settings = DEFAULTS,
        *,
        facts: Facts | None = None,
        seen: SeenMachine | None = None,
    ) -> None:
        super().__init__(settings, facts, seen)
        self.tree = tree

    @cached_property
    def extraction(self) -> Extraction:
        """The references and failures of all supplier properties."""
        return Extraction(self.tree, self.version)

    @cached_property
    def overlays(self) -> OverlayFindings:
        """What is wrong with the overlays that were applied, or with the tree as an overlay."""
        from dtlink.board.overlays import OverlayFindings

        return OverlayFindings(self.tree, self.settings)

    @property
    def holdings(self) -> AbstractSet[str]:
        """The names of the properties there are."""
        return self.tree.columns.keys()

    @cached_property
    def bootargs(self) -> str:
        """The command line in ``/chosen``; empty if there is none.

        Of a list of strings it is the first (Linux, drivers/of/fdt.c,
        early_init_dt_scan_chosen(), strscpy()).
        """
        tree = self.tree
        for node, at in tree.holders("bootargs").items():
            if tree.layout.names[node] == b"chosen" and not tree.parents[node]:
                return tree.value(at).partition(b"\0")[0].decode("latin-1")
        return ""

    @cached_property
    def _read_bootargs(self) -> tuple[CommandLine, list[OptionError]]:
        from dtlink.facts.cmdline import CommandLine

        return CommandLine.read(self.bootargs)

    @cached_property
    def command_line(self) -> CommandLine:
        """How the kernel is started: as the settings say, else by :attr:`bootargs`."""
        line = self.settings.cmdline
        return self._read_bootargs[0] if line is None else line

    @property
    def refused(self) -> Sequence[OptionError]:
        """What the kernel refuses of :attr:`bootargs`, if these are the command line."""
        return self._read_bootargs[1] if self.settings.cmdline is None else ()

    @cached_property
    def profile(self) -> KernelProfile:
        """The kernel that the board boots; what it refuses of a command line has no effect."""
        return _profile(self.version, self.command_line, self._configured_timeout)

    @property
    def _configured_timeout(self) -> int | None:
        """CONFIG_DRIVER_DEFERRED_PROBE_TIMEOUT of the named kernel, where it counts."""
        from dtlink.facts.behaviours import TIMEOUT_IS_CONFIGURED

        facts = self.facts if TIMEOUT_IS_CONFIGURED.on(self.version) else None
        value = facts.build.config.get("DRIVER_DEFERRED_PROBE_TIMEOUT", "") if facts else ""
        is_number = value.removeprefix("-").isdecimal() and len(value) <= _DIGITS
        return int(value) if is_number else None

    @cached_property
    def against(self) -> KernelProfile | None:
        """The kernel to compare with, started by the same command line."""
        version = self.settings.against
        return None if version is None else _profile(version, self.command_line)

    @cached_property
    def graph(self) -> Graph:
        """The links of enabled consumers, without the vendors' own properties."""
        found = self.extraction.common
        link = partial(Link, self.tree)
        more = found.unresolved, self.version, found.columns
        return Graph(self.tree, found.references, link, *more)

    @cached_property
    def full_graph(self) -> Graph:
        """:attr:`graph` with the vendors' own properties."""
        common, own = self.extraction.common, self.extraction.vendor
        references = [*common.references, *own.references]
        unresolved = [*common.unresolved, *own.unresolved]
        more = unresolved, self.version, [*common.columns, *own.columns]
        return Graph(self.tree, references, partial(Link, self.tree), *more)

    def graph_for(self, node: Node) -> Graph:
        """A graph that holds the links of a node: :attr:`full_graph`, unless it is disabled."""
        if node.enabled:
            return self.full_graph
        return Graph.of(self.tree, self.version, disabled=True)

    @cached_property
    def cycles(self) -> Sequence[DeviceCycle]:
        """The devices that wait for each other, and which links to give up for that to end."""
        from dtlink.board.device_cycles import device_cycles

        return device_cycles(self.tree, self.graph.columns, self.suppliers, self.version)

    @cached_property
    def iommu_cycles(self) -> Sequence[DeviceCycle]:
        """Those of the :attr:`cycles` that have an IOMMU."""
        if "cycles" in self.__dict__ or not self.masters:
            return self.cycles if self.masters else ()
        from dtlink.board.device_cycles import device_cycles

        iommus = frozenset(map(self.device_index, self.masters))
        columns, suppliers = self.graph.columns, self.suppliers
        return device_cycles(self.tree, columns, suppliers, self.version, iommus)

    @property
    def reported_cycles(self) -> Sequence[DeviceCycle]:
        """The :attr:`cycles` that may be more than a note, or all where notes are reported."""
        return self.iommu_cycles if "cycle/supplier-cycle" in self.without_notes else self.cycles

    @cached_property
    def prediction(self) -> Prediction:
        """What fw_devlink does, all drivers being there: costs more than all rules together.

        A rule asks for it only where something else says that it will have a finding.
        """
        return self.simulation.prediction

    @cached_property
    def simulation(self) -> Simulation:
        """:attr:`prediction`, by the numbers of nodes: without it, a fifth of its time."""
        return self._simulated(self.profile)

    @cached_property
    def effects(self) -> LinkEffects:
        """What the links of :attr:`simulation` do to the devices."""
        from dtlink.boot.devlink.effects import LinkEffects

        return LinkEffects(self.simulation)

    def predicted(self, profile: KernelProfile, view: View = "full") -> Prediction:
        """The same for any kernel and view, computed at each call."""
        return self._simulated(profile, view).prediction

    def _simulated(self, profile: KernelProfile, view: View = "full") -> Simulation:
        from dtlink.boot.devlink.predict import simulate

        same = profile.version == self.version
        extraction = self.extraction if same else Extraction(self.tree, profile.version)
        return simulate(extraction, profile, view)

    @cached_property
    def order(self) -> Ordering:
        """:attr:`prediction`, as dependencies between devices."""
        from dtlink.boot.devlink.ordering import Ordering

        return Ordering(self.prediction, self.profile)

    @cached_property
    def order_against(self) -> Ordering | None:
        """:attr:`order` for the kernel to compare with."""
        from dtlink.boot.devlink.ordering import Ordering

        other = self.against
        return None if other is None else Ordering(self.predicted(other), other)

    @cached_property
    def drivers(self) -> TreeDrivers:
        """The driver of each device; for boards with :attr:`facts` alone."""
        from dtlink.boot.drivers.tree import TreeDrivers

        facts = self.named_facts
        return TreeDrivers(
            self.tree,
            facts.build,
            facts.source_index,
            facts.version,
            is_assumed=facts.is_assumed,
        )

    @cached_property
    def devices(self) -> Devices:
        """The devices there can be, and what makes and serves them; for :attr:`facts` alone."""
        from dtlink.boot.timeline.devices import Devices

        return Devices(self.tree, self.simulation, self.drivers, self.made_devices)

    @cached_property
    def made_devices(self) -> MadeDevices:
        """The devices without a node that drivers make; for boards with :attr:`facts` alone."""
        from dtlink.boot.drivers.made import MadeDevices

        return MadeDevices(self.drivers, self.named_facts.source_index)

    @cached_property
    def makers(self) -> Mapping[str, Sequence[str]]:
        """The nodes whose drivers make a device without a node, by the device's name."""
        from dtlink.boot.drivers.made import makers
        from dtlink.boot.drivers.requests import AnyDrivers

        if self.facts is not None:
            return makers(self.tree, self.drivers, self.facts.source_index)
        index = self._any_index
        return makers(self.tree, AnyDrivers(self.tree, index), index)

    @property
    def known_drivers(self) -> SourceIndex | None:
        """The drivers of exactly this kernel version's source; ``None``: no index is of it."""
        from dtlink.facts.kernels import KernelVersion

        index = self.facts.source_index if self.facts is not None else self._any_index
        version = self.version if self.facts is None else self.facts.version
        return index if KernelVersion.of_release(index.release) == version else None

    @property
    def _any_index(self) -> SourceIndex:
        from dtlink.kernel.facts import index_of

        return index_of(self.settings.kernel_index, self.version)

    @cached_property
    def requirements(self) -> Sequence[Requirement]:
        """What each of the :attr:`devices` needs."""
        from dtlink.boot.timeline.requirements import requirements

        common = self.graph.references
        own = self.extraction.vendor.references if self.facts is not None else ()
        return requirements(common, self.effects, self.devices, self.requests, own)

    @cached_property
    def requests(self) -> RequestReader:
        """What drivers ask for and provide: those of the kernel, else those of its source."""
        from dtlink.boot.drivers.requests import AnyDrivers, DriverRequests
        from dtlink.boot.timeline.request_reader import RequestReader

        if self.facts is not None:
            index, drivers = self.facts.source_index, self.drivers
            found = DriverRequests(drivers, index, self.facts.version)
        else:
            index = self._any_index
            found = DriverRequests(AnyDrivers(self.tree, index), index, self.version)
        return RequestReader(self.tree, found)

    @cached_property
    def timeline(self) -> Timeline:
        """When each device can probe; for boards with :attr:`facts` alone."""
        from dtlink.boot.timeline.timeline import Timeline

        facts = self.named_facts
        return Timeline(
            self.devices,
            self.requirements,
            self.profile,
            initramfs=facts.initramfs,
            root_after=self.settings.root_after,
            root_delay=self.command_line.rootdelay,
            media=self.media if self.roles.is_told else (),
            modules=facts.build.config.get("MODULES", "y") == "y",
            build=facts.build,
        )

    @cached_property
    def needs(self) -> Needs:
        """What devices need before they can probe, followed to the roots."""
        from dtlink.board.needs import Needs

        return Needs(self.devices, self.requirements)

    @cached_property
    def root(self) -> Root:
        """Where the root file system can be: by the command line, or the settings."""
        return self.root_of(self.command_line)

    def root_of(self, line: CommandLine) -> Root:
        """:attr:`root` for another command line."""
        from dtlink.boot.roots.root import Root
        from dtlink.facts.root import RootSpec

        named = self.settings.root
        node = self.tree.named(named) if named else None
        spec = RootSpec.of(line)
        return Root(self.tree, self._controllers, spec, node.index if node else None)

    @cached_property
    def _controllers(self) -> Controllers:
        from dtlink.boot.roots.controllers import Controllers

        if self.facts is None:
            own, disabled = self.tree.holders("compatible"), self.tree.disabled
            return Controllers(self.tree, [node for node in sorted(own) if node not in disabled])
        return Controllers(self.tree, self.devices.nodes, self.drivers)

    @cached_property
    def roles(self) -> Roles:
        """What the devices are to their user."""
        from dtlink.boot.roles import Roles

        return Roles(self.tree, self.root)

    @cached_property
    def media(self) -> frozenset[int]:
        """The controllers of the media that can have the root file system."""
        return frozenset(self.root.media)

    @cached_property
    def missing_drivers(self) -> Sequence[MissingDriver]:
        """The drivers that come late or never, each with what that costs."""
        from dtlink.board.created_drivers import merged
        from dtlink.board.missing_drivers import missing_drivers

        rows = missing_drivers(self.timeline, self.drivers, self.roles)
        return merged(rows, self.timeline, self.devices, self.roles)

    @property
    def schemas(self) -> SchemaSource | None:
        """The schemas that are asked, if any are."""
        if not self.settings.schema:
            return None
        from dtlink.schema.source import SchemaSource

        return SchemaSource(self.settings.schema_dir)

    @cached_property
    def verdict(self) -> SchemaResult:
        """What dtschema says of the tree; nothing where no schema was asked for.

        Raises :class:`InputError` where the schemas can't be loaded.
        """
        from dtlink.schema.model import SchemaResult

        source = self.schemas
        return SchemaResult() if source is None else source.verdict(self.tree)

    @cached_property
    def schema_faults(self) -> SupplierFaults:
        """The part of :attr:`verdict` that is about suppliers."""
        from dtlink.schema.suppliers import sort_out

        return sort_out(self.tree, self.verdict)

    @property
    def notes(self) -> list[str]:
        """What the user should know of the check with schemas, beside the findings."""
        if not self.settings.schema:
            return []
        others = self.schema_faults.others
        more = f"{others} other schema errors, not about suppliers: dt-validate reports them"
        return [note for note in (self.verdict.note, more if others else "") if note]

    @property
    def named_facts(self) -> Facts:
        """:attr:`facts`. Raises :class:`ValueError` if no kernel is named."""
        if self.facts is None:
            raise ValueError("kernel: this needs a board with a kernel, as Board.read(…, kernel=…)")
        return self.facts

    @cached_property
    def _failures(self) -> Mapping[UnresolvedReason, list[Failure]]:
        groups: dict[UnresolvedReason, list[Failure]] = {}
        explained = self.misfits
        for raw in self.graph.unresolved:
            is_open = raw.why in _OPEN and self.tree.is_overlay
            if not is_open and (raw.node, raw.at) not in explained:
                groups.setdefault(raw.why, []).append(Failure(self.tree, raw))
        return groups

    @cached_property
    def wrong_cells(self) -> Sequence[WrongCells]:
        """The suppliers whose ``#…-cells`` does not fit the lists that reference them."""
        if not self.graph.unresolved or self.tree.is_overlay:
            return ()
        from dtlink.board.wrong_cells import wrong_cells

        return wrong_cells(self.tree, self.graph.unresolved, self.graph.references)

    @cached_property
    def misfits(self) -> frozenset[tuple[int, int]]:
        """The lists that :attr:`wrong_cells` explains: nodes and positions of the properties."""
        return frozenset(place for each in self.wrong_cells for place in each.lists)

    @cached_property
    def misfit_properties(self) -> frozenset[tuple[str, str]]:
        """The same lists by paths and names of properties, with those that name their entries."""
        tree, found = self.tree, set[tuple[str, str]]()
        for each in self.wrong_cells:
            names = each.binding.resource.names if each.binding else None
            for node, at in each.lists:
                path = tree.path(node)
                found |= {(path, tree.property_name(at)), (path, names or "")}
        return frozenset(found)

    @cached_property
    def _entries(self) -> Mapping[int, Sequence[Reference]]:
        found: dict[int, list[Reference]] = {}
        for ref in self.graph.references:
            found.setdefault(ref.at, []).append(ref)
        return found

    def entries(self, at: int) -> Sequence[Reference]:
        """The references of the property whose token is at word ``at``, in its order."""
        return self._entries.get(at, ())

    def failures(self, *why: UnresolvedReason) -> Iterator[Failure]:
        """The entries of supplier properties that do not resolve for one of these reasons.

        What an overlay leaves open, and the base tree may have, is not among them; nor what
        :attr:`wrong_cells` explains.
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
        """The device that a node is, or is a part of; a node of no device stays itself."""
        return self.tree[self.device_numbers[node.index]]

    def device_index(self, index: int) -> int:
        """:meth:`device` in node numbers."""
        return self.device_numbers[index]

    @cached_property
    def device_numbers(self) -> Sequence[int]:
        """The number of each node's :meth:`device`."""
        return devices(self.tree)

    @cached_property
    def users_of_bare_controllers(self) -> Mapping[int, Collection[int]]:
        """What has interrupts of controllers without ``#interrupt-cells``, by the controller."""
        holders = self.tree.holders
        if holders("interrupt-controller").keys() <= holders("#interrupt-cells").keys():
            return {}
        from dtlink.board.interrupt_controllers import users_by_controller

        return users_by_controller(self.tree, self.graph.unresolved)

    @cached_property
    def suppliers(self) -> frozenset[int]:
        """Every node that some reference names."""
        return frozenset(map(itemgetter(1), self.graph.references))

    @cached_property
    def regulators(self) -> AbstractSet[int]:
        """The nodes with a property of a regulator."""
        columns = self.tree.columns
        return set().union(*(columns[name] for name in columns if name.startswith("regulator-")))

    @cached_property
    def unpopulated(self) -> Sequence[range]:
        """The children of the root for which the kernel makes no devices, each with all below."""
        return unpopulated(self.tree)

    @cached_property
    def passed_over(self) -> frozenset[int]:
        """The nodes with a phandle that are :attr:`unpopulated`, and that no driver reads."""
        return passed_over(self.tree, self.unpopulated)

    @cached_property
    def stranded(self) -> Sequence[Reference]:
        """The references to nodes that are :attr:`passed_over`."""
        outside = self.passed_over
        return [ref for ref in self.graph.references if ref[1] in outside] if outside else ()

    def ref(self, node: Node) -> str:
        """A node as DTS names it: ``&label``, or ``&{/path}`` where no label is known."""
        from dtlink.firmware.dts_text import reference

        return reference(node.path, self.tree.labels.get(node.path, ""))


@lru_cache(maxsize=64)
def _profile(
    version: KernelVersion, line: CommandLine, configured: int | None = None
) -> KernelProfile:
    from dtlink.facts.profile import KernelProfile

    return KernelProfile.of(version, line, configured=configured)
