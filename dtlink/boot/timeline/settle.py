"""When each device of a tree probes, suppliers before consumers, in one pass."""

from __future__ import annotations

from collections import defaultdict

from dtlink.boot.timeline.judge import Supply, Verdict, judge
from dtlink.boot.timeline.model import later
from dtlink.boot.timeline.requirement import Hold, Requirement
from dtlink.facts.outcomes import Outcome, State, Wait, When
from dtlink.facts.resource import UNKNOWN_REQUEST, Patience
from dtlink.facts.resources import PCI_POWER
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dtlink.boot.timeline.devices import Devices
    from dtlink.boot.timeline.loading import Limits, Loading
    from dtlink.boot.timeline.probe_order import Ordered

_AT_ONCE = Supply(When.INITCALL, When.INITCALL, When.INITCALL, When.INITCALL)
_FINE = {when: Verdict(Wait.NONE, Outcome.OK, when) for when in When}
_NEVER = Supply(When.NEVER, When.NEVER, When.NEVER, When.NEVER, by_parent=True)
#: How it ends with a supplier that is there at once, however it is asked for.
_SERVED = {**_FINE, When.NEVER: Verdict(Wait.NONE, Outcome.NEVER, When.NEVER)}
_INITCALL = (When.INITCALL,) * 4


class JudgedRequirement(NamedTuple):
    """A requirement, and how it ends: if the driver asks, and if it does not.

    Where it is known whether the driver asks, both are the same but for suppliers on the way.
    """

    requirement: Requirement
    supply: Supply
    asked: Verdict
    unasked: Verdict
    if_in_time: Outcome | None = None
    """The outcome of ``asked`` if the root filesystem is mounted in time, where that is not known.

    ``None``: it is known.
    """


#: When a supplier comes: at worst, and at best.
_Supplies = tuple[Supply, Supply]


class ProbeTime(NamedTuple):
    """When a device probes: if drivers ask for all that their nodes declare, as far as it is not
    known that they do not; and if they ask only for what it is known that they ask for.
    """

    asked: When
    unasked: When


class Absence(NamedTuple):
    """How a consumer ends without its supplier: if its driver asks for it, as far as it is not
    known that it does not; and if it asks only for what it is known that it asks for.
    """

    asked: Outcome
    unasked: Outcome


_UNSETTLED = ProbeTime(When.UNKNOWN, When.UNKNOWN)


