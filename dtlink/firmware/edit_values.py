"""Values of properties as data for edits, with references in place of phandles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dtlink.firmware.edits import Cells, DeleteProperty, PropertyValue, SetProperty, ref
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.firmware.edits import Edit
    from dtlink.firmware.tree import Node


def phandle_list(
    node: Node, name: str, cells_name: str | None = None, most: int | None = None
) -> PropertyValue:
    """A property's phandle list, one ``<…>`` for each entry, of its first ``most`` cells.

    ``cells_name`` is the suppliers' cells property, ``None`` if entries have no arguments. What is
    not such a list is one ``<…>`` of numbers, with bytes after the last whole cell as bytes.
    """
    value = (node.get(name) or b"")[: None if most is None else most * 4]
    cells = [int.from_bytes(value[at : at + 4]) for at in range(0, len(value) - 3, 4)]
    if len(value) % 4 == 0:
        entries = list(_entries(node, cells, cells_name))
        if sum(map(len, entries)) == len(cells):
            return tuple(entries)
    rest = value[len(cells) * 4 :]
    return (*([tuple(cells)] if cells else []), *([rest] if rest else []))


def _entries(node: Node, cells: Sequence[int], cells_name: str | None) -> Iterator[Cells]:
    tree, at = node.tree, 0
    while at < len(cells):
        target = tree.phandles.get(cells[at])
        if target is None:
            return
        width = 0 if cells_name is None else tree.cell(cells_name, target) or 0
        yield (ref(tree[target]), *cells[at + 1 : at + 1 + width])
        at += 1 + width


def renamed_list(node: Node, old: str, new: str, cells_name: str | None) -> Sequence[Edit]:
    """The edits that give a phandle list of a node another name."""
    return renamed(node, old, new, phandle_list(node, old, cells_name))


def renamed_names(node: Node, old: str, new: str) -> Sequence[Edit]:
    """The edits that give a list of strings of a node another name."""
    return renamed(node, old, new, tuple(node.strings(old)))


def renamed(node: Node, old: str, new: str, value: PropertyValue) -> Sequence[Edit]:
    """The edits that put a value of a node under another name."""
    return SetProperty(ref(node), new, value), DeleteProperty(ref(node), old)
