"""What the driver of each device asks for, and what it provides, as the kernel's source says.

The facts are those of the source files of the driver that a device has in one kernel
(:mod:`dtlink.kernel.source.driver_facts`). They count only where the index is of the kernel's own
version. What several drivers may do that claim a device is known only where they agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dtlink.boot.drivers.asked import (
    OF_NEED,
    KnownFacts,
    agreed,
    asked_by,
    facts_of_sources,
    is_meant,
    strongest,
)
from dtlink.facts.kernels import KernelVersion
from dtlink.facts.resource import Requested
from dtlink.facts.resources import EXTCON, PWM, REGULATOR
from dtlink.kernel.source.driver_facts import Need
from dtlink.links.names import entry_number
from dtlink.typed import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from dtlink.firmware.tree import Tree
    from dtlink.kernel.source.driver_facts import DriverFacts
    from dtlink.kernel.source.index import Source, SourceIndex
    from dtlink.links.reference import Reference


#: The regulators below a power sequencer's node are switched by it, and never registered
#: (drivers/power/sequencing/pwrseq-qcom-wcn.c, pwrseq_qcom_wcn_match()).
_SEQUENCERS = "drivers/power/sequencing/"
#: Drivers of devices with several functions make a device for each, many by a call of another file
#: (drivers/mfd/mc13xxx-core.c, mc13xxx_add_subdevice_pdata()).
_FUNCTIONS = "drivers/mfd/"
#: Folders whose drivers are providers, be it that they register by a pointer to a function
#: (drivers/regulator/palmas-regulator.c, palmas_regulators_probe()).
_PROVIDERS = {
    EXTCON.kind: "drivers/extcon/",
    PWM.kind: "drivers/pwm/",
    REGULATOR.kind: "drivers/regulator/",
}
#: Drivers that no other module calls back before their probe ends: they ask for what they ask for
#: (drivers/mailbox/mailbox.c, mbox_controller_register()).
_UNCALLED = "drivers/mailbox/"


class DriverSources(Protocol):
    """The source files of the drivers of one tree's devices."""

    def sources(self, node: int) -> Sequence[Source]:
        """The tables of the source that a node's driver may be known by; empty: not known."""
        ...

    def is_on_named_bus(self, node: int) -> bool:
        """Whether a node is a device on I²C or SPI, whose core asks for its interrupt."""
        ...

    def is_looked_for(self, node: int) -> bool:
        """Whether code that is no driver looks for a node, by one of its strings."""
        ...

    def strings(self, node: int) -> tuple[str, ...]:
        """The strings that a node's driver may match it by."""
        ...


class AnyDrivers:
    """The drivers that a kernel version's source has for a tree, whichever of them are built."""

    def __init__(self, tree: Tree, index: SourceIndex) -> None:
        self._tree = tree
        self._index = index

    def sources(self, node: int) -> Sequence[Source]:
        """The driver tables that have the first of the node's strings that any has."""
        found = (
            [each for each in self._index.entries(name) if each.kind == "driver"]
            for name in self._tree[node].compatible
        )
        return next(filter(None, found), [])

    def is_on_named_bus(self, node: int) -> bool:
        """Whether a node's parent is called as the controllers of I²C and SPI are."""
        above = self._tree.parents[node]
        return self._tree.layout.names[above].startswith((b"i2c", b"spi"))

    def is_looked_for(self, node: int) -> bool:
        """Whether a table of another kind than a driver's has one of the node's strings."""
        tables = (
            each for name in self._tree[node].compatible for each in self._index.entries(name)
        )
        return any(each.kind != "driver" for each in tables)

    def strings(self, node: int) -> tuple[str, ...]:
        """The strings that a node's driver may match it by."""
        return self._tree[node].compatible


_UNKNOWN = KnownFacts(())


