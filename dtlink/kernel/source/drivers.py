"""The facts about a driver's file: from the functions that the kernel calls first, down."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from dtlink.facts import resources
from dtlink.kernel.source.driver_facts import Ask, DriverFacts, Need
from dtlink.kernel.source.functions import CFile, Function
from dtlink.kernel.source.guards import Guards
from dtlink.kernel.source.library import Library
from dtlink.kernel.source.macros import DECLARATIONS, arguments
from dtlink.kernel.source.names import COMMON, Is, Value
from dtlink.kernel.source.owners import Owner, Who
from dtlink.kernel.source.reach import BY_PHANDLE, Pending, Reach, Summary
from dtlink.kernel.source.requests import CALLBACKS, EVERY
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Final

#: Structures whose ``.probe`` is no driver's.
_NO_DRIVER: Final = frozenset(
    {"snd_soc_component_driver", "snd_soc_dai_driver", "usb_serial_driver"}
)
#: Members of a driver's structure that probe a device; ``.probe_new`` until 6.2.
_PROBES: Final = ("probe", "probe_new", "probe2", "init_early")
_PROBE = re.compile(rf"\.\s*(?:{'|'.join(_PROBES)})\s*=\s*&?(\w+)")
_REGISTERED = re.compile(
    r"\b(?:module_platform_driver_probe|builtin_platform_driver_probe|platform_driver_probe)"
    r"\s*\(\s*&?\w+\s*,\s*(\w+)\s*\)"
)
#: Macros that name a function: which argument (irqchip.h).
_MATCHES: Final = {"IRQCHIP_MATCH": 1, "IRQCHIP_MATCH_GIC": 1}
_INITCALL = re.compile(r"^(?:\w+_)?initcall\w*\s*\(\s*(\w+)\s*\)", re.MULTILINE)
_MODULE_INIT = re.compile(r"^module_init\s*\(\s*(\w+)\s*\)", re.MULTILINE)

#: What a bus asks for before it calls any of its drivers: by the driver's structure.
#: drivers/i2c/i2c-core-base.c, i2c_device_probe(); drivers/spi/spi.c, spi_probe();
#: drivers/amba/bus.c, amba_read_periphid() and amba_probe().
_BUS_ASKS: Final = {
    "i2c_driver": (Ask(resources.INTERRUPT.kind, "", Need.OPTIONAL),),
    "spi_driver": (Ask(resources.INTERRUPT.kind, "", Need.OPTIONAL),),
    "amba_driver": (
        Ask(resources.CLOCK.kind, "apb_pclk", Need.REQUIRED),
        Ask(resources.INTERRUPT.kind, "*", Need.OPTIONAL),
    ),
}


#: The needs, the weakest first.
_ORDER: Final = (Need.IGNORED, Need.OPTIONAL, Need.UNKNOWN, Need.REQUIRED)
#: A request's kind, name, and whether it is for child nodes.
_Key = tuple[str, str, bool]


class _Start(NamedTuple):
    """A function that the kernel calls for a node."""

    name: str
    structure: str
    is_matched: bool = True
    """A node selects it; otherwise it binds by name, and its node is that of the parent."""


class Drivers:
    """Finds the facts about drivers' files."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._reach = Reach(library)

    def facts(self, path: str) -> DriverFacts | None:
        """The facts about a file; ``None`` if no function of it is called for a node."""
        file = self._library.file(path)
        if file is None:
            return None
        starts = [each for each in _starts(file) if self._library.find(each.name, path)]
        if not starts:
            return None
        found = [self._of_start(start, path) for start in starts]
        return _merged(found)

    def unread(self, path: str) -> set[str]:
        """The functions that were not found on the way."""
        file = self._library.file(path)
        starts = _starts(file) if file else ()
        return {name for each in starts for name in self._summary(each, path).unread}

    def _summary(self, start: _Start, path: str) -> Summary:
        """What the function of a start does; of several bodies, what all of them do."""
        summary = Summary()
        functions = list(self._library.find(start.name, path) or ())
        if (back := CALLBACKS.get(start.name)) is not None:
            functions += self._reach.given(Function("", (), "", path), *back)
        for function in functions:
            summary.join(self._reach.of(function))
        return summary

    def _of_start(self, start: _Start, path: str) -> DriverFacts:
        summary = self._summary(start, path)
        asks: dict[_Key, Need] = {}
        unsure: set[str] = set()
        for pending, need in summary.requests.items():
            if pending.owner.who is Who.PARENT and start.is_matched:
                continue
            if not self._is_set(pending.guards, path):
                continue
            for ask in self._asked(pending, need, path, unsure):
                _strongest(asks, ask)
        for ask in (*_BUS_ASKS.get(start.structure, ()), *self._by_core(summary, path)):
            _strongest(asks, ask)
        return DriverFacts(
            asks=tuple(_least(asks)),
            offers=self._offers(summary, path),
            whole=not summary.unread,
            unsure=frozenset(unsure),
        )

    def _offers(self, summary: Summary, path: str) -> frozenset[str]:
        return frozenset(each.kind for each in summary.offers if self._is_set(each.guards, path))

    def _is_set(self, guards: Guards, path: str) -> bool:
        """Whether a file, or those that are linked with it, sets all members."""
        files = tuple(self._library.files(path))
        return all(any(file.sets(member) for file in files) for member in guards)

    def _asked(self, pending: Pending, need: Need, path: str, unsure: set[str]) -> Iterator[Ask]:
        """The requests that one pending request comes to."""
        children = _children(pending.owner)
        if children is None:
            return
        if pending.owner.who is Who.PHANDLE or pending.name == BY_PHANDLE:
            if pending.owner.who is Who.PHANDLE and pending.name == BY_PHANDLE:
                yield Ask(pending.kind, pending.owner.text, need)
            return
        values: Iterable[Value] = (pending.name,)
        if pending.name.how is Is.MEMBER:
            # What no initializer sets is NULL, and not asked for; common names are not looked up.
            held = self._reach.names.member(pending.name.text, pending.name.field, path)
            common = pending.name.text in COMMON
            values = [value for value in held if common or value.how is not Is.MEMBER]
        for value in values:
            if value.how is not Is.NAME or not _is_plain(value.text):
                unsure.add(pending.kind)
            else:
                yield Ask(pending.kind, _name(pending.kind, value.text), need, children)

    def _by_core(self, summary: Summary, path: str) -> Iterator[Ask]:
        """What a subsystem's core asks for as a provider's description says."""
        files = [file for file in self._library.files(path) if file.path.endswith(".c")]
        offers = self._offers(summary, path)
        if resources.REGULATOR.kind in offers:
            # drivers/regulator/core.c, regulator_register(): it waits for some of them.
            assigned = any("supply_name" in file.assignments for file in files)
            held = self._reach.names.member("supply_name", "", path) if assigned else ()
            names = {each.text if each.how is Is.NAME else EVERY for each in held}
            for name in names.union(_described(files, "supply_name")) - {""}:
                yield Ask(resources.REGULATOR.kind, name, Need.UNKNOWN)
        if resources.CLOCK.kind in offers:
            # drivers/clk/clk.c, clk_core_get(): an input that is not there makes an orphan.
            for name in _described(files, "fw_name"):
                yield Ask(resources.CLOCK.kind, name, Need.IGNORED)


