"""What devices need before they can probe, followed to the roots: suppliers, parents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dtlink.boot.timeline.model import PARENT
from dtlink.boot.timeline.requirement import Hold
from dtlink.facts.outcomes import State
from dtlink.facts.resource import Asker
from dtlink.facts.resources import INTERRUPT
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.boot.drivers.made import MadeDevice
    from dtlink.boot.timeline.devices import Devices, Provider
    from dtlink.boot.timeline.requirement import Requirement
    from dtlink.facts.outcomes import Driver


class NeededNode(NamedTuple):
    """A node that is needed, and what needs it by which binding."""

    node: int
    consumer: int
    """-1 for a node that was asked for."""
    binding: str
    made: MadeDevice | None = None
    """Not the node itself is needed, but this device, which the node's driver makes."""
    is_sure: bool = True
    """Whether the device that is made is known to provide what is needed."""


class Needs:
    """Follows what devices need, suppliers before consumers."""

    def __init__(self, devices: Devices, requirements: Iterable[Requirement]) -> None:
        self.devices = devices
        self._tree = devices.tree
        self._suppliers: dict[int, list[Requirement]] = {}
        for each in requirements:
            # What closes a cycle does not hold the consumer, whose driver may still ask for it.
            if each.hold is not Hold.RELAXED or each.request.asker is not Asker.UNKNOWN:
                self._suppliers.setdefault(each.consumer, []).append(each)

    def follow(self, nodes: Iterable[int]) -> list[NeededNode]:
        """What nodes need, and they themselves, each once, in the order of need."""
        order: list[NeededNode] = []
        entered: set[tuple[int, MadeDevice | None]] = set()
        for start in nodes:
            steps = [(NeededNode(start, -1, ""), False)]
            while steps:
                step, done = steps.pop()
                if done:
                    order.append(step)
                elif (step.node, step.made) not in entered:
                    entered.add((step.node, step.made))
                    steps.append((step, True))
                    before = () if step.made else self._of(step.node)
                    steps += [(each, False) for each in reversed(list(before))]
        return order

    def driver(self, step: NeededNode) -> Driver:
        """The driver of what is needed."""
        return step.made.driver if step.made else self.devices.driver(step.node)

    def _of(self, node: int) -> Iterator[NeededNode]:
        """The nearest device above a node, and what the node references."""
        devices = self.devices
        above = devices.at(self._tree.parents[node])
        if above >= 0:
            yield NeededNode(above, node, PARENT)
        # What needs no driver waits for nothing: a bus in name only does not hold its children.
        is_early = devices.driver(node).state is State.EARLY
        for each in () if is_early else self._suppliers.get(node, ()):
            supplier, binding = each.supplier, each.binding
            provider = devices.provider(supplier)
            if provider.device >= 0 and not self._is_early(provider, each.kind):
                yield NeededNode(provider.device, node, binding)
                if devices.driver(supplier).modules and supplier != provider.device:
                    yield NeededNode(supplier, node, binding)
                yield from self._made(each, provider.device)

    @staticmethod
    def _is_early(provider: Provider, kind: str) -> bool:
        """Whether a resource is there before there are devices.

        What is early of a device that provides more is its interrupts (imx_gpcv2_irqchip_init() of
        drivers/irqchip/irq-imx-gpcv2.c), or some of its clocks.
        """
        return provider.early and not (provider.partly and kind != INTERRUPT.kind)

    def _made(self, requirement: Requirement, maker: int) -> Iterator[NeededNode]:
        """The devices that the driver of the supplier's device makes, and that provide for it."""
        supplier, kind = requirement.supplier, requirement.kind
        numbers = self.devices.providing(supplier, kind)
        is_sure = bool(numbers)
        for number in numbers or self.devices.perhaps_providing(supplier, kind):
            made = self.devices.made(number)
            yield NeededNode(maker, requirement.consumer, requirement.binding, made, is_sure)
