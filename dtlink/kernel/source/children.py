"""The devices that the functions of one C file make, by the calls that make them.

A device that a driver makes is bound by its name, mostly: by that of an MFD cell, of a platform or
an auxiliary device. A name is read where it is written: in the call, in a table of cells, in the
initializer of a device. A call is *open* if its name is computed, or comes from elsewhere: the
driver may then make any device whose name is a string of its files (``makers``).

Sources: include/linux/mfd/core.h, include/linux/platform_device.h, include/linux/auxiliary_bus.h,
include/linux/of_platform.h, include/linux/i2c.h. Left out: ``i2c_new_dummy_device()`` and its kind,
whose devices no driver binds to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from dtlink.kernel.source.code import MODULE_NAME, end_of, up_to_next, variable
from dtlink.kernel.source.macros import Macro, arguments, string
from dtlink.kernel.source.text import bare
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Final

#: What stands for every device that is made of a child node.
ANY_CHILD: Final = "of:*"

#: What ends the beginning of an alias where any name may come after it.
EVERY: Final = "*"

#: Calls that have the name among their arguments: bus, place of the name, of the module's name.
_NAMED: Final = {
    "platform_device_register_simple": ("platform", 0, None),
    "platform_device_register_data": ("platform", 1, None),
    "platform_device_register_resndata": ("platform", 1, None),
    "platform_device_alloc": ("platform", 0, None),
    "devm_auxiliary_device_create": ("auxiliary", 1, None),
    "__devm_auxiliary_device_create": ("auxiliary", 2, 1),
    "auxiliary_device_create": ("auxiliary", 2, 1),
}
#: Calls that are given a structure with the name: bus, and the type of the structure.
_STRUCTURED: Final = {
    "platform_device_register": ("platform", "platform_device"),
    "platform_add_devices": ("platform", "platform_device"),
    "platform_device_register_full": ("platform", "platform_device_info"),
    "auxiliary_device_init": ("auxiliary", "auxiliary_device"),
    "i2c_new_client_device": ("i2c", "i2c_board_info"),
}
#: Calls that are given cells, and the place of these.
_CELLS: Final = {
    "mfd_add_devices": 2,
    "devm_mfd_add_devices": 2,
    "mfd_add_hotplug_devices": 1,
}
_POPULATES: Final = (
    *("of_platform_populate", "devm_of_platform_populate", "of_platform_default_populate"),
    *("devm_of_platform_default_populate", "of_platform_device_create"),
)
#: Calls that make any device that some driver of a bus binds to, and how its alias begins: what
#: the firmware has is known at run time (drivers/firmware/arm_scmi/driver.c).
_ANY: Final = {"scmi_device_create": "scmi:"}
#: Macros that define a driver which makes a device (drivers/firmware/arm_scmi/common.h).
_DEFINES: Final = {"DEFINE_SCMI_TRANSPORT_DRIVER": "platform:arm-scmi"}
_CALL = re.compile(
    rf"\b({'|'.join((*_NAMED, *_STRUCTURED, *_CELLS, *_POPULATES, *_ANY))})(?=\s*\()"
)
#: A file that calls one of them holds one of these.
WORDS: Final = (
    *("platform_device_", "platform_add_devices", "auxiliary_device_", "mfd_add_"),
    *("of_platform_", "i2c_new_client_device", *_ANY, *_DEFINES),
)
#: The files that define the calls.
PROVIDERS: Final = (
    *("drivers/base/", "drivers/of/", "drivers/mfd/mfd-core.c", "drivers/i2c/i2c-core"),
)

_STRING = r"(?:\"(?:\\.|[^\"\\])*\"|\w+)(?:\s*(?:\"(?:\\.|[^\"\\])*\"|\w+))*"
_FUNCTION = re.compile(
    r"^(?P<words>[A-Za-z_][\w \t*]*[\s*])(?P<name>\w+)\s*"
    r"\((?:[^(){};]|\((?:[^(){};]|\([^(){};]*\))*\))*\)[\w\s]*\{",
    re.MULTILINE,
)
_DIRECTIVE = re.compile(r"^[ \t]*#[^\n]*", re.MULTILINE)
_INITIALIZED = re.compile(
    r"\b(?P<type>mfd_cell|platform_device_info|platform_device|auxiliary_device|i2c_board_info)\s+"
    r"(?:__\w+\s+)*(?P<name>\w+)\s*(?:\[[^\]]{0,200}\]\s*)*(?:__\w+\s*)*=\s*\{"
)
_NAME = re.compile(rf"(?:\.|->)\s*name\s*=\s*({_STRING})\s*(?=[;,}}])")
_COMPATIBLE = re.compile(rf"\.\s*of_compatible\s*=\s*({_STRING})\s*(?=[,}}])")
_MACRO = re.compile(r"\b((?:MFD|OF)_CELL_\w+|I2C_BOARD_INFO)(?=\s*\()")
#: The place of ``of_compatible`` among the arguments of a cell's macro.
_COMPATIBLE_AT: Final = 5
_DRIVERS_NAME = re.compile(r"\bdriver\s*->\s*name\b")
#: drivers/clk/meson/axg-audio.c passes its driver's name on.
_OWN_NAME = re.compile(rf"\.\s*driver\s*=\s*\{{\s*\.\s*name\s*=\s*({_STRING})")
_LABEL = re.compile(r"\b(?:case\s+(\w+)|(default))\s*:")
_LEFT = re.compile(r"\b(?:break|return|switch)\b")
_IF = re.compile(r"\bif\s*\(([^;{}]*)\)\s*(?:\{[^{}]*|[^;{}]*)$")
_EQUAL = re.compile(r"[=!]=\s*(\w+)")
_WORD = re.compile(r"\"(?:\\.|[^\"\\\n])*\"|[A-Za-z_]\w*")

Keys = frozenset[str]
"""Words of which a device's match data has one, if it is made; empty: it is made for all."""


