"""Which nodes become devices, and in which order (Linux, drivers/of/platform.c).

What the kernel serves before there are drivers may need no device: no consumer waits for it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache

from dtlink.facts.behaviours import (
    BOOT_FRAMEBUFFER,
    BUS_NEEDS_ADDRESS_CELLS,
    FIRMWARE_BUSES,
    RESERVED_MEMORY_ONLY,
    STRINGS_END_IN_NUL,
)
from dtlink.facts.early import early_tables
from dtlink.facts.platform import SERVED_MEMORY, TRANSPARENT_BUSES
from dtlink.firmware.tree import strings_of
from dtlink.links.address import Region, first_region
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.boot.devlink.availability import Availability
    from dtlink.facts.kernels import KernelVersion

_NEVER = frozenset((b"operating-points-v2",))
_AMBA = frozenset((b"arm,primecell",))
#: What describes a part of its parent although it has a compatible (connectors of Type-C
#: controllers: fw_devlink_purge_absent_suppliers(); partitions and the like: never a bus's child).
_PARTS = frozenset(
    (
        b"usb-c-connector",
        b"usb-a-connector",
        b"usb-b-connector",
        b"fixed-partitions",
        b"fixed-layout",
    )
)
_FRAMEBUFFER = frozenset((b"simple-framebuffer",))
_BUSES = frozenset(TRANSPARENT_BUSES)
_NONE: list[bytes] = []

#: Interrupt controllers that ask for a device all the same, since a driver has to serve more than
#: their interrupts (arch/arm/mach-imx/gpc.c, arch/arm/mach-exynos/suspend.c, irq-imx-gpcv2.c).
_DEVICES_TOO = frozenset(
    (
        "fsl,imx6q-gpc",
        "fsl,imx7d-gpc",
        "fsl,imx8mq-gpc",
        "samsung,exynos3250-pmu",
        "samsung,exynos4210-pmu",
        "samsung,exynos4412-pmu",
        "samsung,exynos5250-pmu",
        "samsung,exynos5420-pmu",
    )
)


class Spawn(NamedTuple):
    """A node becomes a device below another node's device; ``above`` is -1 for none."""

    node: int
    above: int
    bus: str


