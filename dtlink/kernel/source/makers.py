"""Which devices the driver of each source file makes, itself or by what it calls in other files."""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from dtlink.kernel.source.children import (
    EVERY,
    PROVIDERS,
    WORDS,
    Children,
    MadeDevice,
    MakerFile,
    children,
    match_words,
)
from dtlink.kernel.source.code import MODULE_NAME
from dtlink.kernel.source.macros import Macro
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Final

#: How many calls lead from a driver's file to the file that makes a device.
_ROUNDS: Final = 4
#: A function that more files call serves all drivers, and makes nothing for this one.
_SHARED: Final = 60

#: A file that calls what makes devices is a driver's, or lends its functions to drivers.
_LEADING: Final = ("_driver", "_device_id", "EXPORT_SYMBOL")
_CALLED = re.compile(r"\b([A-Za-z_]\w{3,})(?=\()")
_EXPORTED = re.compile(r"EXPORT_SYMBOL\w*\s*\(\s*(\w+)")


class Open(NamedTuple):
    """A device whose name is not in the call: how its alias begins, and where the call is."""

    start: str
    file: str


class Made(NamedTuple):
    """What a function makes, itself or by what it calls."""

    devices: frozenset[MadeDevice] = frozenset()
    open: frozenset[Open] = frozenset()

    def plus(self, other: Made) -> Made:
        """Both together."""
        return Made(self.devices | other.devices, self.open | other.open)


@dataclass
class Makers:
    """The functions that make devices, followed from file to file.

    ``text`` returns the text of a file of the tree, ``macros`` what is defined in a file of some
    text, ``modules`` the modules that each is linked into. First every file is entered, then they
    are followed.
    """

    text: Callable[[str], str | None]
    macros: Callable[[str, str], Mapping[str, Macro]]
    modules: Mapping[str, frozenset[str]]
    _files: dict[str, MakerFile] = field(default_factory=dict)
    _made: dict[str, dict[str, Made]] = field(default_factory=dict)
    _calls: dict[str, frozenset[str]] = field(default_factory=dict)
    _exports: dict[str, set[str]] = field(default_factory=dict)

    def made(self, path: str) -> Made:
        """What the functions of a file make."""
        found = Made()
        for each in self._made.get(path, {}).values():
            found = found.plus(each)
        return found

    def file(self, path: str) -> MakerFile:
        """A file, taken apart."""
        if path not in self._files:
            # Macros count only where devices are made.
            self._files[path] = MakerFile.of(self.text(path) or "")
        return self._files[path]

    def enter(self, path: str, text: str) -> None:
        """Read what a file makes by its own calls, and which functions it calls."""
        if any(word in text for word in _LEADING):
            self._calls[path] = frozenset(map(sys.intern, _CALLED.findall(text)))
            self._exports[path] = set(_EXPORTED.findall(text))
        if path.startswith(PROVIDERS) or not any(word in text for word in WORDS):
            return
        file = self._files[path] = MakerFile.of(text, self.macros(path, text))
        if found := children(file):
            # As in KBUILD_MODNAME (scripts/Makefile.lib, name-fix-token).
            module = min(self.modules[path], default="").replace("-", "_")
            self._made[path] = {n: _placed(each, path, module) for n, each in found.items()}

    def follow(self) -> None:
        """Follow calls from file to file."""
        for _ in range(_ROUNDS):
            if not self._step():
                break

    def _step(self) -> bool:
        """Take one step from the functions that make devices to those that call them."""
        homes = self._homes()
        callers: dict[str, list[str]] = defaultdict(list)
        for path, calls in self._calls.items():
            for name in calls & homes.keys():
                callers[name].append(path)
        paths = {p for name, found in callers.items() if len(found) <= _SHARED for p in found}
        paths |= self._made.keys()
        shared = {name for name, found in callers.items() if len(found) > _SHARED}
        changed = [self._follow_in(path, homes, shared) for path in sorted(paths)]
        return any(changed)

    def _homes(self) -> dict[str, list[str]]:
        """The files of each function that makes devices and that others may call."""
        homes: dict[str, list[str]] = defaultdict(list)
        for path, found in self._made.items():
            static = {each.name for each in self.file(path).functions() if each.is_static}
            for name in found.keys() - static:
                homes[name].append(path)
        return homes

    def _follow_in(self, path: str, homes: Mapping[str, list[str]], shared: set[str]) -> bool:
        own = self._made.get(path, {})
        added = dict(own)
        functions = list(self.file(path).functions())
        elsewhere = homes.keys() - shared - {each.name for each in functions}
        for function in functions:
            made = added.get(function.name, Made())
            for name in set(_CALLED.findall(function.body)):
                if name in elsewhere:
                    for home in self._home(path, name, homes[name]):
                        made = made.plus(self._made[home][name])
                elif name in added and name != function.name:
                    made = made.plus(added[name])
            if made.devices or made.open:
                added[function.name] = made
        if added == own:
            return False
        self._made[path] = added
        return True

    def _home(self, path: str, name: str, homes: list[str]) -> list[str]:
        """The file of the function that a file calls by a name."""
        near = [home for home in homes if self.modules[home] & self.modules[path]]
        return near or [home for home in homes if name in self._exports.get(home, ())]