class MadeDevice(NamedTuple):
    """A device that is made, by its alias, and for which match data."""

    alias: str
    keys: Keys = frozenset()
    in_data: bool = False
    """The keys are names that match data refer to it by, not values that a function compares."""
    function: str = ""
    """The function that makes it, where it makes others for other match data."""


@dataclass(frozen=True)
class Children:
    """What a function makes."""

    devices: frozenset[MadeDevice] = frozenset()
    open: frozenset[str] = frozenset()
    """The aliases' beginnings of devices with other names: ``platform:``, ``auxiliary:MODULE.``.

    The names are strings of the files on the way, or any after :data:`EVERY`.
    """

    def __or__(self, other: Children) -> Children:
        return Children(self.devices | other.devices, self.open | other.open)

    def __bool__(self) -> bool:
        return bool(self.devices or self.open)


class Function(NamedTuple):
    """A function of a file."""

    name: str
    is_static: bool
    body: str


@dataclass
class MakerFile:
    """A file in which something makes devices, or calls what does."""

    code: str
    macros: dict[str, Macro] = field(default_factory=dict)

    @classmethod
    def of(cls, text: str, macros: Mapping[str, Macro] | None = None) -> MakerFile:
        """Take a file apart. ``macros`` are those of the file and of what it includes."""
        own_name = Macro(None, f'"{MODULE_NAME}"')
        return cls(_DIRECTIVE.sub("", bare(text)), {**(macros or {}), MODULE_NAME: own_name})

    def functions(self) -> Iterator[Function]:
        """The functions that the file defines."""
        for match in _FUNCTION.finditer(self.code):
            end = self.code.find("\n}", match.end())
            yield Function(
                match["name"], "static" in match["words"].split(), self.code[match.end() : end]
            )

    def string(self, written: str) -> str | None:
        """The string that an expression is, by macros and variables of the file."""
        found = string(written, self.macros)
        return found or string(variable(self.code, written) or "", self.macros)

    def words(self) -> frozenset[str]:
        """The strings of the file, and those that its macros stand for."""
        words = set(_WORD.findall(self.code))
        named = (string(each, self.macros) for each in words & self.macros.keys())
        literals = (word[1:-1] for word in words if word[0] == '"')
        return frozenset((*literals, *(each for each in named if each)))

    def identifiers(self) -> frozenset[str]:
        """The identifiers of the file."""
        return frozenset(word for word in _WORD.findall(self.code) if word[0] != '"')


