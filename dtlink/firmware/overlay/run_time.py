"""What the kernel refuses of an overlay that a boot loader would apply.

Source: Linux 5.10 to 7.2, drivers/of/overlay.c. The targets of all fragments are looked for before
anything is changed, names are compared as a whole, and nothing may be changed twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dtlink.facts import overlays as facts
from dtlink.firmware.fdt_write import SourceNode
from dtlink.firmware.overlay.fault import OverlayFault
from dtlink.firmware.overlay.fragments import SYMBOLS, Fragment, symbol_place
from dtlink.firmware.overlay.nodes import (
    PHANDLES,
    Found,
    TreeIndex,
    below,
    phandle_of,
    subnode,
    text_of,
)

#: Properties that may be in the base already, with the same value only.
_FIXED = ("#address-cells", "#size-cells")
#: Properties that are passed over where the base has the node (is_pseudo_property()).
_PSEUDO = ("name", *PHANDLES)


def faults(
    base: SourceNode, index: TreeIndex, overlay: SourceNode, fragments: Sequence[Fragment]
) -> list[OverlayFault]:
    """What of_overlay_fdt_apply() refuses of an overlay whose labels are resolved."""
    return [*_Changes(index).of(fragments), *_symbols(base, overlay)]


class _Changes:
    def __init__(self, index: TreeIndex) -> None:
        self._index = index
        self._names: dict[int, dict[str, SourceNode]] = {}
        self._made: dict[str, str] = {}
        self._set: dict[tuple[str, str], str] = {}

    def of(self, fragments: Sequence[Fragment]) -> Iterator[OverlayFault]:
        for fragment in fragments:
            target = (
                self._index.at_phandle(fragment.target)
                if fragment.target
                else self._index.at_path(fragment.target_path or "")
            )
            if target is not None:
                yield from self._fragment(fragment, target)

    def _fragment(self, fragment: Fragment, target: Found) -> Iterator[OverlayFault]:
        if phandle_of(target.node) and phandle_of(fragment.content):
            place = fragment.content_path
            yield OverlayFault(facts.PHANDLE_CLASH, place, "phandle", target.path, "target")
        todo: list[tuple[SourceNode | None, str, Found]] = [
            (target.node, target.path, Found(fragment.content, fragment.content_path))
        ]
        while todo:
            mine, path, theirs = todo.pop()
            for name, value in theirs.node.properties.items():
                yield from self._property(mine, path, theirs, name, value)
            for child in reversed(theirs.node.children):
                found = Found(child, below(theirs.path, child.name))
                own = None if mine is None else self._exact(mine, child.name)
                at = below(path, child.name)
                yield from self._node(mine, own, at, found)
                todo.append((own, at, found))

    def _exact(self, node: SourceNode, name: str) -> SourceNode | None:
        """The child of that name; case does not matter (of_node_cmp())."""
        names = self._names.get(id(node))
        if names is None:
            names = self._names[id(node)] = {}
            for child in node.children:
                names.setdefault(child.name.lower(), child)
        return names.get(name.lower())

    def _node(
        self, parent: SourceNode | None, own: SourceNode | None, at: str, found: Found
    ) -> Iterator[OverlayFault]:
        if own is not None:
            if phandle_of(own) and phandle_of(found.node):
                yield OverlayFault(facts.PHANDLE_CLASH, found.path, "phandle", at)
            return
        loose = None if parent is None else self._index.child(parent, found.node.name)
        if loose is not None:
            yield OverlayFault(facts.UNIT_ADDRESS, found.path, None, loose.name, at)
        if self._made.setdefault(at, found.path) != found.path:
            yield OverlayFault(facts.MADE_TWICE, found.path, None, at, self._made[at])

    def _property(
        self, mine: SourceNode | None, path: str, theirs: Found, name: str, value: bytes
    ) -> Iterator[OverlayFault]:
        if mine is not None and name in _PSEUDO:
            return
        own = None if mine is None else mine.properties.get(name)
        if own is not None and name in _FIXED:
            if own != value:
                detail = f"{_cells(own)}, {_cells(value)}"
                yield OverlayFault(facts.CELLS_CHANGED, theirs.path, name, path, detail)
            return
        first = self._set.setdefault((path, name), theirs.path)
        if first != theirs.path and path not in self._made:
            yield OverlayFault(facts.SET_TWICE, theirs.path, name, path, first)


def _cells(value: bytes) -> str:
    return str(int.from_bytes(value, "big")) if len(value) == 4 else value.hex()


def _symbols(base: SourceNode, overlay: SourceNode) -> Iterator[OverlayFault]:
    own, table = subnode(overlay, SYMBOLS), subnode(base, SYMBOLS)
    if own is None:
        return
    if table is None:
        yield OverlayFault(facts.NO_SYMBOLS_NODE, f"/{SYMBOLS}")
        return
    there = [name for name in own.properties if name in table.properties]
    if there:
        yield OverlayFault(facts.SYMBOL_EXISTS, f"/{SYMBOLS}", there[0], ", ".join(there))
    for name, value in own.properties.items():
        if name not in table.properties and symbol_place(text_of(value)) is None:
            yield OverlayFault(facts.LOST_SYMBOL, f"/{SYMBOLS}", name, text_of(value))
