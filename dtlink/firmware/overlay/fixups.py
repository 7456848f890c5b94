"""``__fixups__`` and ``__local_fixups__``: the places in an overlay that hold phandles.

Source: libfdt (dtc 1.7.2), fdt_overlay.c.
"""

from __future__ import annotations

import re
import struct
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

from dtlink.facts import overlays as facts
from dtlink.firmware.fdt_write import SourceNode
from dtlink.firmware.overlay.fault import Fixup, OverlayFault
from dtlink.firmware.overlay.nodes import Children, at_path, below, editable
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.firmware.tree import Tree

_FIXUPS, _LOCAL_FIXUPS = "__fixups__", "__local_fixups__"
#: As strtoul() takes it.
_NUMBER = re.compile(r"[ \t\n\v\f\r]*([+-]?[0-9]{1,18})\Z")
#: What is done with a node, a property and the offsets of phandles in it.
Use = Callable[[SourceNode, str, Sequence[int]], None]


def labels(overlay: SourceNode) -> dict[str, list[Fixup | OverlayFault]]:
    """The labels that an overlay needs of a base, each with its places and what is wrong there."""
    table = at_path(overlay, f"/{_FIXUPS}")
    if table is None:
        return {}
    find = Children()
    return {
        label: [_fixup(overlay, label, entry, find) for entry in _entries(value)]
        for label, value in table.node.properties.items()
    }


def needed(tree: Tree) -> Sequence[str]:
    """The labels that a tree, as an overlay, needs of a base; none for one that is no overlay."""
    return [*labels(editable(tree))] if tree.is_overlay else []


def _entries(value: bytes) -> list[str | None]:
    """The strings of a property; ``None`` for one that does not end, or that is not there."""
    *entries, rest = value.split(b"\0")
    texts: list[str | None] = [entry.decode("latin-1") for entry in entries]
    return [*texts, None] if rest or not texts else texts


def _fixup(
    overlay: SourceNode, label: str, entry: str | None, find: Children
) -> Fixup | OverlayFault:
    wrong = OverlayFault(facts.BAD_FIXUP, f"/{_FIXUPS}", label, entry or "")
    path, _, rest = (entry or "").partition(":")
    name, _, number = rest.partition(":")
    offset = _NUMBER.match(number)
    if not path or not name or offset is None:
        problem = facts.BAD_FIXUP if path or not name or offset is None else facts.FIXUP_PATH
        detail = "it is not of the form path:property:offset"
        return wrong._replace(problem=problem, detail=detail)
    found = at_path(overlay, path, find)
    value = None if found is None else found.node.properties.get(name)
    if found is None:
        problem = facts.BAD_FIXUP if path.startswith("/") else facts.FIXUP_PATH
        return wrong._replace(problem=problem, detail=f"the overlay has no node {path}")
    if value is None:
        detail = f"{path} has no property {name}"
        return wrong._replace(problem=facts.FIXUP_PROPERTY, detail=detail)
    if not 0 <= int(offset[1]) <= len(value) - 4:
        detail = f"{path}:{name} has {len(value)} bytes"
        return wrong._replace(problem=facts.FIXUP_OFFSET, detail=detail)
    return Fixup(label, found.path, name, int(offset[1]))


def local_faults(overlay: SourceNode) -> list[OverlayFault]:
    """What does not fit in ``__local_fixups__``."""
    return list(_local(overlay, lambda *_: None))


def for_each_local(overlay: SourceNode, use: Use) -> None:
    """Use each place that holds a phandle of the overlay itself."""
    for _ in _local(overlay, use):
        pass


def _local(overlay: SourceNode, use: Use) -> Iterator[OverlayFault]:
    table = at_path(overlay, f"/{_LOCAL_FIXUPS}")
    find = Children()
    todo = [] if table is None else [(overlay, "/", table.node, table.path)]
    while todo:
        node, path, fixups, at = todo.pop()
        for name, offsets in fixups.properties.items():
            yield from _places(node, path, name, offsets, at, use)
        for each in fixups.children:
            child = find(node, each.name)
            place = below(at, each.name)
            if child is None:
                missing = f"the overlay has no node {below(path, each.name)}"
                yield OverlayFault(facts.BAD_LOCAL_FIXUP, place, detail=missing)
            else:
                todo.append((child, below(path, child.name), each, place))


def _places(
    node: SourceNode, path: str, name: str, offsets: bytes, at: str, use: Use
) -> Iterator[OverlayFault]:
    wrong = OverlayFault(facts.BAD_LOCAL_FIXUP, at, name)
    if len(offsets) % 4:
        yield wrong._replace(detail=f"{len(offsets)} bytes are not whole offsets")
        return
    if name not in node.properties:
        yield wrong._replace(detail=f"{path} has no property {name}")
        return
    size = len(node.properties[name])
    found = struct.unpack(f">{len(offsets) // 4}I", offsets)
    for offset in found:
        if offset + 4 > size:
            detail = f"{path}:{name} has {size} bytes, none at offset {offset}"
            yield wrong._replace(problem=facts.WILD_LOCAL_FIXUP, detail=detail)
    use(node, name, [offset for offset in found if offset + 4 <= size])


def cells_at(node: SourceNode, name: str, offsets: Iterable[int]) -> list[int]:
    """The cells at offsets of a property."""
    value = node.properties[name]
    return [int.from_bytes(value[offset : offset + 4], "big") for offset in offsets]


def set_cells(node: SourceNode, name: str, cells: Iterable[tuple[int, int]]) -> None:
    """Change the cells at offsets of a property."""
    value = bytearray(node.properties[name])
    for offset, number in cells:
        value[offset : offset + 4] = number.to_bytes(4, "big")
    node.properties[name] = bytes(value)


class LocalPlaces:
    """The places that hold phandles of the overlay itself, by phandle."""

    def __init__(self, overlay: SourceNode) -> None:
        self._places: defaultdict[int, list[tuple[SourceNode, str, int]]] = defaultdict(list)

        def note(node: SourceNode, name: str, offsets: Sequence[int]) -> None:
            for offset, number in zip(offsets, cells_at(node, name, offsets), strict=True):
                self._places[number].append((node, name, offset))

        for_each_local(overlay, note)

    def replace(self, old: int, new: int) -> None:
        """Put another phandle wherever one is."""
        places = self._places.pop(old, []) if old != new else []
        for node, name, offset in places:
            set_cells(node, name, [(offset, new)])
        self._places[new] += places
