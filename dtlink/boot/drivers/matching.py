"""The driver of a device by its strings and what makes it: once for all boards of a kernel.

Boards have most of their devices in common: of each combination the driver is looked for once.
"""

from __future__ import annotations

from functools import lru_cache

from dtlink.boot.drivers.compatible import Compatibles, compatibles_of
from dtlink.boot.drivers.identity import usb_driver
from dtlink.boot.drivers.places import PLAIN, DeviceMaker, card_driver, plain_word
from dtlink.facts.kernels import KernelVersion
from dtlink.facts.outcomes import Driver, State
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.kernel.holdings.model import Holdings
    from dtlink.kernel.source.index import SourceIndex

_HAS = (State.BUILT_IN, State.MODULE, State.EARLY)
#: Upper bound on combinations that are remembered.
_REMEMBERED = 32_768

#: A node's strings, its type, what makes a device of it, and its bus: ``i2c``, ``spi`` or nothing.
_Traits = tuple[tuple[str, ...], str, DeviceMaker, str]


@lru_cache(maxsize=4)
def matching_of(
    build: Holdings,
    index: SourceIndex | None,
    version: KernelVersion,
    *,
    is_assumed: bool = False,
) -> Matching:
    """The :class:`Matching` of a kernel, for all boards."""
    return Matching(build, compatibles_of(build, index, version, is_assumed=is_assumed))


class Matching:
    """How one kernel finds drivers for devices."""

    def __init__(self, build: Holdings, compatibles: Compatibles) -> None:
        self.compatibles = compatibles
        self._build = build
        self._found: dict[_Traits, Driver | None] = {}

    def driver(
        self, names: tuple[str, ...], device_type: str, maker: DeviceMaker, bus: str
    ) -> Driver | None:
        """The driver that matches a device by its strings, or by what it says of itself.

        ``None``: nothing names one.
        """
        key = names, device_type, maker, bus
        if key not in self._found:
            if len(self._found) >= _REMEMBERED:
                self._found.clear()
            self._found[key] = self._driver(*key)
        return self._found[key]

    def undriven(self, names: tuple[str, ...]) -> Driver:
        """What is known of a device for which nothing names a driver."""
        has_none = self.compatibles.has_none(_telling(names))
        return Driver(State.NO_DRIVER if has_none else State.UNKNOWN, by=names[0])

    def _driver(
        self, names: tuple[str, ...], device_type: str, maker: DeviceMaker, bus: str
    ) -> Driver | None:
        real = _telling(names)
        if (found := self.compatibles.by_identity(real)) is not None:
            return found
        best = self.compatibles.best(real, device_type)
        if best is not None and best.state in _HAS:
            return best
        other = usb_driver(self._build, real) or card_driver(self._build, real)
        if other is None and maker is DeviceMaker.NAMED:
            other = self._by_bare_name(bus, names[0])
        return other or best or self._unnamed(names, maker)

    def _unnamed(self, names: tuple[str, ...], maker: DeviceMaker) -> Driver | None:
        """A device that no table of any driver names."""
        if word := plain_word(names):
            return Driver(State.EARLY, by=word)
        # Cells are platform devices, and mostly called as their strings are (drivers/mfd/).
        return self._by_bare_name("platform", names[0]) if maker is DeviceMaker.CELL else None

    def _by_bare_name(self, bus: str, name: str) -> Driver | None:
        """By the name after the vendor's comma (drivers/of/base.c, of_alias_from_compatible())."""
        found = self.compatibles.by_alias(f"{bus}:{name.partition(',')[2] or name}")
        is_known = found.state is not State.UNKNOWN or self.compatibles.tables(found.by)
        return found if is_known else None


def _telling(names: tuple[str, ...]) -> tuple[str, ...]:
    """The strings that a driver may match."""
    return tuple(name for name in names if name not in PLAIN)