def _placed(made: Children, path: str, module: str) -> Made:
    def named(alias: str) -> str:
        return alias.replace(MODULE_NAME, module)

    return Made(
        frozenset(each._replace(alias=named(each.alias)) for each in made.devices),
        frozenset(Open(named(start), path) for start in made.open),
    )


class Maker(NamedTuple):
    """A driver's file, and what it binds by itself: compatible strings, and aliases."""

    file: str
    names: frozenset[str]

    @property
    def variants(self) -> frozenset[str]:
        """What its devices are distinguished by: of the aliases, those of I²C and SPI alone.

        A compatible string with the same name goes before an alias; only where there is no string
        do the names of platform devices count.
        """
        bare = {each.partition(",")[2] for each in self.names} - {""}
        own = {each for each in self.names if each.partition(":")[2] not in bare}
        nodes = {each for each in own if not each.startswith("platform:")}
        return frozenset(nodes or own)


def makes(makers: Makers, maker: Maker, known: frozenset[str]) -> Iterator[str]:
    """What a driver makes of what some driver binds to (``known``): an alias for each.

    One that is made for some of the driver's devices only has a blank after it and what such a
    device is bound by, once for each.
    """
    made = makers.made(maker.file)
    if not made.devices and not made.open:
        return
    words = _words(makers, maker)
    devices = [each for each in made.devices if each.alias in known or each.alias[:3] == "of:"]
    devices += _named_elsewhere(makers, maker, made.open, known)
    held = frozenset(key for each in words.values() for key in each)
    live: dict[str, set[str]] = defaultdict(set)
    for device in devices:
        live[device.function] |= device.keys & held
    by_alias: dict[str, set[str]] = defaultdict(set)
    for device in devices:
        by_alias[device.alias] |= set(_made_for(device, words, live[device.function]))
    for alias, compatibles in by_alias.items():
        if compatibles >= maker.variants:
            yield alias
        else:
            yield from (f"{alias} {each}" for each in compatibles)


def _words(makers: Makers, maker: Maker) -> dict[str, frozenset[str]]:
    """The words of the match data that each of a driver's devices has.

    A file without any names the variant in the code, if at all.
    """
    file = makers.file(maker.file)
    words = {each: match_words(file, each) for each in sorted(maker.variants)}
    return words if any(words.values()) else dict.fromkeys(words, file.identifiers())


def _made_for(
    device: MadeDevice, words: Mapping[str, frozenset[str]], keys: set[str]
) -> Iterable[str]:
    """What a driver's devices are bound by, of those for which it makes a device.

    ``keys`` are the words that decide what the function makes. Match data with none of them leave
    it to what the driver reads elsewhere, unless they would have to refer to the device itself.
    """
    if device.in_data and not device.keys & keys:
        return words
    return (
        name
        for name, held in words.items()
        if not device.keys or device.keys & held or not (device.in_data or keys & held)
    )


def _named_elsewhere(
    makers: Makers, maker: Maker, found: Iterable[Open], known: frozenset[str]
) -> Iterator[MadeDevice]:
    """The devices that open calls may make, by the strings of the files on the way."""
    for each in found:
        if each.start.endswith(EVERY):
            start = each.start.removesuffix(EVERY)
            yield from (MadeDevice(alias) for alias in known if alias.startswith(start))
            continue
        texts = makers.file(maker.file).words() | makers.file(each.file).words()
        for text in texts:
            alias = each.start + text
            if alias in known and alias not in maker.names:
                yield MadeDevice(alias, frozenset((f'"{text}"',)), in_data=True)