def _starts(file: CFile) -> Iterator[_Start]:
    """The functions that the kernel calls for a node."""
    return iter(dict.fromkeys((*_probes(file), *_declared(file), *_initcalls(file))))


def _probes(file: CFile) -> Iterator[_Start]:
    for data in file.data.values():
        if data.type.endswith("_driver") and data.type not in _NO_DRIVER:
            for match in _PROBE.finditer(data.value):
                yield _Start(match[1], data.type, "of_match_table" in data.value)
    for match in _REGISTERED.finditer(file.code) if "driver_probe" in file.code else ():
        yield _Start(match[1], "platform_driver")


def _declared(file: CFile) -> Iterator[_Start]:
    """What macros name for a compatible string."""
    for macro, place in (*DECLARATIONS.items(), *_MATCHES.items()):
        if macro not in file.outside:
            continue
        for match in re.finditer(rf"\b{macro}\s*(?=\()", file.outside):
            given = arguments(file.outside, match.end())
            last = given[0][-1] if given and len(given[0]) > place else ""
            if last.isidentifier():
                yield _Start(last, "")


def _initcalls(file: CFile) -> Iterator[_Start]:
    """The functions that look for their nodes when the kernel, or the module, starts."""
    for match in _INITCALL.finditer(file.outside) if "initcall" in file.outside else ():
        yield _Start(match[1], "")
    if not any(data.type.endswith("_driver") for data in file.data.values()):
        for match in _MODULE_INIT.finditer(file.outside):
            yield _Start(match[1], "")


def _described(files: Iterable[CFile], member: str) -> Iterator[str]:
    """The names that descriptions of a provider hold; ``*`` where a macro makes them."""
    for file in files:
        for value in file.members.get(member, ()):
            if (match := re.fullmatch(r'"([^"]*)"', value)) is not None:
                yield match[1]
            elif value not in ("NULL", ""):
                yield "*"
        if any(re.search(rf"\.\s*{member}\s*=", macro.body) for macro in file.macros.values()):
            yield "*"


def _children(owner: Owner) -> bool | None:
    """Whether a request is made for child nodes; ``None``: it is for no node of the device."""
    if owner.who is Who.OTHER:
        return None
    return owner.who is Who.CHILD


def _is_plain(name: str) -> bool:
    return name.isascii() and name.isprintable() and "%" not in name and "\\" not in name


def _name(kind: str, name: str) -> str:
    """The name of an entry, where the property was given."""
    if kind == resources.GPIO.kind:
        for ending in ("-gpios", "-gpio"):
            if name.endswith(ending):
                return name.removesuffix(ending)
        return "" if name in ("gpios", "gpio") else name
    return name


def _least(asks: Mapping[_Key, Need]) -> Iterator[Ask]:
    """Requests without those that one for everything includes."""
    for (kind, name, children), need in sorted(asks.items(), key=lambda each: each[0]):
        every = asks.get((kind, EVERY, children))
        if name == EVERY or every is None or _ORDER.index(need) > _ORDER.index(every):
            yield Ask(kind, name, need, children)


def _strongest(asks: dict[_Key, Need], ask: Ask) -> None:
    key = (ask.kind, ask.name, ask.of_children)
    had = asks.get(key)
    if had is None or _ORDER.index(ask.need) > _ORDER.index(had):
        asks[key] = ask.need


def _merged(found: list[DriverFacts]) -> DriverFacts:
    """The facts about a file with several drivers: a need they don't share is unknown."""
    needs: dict[_Key, set[Need]] = {}
    for each in found:
        for ask in each.asks:
            needs.setdefault((ask.kind, ask.name, ask.of_children), set()).add(ask.need)
    return DriverFacts(
        asks=tuple(
            Ask(kind, name, next(iter(held)) if len(held) == 1 else Need.UNKNOWN, children)
            for (kind, name, children), held in sorted(needs.items())
        ),
        offers=frozenset().union(*(each.offers for each in found)),
        whole=all(each.whole for each in found),
        unsure=frozenset().union(*(each.unsure for each in found)),
    )