class Population:
    """Makes each node a device at most once. Compatibles are compared without regard to case."""

    def __init__(self, availability: Availability, served: Collection[int] = ()) -> None:
        tree, version = availability.tree, availability.version
        self._tree = tree
        self._unavailable = availability.unavailable
        self._version = version
        self._reads_open_end = not STRINGS_END_IN_NUL.on(version)
        self._compatibles = tree.holders("compatible")
        self._known: dict[int, _Traits] = {}
        self._populated: set[int] = set(served)
        """Nodes with the flag OF_POPULATED; to begin with, those that need no device."""
        self._regions: list[Region] = []

    def compatible(self, node: int) -> list[bytes]:
        """A node's ``compatible`` strings in small letters."""
        return self._traits(node).names if node in self._compatibles else _NONE

    def is_any(self, node: int, names: frozenset[bytes]) -> bool:
        """Whether a node has one of the compatibles."""
        return not names.isdisjoint(self.compatible(node))

    def names_driver(self, node: int) -> bool:
        """Whether a node has ``compatible``."""
        return node in self._compatibles

    def is_part(self, node: int) -> bool:
        """Whether a node is not a device of its own for any driver of the one above it."""
        if node in self._compatibles and self._traits(node).is_part:
            return True
        return self._tree.layout.names[node].partition(b"@")[0] in (b"port", b"ports")

    def _traits(self, node: int) -> _Traits:
        """What the compatibles of a node that has some say of it."""
        found = self._known.get(node)
        if found is None:
            found = self._known[node] = _traits(
                self._tree.value(self._compatibles[node]), self._reads_open_end
            )
        return found

    def at_boot(self) -> Iterator[Spawn]:
        """The devices that there are without any driver (of_platform_default_populate_init())."""
        yield from self.first()
        yield from self.at_root()

    def first(self) -> Iterator[Spawn]:
        """The devices that are made before those below the root node."""
        top = {self._tree.layout.names[node]: node for node in self._tree.children[0][::-1]}
        yield from self._memory(top.get(b"reserved-memory", -1))
        deep = FIRMWARE_BUSES.on(self._version)
        for node in self._children(top.get(b"firmware", -1)):
            yield from self.below_bus(node, -1, deep=deep)
        if BOOT_FRAMEBUFFER.on(self._version):
            yield from self._framebuffer(top.get(b"chosen", -1))

    def at_root(self) -> Iterator[Spawn]:
        """The devices that are made of the root node's children, and of those of buses."""
        for node in self._children(0):
            yield from self.below_bus(node, -1)

    def _memory(self, reserved: int) -> Iterator[Spawn]:
        """Memory that a driver serves; ``reserved`` is /reserved-memory, or -1."""
        only = RESERVED_MEMORY_ONLY.on(self._version)
        served = SERVED_MEMORY.items()
        names = frozenset(name for name, known in served if self._version in known)
        for node in self._children(reserved) if only else sorted(self._with_any(names)):
            if node in self._compatibles and self.is_any(node, names):
                yield from self._platform(node, -1)

    def _with_any(self, names: frozenset[bytes]) -> Iterator[int]:
        """The nodes that have one of the compatibles."""
        open_end = self._reads_open_end
        for value, nodes in self._tree.by_compatible.items():
            if not names.isdisjoint(_traits(value, open_end).names):
                yield from nodes

    def _framebuffer(self, chosen: int) -> Iterator[Spawn]:
        """The first framebuffer that the boot loader has set up."""
        for node in self._children(chosen):
            if self.is_any(node, _FRAMEBUFFER):
                yield from self._platform(node, -1)
                break

    def children_of(self, node: int) -> Iterator[Spawn]:
        """What a driver makes of the children of its device (of_platform_populate())."""
        for child in self._children(node):
            yield from self.below_bus(child, node, deep=False)

    def below_bus(self, node: int, above: int, *, deep: bool = True) -> Iterator[Spawn]:
        """A bus's child, and if it is a bus itself, all below it (of_platform_bus_create())."""
        if node not in self._compatibles:
            return
        traits = self._traits(node)
        if traits.is_never:
            return
        if traits.is_amba:
            yield from self._amba(node, above)
            return
        for device in self._platform(node, above):
            yield device
            if deep and traits.is_bus:
                for child in self._children(node):
                    yield from self.below_bus(child, node)

    def _children(self, node: int) -> Iterable[int]:
        return self._tree.children[node] if node >= 0 else ()

    def _platform(self, node: int, above: int) -> Iterator[Spawn]:
        if node not in self._unavailable and node not in self._populated:
            self._populated.add(node)
            yield Spawn(node, above, "platform")

    def _amba(self, node: int, above: int) -> Iterator[Spawn]:
        """An AMBA device, if its registers can be found and no other device has taken them."""
        if node in self._unavailable or node in self._populated:
            return
        own_cells = BUS_NEEDS_ADDRESS_CELLS.on(self._version)
        region = first_region(self._tree, node, own_cells=own_cells)
        if region is None:
            return
        number = bisect_left(self._regions, Region(region.end, -1))
        if number and region.start < self._regions[number - 1].end:
            return  # they are sorted and do not overlap: no other comes as near
        self._regions.insert(number, region)
        self._populated.add(node)
        yield Spawn(node, above, "amba")


class _Traits(NamedTuple):
    """What the strings of a ``compatible`` say of its node."""

    names: list[bytes]
    """In small letters."""
    is_never: bool
    is_amba: bool
    is_bus: bool
    is_part: bool


@lru_cache(maxsize=4096)
def _traits(compatible: bytes, open_end: bool) -> _Traits:  # noqa: FBT001 - a key
    """The strings of a value; ``open_end``: the last may lack its NUL."""
    own = compatible.lower().split(b"\0")
    if not (own[-1] and open_end):
        own.pop()
    return _Traits(own, *(not names.isdisjoint(own) for names in (_NEVER, _AMBA, _BUSES, _PARTS)))


def served_early(availability: Availability) -> dict[int, bool]:
    """The nodes served before the driver core, and whether they become devices as well.

    (drivers/of/irq.c, of_irq_init(); drivers/clk/clk.c, of_clk_init())
    """
    tree = availability.tree
    controllers = tree.holders("interrupt-controller")
    found: dict[int, bool] = {}
    for value, nodes in tree.by_compatible.items():
        clock, controller = _served(value, availability.version)
        if clock is None and controller is None:
            continue
        for node in nodes:
            if node not in availability.unavailable:
                if clock is not None:
                    found[node] = clock
                if controller is not None and node in controllers:
                    found[node] = controller
    return dict(sorted(found.items()))


@lru_cache(maxsize=4096)
def _served(compatible: bytes, version: KernelVersion) -> tuple[bool | None, bool | None]:
    """Whether a clock, and an interrupt controller, of some strings is a device as well.

    ``None``: nothing of that kind is served early by them.
    """
    tables, names = early_tables(version), strings_of(compatible)
    kinds = {"CLK_OF_DECLARE_DRIVER": True, "CLK_OF_DECLARE": False}
    clocks = (
        is_device for name in names for kind, is_device in kinds.items() if name in tables[kind]
    )
    is_controller = not tables["IRQCHIP_DECLARE"].isdisjoint(names)
    return next(clocks, None), not _DEVICES_TOO.isdisjoint(names) if is_controller else None
