"""From each dependency that ends badly to the driver at the end of the chain."""

from __future__ import annotations

from dtlink.boot.timeline.model import PARENT, AffectedDevice, Cause, is_later, worst
from dtlink.facts.outcomes import Outcome, Wait, When
from dtlink.facts.resources import PCI_POWER
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from dtlink.boot.timeline.devices import Devices
    from dtlink.boot.timeline.settle import JudgedRequirement, ProbeTimes

#: Upper bound on the drivers that delay a device equally and are followed to its consumers.
_ROOTS = 8
_NO_CLAIM = (Outcome.OK, Outcome.UNKNOWN)


class TimelineCauses:
    """Follows chains to their ends, suppliers before consumers."""

    def __init__(self, devices: Devices, times: ProbeTimes, if_in_time: ProbeTimes) -> None:
        self._devices = devices
        self._times = times
        self._if_in_time = if_in_time
        self._roots: dict[int, tuple[int, ...]] = {}
        self._taken: dict[int, dict[int, AffectedDevice]] = {}

    def causes(self, judged: Sequence[JudgedRequirement]) -> list[Cause]:
        """One cause for each driver, the costliest outcome first, then by the devices' number."""
        by_consumer: dict[int, list[JudgedRequirement]] = {}
        for each in judged:
            if not each.requirement.function:
                by_consumer.setdefault(each.requirement.consumer, []).append(each)
        for device in self._times.times:  # in the order in which they were settled
            own = by_consumer.get(device, [])
            self._roots[device] = tuple(self._find_roots(device, own))
            self._blame(own)
            self._blame_maker(device)
        self._blame([each for each in judged if each.requirement.function])
        found = [self._cause(root, taken) for root, taken in self._taken.items()]
        ranks = list(Outcome)
        return sorted(found, key=lambda c: (-ranks.index(c.outcome), -len(c.devices), c.supplier))

    def _find_roots(self, device: int, judged: Iterable[JudgedRequirement]) -> Iterable[int]:
        """What decides when a device probes: the ends of the chains of the latest suppliers."""
        when = self._times.times[device].asked
        if when in (When.INITCALL, When.UNKNOWN):
            return ()
        found: dict[int, None] = {}
        maker = self._devices.maker(device)
        if maker >= 0 and self._times.times[maker].asked is when:
            found.update(dict.fromkeys(self._roots.get(maker, ())))
        if self._times.registered(device) is when and not self._same_driver(device, found):
            found[device] = None
        delayed = is_later(when, self._times.ready(device).asked)
        for each in judged if delayed else ():
            if each.asked.then is when and each.asked.outcome not in _NO_CLAIM:
                found.update(dict.fromkeys(self._ends(each)))
        return list(found)[:_ROOTS]

    def _same_driver(self, device: int, roots: Iterable[int]) -> bool:
        """Whether what one of the roots lacks is what a device lacks."""
        own = self._devices.driver(device)
        others = (self._devices.driver(root) for root in roots)
        return any(
            own.modules == other.modules and own.config == other.config and own.state is other.state
            for other in others
            if own.modules or own.config
        )

    def _ends(self, judged: JudgedRequirement) -> Sequence[int]:
        """The ends of the chain that a dependency begins."""
        supply, supplier = judged.supply, judged.requirement.supplier
        device = self._devices.provider(supplier).device
        own = judged.requirement.kind == PCI_POWER
        if own or device < 0 or is_later(supply.comes, supply.bound):
            # Of several that may provide it, any is as late as the others.
            return self._devices.providing(supplier, judged.requirement.kind)[:1] or (supplier,)
        return self._roots.get(device, ())

    def _blame(self, judged: Iterable[JudgedRequirement]) -> None:
        for each in judged:
            requirement, verdict = each.requirement, each.asked
            if verdict.outcome in _NO_CLAIM:
                continue
            if self._times.ready(requirement.consumer).asked is When.NEVER:
                continue  # it lacks its own driver, or what makes it
            for root in self._ends(each):
                self._take(
                    root,
                    AffectedDevice(
                        requirement.consumer,
                        requirement.binding,
                        requirement.supplier,
                        verdict.wait,
                        verdict.outcome,
                        each.unasked.outcome,
                        each.if_in_time or verdict.outcome,
                        requirement.request.loss,
                    ),
                )

    def _blame_maker(self, device: int) -> None:
        """A device that is not made, since the one that makes it comes late."""
        maker = self._devices.maker(device)
        own = self._times.registered(device)
        if maker < 0 or own is When.NEVER:
            return
        times = self._times.times[maker]
        if times.asked is When.UNKNOWN or not is_later(times.asked, own):
            return
        limits, other = self._times.limits, self._if_in_time
        end = limits.met(times.asked)
        best = limits.met(times.unasked) if is_later(times.unasked, own) else Outcome.OK
        asked = other.times[maker].asked
        if_in_time = other.limits.met(asked) if is_later(asked, own) else Outcome.OK
        taken = AffectedDevice(device, PARENT, maker, Wait.NONE, end, best, if_in_time)
        for root in self._roots.get(maker, ()):
            self._take(root, taken)

    def _take(self, root: int, taken: AffectedDevice) -> None:
        """Keep, for each device, the worst that a cause does to it."""
        devices = self._taken.setdefault(root, {})
        before = devices.get(taken.node)
        if before is None or worst((before.outcome, taken.outcome)) is not before.outcome:
            devices[taken.node] = taken

    def _cause(self, root: int, taken: Mapping[int, AffectedDevice]) -> Cause:
        devices = tuple(taken[node] for node in sorted(taken))
        end = worst(each.outcome for each in devices)
        wait = next(each.wait for each in devices if each.outcome is end)
        made = self._devices.made(root)
        supplier, alias = (root, "") if made is None else (made.maker, made.alias)
        driver, comes = self._devices.driver(root), self._comes(root)
        return Cause(supplier, driver, comes, wait, end, devices, alias)

    def _comes(self, root: int) -> When:
        """When the driver at the end of a chain comes; a node without a device has none."""
        devices = self._devices
        if root in devices or devices.made(root) or devices.provider(root).device >= 0:
            return self._times.registered(root)
        return When.NEVER
