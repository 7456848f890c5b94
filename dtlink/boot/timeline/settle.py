"""When each device of a tree probes, suppliers before consumers, in one pass."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from dtlink.boot.timeline.judge import Supply, Verdict, judge
from dtlink.boot.timeline.model import latest
from dtlink.boot.timeline.requirements import Hold, Requirement
from dtlink.facts.outcomes import Outcome, State, Wait, When
from dtlink.facts.resource import UNKNOWN_REQUEST, Patience
from dtlink.links.components import strong_components

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from dtlink.boot.timeline.devices import Devices
    from dtlink.boot.timeline.limits import Limits
    from dtlink.boot.timeline.loading import Loading

_AT_ONCE = Supply(When.INITCALL, When.INITCALL, When.INITCALL, When.INITCALL)
_NEVER = Supply(When.NEVER, When.NEVER, When.NEVER, When.NEVER, spoken_for=True)


class Judged(NamedTuple):
    """An arc, and how it ends: if the driver asks, and if it does not."""

    arc: Requirement
    supply: Supply
    asked: Verdict
    unasked: Verdict


class Times(NamedTuple):
    """When a device probes: if drivers ask for all that their nodes declare, and if for nothing."""

    asked: When
    unasked: When


_UNSETTLED = Times(When.UNKNOWN, When.UNKNOWN)


class Settler:
    """Settles devices one after the other."""

    def __init__(
        self, devices: Devices, loading: Loading, limits: Limits, *, links_nodes: bool
    ) -> None:
        self._links_nodes = links_nodes
        self._devices = devices
        self._loading = loading
        self._limits = limits
        self.times: dict[int, Times] = {}
        self.judged: list[Judged] = []

    def settle(self, arcs: Sequence[Requirement]) -> None:
        """Judge every arc. Those that the PCI functions of a host have are judged last."""
        own = [arc for arc in arcs if not arc.function]
        order, own = self._in_order(own)
        by_consumer: dict[int, list[Requirement]] = defaultdict(list)
        for arc in own:
            by_consumer[arc.consumer].append(arc)
        for device in order:
            self._settle(device, by_consumer.get(device, ()))
        for arc in arcs:
            if arc.function:
                self.judged.append(self.function(arc, When.INITCALL))

    def registered(self, device: int) -> When:
        """When a device's driver is there, whether or not the device is."""
        return self._loading.comes(self._devices.driver(device))

    def function(self, arc: Requirement, driver: When) -> Judged:
        """An arc that a PCI function of the host has, whose driver is there at a time."""
        ready = self._time(arc.consumer)
        return self._judge(
            arc, Times(latest((ready.asked, driver)), latest((ready.unasked, driver)))
        )

    def ready(self, device: int) -> Times:
        """When a device could probe if it needed no suppliers."""
        own, above = self.registered(device), self._made(device)
        return Times(latest((own, above.asked)), latest((own, above.unasked)))

    def _time(self, device: int) -> Times:
        return self.times.get(device, _UNSETTLED)

    def _settle(self, device: int, arcs: Sequence[Requirement]) -> None:
        ready = self.ready(device)
        found = [self._judge(arc, ready) for arc in arcs if not _is_limited(arc)]
        # What holds without a limit holds it before the requests that have one.
        later = Times(
            latest([ready.asked, *(each.asked.then for each in found if each.asked.firm)]),
            latest([ready.unasked, *(each.unasked.then for each in found if each.unasked.firm)]),
        )
        found += [self._judge_limited(arc, ready, later) for arc in arcs if _is_limited(arc)]
        self.times[device] = Times(
            latest([ready.asked, *(each.asked.then for each in found)]),
            latest([ready.unasked, *(each.unasked.then for each in found)]),
        )
        self.judged += found

    def _judge_limited(self, arc: Requirement, ready: Times, later: Times) -> Judged:
        """A request that has a limit, of a device that may be held by something else until later.

        One that never gets there has no say.
        """
        judged = self._judge(arc, later)
        if later.asked is When.NEVER and ready.asked is not When.NEVER:
            silent = Verdict(judged.asked.wait, Outcome.UNKNOWN, ready.asked)
            judged = judged._replace(asked=silent)
        if later.unasked is When.NEVER and ready.unasked is not When.NEVER:
            silent = Verdict(judged.unasked.wait, Outcome.UNKNOWN, ready.unasked)
            judged = judged._replace(unasked=silent)
        return judged

    def _judge(self, arc: Requirement, ready: Times) -> Judged:
        server = self._devices.server(arc.supplier)
        if server.early and not server.partly:
            fine = [Verdict(Wait.NONE, Outcome.OK, when) for when in ready]
            return Judged(arc, _AT_ONCE, fine[0], fine[1])
        if server.partly:
            arc = arc._replace(hold=Hold.NONE, request=UNKNOWN_REQUEST)
        supply, at_best = self._supply(arc, server.device)
        return Judged(
            arc,
            supply,
            judge(arc, supply, ready.asked, self._limits),
            judge(arc, at_best, ready.unasked, self._limits, asked=False),
        )

    def _supply(self, arc: Requirement, device: int) -> tuple[Supply, Supply]:
        """When the supplier of an arc comes; and if no driver on the way asks for anything."""
        if device < 0:
            return _NEVER, _NEVER
        devices, registered, bound = self._devices, self.registered(device), self._time(device)
        node = arc.supplier
        linked = node if self._links_nodes else devices.named(node)
        made = bound if linked != device else self._made(device)
        cell = When.INITCALL if node == device else self._part(node, device)
        best, worst = (
            Supply(made[n], registered, bound[n], latest((bound[n], cell)), linked != device)
            for n in (1, 0)
        )
        return worst, best

    def _part(self, node: int, device: int) -> When:
        """When what a part of a device stands for is there, the device being bound."""
        if self._devices.driver(device).state is State.EARLY:
            return When.UNKNOWN  # a plain bus speaks for it, and serves nothing
        return self.registered(node)

    def _made(self, device: int) -> Times:
        maker = self._devices.maker(device)
        return Times(When.INITCALL, When.INITCALL) if maker < 0 else self._time(maker)

    def _in_order(self, arcs: Sequence[Requirement]) -> tuple[list[int], list[Requirement]]:
        """Devices, suppliers first; and the arcs, with those relaxed that lie within a cycle.

        What the kernel orders within a cycle it does order; a mere request there can't be meant.
        """
        needs: dict[int, list[int]] = {device: [] for device in self._devices.nodes}
        for device in self._devices.nodes:
            if (maker := self._devices.maker(device)) >= 0:
                needs[device].append(maker)
        for arc in arcs:
            if (device := self._devices.server(arc.supplier).device) >= 0:
                needs[arc.consumer].append(device)
        components = strong_components(needs, minimum=1)
        home = {
            node: number
            for number, nodes in enumerate(components)
            if len(nodes) > 1
            for node in nodes
        }
        settled = [self._relaxed(arc, home) for arc in arcs]
        return list(self._ordered(components, settled, home)), settled

    def _relaxed(self, arc: Requirement, home: Mapping[int, int]) -> Requirement:
        if arc.hold is not Hold.NONE or arc.consumer not in home:
            return arc
        device = self._devices.server(arc.supplier).device
        within = home.get(device) == home[arc.consumer]
        return arc._replace(hold=Hold.RELAXED) if within else arc

    def _ordered(
        self,
        components: Iterable[Sequence[int]],
        arcs: Iterable[Requirement],
        home: Mapping[int, int],
    ) -> Iterable[int]:
        """The devices of each component in the order of what is enforced within it."""
        firm: dict[int, list[int]] = defaultdict(list)
        for arc in arcs:
            if arc.consumer in home and arc.hold in (Hold.LINK, Hold.SOFT):
                firm[arc.consumer].append(self._devices.server(arc.supplier).device)
        for nodes in components:
            if len(nodes) == 1:
                yield from nodes
                continue
            inside = set(nodes)
            needs = {
                node: [to for to in (*firm[node], self._devices.maker(node)) if to in inside]
                for node in sorted(nodes)
            }
            for each in strong_components(needs, minimum=1):
                yield from each


def _is_limited(arc: Requirement) -> bool:
    return arc.request.patience is Patience.TIMEOUT
