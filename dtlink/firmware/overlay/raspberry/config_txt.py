"""config.txt: the overlays and the parameters that a Raspberry Pi's boot loader applies.

Source: Raspberry Pi documentation, "config.txt" (conditional filters, include) and "Device Trees,
overlays, and parameters".
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence

from dtlink.facts import raspberry_pi as facts
from dtlink.firmware.errors import InputError
from dtlink.firmware.overlay.raspberry.merge import Parameter
from dtlink.firmware.tree import Location
from dtlink.records import NamedTuple

#: Upper bounds on a file, and on files that include each other.
MAX_SIZE = 1 << 20
MAX_DEPTH = 8
#: Upper bounds on overlays and on parameters: real files have a few of them.
MAX_OVERLAYS = 256
MAX_PARAMETERS = 4096

_SECTION = re.compile(r"\[(.*)\]\s*$")
_INCLUDE = re.compile(r"include\s+(\S+)")
#: A line of any config.txt.
_A_LINE = re.compile(r"(?m)^\s*(?:#|\[.*\]\s*$|include\s|\w+=)")


OUTSIDE = "outside the folder of config.txt"


def is_inside(path: str) -> bool:
    """Whether a path stays in the folder that it is seen from."""
    plain = os.path.normpath(path)
    outward = plain == os.pardir or plain.startswith(os.pardir + os.sep)
    return not outward and not os.path.isabs(plain)  # noqa: PTH117 - paths stay text


class ConfigStep(NamedTuple):
    """An overlay with its parameters, or the parameters of the base."""

    overlay: str
    """A name, without folder and ending; empty: the parameters are for the base."""
    parameters: list[Parameter]
    place: Location


class ConfigTxt(NamedTuple):
    """What a config.txt asks for, in order."""

    path: str
    steps: list[ConfigStep]
    prefix: str
    """What precedes the name of an overlay in its path."""
    unknown: Sequence[str]
    """Filters of which it is not known whether they hold: what they are for is left out."""


def read_config(path: str, compatible: Sequence[str], load: Callable[[str], bytes]) -> ConfigTxt:
    """Read a file; ``compatible`` are the strings of the base's root, which identify the model.

    Raises :class:`InputError` if it can't be read.
    """
    reader = _Reader(path, _filters(compatible), load)
    reader.read(path)
    return ConfigTxt(path, reader.steps, reader.prefix, list(reader.unknown))


def _filters(compatible: Sequence[str]) -> frozenset[str] | None:
    """The filters that hold for a model; ``None`` if it is not known."""
    names = (each.removeprefix(facts.VENDOR) for each in compatible if facts.VENDOR in each)
    found = (facts.FILTERS[name] for name in names if name in facts.FILTERS)
    first = next(found, None)
    return None if first is None else frozenset(first)


class _Reader:
    """Lines, the filters that are in force, and the steps so far."""

    def __init__(
        self, path: str, model: frozenset[str] | None, load: Callable[[str], bytes]
    ) -> None:
        self.steps: list[ConfigStep] = []
        self.prefix = facts.OVERLAY_PREFIX
        self.unknown: dict[str, None] = {}
        self._folder = os.path.dirname(path)  # noqa: PTH120 - paths stay as the user wrote them
        self._model = model
        self._load = load
        self._number = 0
        self._held: dict[str, bool] = {}
        """By kind of filter whether the last one of that kind holds."""

    def read(self, path: str, depth: int = 0) -> None:
        data = self._load(path)
        if len(data) > MAX_SIZE:
            raise InputError(f"more than {MAX_SIZE} bytes", path=path)
        text = data.decode("utf-8", "replace")
        if "\0" in text:
            raise InputError("not a config.txt: it has NUL bytes", path=path)
        if not depth and text.strip() and not _A_LINE.search(text):
            message = "not a config.txt: no line of it is a [filter], a comment or option=value"
            raise InputError(message, path=path)
        for number, line in enumerate(text.splitlines(), 1):
            row = line.strip()
            if not row or row.startswith("#"):
                continue
            if section := _SECTION.match(row):
                self._filter(section[1])
            elif all(self._held.values()):
                self._line(row, Location(path, number, 1, text=line), depth)

    def _filter(self, name: str) -> None:
        if name == "all":
            self._held.clear()
        elif name in facts.MODELS:
            self._held["model"] = self._model is not None and name in self._model
            if self._model is None:
                self.unknown[f"[{name}]"] = None
        else:
            kind = "none" if name == "none" else name.partition("=")[0]
            self._held[kind] = False
            if name != "none":
                self.unknown[f"[{name}]"] = None

    def _line(self, row: str, place: Location, depth: int) -> None:
        if include := _INCLUDE.match(row):
            if depth >= MAX_DEPTH:
                raise InputError(f"files include each other more than {MAX_DEPTH} deep")
            if not is_inside(include[1]):
                raise InputError(f"include {include[1]}: {OUTSIDE}", path=place.file)
            self.read(os.path.join(self._folder, include[1]), depth + 1)  # noqa: PTH118 - text
            return
        option, _, value = row.partition("=")
        if option in facts.OVERLAY_OPTIONS:
            self._overlay(value, place)
        elif option in facts.PARAMETER_OPTIONS:
            self._parameters(value, place)
        elif option == "overlay_prefix":
            self.prefix = value

    def _overlay(self, value: str, place: Location) -> None:
        name, parameters = re.match(r"([^,:]*)[,:]?(.*)", value, re.DOTALL).groups()  # type: ignore[union-attr]
        self.steps.append(ConfigStep(name, [], place))
        if len(self.steps) > MAX_OVERLAYS:
            raise InputError(f"more than {MAX_OVERLAYS} overlays", path=place.file)
        self._parameters(parameters, place)

    def _parameters(self, value: str, place: Location) -> None:
        if not self.steps:
            self.steps.append(ConfigStep("", [], place))
        given = [*parameters_of(value, place)]
        self._number += len(given)
        if self._number > MAX_PARAMETERS:
            raise InputError(f"more than {MAX_PARAMETERS} parameters", path=place.file)
        self.steps[-1].parameters.extend(given)


def parameters_of(text: str, place: Location) -> Iterator[Parameter]:
    """Parameters, separated by commas; one without a value has ``true``."""
    for each in filter(None, text.split(",")):
        name, equals, value = each.partition("=")
        yield Parameter(name, value if equals else facts.DEFAULT_VALUE, place)
