"""Apply edits in memory: to a devicetree blob, to an ACPI table."""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Iterable, Iterator

from dtlink.firmware import fdt
from dtlink.firmware.edits import AddNode, Cells, DeleteProperty, NodeRef, SetField
from dtlink.firmware.errors import InputError
from dtlink.firmware.tree import PROP, Tree
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.firmware.edits import PropertyValue, TreeEdit

_BEGIN_NODE, _END_NODE, _NOP = 1, 2, 4
#: Offset of a table's checksum (ACPI specification, 5.2.6).
_CHECKSUM = 9


def apply(tree: Tree, edits: Iterable[TreeEdit]) -> Tree:
    """Return the tree with the edits made in order; the rest of the blob is unchanged.

    A node that an edit references gets a phandle if it has none. Raises :class:`InputError` for an
    overlay, whose ``__fixups__`` hold offsets into values, and for a path without a node.
    """
    if tree.is_overlay:
        raise InputError("cannot edit the blob of an overlay; edit its source")
    edited = tree
    for batch in _batches(edits):
        edited = fdt.read(_Edited(edited, batch).blob())
    edited.origins, edited.labels = tree.origins, tree.labels
    return edited


def _batches(edits: Iterable[TreeEdit]) -> Iterator[list[TreeEdit]]:
    """The edits, divided where a node is added: what follows may be about it."""
    batch: list[TreeEdit] = []
    for edit in edits:
        batch.append(edit)
        if isinstance(edit, AddNode):
            yield batch
            batch = []
    yield batch


def apply_fields(table: bytes, edits: Iterable[SetField]) -> bytes:
    """Return the table's bytes with the fields set and the checksum corrected."""
    data, edits = bytearray(table), list(edits)
    if not edits:
        return table
    for edit in edits:
        data[edit.offset : edit.offset + edit.size] = _bytes(edit)
    data[_CHECKSUM] = 0
    data[_CHECKSUM] = -sum(data) & 0xFF
    return bytes(data)


def _bytes(edit: SetField) -> bytes:
    if isinstance(edit.value, str):
        return edit.value.encode("latin-1").ljust(edit.size, b"\0")
    return edit.value.to_bytes(edit.size, "little")


class _Edited:
    """A blob being edited: words that are replaced, and bytes inserted between them."""

    def __init__(self, tree: Tree, edits: list[TreeEdit]) -> None:
        self._tree = tree
        self._header = fdt.read_header(tree.blob)
        self._names = self._strings()
        self._added_names = b""
        self._phandles = {node: number for number, node in tree.phandles.items()}
        self._properties: dict[tuple[int, str], bytes | None] = {}
        self._children: defaultdict[int, list[str]] = defaultdict(list)
        for edit in edits:
            self._take(edit)

    def _strings(self) -> dict[str, int]:
        return {name: offset for offset, name in self._tree.layout.strings.items()}

    def _take(self, edit: TreeEdit) -> None:
        if isinstance(edit, AddNode):
            self._children[self._index(edit.parent)].append(edit.name)
        elif isinstance(edit, DeleteProperty):
            self._properties[self._index(edit.node), edit.name] = None
        else:
            self._properties[self._index(edit.node), edit.name] = self._value(edit.value)

    def _index(self, node: NodeRef) -> int:
        target = self._tree.by_path.get(node.path)
        if target is None:
            raise InputError(f"cannot edit node {node.path}: no such node")
        return target.index

    def _value(self, value: PropertyValue) -> bytes:
        return b"".join(map(self._piece, value))

    def _piece(self, piece: str | bytes | Cells) -> bytes:
        if isinstance(piece, str):
            return piece.encode("latin-1") + b"\0"
        if isinstance(piece, bytes):
            return piece
        cells = (self._phandle(each) if isinstance(each, NodeRef) else each for each in piece)
        return b"".join(struct.pack(">I", cell) for cell in cells)

    def _phandle(self, node: NodeRef) -> int:
        index = self._index(node)
        if index not in self._phandles:
            taken = self._phandles.values()
            self._phandles[index] = max(taken, default=0) + 1
            self._properties[index, "phandle"] = struct.pack(">I", self._phandles[index])
        return self._phandles[index]

    def blob(self) -> bytes:
        """Return the new blob (DTB version 17)."""
        tree, old = self._tree, self._header
        body = b"".join(self._structure())
        strings_at = old.strings_offset
        text = tree.blob[strings_at : strings_at + old.strings_size] + self._added_names
        reserved = fdt.reservations(tree.blob) + bytes(16)
        struct_at = (40 + len(reserved) + 7) & ~7
        end = struct_at + len(body)
        boot_cpu = struct.unpack_from(">I", tree.blob, 28)[0]
        sizes = (17, 16, boot_cpu, len(text), len(body))
        head = struct.pack(">10I", 0xD00DFEED, end + len(text), struct_at, end, 40, *sizes)
        return (head + reserved).ljust(struct_at, b"\0") + body + text

    def _structure(self) -> Iterator[bytes]:
        """The structure block: unchanged words are copied, changed ones replaced."""
        blob, base, done = self._tree.blob, self._tree.layout.base, 0
        for start, stop, new in sorted(self._changes()):
            yield blob[base + done * 4 : base + start * 4]
            yield new
            done = stop
        end = base + (self._header.struct_size or len(self._tree.words) * 4)
        yield blob[base + done * 4 : end]

    def _changes(self) -> Iterator[tuple[int, int, bytes]]:
        """Each change: first word, end word (exclusive), and the bytes that replace them."""
        added: defaultdict[int, bytes] = defaultdict(bytes)
        for (node, name), value in self._properties.items():
            places = list(self._places(node, name))
            new = b"" if value is None else self._property(name, value)
            if places:
                yield *places[0], new
            else:
                added[node] += new
        for node in sorted({*added, *self._children}):
            children = b"".join(map(_empty_node, self._children[node]))
            end = self._properties_end(node)
            yield end, end, added[node] + children

    def _property(self, name: str, value: bytes) -> bytes:
        if name not in self._names:
            self._names[name] = self._header.strings_size + len(self._added_names)
            self._added_names += name.encode("ascii") + b"\0"
        return struct.pack(">3I", PROP, len(value), self._names[name]) + _padded(value)

    def _places(self, node: int, name: str) -> Iterator[tuple[int, int]]:
        """The words of a node's properties of that name; only the first one is read."""
        words, strings = self._tree.words, self._tree.layout.strings
        for start, stop in self._tokens(node):
            if words[start] == PROP and strings[words[start + 2]] == name:
                yield start, stop

    def _tokens(self, node: int) -> Iterator[tuple[int, int]]:
        """The words of each property of a node, and of the FDT_NOP tokens between them."""
        words = self._tree.words
        at = self._first(node)
        while words[at] in (PROP, _NOP):
            size = 3 + ((words[at + 1] + 3) >> 2) if words[at] == PROP else 1
            yield at, at + size
            at += size

    def _first(self, node: int) -> int:
        layout = self._tree.layout
        return layout.starts[node] + 1 + ((len(layout.names[node]) + 4) >> 2)

    def _properties_end(self, node: int) -> int:
        return max((stop for _, stop in self._tokens(node)), default=self._first(node))


def _empty_node(name: str) -> bytes:
    start, end = struct.pack(">I", _BEGIN_NODE), struct.pack(">I", _END_NODE)
    return start + _padded(name.encode("ascii") + b"\0") + end


def _padded(value: bytes) -> bytes:
    return value + bytes(-len(value) % 4)
