"""What a kernel has for one ``compatible`` string."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, lru_cache

from dtlink.boot.drivers.identity import by_identity
from dtlink.facts.early import early_tables
from dtlink.facts.kernels import KernelVersion
from dtlink.facts.outcomes import Driver, State
from dtlink.typed import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dtlink.kernel.holdings.model import Holdings
    from dtlink.kernel.source.index import Source, SourceIndex

#: Tables of early code that start a node for good; OF_EARLYCON_DECLARE is a console's stopgap.
_EARLY = ("CLK_OF_DECLARE", "CLK_OF_DECLARE_DRIVER", "IRQCHIP_DECLARE", "TIMER_OF_DECLARE")
#: Architectures of which one kernel has one: what belongs to another is never built.
_ARCHES = frozenset(
    (
        *("ALPHA", "ARC", "ARM", "ARM64", "CSKY", "HEXAGON", "LOONGARCH", "M68K", "MICROBLAZE"),
        *("MIPS", "NIOS2", "OPENRISC", "PARISC", "PPC", "RISCV", "S390", "SPARC", "SUPERH"),
        *("UML", "X86", "X86_32", "X86_64", "XTENSA"),
    )
)
_STARTERS = ("drivers/clk/", "drivers/irqchip/", "drivers/clocksource/", "arch/")
#: Files that look a node up themselves while the kernel starts, by a table of their own.
_LOOKING = frozenset(
    (
        "drivers/firmware/psci/psci.c",  # psci_dt_init()
        "drivers/pmdomain/renesas/rcar-gen4-sysc.c",  # early_initcall
        "drivers/pmdomain/renesas/rcar-sysc.c",  # early_initcall
        "drivers/pmdomain/renesas/rmobile-sysc.c",  # core_initcall
        "drivers/soc/renesas/rcar-rst.c",  # rcar_rst_read_mode_pins(), from clocks' early code
        "drivers/soc/renesas/renesas-soc.c",  # early_initcall
        "drivers/soc/tegra/fuse/tegra-apbmisc.c",  # called by tegra_init_fuse(), an early_initcall
    )
)
#: Files whose MODULE_DEVICE_TABLE is not what a driver binds by: their code looks nodes up in it,
#: and the nodes are bound by another driver.
_ONLY_LOOKED_UP = frozenset(
    (
        "drivers/gpu/drm/mediatek/mtk_drm_drv.c",  # mtk_drm_of_ids: mtk-mmsys makes its device
        "drivers/net/ethernet/freescale/fman/fman.c",  # fman_muram_match
        "drivers/pinctrl/tegra/pinctrl-tegra-xusb.c",  # phy/tegra/xusb.c calls its probe
        "drivers/soc/mediatek/mtk-pmic-wrap.c",  # of_slave_match_tbl: its children
    )
)
_LIVE = (State.BUILT_IN, State.MODULE, State.EARLY)


#: Upper bound on strings, and on nodes' lists of them, that are remembered.
_REMEMBERED = 32_768


@lru_cache(maxsize=4)
def compatibles_of(
    build: Holdings,
    index: SourceIndex | None,
    version: KernelVersion,
    *,
    is_assumed: bool = False,
) -> Compatibles:
    """The :class:`Compatibles` of a kernel, for all boards: they have many strings in common."""
    return Compatibles(build, index, version, is_assumed=is_assumed)


class Compatibles:
    """What one kernel has for each ``compatible`` string.

    The strongest evidence first: the aliases of its modules and the tables in its image are of this
    very kernel; the index is of the source, and, with the configuration, which of it was built.
    """

    def __init__(
        self,
        build: Holdings,
        index: SourceIndex | None,
        version: KernelVersion,
        *,
        is_assumed: bool = False,
    ) -> None:
        """``is_assumed``: nothing says that the kernel is of this version."""
        self._build = build
        self._is_assumed = is_assumed
        self._index = index
        self._version = version
        self._found: dict[tuple[str, str | None], Driver | None] = {}
        self._tables: dict[str, list[Source]] = {}
        self._early: dict[str, bool] = {}
        self._sources: dict[Driver, list[Source]] = {}
        self._made: dict[Driver, Sequence[str]] = {}
        self._identified: dict[tuple[str, ...], Driver | None] = {}

    def best(self, names: Iterable[str], device_type: str | None = None) -> Driver | None:
        """What the kernel has for a device, by its strings, the most specific first.

        The first string counts that any driver has (drivers/of/base.c, of_match_node() scores so);
        where none has, the first that is known of. ``None``: nothing is known of any.
        """
        found = [each for name in names if (each := self.of(name, device_type)) is not None]
        live = next((each for each in found if each.state in _LIVE), None)
        unsure = next((each for each in found if each.state is State.UNKNOWN), None)
        return live or unsure or next(iter(found), None)

    def of(self, name: str, device_type: str | None = None) -> Driver | None:
        """What the kernel has for one string; ``None``: no table names it."""
        key = name, device_type
        if key not in self._found:
            _bound(self._found)
            self._found[key] = self._find(name, device_type)
        return self._found[key]

    def by_identity(self, names: tuple[str, ...]) -> Driver | None:
        """The driver of a device that identifies itself, by its strings; ``None``: it does not."""
        if names not in self._identified:
            _bound(self._identified)
            self._identified[names] = by_identity(self._build, names)
        return self._identified[names]

    def has_none(self, names: Iterable[str]) -> bool:
        """Whether it is known that no driver of this kernel matches by any of some strings.

        An index without facts about drivers has no names that I²C and SPI drivers bind by.
        """
        if self._index is None or not (self._is_same and self._index.has_facts):
            return False
        return not any(
            self._build.has_builtin(name)
            or any(each.kind == "driver" for each in self.tables(name))
            for name in names
        )

    def by_alias(self, alias: str) -> Driver:
        """What the kernel has for a device without a node, such as ``platform:rk808-regulator``."""
        key = alias, None
        if key not in self._found:
            _bound(self._found)
            tables = self.tables(alias)
            found = self._aliased(alias, tables)
            # The image has no list of names to look them up in, unlike compatible strings.
            built_in = (each for each in tables if self.built(each) == "y")
            if found is None and (table := next(built_in, None)):
                found = Driver(State.BUILT_IN, config=table.symbol)
            if found is None and self._build.builtin_for(alias):
                found = Driver(State.BUILT_IN)
            found = found or self._without(alias, tables) or Driver(State.UNKNOWN)
            self._found[key] = found._replace(by=alias)
        return self._found[key] or Driver(State.UNKNOWN, by=alias)

    def _aliased(self, alias: str, tables: Sequence[Source]) -> Driver | None:
        """The modules that declare an alias, or that bind by it without declaring it."""
        modules = self._build.modules_for(alias) or tuple(dict.fromkeys(self._undeclared(tables)))
        symbols = {each.module: each.symbol for each in tables}
        config = next((symbols[each] for each in modules if each in symbols), "")
        return Driver(State.MODULE, modules, config) if modules else None

    def tables(self, name: str) -> list[Source]:
        """The tables of the source that name a string (strings are compared without their case)."""
        if self._index is None:
            return []
        if name not in self._tables:
            found = self._index.entries(name)
            if not found and (same := self._index.spelled(name)):
                found = self._index.entries(same)
            _bound(self._tables)
            self._tables[name] = [each for each in found if self._is_here(each)]
        return self._tables[name]

    def _is_here(self, source: Source) -> bool:
        """Whether a table is one for this architecture."""
        build = self._build
        if not build.knows("config"):
            return True
        return all(each not in _ARCHES or each in build.config for each in source.also)

    def _find(self, name: str, device_type: str | None) -> Driver | None:
        tables = self.tables(name)
        drivers = _drivers(tables)
        # What modules declare goes before what the index says: a table may be a helper's.
        found = self._module(name, drivers, device_type) or self._built_in(name, drivers)
        if found is None and self.is_early(name):
            return Driver(State.EARLY, by=name)
        if found is None and self._build.has_builtin(name) and not self._is_explained(tables):
            found = Driver(State.BUILT_IN)
        starters = [each for each in tables if _starts(each)]
        found = found or self._without(name, drivers or starters)
        return found and found._replace(by=name)

    def is_early(self, name: str) -> bool:
        """Whether this kernel starts a node with this string before there are devices."""
        if name not in self._early:
            _bound(self._early)
            self._early[name] = self._is_early(name)
        return self._early[name]

    def _is_early(self, name: str) -> bool:
        starters = [each for each in self.tables(name) if _starts(each)]
        tables = early_tables(self._version)
        if not starters and not any(name in tables[kind] for kind in _EARLY):
            return False
        built = [self.built(each) for each in starters]
        if self._build.has_builtin(name) is False or (built and set(built) == {"n"}):
            return False
        return bool(built) or self._build.has_builtin(name) is True

    def _built_in(self, name: str, drivers: Iterable[Source]) -> Driver | None:
        if self._build.has_builtin(name) is False:
            return None
        for each in drivers:
            if self.built(each) == "y":
                return Driver(State.BUILT_IN, config=each.symbol)
        return None

    def _module(
        self, name: str, drivers: Iterable[Source], device_type: str | None
    ) -> Driver | None:
        """The modules that declare a string, or that have it without declaring it."""
        symbols = {each.module: each.symbol for each in drivers}
        modules = self._build.modules_of(name, device_type)
        helpers = {each.module for each in self.tables(name) if each.file in _ONLY_LOOKED_UP}
        modules = tuple(each for each in modules if each not in helpers) or modules
        if not modules and not self._built_in(name, drivers):
            modules = tuple(dict.fromkeys(self._undeclared(drivers)))
        if not modules:
            return None
        config = next((symbols[each] for each in modules if each in symbols), "")
        return Driver(State.MODULE, modules, config)

    def _undeclared(self, drivers: Iterable[Source]) -> Iterator[str]:
        """Modules whose table has no MODULE_DEVICE_TABLE: another calls them."""
        build = self._build
        for each in drivers:
            if self.built(each) != "m":
                continue
            known = self._is_same or each.is_settled
            if not build.knows("modules") or (known and each.module in build.modules):
                yield each.module

    def _is_explained(self, tables: Iterable[Source]) -> bool:
        """Whether what is in the image is not a driver's table."""
        return any(each.kind != "driver" and self.built(each) != "n" for each in tables)

    def _without(self, name: str, drivers: list[Source]) -> Driver | None:
        """What is known of a string that nothing in this kernel has."""
        built = [self.built(each) for each in drivers]
        if not drivers:
            return None
        # A table that should be there and is not: of another version, or indexed wrongly.
        known = self._is_same or self._is_whole or all(each.is_settled for each in drivers)
        if set(built) != {"n"} or not (known or self._are_off(drivers)):
            return Driver(State.UNKNOWN, config=self._unlisted(drivers))
        if self._build.has_builtin(name):
            return Driver(State.UNKNOWN)
        return Driver(State.NOT_BUILT, config=self._off(drivers[0]))

    def _unlisted(self, drivers: Iterable[Source]) -> str:
        """The option on which it depends, if a part of a configuration does not list it."""
        if not self._build.knows("config_part"):
            return ""
        options = (self._off(each) for each in drivers if self.built(each) is None)
        return next((each for each in options if each not in self._build.config), "")

    def _are_off(self, drivers: Iterable[Source]) -> bool:
        """Whether a line of the configuration says that each driver's option is not set."""
        return all(self._build.config.get(each.symbol) == "n" for each in drivers)

    def sources(self, driver: Driver) -> list[Source]:
        """The tables of the source that a device with a driver of :meth:`best` may match by."""
        if driver not in self._sources:
            _bound(self._sources)
            self._sources[driver] = self._sources_of(driver)
        return self._sources[driver]

    def _sources_of(self, driver: Driver) -> list[Source]:
        found = _drivers(self.tables(driver.by))
        if driver.state is State.MODULE:
            return [each for each in found if each.module in driver.modules]
        if driver.state is State.BUILT_IN:
            return [each for each in found if self.built(each) in ("y", None)]
        return found if driver.state is State.NOT_BUILT else []

    def made_by_drivers(self) -> dict[Driver, Sequence[str]]:
        """The aliases of what each driver makes, as :mod:`dtlink.boot.drivers.made` found them."""
        _bound(self._made)
        return self._made

    def built(self, source: Source) -> str | None:
        """How this kernel has a table of the source: ``y``, ``m``, ``n``; ``None``: unknown."""
        build = self._build
        whole = build.knows("config")
        if whole or build.knows("config_part"):
            return source.built(build.config, whole=whole)
        return "y" if source.module in build.builtin else None

    def _off(self, source: Source) -> str:
        """The option that leaves a table out."""
        config = self._build.config
        if source.symbol and config.get(source.symbol) not in ("y", "m"):
            return source.symbol
        wanted = (each for each in source.also if each[:1] not in ("!", "?"))
        off = (
            name
            for name, _, how in (each.partition("=") for each in wanted)
            if config.get(name, "n") == "n" or (how and config[name] != how)
        )
        return next(off, source.symbol)

    @cached_property
    def _is_same(self) -> bool:
        """Whether the index is known to be of the kernel's own version."""
        if self._is_assumed:
            return False
        other = "" if self._index is None else self._index.release
        return str(self._version).split(".") == other.split("-")[0].split(".")[:2]

    @property
    def _is_whole(self) -> bool:
        """Whether all that this kernel has was read."""
        return self._build.knows("aliases") and self._build.knows("image")


def _bound(known: dict[Any, Any]) -> None:
    """Forget everything, where boards have more strings than any real ones together."""
    if len(known) >= _REMEMBERED:
        known.clear()


def _starts(source: Source) -> bool:
    """Whether early code starts a node for good, and not just reserves its memory."""
    if source.kind == "early":
        return source.file.startswith(_STARTERS)
    return source.kind == "helper" and source.file in _LOOKING


def _drivers(tables: Iterable[Source]) -> list[Source]:
    """The tables that drivers bind by; those that are only looked up if there are no others."""
    named = [each for each in tables if each.kind == "driver"]
    return [each for each in named if each.file not in _ONLY_LOOKED_UP] or named