def children(file: MakerFile) -> Mapping[str, Children]:
    """What each function of a file makes by its own calls, for those that make something."""
    finder = _Finder(file)
    found: dict[str, Children] = {}
    for each in file.functions():
        if made := finder.made_by(each):
            # One name may have several bodies, of which the preprocessor takes one.
            found[each.name] = found.get(each.name, Children()) | made
    for macro, alias in _DEFINES.items():
        if f"{macro}(" in file.code:
            found[macro] = Children(frozenset((MadeDevice(alias),)))
    return found


class _Finder:
    """Reads the calls of a file's functions."""

    def __init__(self, file: MakerFile) -> None:
        self._file = file
        self._functions = list(file.functions())
        self._tables = dict(_tables(file))

    def made_by(self, function: Function) -> Children:
        made = Children()
        for call in _CALL.finditer(function.body):
            if (given := arguments(function.body, call.end())) is not None:
                made |= self._called(call[1], given[0], function)
        return made

    def _called(self, call: str, given: list[str], function: Function) -> Children:
        if call in _POPULATES:
            return Children(frozenset((MadeDevice(ANY_CHILD),)))
        if call in _ANY:
            return Children(open=frozenset((f"{_ANY[call]}{EVERY}",)))
        if call in _CELLS:
            made = self._cells(given[_CELLS[call]] if len(given) > _CELLS[call] else "")
            named = (each._replace(function=function.name) for each in made.devices)
            return Children(frozenset(named), made.open)
        if call in _NAMED:
            return self._named(call, given)
        bus, kind = _STRUCTURED[call]
        return self._structured(bus, kind, function)

    def _named(self, call: str, given: list[str]) -> Children:
        bus, at, module_at = _NAMED[call]
        if max(at, module_at or 0) >= len(given):
            return Children()
        start = f"{bus}:"
        if bus == "auxiliary":
            module = MODULE_NAME if module_at is None else self._module(given[module_at])
            start += f"{module or MODULE_NAME}."
        return self._device(start, given[at])

    def _module(self, written: str) -> str | None:
        """The name of a module, or of the driver that is given in its place."""
        own = _OWN_NAME.findall(self._file.code) if _DRIVERS_NAME.search(written) else ()
        return self._text(own[0] if len(own) == 1 else written)

    def _device(self, start: str, written: str, keys: Keys = frozenset()) -> Children:
        """A device by the expression of its name."""
        name = self._text(written)
        if name is None:
            return Children(open=frozenset((start,)))
        return Children(frozenset((MadeDevice(start + name, keys),)))

    def _structured(self, bus: str, kind: str, function: Function) -> Children:
        """A device whose name is set in the function, or in the initializer of some structure."""
        start = f"auxiliary:{MODULE_NAME}." if bus == "auxiliary" else f"{bus}:"
        written = _NAME.findall(function.body)
        made = Children()
        for each in written:
            made |= self._device(start, each)
        if not written:
            tables = [table for table in self._tables.values() if table.type == kind]
            made = self._of_tables(tables) or Children(open=frozenset((start,)))
        return made

    def _cells(self, written: str) -> Children:
        """The cells of the table that is written in the call, or of any in the file."""
        words = _WORD.findall(written)
        tables = [self._tables[word] for word in words if word in self._tables]
        cells = [table for table in self._tables.values() if table.type == "mfd_cell"]
        return self._of_tables(tables or cells) or Children(open=frozenset(("platform:",)))

    def _of_tables(self, tables: list[_Table]) -> Children:
        made = Children()
        for table in tables:
            keys = self._keys(table.name) if len(tables) > 1 else frozenset()
            in_data = keys == {table.name}
            for alias in table.aliases:
                made |= Children(frozenset((MadeDevice(alias, keys, in_data),)))
            if table.is_open:
                made |= Children(open=frozenset(("platform:",)))
        return made

    def _keys(self, table: str) -> Keys:
        """The labels and comparisons under which a table is used; its own name if by none."""
        found: set[str] = set()
        use = re.compile(rf"\b{table}\b")
        for function in self._functions:
            for match in use.finditer(function.body):
                keys = _guards(function.body[: match.start()])
                if not keys:
                    return frozenset()
                found |= keys
        return frozenset(found or {table})

    def _text(self, written: str) -> str | None:
        found = self._file.string(written)
        return found if found and found.isascii() and found.isprintable() else None


