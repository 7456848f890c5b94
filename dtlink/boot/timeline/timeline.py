"""When the devices of a tree can probe, in one kernel with one initramfs."""

from __future__ import annotations

from functools import cached_property

from dtlink.boot.timeline.causes import TimelineCauses
from dtlink.boot.timeline.clock import RootTiming, root_timing
from dtlink.boot.timeline.loading import Loading, limits_of, loading_of
from dtlink.boot.timeline.model import Cause, Dependency, worst
from dtlink.boot.timeline.probe_order import ProbeOrder
from dtlink.boot.timeline.settle import ProbeTimes
from dtlink.boot.timeline.timeout_waits import TimeoutWaits
from dtlink.facts.outcomes import Driver, Outcome, State, Wait, When
from dtlink.facts.resource import Patience
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from dtlink.boot.timeline.devices import Devices
    from dtlink.boot.timeline.requirement import Requirement
    from dtlink.boot.timeline.settle import Absence, JudgedRequirement
    from dtlink.facts.profile import KernelProfile
    from dtlink.kernel.holdings.model import Holdings
    from dtlink.kernel.initramfs import Initramfs

_BUILT_IN = Driver(State.BUILT_IN)


class Timeline:
    """When the devices of one tree probe, and what holds them back.

    Times rest on the assumption that a driver asks for all that its node declares; see
    :attr:`Dependency.unasked` for the other.

    ``initramfs``: ``None`` if there is none, so that every module is on the root file system.
    ``root``: the modules that are there; ``None``: all that the kernel has.
    ``root_after``: seconds from the last driver registration in the initramfs to the first module
    of the root file system; ``None``: not known. ``root_delay``: ``rootdelay=`` of the command
    line. ``media``: all controllers of which one has the root file system, if they are known.
    ``modules``: whether the kernel has CONFIG_MODULES. ``build`` knows which modules need which.
    """

    def __init__(
        self,
        devices: Devices,
        requirements: Sequence[Requirement],
        profile: KernelProfile,
        *,
        initramfs: Initramfs | None = None,
        root: Collection[str] | None = None,
        root_after: float | None = None,
        root_delay: int | None = None,
        media: Collection[int] = (),
        modules: bool = True,
        build: Holdings | None = None,
    ) -> None:
        self._devices = devices
        self._ordered = ProbeOrder(devices).of(requirements)
        self._profile = profile
        self._modules = modules
        shared = root is None
        self._loading = loading_of(initramfs, build) if shared else Loading(initramfs, root, build)
        delay = root_delay if initramfs is None else None
        self._timing = root_timing(profile, root_after, delay)
        self._times = self._settled(self._timing)
        self._waits_of: dict[int, Sequence[Dependency]] = {}
        if self._timing is RootTiming.UNKNOWN and media:
            waits = TimeoutWaits(devices, self._times)
            self._timing = RootTiming.TOO_LATE if waits.have_all(media) else self._timing

    def _settled(self, timing: RootTiming) -> ProbeTimes:
        limits = limits_of(self._profile, timing, modules=self._modules)
        times = ProbeTimes(
            self._devices, self._loading, limits, links_nodes=self._profile.links_nodes
        )
        times.settle(self._ordered)
        return times

    @cached_property
    def _if_in_time(self) -> ProbeTimes:
        """The same if the root filesystem is mounted in time, where that is not known.

        Only a request with a limit makes it differ: it is settled again for those alone.
        """
        is_open = self._timing is RootTiming.UNKNOWN and any(map(_is_ended, self._times.judged))
        return self._settled(RootTiming.IN_TIME) if is_open else self._times

    @cached_property
    def _judged(self) -> Sequence[JudgedRequirement]:
        """Every requirement, with its outcome in both cases."""
        other = self._if_in_time
        if other is self._times:
            return other.judged
        both = zip(self._times.judged, other.judged, strict=True)
        return [
            one
            if then.asked.outcome is one.asked.outcome
            else one._replace(if_in_time=then.asked.outcome)
            for one, then in both
        ]

    @property
    def devices(self) -> Sequence[int]:
        """The nodes that are, or can become, devices, in the order of the tree."""
        return self._devices.nodes

    def when(self, node: int) -> When:
        """When a device probes at the earliest; of a node that is none, when what serves it does.

        ``NEVER`` also if it is lost until it is bound by hand.
        """
        provider = self._devices.provider(node)
        if node not in self._devices and provider.early:
            return When.INITCALL
        found = self._times.times.get(provider.device)
        return When.NEVER if found is None else found.asked

    def comes(self, node: int) -> When:
        """When the driver of a node is there, whatever holds the device back."""
        return self._times.registered(node)

    def outcome(self, node: int) -> Outcome:
        """How a device ends: the worst that any of its suppliers does to it."""
        times = self._times.times.get(node)
        if times is None or times.asked is When.UNKNOWN:
            return Outcome.UNKNOWN
        if self._times.ready(node).asked is When.NEVER:
            return Outcome.NEVER
        own = (each.outcome for each in self.waits_of(node) if not each.of_functions)
        return worst((Outcome.OK, *own))

    @cached_property
    def waits(self) -> Sequence[Dependency]:
        """Every dependency of a device on another, those that cost nothing included."""
        return [self._dependency(each) for each in self._judged]

    @property
    def providers(self) -> frozenset[int]:
        """The devices that provide for some of :attr:`waits`; -1 if for one there is none."""
        suppliers = {each.requirement.supplier for each in self._times.judged}
        return frozenset(self._devices.provider(each).device for each in suppliers)

    @cached_property
    def absences(self) -> Sequence[Absence]:
        """For each of :attr:`waits`: how its consumer ends if the supplier never probes."""
        return [self._times.without(each.requirement) for each in self._judged]

    def without_part(self, requirement: Requirement) -> Absence:
        """How a consumer ends if the device that a supplier's driver makes for it never binds."""
        return self._times.without(requirement, part=True)

    def waits_of(self, node: int) -> Sequence[Dependency]:
        """The dependencies of a device."""
        found = self._waits_of.get(node)
        if found is None:
            judged = self._by_consumer.get(node, ())
            found = self._waits_of[node] = list(map(self._dependency, judged))
        return found

    def waits_by(self, bindings: Collection[str]) -> Iterator[Dependency]:
        """Those of :attr:`waits` that some bindings say."""
        for each in self._judged:
            if each.requirement.binding in bindings:
                yield self._dependency(each)

    def functions(self, host: int, driver: Driver = _BUILT_IN) -> Sequence[Dependency]:
        """What a PCI function behind a host that has an ``iommu-map`` depends on.

        ``driver`` is that of the function: :attr:`waits` take it for built in.
        """
        when = self._loading.comes(driver)
        return [
            self._dependency(self._function(each.requirement, when))
            for each in self._times.judged
            if each.requirement.function and each.requirement.consumer == host
        ]

    def _function(self, requirement: Requirement, when: When) -> JudgedRequirement:
        """A requirement of a PCI function whose driver is there at a time."""
        if_in_time = self._if_in_time.function(requirement, when).asked.outcome
        return self._times.function(requirement, when)._replace(if_in_time=if_in_time)

    def causes(self) -> list[Cause]:
        """The drivers that come late or never, each with the devices that it takes down.

        What is only late since its supplier's module is in the initramfs is one too, as ``LATE``.
        Where nothing can be claimed (``UNKNOWN``) there is none.
        """
        found = TimelineCauses(self._devices, self._times, self._if_in_time)
        return found.causes(self._judged)

    @cached_property
    def _by_consumer(self) -> Mapping[int, list[JudgedRequirement]]:
        found: dict[int, list[JudgedRequirement]] = {}
        for each in self._judged:
            found.setdefault(each.requirement.consumer, []).append(each)
        return found

    def _dependency(self, judged: JudgedRequirement) -> Dependency:
        requirement = judged.requirement
        return Dependency(
            requirement.consumer,
            requirement.supplier,
            requirement.binding,
            requirement.node,
            self._devices.provider(requirement.supplier).device,
            judged.supply.comes,
            judged.asked.wait,
            judged.asked.outcome,
            judged.unasked.outcome,
            judged.if_in_time or judged.asked.outcome,
            requirement.function,
        )


def _is_ended(judged: JudgedRequirement) -> bool:
    """Whether a request ends before a module of the root filesystem could meet it."""
    patience, wait = judged.requirement.request.patience, judged.asked.wait
    # A request that does not wait is made when the timeout has ended the wait for the device.
    return (
        (patience is Patience.TIMEOUT or (patience is Patience.NONE and wait is Wait.DEVICE_LINK))
        and judged.supply.comes is When.ROOT
        and judged.asked.outcome in (Outcome.DEGRADED, Outcome.LOST, Outcome.UNKNOWN)
    )
