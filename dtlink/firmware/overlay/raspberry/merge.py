"""One overlay merged into one base, as a Raspberry Pi's boot loader does it, with parameters.

It differs from libfdt's merge: parameters change the overlay first; fragments for nodes of the
overlay itself are merged there; the phandle of a fragment's target stays; ``bootargs`` get longer;
paths in ``aliases`` are moved; only labels that are named in ``__exports__`` are added.

Source: Raspberry Pi documentation, "Device Trees, overlays, and parameters"; compared with dtmerge.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dtlink.facts import overlays as facts
from dtlink.firmware.fdt_write import SourceNode
from dtlink.firmware.overlay.fault import OverlayFault
from dtlink.firmware.overlay.fragments import (
    DORMANT,
    EXPORTS,
    SYMBOLS,
    Fragment,
    fragments,
    lone_faults,
    symbol_place,
)
from dtlink.firmware.overlay.nodes import (
    PHANDLES,
    Found,
    TreeIndex,
    copy,
    highest_phandle,
    phandle_of,
    set_property,
    subnode,
    text_of,
)
from dtlink.firmware.overlay.one import OverlayMerge
from dtlink.firmware.overlay.overlaid import Place
from dtlink.firmware.overlay.raspberry.parameters import (
    BOOTARGS,
    apply_parameter,
    has_parameter,
    longer,
)
from dtlink.firmware.overlay.raspberry.targets import ParameterError
from dtlink.firmware.tree import EXTERNAL_PHANDLE, Location
from dtlink.records import NamedTuple

_PRESERVE = "dtoverlay,preserve-phandle"
_FRAGMENTS = ("fragment@", "fragment-")


class Parameter(NamedTuple):
    """A parameter with its value, and where it is given."""

    name: str
    value: str
    place: Location | None = None


class Numbers:
    """The phandles that are in use: those of a dropped node stay so."""

    def __init__(self, base: SourceNode) -> None:
        self.highest = highest_phandle(base)


class RaspberryMerge(OverlayMerge):
    """One overlay with its parameters on one base."""

    def __init__(self, base: SourceNode, overlay: SourceNode, numbers: Numbers) -> None:
        super().__init__(base, overlay)
        self._numbers = numbers
        self._own = highest_phandle(overlay)
        self._of_base: list[Place] = []
        """What parameters have changed in the base."""

    def run_with(self, parameters: Sequence[Parameter]) -> list[OverlayFault]:
        """Merge as far as it can be, and return all that is wrong."""
        self.faults += map(_without_name, lone_faults(self._overlay))
        self._resolve()
        self._renumber()
        for each in parameters:
            self._parameter(each)
        self._merge_within()
        for fragment in self._active():
            target = self._target(fragment)
            if target is not None:
                self._merge_fragment(target, fragment)
            elif self._is_usable(fragment):
                self._fault_of_target(facts.UNKNOWN_TARGET, fragment)
        self._export()
        self.brought |= {place: place[0] for place in self._of_base if place not in self.brought}
        if self.is_applied:
            self._numbers.highest += self._own
        return self.faults

    def _highest(self) -> int:
        return self._numbers.highest

    def _phandle(self, node: SourceNode) -> int:
        """The phandle of a labelled node, which gets one; 0 if there is none left."""
        if not phandle_of(node):
            if self._numbers.highest + 1 >= EXTERNAL_PHANDLE:
                return 0
            self._numbers.highest += 1
            set_property(node, "phandle", self._numbers.highest.to_bytes(4, "big"))
        return phandle_of(node)

    def _parameter(self, parameter: Parameter) -> None:
        """Apply a parameter to the overlay, or to the base if only that has it."""
        name, value, place = parameter
        in_overlay = has_parameter(self._overlay, name)
        if not in_overlay and not has_parameter(self.root, name):
            self.faults.append(OverlayFault(facts.UNKNOWN_PARAMETER, "/", what=name, place=place))
            return
        try:
            tree = self._overlay if in_overlay else self.root
            changed = apply_parameter(tree, name, value, is_base=not in_overlay)
            if not in_overlay:
                self._of_base += changed
        except ParameterError as error:
            fault = OverlayFault(facts.BAD_PARAMETER, "/", what=name, detail=str(error))
            self.faults.append(fault._replace(place=place))

    def _active(self) -> list[Fragment]:
        found = (each for each in fragments(self._overlay) if each.node.name.startswith(_FRAGMENTS))
        return [each for each in found if self._is_usable(each)]

    def _target(self, fragment: Fragment) -> Found | None:
        """The target; its path comes before its phandle here."""
        if fragment.target_path is not None:
            return super()._target(fragment._replace(node=_without_target(fragment.node)))
        return super()._target(fragment)

    def _merge_within(self) -> None:
        """Merge the fragments whose target is in the overlay, and switch them off."""
        index = TreeIndex(self._overlay)
        for fragment in self._active():
            if fragment.target_path is None:
                target = index.at_phandle(fragment.target)
                if target is not None:
                    # A copy: the target may be in what is merged.
                    content = copy(_top(fragment.content))
                    self._merge(target, Found(content, fragment.content_path), index)
                    fragment.content.name = DORMANT
        self.brought.clear()

    def _merge_fragment(self, target: Found, fragment: Fragment) -> None:
        content = Found(_top(fragment.content), fragment.content_path)
        if target.node.name == "aliases":
            self._move_paths(target, fragment.content, fragment.content_path)
        else:
            self._merge(target, content)

    def _values(self, mine: SourceNode, theirs: SourceNode) -> Mapping[str, bytes]:
        """All but the name; bootargs get longer."""
        values = {name: value for name, value in theirs.properties.items() if name != "name"}
        if BOOTARGS in values:
            values[BOOTARGS] = longer(mine.properties.get(BOOTARGS, b""), values[BOOTARGS])
        return values

    def _export(self) -> None:
        """Add the labels that are named in ``__exports__``."""
        table, names = subnode(self._overlay, SYMBOLS), subnode(self._overlay, EXPORTS)
        own = subnode(self.root, SYMBOLS)
        if table is not None and names is not None and own is not None:
            kept = copy(table)
            kept.properties = {
                name: value for name, value in kept.properties.items() if name in names.properties
            }
            self._move_paths(Found(own, f"/{SYMBOLS}"), kept, f"/{SYMBOLS}")

    def _move_paths(self, target: Found, content: SourceNode, at: str) -> None:
        """Set properties that are paths, those into fragments as they are in the base."""
        held = {each.node.name: each for each in reversed([*fragments(self._overlay)])}
        for name, value in content.properties.items():
            set_property(target.node, name, self._moved(value, held))
            self.brought[target.path, name] = at

    def _moved(self, value: bytes, held: Mapping[str, Fragment]) -> bytes:
        place = symbol_place(text_of(value)) if value[:1] == b"/" else None
        fragment = held.get(place[0]) if place else None
        target = self._target(fragment) if fragment else None
        if place is None or target is None:
            return value
        path = f"{target.path.rstrip('/')}/{place[1]}" if place[1] else target.path
        return path.encode("latin-1") + b"\0"


def _without_name(fault: OverlayFault) -> OverlayFault:
    """The fault; a fragment that is not called so is not one here."""
    named = fault.path.startswith(tuple(f"/{each}" for each in _FRAGMENTS))
    if fault.problem in (facts.NO_TARGET, facts.BAD_TARGET) and not named:
        return OverlayFault(facts.LOST_NODE, fault.path)
    return fault


def _without_target(node: SourceNode) -> SourceNode:
    kept = {name: value for name, value in node.properties.items() if name != "target"}
    return SourceNode(node.name, kept, node.children)


def _top(content: SourceNode) -> SourceNode:
    """What is merged of a fragment: not the phandle of the target itself."""
    dropped = {_PRESERVE} if _PRESERVE in content.properties else {*PHANDLES}
    kept = {name: value for name, value in content.properties.items() if name not in dropped}
    return SourceNode(content.name, kept, content.children)


def apply_to_base(
    root: SourceNode, parameters: Sequence[Parameter]
) -> tuple[list[OverlayFault], list[Place]]:
    """Apply parameters to a base, in place (``dtparam``): what is wrong, and what has changed."""
    faults: list[OverlayFault] = []
    changed: list[Place] = []
    for name, value, place in parameters:
        try:
            changed += apply_parameter(root, name, value, is_base=True)
        except ParameterError as error:
            known = has_parameter(root, name)
            problem = facts.BAD_PARAMETER if known else facts.UNKNOWN_PARAMETER
            detail = str(error) if known else ""
            faults.append(OverlayFault(problem, "/", what=name, detail=detail, place=place))
    return faults, changed