class _Table(NamedTuple):
    """Devices that are written down together."""

    name: str
    type: str
    aliases: tuple[str, ...]
    is_open: bool


def _tables(file: MakerFile) -> Iterator[tuple[str, _Table]]:
    """The initializers of devices and cells in a file."""
    for match, stop in up_to_next(_INITIALIZED, file.code):
        text = file.code[match.end() : end_of(file.code, match.end(), stop)]
        bus = "i2c" if match["type"] == "i2c_board_info" else "platform"
        start = f"auxiliary:{MODULE_NAME}." if match["type"] == "auxiliary_device" else f"{bus}:"
        written = [(start, each) for each in _NAME.findall(text)]
        written += [("of:", each) for each in _COMPATIBLE.findall(text)]
        for call in _MACRO.finditer(text):
            given = arguments(text, call.end())
            written += _macro(start, call[1], given[0]) if given else ()
        named = [(begin, file.string(each)) for begin, each in written]
        aliases = tuple(begin + name for begin, name in named if name)
        yield (
            match["name"],
            _Table(match["name"], match["type"], aliases, any(n is None for _, n in named)),
        )


def _macro(start: str, macro: str, given: list[str]) -> list[tuple[str, str]]:
    """The name, and the compatible string, in the arguments of a cell's macro."""
    has_compatible = "_OF" in macro or macro.endswith("_ALL")
    if has_compatible and len(given) > _COMPATIBLE_AT and given[_COMPATIBLE_AT] != "NULL":
        return [(start, given[0]), ("of:", given[_COMPATIBLE_AT])]
    return [(start, given[0])]


def _guards(before: str) -> Keys:
    """The labels of a ``switch``, or the comparison of an ``if``, that lead to what follows."""
    left = [match.end() for match in _LEFT.finditer(before)]
    labels = _LABEL.findall(before[left[-1] if left else 0 :])
    if any(default for _, default in labels):
        return frozenset()
    if labels:
        return frozenset(label for label, _ in labels)
    tested = _IF.search(before)
    return frozenset(_EQUAL.findall(tested[1])) if tested and "!=" not in tested[1] else frozenset()


def match_words(file: MakerFile, compatible: str) -> Keys:
    """The words in the match data of a compatible string or an alias, and of what they name."""
    found: set[str] = set()
    bare_name = re.split("[,:]", compatible, maxsplit=1)[-1]
    of_entry = rf"\.\s*compatible\s*=\s*\"{re.escape(compatible)}\"([^{{}}]*)"
    id_entry = rf"\{{\s*(?:\.\s*name\s*=\s*)?\"{re.escape(bare_name)}\"([^{{}}]*)"
    for pattern in (of_entry, id_entry):
        for match in re.finditer(pattern, file.code):
            found.update(_WORD.findall(match[1]))
    for word in [each for each in found if each[0] != '"']:
        for start in re.finditer(rf"\b{word}\s*(?:\[[^\]]*\]\s*)?(?:__\w+\s*)*=\s*\{{", file.code):
            found.update(_WORD.findall(file.code[start.end() : end_of(file.code, start.end())]))
    return frozenset(found)
