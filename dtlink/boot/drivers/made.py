"""The devices without a node that the driver of a device makes, and what their drivers provide.

An MFD core makes a device of each of its cells, other drivers make platform and auxiliary devices
(:mod:`dtlink.kernel.source.children`). What the maker's node seems to provide is provided by their
drivers: the regulators of a PMIC, the interconnect of a bus. The names are facts of the source; of
another version's index they count too, since only what this kernel has a driver for counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from dtlink.boot.drivers.asked import facts_of_sources
from dtlink.facts.outcomes import State
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.boot.drivers.requests import DriverSources
    from dtlink.boot.drivers.tree import TreeDrivers
    from dtlink.facts.outcomes import Driver
    from dtlink.firmware.tree import Tree
    from dtlink.kernel.source.index import Source, SourceIndex

#: How deep devices make devices.
_DEPTH = 3
#: The protocol that each SCMI device is for: the id tables of the drivers, with the numbers of
#: include/linux/scmi_protocol.h, enum scmi_std_protocol.
_PROTOCOLS = {
    "scmi:genpd": 0x11,  # drivers/pmdomain/arm/scmi_pm_domain.c
    "scmi:syspower": 0x12,  # drivers/firmware/arm_scmi/scmi_power_control.c
    "scmi:perf": 0x13,  # drivers/pmdomain/arm/scmi_perf_domain.c
    "scmi:cpufreq": 0x13,  # drivers/cpufreq/scmi-cpufreq.c
    "scmi:clocks": 0x14,  # drivers/clk/clk-scmi.c
    "scmi:hwmon": 0x15,  # drivers/hwmon/scmi-hwmon.c
    "scmi:iiodev": 0x15,  # drivers/iio/common/scmi_sensors/scmi_iio.c
    "scmi:reset": 0x16,  # drivers/reset/reset-scmi.c
    "scmi:regulator": 0x17,  # drivers/regulator/scmi-regulator.c
    "scmi:powercap": 0x18,  # drivers/powercap/arm_scmi_powercap.c
    "scmi:pinctrl": 0x19,  # drivers/pinctrl/pinctrl-scmi.c
    "scmi:pinctrl-imx": 0x19,  # drivers/pinctrl/freescale/pinctrl-imx-scmi.c
}
_HERE = (State.BUILT_IN, State.MODULE)
#: The bus of devices that have a node.
_WITH_NODE = "of:"


class MadeDevice(NamedTuple):
    """A device that the driver of a node makes."""

    maker: int
    """The node."""
    alias: str
    """What its driver binds by: ``platform:rk808-regulator``."""
    driver: Driver

    @property
    def name(self) -> str:
        """Its name on its bus."""
        return self.alias.partition(":")[2]


class MadeDevices:
    """The devices that the drivers of one tree's devices make in one kernel."""

    def __init__(self, drivers: TreeDrivers, index: SourceIndex | None) -> None:
        self._drivers = drivers
        self._facts = None if index is None else facts_of_sources(index)
        self._found: dict[int, Sequence[MadeDevice]] = {}

    def of(self, node: int) -> Sequence[MadeDevice]:
        """The devices without a node that the driver of a node makes, sorted by alias.

        Of several drivers that may have the node, those that any of them makes.
        """
        if node not in self._found:
            self._found[node] = tuple(
                MadeDevice(node, alias, self._drivers.by_alias(alias))
                for alias in self._aliases(node)
            )
        return self._found[node]

    def _aliases(self, node: int) -> Sequence[str]:
        if not (sources := self._drivers.sources(node)):
            return ()
        driver, known = self._drivers.of(node), self._drivers.made_by_drivers
        if driver not in known:
            known[driver] = sorted(self._made_by(sources, driver.by))
        return known[driver]

    def power_control(self, host: int, node: int) -> MadeDevice:
        """The device that a PCI host's driver makes of a node, to switch on its power."""
        driver = self._drivers.power_control(node)
        return MadeDevice(host, f"{_WITH_NODE}{driver.by}", driver)

    def providing(self, node: int, kind: str, protocol: int = -1) -> Sequence[MadeDevice]:
        """Those whose drivers provide a kind of resource, if the node's own driver does not.

        Of several, those that have a driver in this kernel, if there are any. ``protocol`` is that
        of a supplier in SCMI firmware.
        """
        sure = [each for each, answer in self._answers(node, kind, protocol) if answer]
        return [each for each in sure if each.driver.state in _HERE] or sure

    def perhaps_providing(self, node: int, kind: str, protocol: int = -1) -> Sequence[MadeDevice]:
        """Those that may provide it, where it is not known of any that it does."""
        answers = self._answers(node, kind, protocol)
        if any(answer for _, answer in answers):
            return ()
        return [each for each, answer in answers if answer is None]

    def _answers(
        self, node: int, kind: str, protocol: int
    ) -> Sequence[tuple[MadeDevice, bool | None]]:
        """Each device, and whether its driver provides a kind; ``None``: not known."""
        made = self.of(node)
        if not made or self._offers(self._drivers.sources(node), kind):
            return ()
        aliases = self._drivers.alias_sources
        return [
            (each, self._offers(aliases(each.alias), kind))
            for each in made
            if protocol < 0 or _PROTOCOLS.get(each.alias, protocol) == protocol
        ]

    def _offers(self, sources: Iterable[Source], kind: str) -> bool | None:
        """Whether all drivers that may have a device provide a kind of resource."""
        return None if self._facts is None else self._facts.of(sources).offers(kind)

    def _made_by(self, sources: Iterable[Source], by: str, depth: int = 0) -> set[str]:
        """The aliases of what drivers make, and of what is made by the drivers of that."""
        aliases = {
            alias
            for facts in (self._facts.of(sources).facts if self._facts else ())
            for alias in (facts.makes if facts else ())
            if not alias.startswith(_WITH_NODE)
        }
        own = {name for name in (_for(alias, by) for alias in aliases) if name}
        deeper: set[str] = set()
        for alias in own if depth < _DEPTH else ():
            deeper |= self._made_by(self._drivers.alias_sources(alias), alias, depth + 1)
        return own | deeper


def makers(tree: Tree, drivers: DriverSources, index: SourceIndex) -> Mapping[str, Sequence[str]]:
    """The nodes whose drivers make devices of a name, by the source; in the order of the tree."""
    found: dict[str, set[int]] = {}
    for node in tree.holders("compatible"):
        strings = (*tree[node].compatible, "")
        sources = drivers.sources(node) if node not in tree.disabled else ()
        for file in {each.file for each in sources}:
            facts = index.facts(file)
            for alias in facts.makes if facts else ():
                name = next(filter(None, (_for(alias, by) for by in strings)), "")
                if name and not name.startswith(_WITH_NODE):
                    found.setdefault(name.partition(":")[2], set()).add(node)
    return {name: [tree.path(node) for node in sorted(nodes)] for name, nodes in found.items()}


def _for(alias: str, by: str) -> str:
    """An alias of the index, if such a device is made for what a driver matches; else empty."""
    name, _, only = alias.partition(" ")
    return name if only in ("", by) else ""
