"""A property of a blob as DTS, with the entry that a finding is about: what a blob has for a line.

It is short, whatever the blob holds: what is far from the entry is left out.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import islice

from dtlink.facts.binding import SupplierBinding, Walk
from dtlink.facts.bindings import binding_of
from dtlink.firmware.dts_text import number, reference
from dtlink.firmware.tree import Node, Tree
from dtlink.links.reference import Failure, Link
from dtlink.records import NamedTuple
from dtlink.rules.finding import Snippet
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from weakref import WeakKeyDictionary

#: Upper bounds: the characters of a name, of a value and of a reference, and the parts that are
#: looked at.
_NAME, _WIDTH, _REFERENCE, _PARTS = 80, 100, 40, 4096
#: How many cells are shown of an entry whose end is not known.
_CELLS = 8
_IN_GROUP = " "


class _Part(NamedTuple):
    """A part of a value, which may be marked."""

    offset: int
    """In the value, in bytes."""
    text: str
    before: str
    """What separates it from the part before it."""


def snippet(where: Node | Link | Failure, name: str, offset: int | None) -> Snippet | None:
    """The property's statement, with the entry at an offset of the value marked, else its name.

    ``None`` if the node lacks the property, its name is one that no real property has, or the entry
    is too far from its beginning.
    """
    node = where if isinstance(where, Node) else where.node
    length = node.length(name)
    if length is None or len(name) > _NAME:
        return None
    if not length:
        return Snippet(f"{name};", 0, len(name))
    parts = _first_parts(node.tree, node.index, name, _Form.of(where))
    at = bisect_right(parts, offset or 0, key=lambda part: part.offset) - 1
    if not parts or (len(parts) == _PARTS and at == _PARTS - 1):
        return None  # nodes that describe the tree, such as __fixups__, have no cells
    return _statement(name, parts, at, is_marked=offset is not None)


class _Form(NamedTuple):
    """What of an entry says how its property is split."""

    binding: SupplierBinding | None
    """``None``: as the name says."""
    args: int
    """Cells of an interrupt; -1 where they are not known."""

    @classmethod
    def of(cls, where: Node | Link | Failure) -> _Form:
        """The form of what a finding is about."""
        if isinstance(where, Node):
            return cls(None, -1)
        return cls(where.binding, where.reference.args if isinstance(where, Link) else -1)


@cache
def _last() -> WeakKeyDictionary[Tree, tuple[tuple[int, str, _Form], Sequence[_Part]]]:
    """The property of each tree that was looked at last, and its parts."""
    from weakref import WeakKeyDictionary

    return WeakKeyDictionary()


def _first_parts(tree: Tree, node: int, name: str, form: _Form) -> Sequence[_Part]:
    """The parts of a property that are looked at: there may be a finding for each of them."""
    key = node, name, form
    last = _last().get(tree)
    if last is None or last[0] != key:
        where = tree[node]
        parts = tuple(islice(_parts(where, name, where.get(name) or b"", form), _PARTS))
        last = _last()[tree] = key, parts
    return last[1]


def _statement(name: str, parts: Sequence[_Part], at: int, *, is_marked: bool) -> Snippet:
    first, last = _window(parts, at)
    opening, closing = "<>" if parts[at].before == _IN_GROUP else ("", "")
    text = f"{name} = {opening}{'… ' if first else ''}"
    start = 0
    for place in range(first, last + 1):
        text += parts[place].before if place > first else ""
        start = len(text) if place == at else start
        text += parts[place].text
    text += f"{' …' if last < len(parts) - 1 else ''}{closing};"
    return Snippet(text, start, len(parts[at].text)) if is_marked else Snippet(text, 0, len(name))


def _window(parts: Sequence[_Part], at: int) -> tuple[int, int]:
    """The first and the last of the parts around one that are shown."""
    first = last = at
    room = _WIDTH - len(parts[at].text)
    grows = True
    while grows:
        grows = False
        for near in (first - 1, last + 1):
            size = len(parts[near].text) + 2 if 0 <= near < len(parts) else room + 1
            if size <= room:
                first, last, room, grows = min(first, near), max(last, near), room - size, True
    return first, last


def _parts(node: Node, name: str, value: bytes, form: _Form) -> Iterator[_Part]:
    binding = form.binding or binding_of(name)
    walk = binding.walk if binding else None
    cells = node.cells(name)
    groups: Iterator[tuple[int, str]]
    if _is_text(value) and walk is None:
        return _strings(value)
    if binding is not None and walk in (Walk.LIST, Walk.MASTERS, Walk.ENDPOINT):
        groups = _entries(node, cells, binding, binding.cells)
    elif walk is Walk.ID_MAP:
        groups = _rows(node, cells, 4, 1)
    elif binding is not None and name == "interrupts-extended":
        groups = _entries(node, cells, binding, "#interrupt-cells")
    elif walk is Walk.INTERRUPTS and form.args >= 0:
        groups = _rows(node, cells, form.args)
    elif len(value) % 4:
        groups = iter([(0, _group(node, cells, -1))] if cells else [])
    else:
        return (_Part(at * 4, number(cell), _IN_GROUP) for at, cell in enumerate(cells))
    return _placed(groups, value, len(cells))


def _is_text(value: bytes) -> bool:
    return value[-1] == 0 and all(part and part.isascii() for part in value[:-1].split(b"\0"))


def _strings(value: bytes) -> Iterator[_Part]:
    offset = 0
    for part in value[:-1].split(b"\0"):
        cut = part[:_WIDTH].decode("ascii").replace("\\", "\\\\").replace('"', '\\"')
        shown = "".join(each if each.isprintable() else f"\\x{ord(each):02x}" for each in cut)
        yield _Part(offset, f'"{shown}{"…" if len(part) > _WIDTH else ""}"', ", ")
        offset += len(part) + 1


def _placed(groups: Iterator[tuple[int, str]], value: bytes, cells: int) -> Iterator[_Part]:
    """Groups by the indexes of their first cells, and what follows the last whole cell."""
    for at, text in groups:
        yield _Part(at * 4, text, ", ")
    if len(value) % 4:
        yield _Part(cells * 4, f"[{value[cells * 4 :].hex(' ')}]", ", ")


def _entries(
    node: Node, cells: Sequence[int], binding: SupplierBinding, widths: str | None
) -> Iterator[tuple[int, str]]:
    """The entries of a phandle list, ``widths`` being the cells property of the suppliers.

    All that is left is one entry, if its own length is not known.
    """
    tree, at = node.tree, 0
    own = 1 + (node.cell(binding.own_cells) or 0) if binding.own_cells else 0
    while at < len(cells):
        target = tree.phandles.get(cells[at])
        width: int | None = None if cells[at] else 0
        if target is not None:
            width = tree.cell(widths, target) if widths else max(binding.fixed, own)
            width = binding.missing_cells if width is None else width
        end = len(cells) if width is None or width < 0 else at + 1 + width
        yield at, _group(node, cells[at:end], 0)
        at = end


def _rows(
    node: Node, cells: Sequence[int], width: int, phandle_at: int = -1
) -> Iterator[tuple[int, str]]:
    """Entries of the same length; ``phandle_at`` is the index of the cell with a phandle."""
    for at in range(0, len(cells), max(width, 1)):
        yield at, _group(node, cells[at : at + max(width, 1)], phandle_at)


def _group(node: Node, cells: Sequence[int], phandle_at: int) -> str:
    words = [
        _word(node, cell, is_reference=at == phandle_at) for at, cell in enumerate(cells[:_CELLS])
    ]
    return f"<{' '.join(words)}{' …' if len(cells) > _CELLS else ''}>"


def _word(node: Node, cell: int, *, is_reference: bool) -> str:
    target = node.tree.phandles.get(cell) if is_reference else None
    if target is None:
        return number(cell)
    other = node.tree[target]
    text = reference(other.path, other.label)
    if len(text) <= _REFERENCE:
        return text
    name = other.name
    return f"&{{…/{name if len(name) <= _REFERENCE else name[: _REFERENCE - 1] + '…'}}}"
