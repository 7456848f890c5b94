"""Apply a config.txt to a base."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from dtlink.facts import overlays as facts
from dtlink.facts import raspberry_pi
from dtlink.firmware.errors import InputError
from dtlink.firmware.overlay.fault import OverlayFault
from dtlink.firmware.overlay.merge import Layers
from dtlink.firmware.overlay.nodes import editable
from dtlink.firmware.overlay.raspberry.config_txt import (
    OUTSIDE,
    ConfigStep,
    ConfigTxt,
    is_inside,
    parameters_of,
)
from dtlink.firmware.overlay.raspberry.merge import Numbers, RaspberryMerge, apply_to_base
from dtlink.firmware.tree import Tree
from dtlink.records import NamedTuple

#: Reads a devicetree of a path. Raises :class:`InputError`.
Load = Callable[[str], Tree]


def apply_config(base: Tree, config: ConfigTxt, load: Load) -> Tree:
    """The base with the overlays and parameters of a config.txt.

    As with the boot loader, what can't be used is left out; the faults of ``tree.overlaid`` say
    what that is.
    """
    layers = Layers(base)
    numbers = Numbers(layers.root)
    names = _Names(config, base.root.compatible, load)
    for step in config.steps:
        if not step.overlay:
            faults, changed = apply_to_base(layers.root, step.parameters)
            layers.add_changes(config.path, base, faults, changed)
            continue
        renamed = names.find(step)
        try:
            tree = _loaded(renamed, load)
        except InputError as error:
            fault = OverlayFault(facts.NO_OVERLAY_FILE, "/", None, step.overlay, error.message)
            layers.add(renamed.path, base, [fault._replace(place=step.place)], None)
            continue
        merge = RaspberryMerge(layers.root, editable(tree), numbers)
        given = parameters_of(renamed.parameters, step.place)
        layers.add(renamed.path, tree, merge.run_with([*given, *step.parameters]), merge)
    merged = layers.merged()
    if merged.overlaid is not None:
        merged.overlaid.notes += _notes(config, names)
    return merged


def _loaded(renamed: _Renamed, load: Load) -> Tree:
    if renamed.refused:
        raise InputError(renamed.refused, path=renamed.path)
    return load(renamed.path)


def _notes(config: ConfigTxt, names: _Names) -> Sequence[str]:
    left_out = ", ".join(config.unknown)
    told = [f"{config.path}: what is below {left_out} is left out"] if left_out else []
    return [*told, *names.notes]


class _Renamed(NamedTuple):
    """The file of an overlay, and the parameters that its new name has."""

    path: str
    parameters: str = ""
    refused: str = ""


class _Names:
    """Names of overlays, and what ``overlay_map.dtb`` makes of them on a platform."""

    def __init__(self, config: ConfigTxt, compatible: Sequence[str], load: Load) -> None:
        folder = os.path.dirname(config.path)  # noqa: PTH120 - paths stay as the user wrote them
        self._below = config.prefix
        self._prefix = os.path.join(folder, config.prefix)  # noqa: PTH118 - text
        found = (raspberry_pi.PLATFORMS.get(each.rpartition(",")[2], "") for each in compatible)
        self._platform = next(filter(None, found), "")
        self._map: Tree | None = None
        self.notes: list[str] = []
        if self._platform:
            try:
                self._map = load(self._prefix + raspberry_pi.OVERLAY_MAP)
            except InputError:
                self._map = None

    def find(self, step: ConfigStep) -> _Renamed:
        """The file of an overlay, under the name that it has on this platform."""
        name = step.overlay
        if not is_inside(f"{self._below}{name}"):
            return _Renamed(self._path(name), refused=OUTSIDE)
        row = self._map.root.child(name) if self._map else None
        if row is None:
            return _Renamed(self._path(name))
        if row.has(self._platform):
            name = next(iter(row.strings(self._platform)), "") or name
        elif row.has("renamed"):
            name = next(iter(row.strings("renamed")), name)
            self.notes.append(f"the overlay {step.overlay} is called {name} now")
        else:
            why = next(iter(row.strings("deprecated")), "")
            text = f"it is deprecated: {why}" if why else f"it is not for {self._platform}"
            return _Renamed(self._path(name), refused=text)
        name, _, parameters = name.partition(",")
        return _Renamed(self._path(name), parameters)

    def _path(self, name: str) -> str:
        return f"{self._prefix}{name}.dtbo"