class ProbeTimes:
    """Settles devices one after the other."""

    def __init__(
        self, devices: Devices, loading: Loading, limits: Limits, *, links_nodes: bool
    ) -> None:
        self._links_nodes = links_nodes
        self._devices = devices
        self._loading = loading
        self.limits = limits
        self.times: dict[int, ProbeTime] = {}
        self.judged: list[JudgedRequirement] = []
        self._registered: dict[int, When] = {}
        self._supplies: dict[tuple[int, str], _Supplies] = {}

    def settle(self, ordered: Ordered) -> None:
        """Judge every requirement. Those that the PCI functions of a host have are judged last."""
        by_consumer: dict[int, list[Requirement]] = defaultdict(list)
        for requirement in ordered.own:
            by_consumer[requirement.consumer].append(requirement)
        for device in ordered.devices:
            self._settle(device, by_consumer.get(device, ()))
        for requirement in ordered.of_functions:
            self.judged.append(self.function(requirement, When.INITCALL))

    def registered(self, device: int) -> When:
        """When a device's driver is there, whether or not the device is."""
        found = self._registered.get(device)
        if found is None:
            found = self._loading.comes(self._devices.driver(device))
            self._registered[device] = found
        return found

    def function(self, requirement: Requirement, driver: When) -> JudgedRequirement:
        """A requirement that a PCI function of the host has, whose driver is there at a time."""
        ready = self._time(requirement.consumer)
        return self._judge(
            requirement, ProbeTime(later(ready.asked, driver), later(ready.unasked, driver))
        )

    def without(self, requirement: Requirement, *, part: bool = False) -> Absence:
        """How a requirement's consumer ends if the supplier's driver never comes.

        ``part``: the supplier's device binds, but what its driver makes to provide it does not.
        """
        provider = self._devices.provider(requirement.supplier)
        if provider.early and not provider.partly:
            return Absence(Outcome.OK, Outcome.OK)
        never, node = When.NEVER, requirement.supplier
        linked = node if self._links_nodes else self._devices.named(node)
        is_part = linked != provider.device
        bound = When.INITCALL if part else never
        made = bound if is_part else When.INITCALL
        supply = Supply(made, bound, bound, never, is_part)
        # A consumer that lacks something else too ends as if it did not.
        own = self.ready(requirement.consumer).asked
        ready = When.INITCALL if own in (When.NEVER, When.UNKNOWN) else own
        perhaps, surely = not requirement.requested.holds_nothing, requirement.is_certain
        return Absence(
            judge(requirement, supply, ready, self.limits, asked=perhaps).outcome,
            judge(requirement, supply, ready, self.limits, asked=surely).outcome,
        )

    def ready(self, device: int) -> ProbeTime:
        """When a device could probe if it needed no suppliers."""
        own, (asked, unasked) = self.registered(device), self._made(device)
        return ProbeTime(later(own, asked), later(own, unasked))

    def _time(self, device: int) -> ProbeTime:
        return self.times.get(device, _UNSETTLED)

    def _settle(self, device: int, requirements: Sequence[Requirement]) -> None:
        ready = self.ready(device)
        found = [self._judge(each, ready) for each in requirements if not _is_limited(each)]
        if len(found) < len(requirements):
            # What holds without a limit holds it before the requests that have one.
            held = _after(ready, found, firmly=True)
            limited = filter(_is_limited, requirements)
            found += [self._judge_limited(each, ready, held) for each in limited]
        self.times[device] = _after(ready, found)
        self.judged += found

    def _judge_limited(
        self, requirement: Requirement, ready: ProbeTime, later: ProbeTime
    ) -> JudgedRequirement:
        """A request that has a limit, of a device that may be held by something else until later.

        One that never gets there has no say.
        """
        judged = self._judge(requirement, later)
        if later.asked is When.NEVER and ready.asked is not When.NEVER:
            silent = Verdict(judged.asked.wait, Outcome.UNKNOWN, ready.asked)
            judged = judged._replace(asked=silent)
        if later.unasked is When.NEVER and ready.unasked is not When.NEVER:
            silent = Verdict(judged.unasked.wait, Outcome.UNKNOWN, ready.unasked)
            judged = judged._replace(unasked=silent)
        return judged

    def _judge(self, requirement: Requirement, ready: ProbeTime) -> JudgedRequirement:
        provider = self._devices.provider(requirement.supplier)
        if provider.early and not provider.partly:
            return JudgedRequirement(
                requirement, _AT_ONCE, _FINE[ready.asked], _FINE[ready.unasked]
            )
        if provider.partly:
            requirement = requirement._replace(hold=Hold.NONE, request=UNKNOWN_REQUEST)
        supply, at_best = self._supply(requirement, provider.device)
        asked, unasked = ready
        if supply is at_best and supply[:4] == _INITCALL:
            return JudgedRequirement(requirement, supply, _SERVED[asked], _SERVED[unasked])
        perhaps, surely = not requirement.requested.holds_nothing, requirement.is_certain
        verdict = judge(requirement, supply, asked, self.limits, asked=perhaps)
        if supply is at_best and asked is unasked and perhaps is surely:
            return JudgedRequirement(requirement, supply, verdict, verdict)
        other = judge(requirement, at_best, unasked, self.limits, asked=surely)
        return JudgedRequirement(requirement, supply, verdict, other)

    def _supply(self, requirement: Requirement, device: int) -> _Supplies:
        """When a supplier comes; and when, if no driver on the way asks without being known to.

        It is the same for all its consumers once its device, and what makes that, is settled.
        """
        if device < 0:
            return _NEVER, _NEVER
        key = requirement.supplier, requirement.kind
        found = self._supplies.get(key)
        if found is None:
            found = self._find_supply(requirement, device)
            maker = self._devices.maker(device)
            if device in self.times and (maker < 0 or maker in self.times):
                self._supplies[key] = found
        return found

    def _find_supply(self, requirement: Requirement, device: int) -> _Supplies:
        if requirement.kind == PCI_POWER:
            there = self._part(requirement.supplier, device, PCI_POWER)
            only = Supply(When.INITCALL, there, there, there, by_parent=True)
            return only, only
        devices, registered, bound = self._devices, self.registered(device), self._time(device)
        node = requirement.supplier
        linked = node if self._links_nodes else devices.named(node)
        made = bound if linked != device else self._made(device)
        cell = self._part(node, device, requirement.kind)
        by_parent = linked != device
        worst = Supply(made[0], registered, bound[0], later(bound[0], cell), by_parent)
        if made[0] is made[1] and bound[0] is bound[1]:
            return worst, worst
        return worst, Supply(made[1], registered, bound[1], later(bound[1], cell), by_parent)

    def _part(self, node: int, device: int, kind: str) -> When:
        """When a part of a bound device, or a device that its driver makes, provides a resource."""
        if found := self._devices.providing(node, kind):
            times = {self.registered(each) for each in found}
            # Which of several provides it is not known.
            return times.pop() if len(times) == 1 else When.UNKNOWN
        if node == device:
            return When.INITCALL
        if self._devices.driver(device).state is State.EARLY:
            return When.UNKNOWN  # a plain bus speaks for it, and serves nothing
        return self.registered(node)

    def _made(self, device: int) -> ProbeTime:
        maker = self._devices.maker(device)
        return ProbeTime(When.INITCALL, When.INITCALL) if maker < 0 else self._time(maker)


def _after(
    ready: ProbeTime, judged: Sequence[JudgedRequirement], *, firmly: bool = False
) -> ProbeTime:
    """When a device probes that waits for all of some; ``firmly``: for those that are firm."""
    asked, unasked = ready
    for each in judged:
        if each.asked.firm or not firmly:
            asked = later(asked, each.asked.then)
        if each.unasked.firm or not firmly:
            unasked = later(unasked, each.unasked.then)
    return ProbeTime(asked, unasked)


def _is_limited(requirement: Requirement) -> bool:
    return requirement.request.patience is Patience.TIMEOUT