class DriverRequests:
    """The requests of the drivers of one tree's devices in one kernel."""

    def __init__(self, drivers: DriverSources, index: SourceIndex, version: KernelVersion) -> None:
        self.is_on_named_bus = drivers.is_on_named_bus
        self._drivers = drivers
        self._is_known = KernelVersion.of_release(index.release) == version
        self._found: dict[int, KnownFacts] = {}
        self._all = facts_of_sources(index)

    def facts(self, node: int) -> Sequence[DriverFacts | None]:
        """The facts of each driver that a node may have; ``None`` for one that has none.

        Empty: which driver it has is not known, or the index is of another version.
        """
        return self._facts(node).facts

    def _facts(self, node: int) -> KnownFacts:
        found = self._found.get(node)
        if found is None:
            is_known, sources = self._is_known, self._drivers.sources
            found = self._found[node] = self._all.of(sources(node)) if is_known else _UNKNOWN
        return found

    def of(self, device: int, reference: Reference, name: str) -> Requested:
        """Whether a device's driver asks for what a property of its own node references.

        ``name`` is the entry's, see :func:`dtlink.links.names.entry_name`.
        """
        found = self._agreed(device, reference, name, of_children=False)
        if found is Requested.UNKNOWN and self._asks_for_none(device, reference.binding.kind):
            return Requested.NO
        return found

    def _asks_for_none(self, device: int, kind: str) -> bool:
        """Whether all that a device's driver asks for is known, and nothing of a kind is."""
        return self._is_in(device, _UNCALLED) and all(
            facts is not None
            and facts.whole
            and not facts.may_ask(kind)
            and not facts.asks_for(kind)
            for facts in self.facts(device)
        )

    def of_child(self, device: int, reference: Reference, name: str) -> Requested:
        """The same for what a node below the device references, which is no device by itself."""
        return self._agreed(device, reference, name, of_children=True)

    def _agreed(
        self, device: int, reference: Reference, name: str, *, of_children: bool
    ) -> Requested:
        kind, by_number = reference.binding.kind, reference.binding.resource.names is not None
        entry = entry_number(reference) if by_number or not name else -1
        # Where entries have no names a request is for the property, or for one of its entries.
        name = name or reference.binding.name
        return self._facts(device).asked(kind, name, entry, of_children=of_children)

    def of_kind(self, device: int, kind: str) -> Requested:
        """Whether a device's driver asks for something of a kind that no property names."""
        return agreed(_any_of(facts, kind) for facts in self.facts(device))

    def has_drivers(self, device: int) -> bool:
        """Whether there is a driver for a device, be it known what it does or not."""
        return bool(self._drivers.sources(device)) or self._drivers.is_looked_for(device)

    def has_only_readers(self, device: int) -> bool:
        """Whether drivers look for a device's node, and none is for it."""
        return not self._drivers.sources(device) and self._drivers.is_looked_for(device)

    def names_of(self, device: int, kind: str, *, required: bool = False) -> frozenset[str]:
        """The names under which a device's driver asks for something of a kind.

        With ``required`` only those without which its probe fails.
        """
        found = (facts for facts in self.facts(device) if facts)
        asks = [ask for facts in found for ask in facts.asks_for(kind)]
        return frozenset(
            ask.name
            for ask in asks
            if ask.name and not set(ask.name) & set("*#")
            if ask.need is Need.REQUIRED or not required
        )

    def of_name(self, device: int, kind: str, name: str) -> Requested:
        """Whether a device's driver asks for something of a kind under a name."""
        return agreed(_by_name(facts, kind, name) for facts in self.facts(device))

    def makes_devices(self, device: int) -> bool:
        """Whether a device's driver makes devices that have no node of their own."""
        made = (alias for facts in self.facts(device) if facts for alias in facts.makes)
        by = self._drivers.strings(device)
        return self._is_in(device, _FUNCTIONS) or any(
            not alias.startswith("of:") and is_made_for(alias, by) for alias in made
        )

    def is_alone(self, device: int) -> bool:
        """Whether nothing but a device's driver serves its node: no device that it makes.

        Nor code that looks for the node itself, by its string.
        """
        makes = any(facts is None or facts.makes or facts.populates for facts in self.facts(device))
        stands = self._is_in(device, _SEQUENCERS) or self._is_in(device, _FUNCTIONS)
        return not (makes or stands or self._drivers.is_looked_for(device))

    def _is_in(self, device: int, folder: str) -> bool:
        """Whether a driver of a device is in a folder of the source."""
        return any(each.file.startswith(folder) for each in self._drivers.sources(device))

    def offers(self, node: int, kind: str) -> bool | None:
        """Whether a device's driver registers a provider of a kind; ``None``: not known."""
        offered = self._facts(node).offers(kind)
        folder = _PROVIDERS.get(kind)
        return None if offered is False and folder and self._is_in(node, folder) else offered


def is_made_for(alias: str, strings: Iterable[str]) -> bool:
    """Whether a device of an alias of the index is made of a node with some strings.

    What a driver makes for one string alone has it after the alias; I²C and SPI bind by the string
    without its vendor.
    """
    only = alias.partition(" ")[2]
    return not only or any(only in (each, each.partition(",")[2]) for each in strings)


def _by_name(facts: DriverFacts | None, kind: str, name: str) -> Requested:
    """Whether one driver asks for something under a name.

    A request under a name or number that is computed may be for another: of an interrupt it mostly
    is by number (drivers/net/ethernet/freescale/fec_main.c, fec_probe()).
    """
    found = asked_by(facts, kind, name, -1, of_children=False)
    if facts is None or not found.is_waited_for:
        return found
    asks = [ask for ask in facts.asks_for(kind) if is_meant(ask, name, -1)]
    named = strongest(OF_NEED[ask.need] for ask in asks if ask.name != "*")
    return Requested.UNKNOWN if named is Requested.NO else named


def _any_of(facts: DriverFacts | None, kind: str) -> Requested:
    """What one driver's requests of a kind come to."""
    if facts is None:
        return Requested.UNKNOWN
    found = [OF_NEED[ask.need] for ask in facts.asks if ask.kind == kind]
    return strongest(found + [Requested.UNKNOWN] * facts.may_ask(kind))
