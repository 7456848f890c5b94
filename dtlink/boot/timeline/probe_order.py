"""The order in which devices are settled, suppliers first, and what is given up in cycles."""

from __future__ import annotations

from collections import defaultdict

from dtlink.boot.timeline.requirement import Hold, Requirement
from dtlink.facts.resource import Requested
from dtlink.facts.resources import PCI_POWER
from dtlink.links.components import strong_components
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from dtlink.boot.timeline.devices import Devices

#: The number of the cycle that a device is part of.
_Home = dict[int, int]


class Ordered(NamedTuple):
    """The devices of a tree, suppliers first, and what they need."""

    devices: Sequence[int]
    own: Sequence[Requirement]
    of_functions: Sequence[Requirement]
    """What the PCI functions behind hosts need."""


class ProbeOrder:
    """The order of one tree's devices."""

    def __init__(self, devices: Devices) -> None:
        self._devices = devices

    def of(self, requirements: Sequence[Requirement]) -> Ordered:
        """Devices, suppliers first; and the requirements, those within a cycle relaxed."""
        own = [each for each in requirements if not each.function]
        of_functions = [each for each in requirements if each.function]
        return Ordered(*self._of(own), of_functions)

    def _of(self, requirements: Sequence[Requirement]) -> tuple[list[int], list[Requirement]]:
        """The same of those that devices have themselves.

        What the kernel orders within a cycle it does order, and what a driver is known to ask for
        holds its device; a mere request there can't be meant. Nor can one that is known, if those
        alone close a cycle: such a board would not boot, so something else is not as it seems.
        """
        needs = {device: self._maker(device) for device in self._devices.nodes}
        for each in requirements:
            needs[each.consumer] += self._supplier(each)
        components = strong_components(needs, minimum=1)
        home = _home(components)
        if not home:  # no cycles
            return list(_flat(components, {})), list(requirements)
        settled = [self._relaxed(each, home) for each in requirements]
        firm = self._firm(settled, home)
        inner = _home(strong_components(firm, minimum=2))
        if inner:
            settled = [self._given_up(each, inner) for each in settled]
            firm = self._firm(settled, home)
        return list(_flat(components, firm)), settled

    def _maker(self, device: int) -> list[int]:
        maker = self._devices.maker(device)
        return [maker] if maker >= 0 else []

    def _supplier(self, requirement: Requirement) -> list[int]:
        """The device that a requirement waits for.

        What a PCI host has made to switch on power is there before the node's own device.
        """
        device = self._devices.provider(requirement.supplier).device
        return [device] if device >= 0 and requirement.kind != PCI_POWER else []

    def _is_within(self, requirement: Requirement, home: _Home) -> bool:
        supplier = self._devices.provider(requirement.supplier).device
        cycle = home.get(requirement.consumer)
        return cycle is not None and home.get(supplier) == cycle

    def _relaxed(self, requirement: Requirement, home: _Home) -> Requirement:
        if requirement.hold is not Hold.NONE or requirement.is_certain:
            return requirement
        within = self._is_within(requirement, home)
        return requirement._replace(hold=Hold.RELAXED) if within else requirement

    def _given_up(self, requirement: Requirement, home: _Home) -> Requirement:
        """A request that is known, but closes a cycle of what holds."""
        is_request = requirement.is_certain and requirement.hold in (Hold.NONE, Hold.RELAXED)
        if is_request and self._is_within(requirement, home):
            return requirement._replace(hold=Hold.RELAXED, requested=Requested.UNKNOWN)
        return requirement

    def _firm(self, requirements: Iterable[Requirement], home: _Home) -> Mapping[int, list[int]]:
        """What holds the devices of each cycle, within it."""
        firm: dict[int, list[int]] = defaultdict(list)
        for device, cycle in home.items():
            firm[device] = [to for to in self._maker(device) if home.get(to) == cycle]
        for each in requirements:
            holds = each.hold in (Hold.LINK, Hold.SOFT) or each.is_certain
            if holds and self._is_within(each, home):
                firm[each.consumer] += self._supplier(each)
        return firm


def _home(components: Iterable[Sequence[int]]) -> _Home:
    """The cycle of each device that is part of one."""
    return {
        node: number for number, nodes in enumerate(components) if len(nodes) > 1 for node in nodes
    }


def _flat(components: Iterable[Sequence[int]], firm: Mapping[int, list[int]]) -> Iterator[int]:
    """The devices of each component in the order of what holds within it."""
    for nodes in components:
        if len(nodes) == 1:
            yield from nodes
            continue
        for each in strong_components({node: firm[node] for node in sorted(nodes)}, minimum=1):
            yield from each
