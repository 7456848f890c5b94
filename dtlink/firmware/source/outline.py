"""A tree as it was read: values as people write them, each with the places that it is from.

dtc compiles what is written here into the tree that was read. What dtc adds itself (phandles of
nodes that are referenced, fixups) is left to it, except that phandles are written out where a node
was left out because nothing references it: what that node references is numbered too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from dtlink.firmware.edit_text import number
from dtlink.firmware.source import values
from dtlink.firmware.source.absent import Unread
from dtlink.firmware.source.expressions import quoted
from dtlink.firmware.source.livetree import DtsNode, DtsProperty, LiveTree
from dtlink.firmware.source.preprocess import SourceText
from dtlink.firmware.source.values import Value, ValuePart
from dtlink.firmware.tree import Location, Tree
from dtlink.records import NamedTuple

#: Reads the bytes of a file that ``/incbin/`` in another file names.
Data = Callable[[str, str], bytes | Unread]


class OutlinedProperty(NamedTuple):
    """A property: ``value`` is what follows ``=``, ``None`` without a value."""

    name: str
    value: str | None
    places: Sequence[Location]
    """Where it is set, in the order of reading: the last one counts; none of a phandle of dtc's."""
    macros: Sequence[str]
    """The macros whose use makes a part of it."""


class OutlinedNode(NamedTuple):
    """A node: its properties, without its children, which come next."""

    path: str
    name: str
    depth: int
    labels: Sequence[str]
    places: Sequence[Location]
    """Where it is opened, in the order of reading."""
    properties: Sequence[OutlinedProperty]


def outline(live: LiveTree, text: SourceText, data: Data, tree: Tree) -> Iterator[OutlinedNode]:
    """The nodes of a tree, parents first, in the order of the blob."""
    writer = _Writer(live, text, data, tree)
    return (writer.node(node) for node in live.root.walk())


class _Writer:
    def __init__(self, live: LiveTree, text: SourceText, data: Data, tree: Tree) -> None:
        self._live = live
        self._text = text
        self._data = data
        self._tree = tree

    def node(self, node: DtsNode) -> OutlinedNode:
        path = node.path
        found = (self._property(node, held) for held in node.kept_properties())
        return OutlinedNode(
            path,
            node.name or "/",
            0 if node.parent is None else path.count("/"),
            node.labels,
            self._places(node.opened_at),
            [each for each in found if each is not None],
        )

    def _places(self, offsets: Sequence[int]) -> Sequence[Location]:
        return [self._text.place(at) for at in offsets]

    def _property(self, node: DtsNode, held: DtsProperty) -> OutlinedProperty | None:
        value = held.value
        if not held.set_at:
            return self._of_dtc(held)
        if value is None:
            shown = None
        elif held.start == held.end:
            shown = _of_fragment(value)
        elif self._is_dangling(value):
            shown = _number(self._tree.by_path[node.path].get(held.name) or b"")
        else:
            written = self._parts(held)
            if b"".join(data for part in written for _, data in part.words) != value.data:
                return self._of_dtc(held)  # in the place of one that was deleted
            shown = ", ".join(map(_shown, written))
        macros = self._text.macros(held.set_at[-1], max(held.end, held.set_at[-1] + 1))
        return OutlinedProperty(held.name, shown, self._places(held.set_at), macros)

    def _is_dangling(self, value: Value) -> bool:
        """Whether a value has the phandle of a node that was left out, with what it is in."""
        live = self._live
        return (
            live.has_omitted
            and not self._tree.is_overlay
            and any(live.find(each.name) is None for each in value.references)
        )

    def _of_dtc(self, held: DtsProperty) -> OutlinedProperty | None:
        """A phandle that no source sets."""
        if not self._live.has_omitted or held.value is None:
            return None
        return OutlinedProperty(held.name, _number(held.value.data), [], [])

    def _parts(self, held: DtsProperty) -> Sequence[ValuePart]:
        text = self._text.text[held.start : held.end]
        file = self._text.place(held.start).file
        return values.parts(text, lambda name: self._data(name, file))


def _number(data: bytes) -> str:
    """Bytes as cells, if they are."""
    if len(data) % 4:
        return f"[{data.hex(' ')}]"
    cells = (int.from_bytes(data[at : at + 4], "big") for at in range(0, len(data), 4))
    return f"<{' '.join(f'{cell:#x}' for cell in cells)}>"


def _of_fragment(value: Value) -> str:
    """The target of an overlay's fragment, which the source names as a node to open."""
    if value.references:
        return f"<&{value.references[0].name}>"
    return quoted(value.data.removesuffix(b"\0"))


def _shown(part: ValuePart) -> str:
    if part.kind == values.STRING:
        return quoted(part.words[0][1].removesuffix(b"\0"))
    if part.kind == values.PATH:
        return part.words[0][0]
    if part.kind != values.CELLS:
        return f"[{b''.join(data for _, data in part.words).hex(' ')}]"
    bits = "" if part.width == 32 else f"/bits/ {part.width} "
    return f"{bits}<{' '.join(_cell(word, data) for word, data in part.words)}>"


def _cell(word: str, data: bytes) -> str:
    """A number as it is written, of an expression its value; a reference."""
    return number(int.from_bytes(data, "big")) if word.startswith("(") else word
