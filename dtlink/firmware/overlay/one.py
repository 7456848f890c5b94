"""One overlay merged into one base, as libfdt does it.

Source: libfdt (dtc 1.7.2), fdt_overlay.c, fdt_overlay_apply(): phandles of the overlay are moved
above those of the base, references are resolved by ``__fixups__`` and the base's ``__symbols__``,
fragments are merged in order, and the overlay's labels are added to those of the base. New nodes
and properties come before the others, as there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from dtlink.facts import overlays as facts
from dtlink.firmware.fdt_write import SourceNode
from dtlink.firmware.overlay import fixups, run_time
from dtlink.firmware.overlay.fault import Fixup, OverlayFault
from dtlink.firmware.overlay.fragments import (
    SYMBOLS,
    Fragment,
    fragments,
    lone_faults,
    symbol_place,
)
from dtlink.firmware.overlay.nodes import (
    PHANDLES,
    Children,
    Found,
    TreeIndex,
    add_subnode,
    at_path,
    below,
    copy,
    highest_phandle,
    phandle_of,
    set_properties,
    subnode,
    text_of,
    walk,
)
from dtlink.firmware.tree import EXTERNAL_PHANDLE

#: Upper bound on the labels for which a similar name is looked up.
_GUESSES = 16


class OverlayMerge:
    """One overlay on one base. ``root`` is a changed copy of the base, for use if it is applied."""

    def __init__(
        self, base: SourceNode, overlay: SourceNode, *, keeps_phandles: bool = True
    ) -> None:
        self.root = copy(base)
        self.brought: dict[tuple[str, str], str] = {}
        """By path and property (empty: the node itself) the node of the overlay that brought it."""
        self.faults: list[OverlayFault] = []
        self._overlay = overlay
        self._index = TreeIndex(self.root)
        self._keeps_phandles = keeps_phandles
        self._unresolved: set[str] = set()
        """The fragments whose target is a label that the base lacks."""

    @property
    def is_applied(self) -> bool:
        """Whether libfdt would apply it."""
        return not any(each.problem.fatal for each in self.faults)

    def run(self) -> list[OverlayFault]:
        """Merge as far as it can be, and return all that is wrong."""
        self.faults += lone_faults(self._overlay)
        self._renumber()
        self._resolve()
        usable = [each for each in fragments(self._overlay) if self._is_usable(each)]
        self.faults += run_time.faults(self.root, self._index, self._overlay, usable)
        if self._keeps_phandles:
            self._keep_phandles(usable)
        before = [self._target(each) for each in usable]
        for fragment, there in zip(usable, before, strict=True):
            target = self._target(fragment)
            if target is None:
                self._fault_of_target(_unknown_target(fragment), fragment)
                continue
            if there is None:
                self._fault_of_target(facts.TARGET_IN_OVERLAY, fragment)
            self._merge(target, Found(fragment.content, fragment.content_path))
        if self.is_applied:
            self._add_symbols()
        return self.faults

    def _renumber(self) -> None:
        """Move the overlay's phandles above those of the base (overlay_adjust_node_phandles())."""
        delta = self._highest()
        for node, path in walk(self._overlay):
            for name in PHANDLES:
                value = node.properties.get(name)
                if value is not None:
                    self._move(node, path, name, delta)

        def move(node: SourceNode, name: str, offsets: Sequence[int]) -> None:
            cells = fixups.cells_at(node, name, offsets)
            moved = [number + delta & EXTERNAL_PHANDLE for number in cells]
            fixups.set_cells(node, name, zip(offsets, moved, strict=True))

        fixups.for_each_local(self._overlay, move)

    def _highest(self) -> int:
        """The phandle above which those of the overlay are moved."""
        return highest_phandle(self.root)

    def _move(self, node: SourceNode, path: str, name: str, delta: int) -> None:
        value = node.properties[name]
        number = int.from_bytes(value, "big") + delta
        if len(value) != 4:
            detail = f"{len(value)} bytes"
            self.faults.append(OverlayFault(facts.BAD_PHANDLE, path, name, detail=detail))
        elif number >= EXTERNAL_PHANDLE:
            detail = f"{number - delta:#x} + {delta:#x}"
            self.faults.append(OverlayFault(facts.PHANDLES_USED_UP, path, name, detail=detail))
        else:
            node.properties[name] = number.to_bytes(4, "big")

    def _resolve(self) -> None:
        """Write the phandles of the base's nodes into the overlay (overlay_fixup_phandles())."""
        needed = fixups.labels(self._overlay)
        symbols = self._index.at_path(f"/{SYMBOLS}")
        if needed and symbols is None:
            self._lacking(facts.NO_SYMBOLS, needed, ", ".join(needed))
            return
        table = symbols.node.properties if symbols else {}
        filled: dict[tuple[str, str], list[tuple[int, int]]] = {}
        for label, places in needed.items():
            path = text_of(table[label]) if label in table else ""
            found = self._index.at_path(path) if path else None
            number = 0 if found is None else self._phandle(found.node)
            if label not in table:
                near = _nearest(label, table) if len(self.faults) < _GUESSES else ""
                self._lacking(facts.UNKNOWN_LABEL, {label: places}, label, near)
            elif found is None:
                self._lacking(facts.STALE_LABEL, {label: places}, label, path)
            elif not number:
                self._lacking(facts.NO_PHANDLE, {label: places}, label, path)
            else:
                for place in places:
                    if isinstance(place, Fixup):
                        cells = filled.setdefault((place.path, place.name), [])
                        cells.append((place.offset, number))
        self._fill(filled)

    def _phandle(self, node: SourceNode) -> int:
        """The phandle of a node of the base that has a label; 0 if it has none."""
        return phandle_of(node)

    def _fill(self, filled: Mapping[tuple[str, str], list[tuple[int, int]]]) -> None:
        find = Children()
        for (path, name), cells in filled.items():
            found = at_path(self._overlay, path, find)
            if found is not None:
                fixups.set_cells(found.node, name, cells)

    def _lacking(
        self,
        problem: facts.OverlayProblem,
        needed: dict[str, list[Fixup | OverlayFault]],
        what: str,
        detail: str = "",
    ) -> None:
        """Labels that the base does not have, at the first place that needs one."""
        places = [each for places in needed.values() for each in places if isinstance(each, Fixup)]
        self._unresolved |= {each.path for each in places if each.name == "target"}
        first = places[0] if places else Fixup(what, "/__fixups__", what, 0)
        also = dict.fromkeys(each.path for each in places if each.path != first.path)
        fault = OverlayFault(problem, first.path, first.name, what, detail, tuple(also))
        self.faults.append(fault)

    def _is_usable(self, fragment: Fragment) -> bool:
        """Whether its target can be looked for; where not, that has been said."""
        if fragment.path in self._unresolved or fragment.target == EXTERNAL_PHANDLE:
            return False
        return bool(fragment.target) or fragment.target_path is not None

    def _target(self, fragment: Fragment) -> Found | None:
        """The node that a fragment is merged into, as the base is now."""
        if fragment.target:
            return self._index.at_phandle(fragment.target)
        return self._index.at_path(fragment.target_path or "")

    def _fault_of_target(self, problem: facts.OverlayProblem, fragment: Fragment) -> None:
        name = "target" if fragment.target else "target-path"
        what = f"{fragment.target:#x}" if fragment.target else fragment.target_path or ""
        self.faults.append(OverlayFault(problem, fragment.path, name, what))

    def _keep_phandles(self, usable: Sequence[Fragment]) -> None:
        """Give what the base has already its own phandle (overlay_prevent_phandle_overwrite())."""
        places = fixups.LocalPlaces(self._overlay)
        for fragment in usable:
            target = self._target(fragment)
            pairs = [(target.node, fragment.content)] if target else []
            while pairs:
                mine, theirs = pairs.pop()
                if phandle_of(mine) and phandle_of(theirs):
                    places.replace(phandle_of(theirs), phandle_of(mine))
                    _set_phandle(theirs, phandle_of(mine))
                for child in reversed(theirs.children):
                    other = self._index.child(mine, child.name)
                    if other is not None:
                        pairs.append((other, child))

    def _merge(self, target: Found, content: Found, index: TreeIndex | None = None) -> None:
        """Merge a node of the overlay into one of the base (overlay_apply_node())."""
        index = index or self._index
        todo = [(target, content)]
        while todo:
            mine, theirs = todo.pop()
            values = self._values(mine.node, theirs.node)
            index.set_properties(mine, values)
            self.brought |= {(mine.path, name): theirs.path for name in values}
            pairs = [
                (
                    self._made(mine, child, theirs.path, index),
                    Found(child, below(theirs.path, child.name)),
                )
                for child in theirs.node.children
            ]
            todo += reversed(pairs)

    def _values(self, mine: SourceNode, theirs: SourceNode) -> Mapping[str, bytes]:
        """What is set in a node of the base, for a node of the overlay."""
        del mine
        return theirs.properties

    def _made(self, parent: Found, child: SourceNode, at: str, index: TreeIndex) -> Found:
        """The child of the base of that name; it is added if there is none."""
        own = index.child(parent.node, child.name)
        if own is not None:
            return Found(own, below(parent.path, own.name))
        added = index.add(parent, child.name)
        self.brought[added.path, ""] = below(at, child.name)
        return added

    def _add_symbols(self) -> None:
        """Add the overlay's labels to those of the base (overlay_symbol_update())."""
        own = subnode(self._overlay, SYMBOLS)
        if own is None:
            return
        table = self._index.child(self.root, SYMBOLS) or add_subnode(self.root, SYMBOLS)
        values = {name: path.encode("latin-1") + b"\0" for name, path in self._symbols(own)}
        set_properties(table, values)

    def _symbols(self, own: SourceNode) -> Iterator[tuple[str, str]]:
        find = Children()
        held = {id(each.node): each for each in fragments(self._overlay)}
        starts: dict[int, str] = {}
        for name, value in own.properties.items():
            place = symbol_place(text_of(value))
            holder = find(self._overlay, place[0]) if place else None
            if place is None or holder is None:
                continue
            fragment = held[id(holder)]
            if id(holder) not in starts:
                target = self._target(fragment)
                if target is None:  # a libfdt before 1.7.1 has given the target another phandle
                    self._fault_of_target(facts.UNKNOWN_TARGET, fragment)
                    return
                start = target.path if fragment.target else fragment.target_path or ""
                starts[id(holder)] = start if len(start) > 1 else ""
            yield name, f"{starts[id(holder)]}/{place[1]}"


def _unknown_target(fragment: Fragment) -> facts.OverlayProblem:
    if fragment.target:
        return facts.UNKNOWN_PHANDLE
    is_full = (fragment.target_path or "").startswith("/")
    return facts.UNKNOWN_TARGET if is_full else facts.RELATIVE_TARGET


def _set_phandle(node: SourceNode, number: int) -> None:
    for name in PHANDLES:
        if len(node.properties.get(name, b"")) == 4:
            node.properties[name] = number.to_bytes(4, "big")


def _nearest(label: str, known: Iterable[str]) -> str:
    """The label that may be meant; empty if none is near."""
    from difflib import get_close_matches

    return next(iter(get_close_matches(label, [*known], n=1, cutoff=0.75)), "")
