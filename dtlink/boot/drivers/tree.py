"""The driver of each node of a devicetree."""

from __future__ import annotations

from functools import cached_property

from dtlink.boot.devlink.availability import Availability
from dtlink.boot.devlink.population import served_early
from dtlink.boot.drivers.amba import PRIMECELL, amba_driver
from dtlink.boot.drivers.identity import bridge_driver, phy_driver
from dtlink.boot.drivers.matching import matching_of
from dtlink.boot.drivers.places import (
    DeviceMaker,
    DeviceMakers,
    is_description,
)
from dtlink.facts.kernels import KernelVersion
from dtlink.facts.outcomes import Driver, State
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dtlink.firmware.tree import Tree
    from dtlink.kernel.holdings.model import Holdings
    from dtlink.kernel.source.index import Source, SourceIndex

_NO_DEVICE = Driver(State.NO_DEVICE)
_NOBODY = (State.NO_DRIVER, State.UNKNOWN)


class TreeDrivers:
    """The driver of each device of one tree in one kernel (``outcomes.Drivers``).

    ``index`` has the tables of the kernel's source; without one, what is not built and what is
    unknown cannot be distinguished, and both are UNKNOWN. ``version`` is the kernel's, where its
    release is not known. Nodes that are not available are answered
    for as if they were.
    """

    def __init__(
        self,
        tree: Tree,
        build: Holdings,
        index: SourceIndex | None = None,
        version: KernelVersion | None = None,
        *,
        is_assumed: bool = False,
    ) -> None:
        """``is_assumed``: nothing says that the kernel is of this version."""
        self._tree = tree
        self._build = build
        self._has_index = index is not None
        self._version = version or KernelVersion.of_release(build.release)
        self._matching = matching_of(build, index, self._version, is_assumed=is_assumed)
        self._compatibles = self._matching.compatibles
        self._places = DeviceMakers(tree, self._version)
        self._found: dict[int, Driver] = {}
        self._strings: dict[int, tuple[str, ...]] = {}

    def of(self, node: int) -> Driver:
        """The driver of a node, by its number."""
        found = self._found.get(node)
        if found is None:
            found = self._found[node] = self._find(node)
        return found

    def sources(self, node: int) -> list[Source]:
        """The tables of the source that a node's driver may be known by; empty: not known."""
        return self._compatibles.sources(self.of(node))

    def by_alias(self, alias: str) -> Driver:
        """The driver of a device without a node, which another driver makes."""
        return self._compatibles.by_alias(alias)

    @property
    def made_by_drivers(self) -> dict[Driver, Sequence[str]]:
        """What :mod:`~dtlink.boot.drivers.made` found of each driver, for all boards."""
        return self._compatibles.made_by_drivers()

    def power_control(self, node: int) -> Driver:
        """The driver of the platform device that switches on the power of a PCI node."""
        names = self.strings(node)
        return self._compatibles.best(names) or Driver(State.UNKNOWN, by=next(iter(names), ""))

    def alias_sources(self, alias: str) -> list[Source]:
        """The tables of the source that such a device's driver may be known by."""
        return self._compatibles.sources(self.by_alias(alias))

    def is_looked_for(self, node: int) -> bool:
        """Whether code that is no driver looks for a node, by one of its strings."""
        names = self.strings(node)
        tables = (each for name in names for each in self._compatibles.tables(name))
        return any(each.kind != "driver" for each in tables)

    def strings(self, node: int) -> tuple[str, ...]:
        """The strings that a node's driver may match it by."""
        found = self._strings.get(node)
        if found is None:
            found = self._strings[node] = self._tree.compatible(node)
        return found

    def is_on_named_bus(self, node: int) -> bool:
        """Whether a node is a device on I²C or SPI."""
        return self._places.of(node) is DeviceMaker.NAMED

    def files(self, node: int) -> tuple[str, ...]:
        """The source files of the drivers that name a node's first known string, built or not."""
        for name in self.strings(node):
            tables = self._compatibles.tables(name)
            if found := tuple(each.file for each in tables if each.kind == "driver"):
                return found
        return ()

    def _find(self, node: int) -> Driver:
        names = self.strings(node)
        if not names:
            return self._without_name(node)
        if self._early.get(node) is False:
            word = next((name for name in names if self._compatibles.is_early(name)), None)
            if word:
                return Driver(State.EARLY, by=word)
        place = self._places.of(node)
        is_cpu = self._device_type(node) == "cpu"
        if place is DeviceMaker.LOOSE or is_cpu or is_description(names):
            return Driver(State.NO_DEVICE, by=names[0])
        if PRIMECELL in names:
            return self._amba(node, names)
        return self._device(node, names, place)

    @cached_property
    def _early(self) -> dict[int, bool]:
        return served_early(Availability.of(self._tree, self._version))

    def _amba(self, node: int, names: tuple[str, ...]) -> Driver:
        found = amba_driver(self._build, names, self._tree.cell("arm,primecell-periphid", node))
        early = next((name for name in names if self._compatibles.is_early(name)), None)
        return Driver(State.EARLY, by=early) if early else found

    def _device(self, node: int, names: tuple[str, ...], place: DeviceMaker) -> Driver:
        """A device that is matched by its strings, or by what it says of itself."""
        bus = ""
        if place is DeviceMaker.NAMED:
            bus = "spi" if b"spi" in self._tree.layout.names[self._tree.parents[node]] else "i2c"
        found = self._matching.driver(names, self._device_type(node), place, bus)
        if found is not None:
            return found
        is_served = self._has_index or self._places.population.is_part(node)
        if place is DeviceMaker.CELL and is_served:
            return self._served(node)
        return self._matching.undriven(names)

    def _device_type(self, node: int) -> str:
        at = self._tree.holders("device_type").get(node)
        return "" if at is None else self._tree.value(at).partition(b"\0")[0].decode("latin-1")

    def _without_name(self, node: int) -> Driver:
        """A node without ``compatible``: a part of a device, unless its bus says more."""
        tree = self._tree
        place = self._places.of(node)
        name = tree.layout.names[node].partition(b"@")[0]
        if place is DeviceMaker.LOOSE or name in (b"port", b"ports", b"endpoint"):
            return _NO_DEVICE
        if self._device_type(node) == "pci" and self._device_type(tree.parents[node]) == "pci":
            return bridge_driver(self._build)
        if name == b"ethernet-phy" and tree.layout.names[tree.parents[node]].startswith(b"mdio"):
            return phy_driver(self._build, ())
        return self._served(node)

    def _served(self, node: int) -> Driver:
        """Served by the device above, or by what serves that."""
        above = self._tree.parents[node]
        found = self.of(above)
        if found.state is State.SERVED:
            return found
        if found.state is State.NO_DEVICE:
            return _NO_DEVICE
        if found.state in _NOBODY and self.strings(node):
            return Driver(found.state, by=self.strings(node)[0])
        return Driver(State.SERVED, by=self._tree.path(above))
