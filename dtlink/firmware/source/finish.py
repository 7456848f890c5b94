"""From a live tree to a devicetree: phandles, paths, symbols and fixups, as dtc makes them.

Source: dtc, checks.c (fixup_phandle_references() and its neighbours) and livetree.c
(generate_label_tree(), generate_fixups_tree(), generate_local_fixups_tree()).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from dtlink.firmware.fdt_write import SourceNode, cells
from dtlink.firmware.source.errors import MAX_FAULTS
from dtlink.firmware.source.livetree import DtsNode, DtsProperty, LiveTree
from dtlink.firmware.source.parse import Parsed
from dtlink.firmware.source.values import Reference, Value
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Final

#: Upper bound on the paths of nodes that labels mean, in characters: few bytes of source
#: make paths of any length. In 250 boards of Linux 7.2 it was 33,000 at most.
MAX_PATHS: Final = 16 << 20
#: Upper bound on references to nodes; in the same boards it was 2,100 at most.
MAX_REFERENCES: Final = 100_000
_NO_PHANDLE = (0, 0xFFFFFFFF)
_NODE_NAME = re.compile(r"[\w,.+-]+(?:@[\w,.+-]*)?\Z", re.ASCII)


class ReferenceFault(NamedTuple):
    """A reference to no node, or a node that can't be one."""

    message: str
    node: DtsNode
    held: DtsProperty | None


class Finished(NamedTuple):
    """The devicetree, and what is wrong with it."""

    root: SourceNode
    faults: list[ReferenceFault]
    labels: dict[str, str]
    """The first label of each node that has one, by path."""


class _BoundError(Exception):
    """There is more than is read; the text is the message."""


def finish(parsed: Parsed, *, symbols: bool) -> Finished:
    """Resolve references; ``symbols``: as ``dtc -@``."""
    return _Finisher(parsed, symbols=symbols).run()


class _Finisher:
    def __init__(self, parsed: Parsed, *, symbols: bool) -> None:
        self._tree: LiveTree = parsed.tree
        self._is_plugin = parsed.is_plugin
        self._symbols = symbols
        self._faults: list[ReferenceFault] = []
        self._phandles: dict[int, DtsNode] = {}
        self._own: dict[DtsNode, int] = {}
        self._next = 1
        self._values: dict[DtsProperty, bytes] = {}
        # The labels of properties, and those in values.
        self._within: dict[str, tuple[DtsNode, DtsProperty]] = {}
        self._left = MAX_PATHS
        self._cells: list[tuple[str, DtsNode, DtsProperty, int]] = []  # name, place of the cell

    def run(self) -> Finished:
        nodes = list(self._tree.root.walk())
        for label, nodes_of_label in self._tree.labels.items():
            if len(nodes_of_label) > 1:
                first, *more = nodes_of_label
                for other in more:
                    self._fault(f"the label {label!r} is that of {first.path} already", other, None)
        holders = [each for node in nodes for each in self._checked(node)]
        for node in nodes:
            self._take_phandle(node)
        try:
            self._count_references(holders)
            for node, held in holders:
                self._resolve(node, held)
            self._omit(nodes)
            labels = self._labelled_paths()
            root = self._root(labels)
        except _BoundError as error:
            self._fault(str(error), self._tree.root, None)
            labels, root = {}, SourceNode()
        return Finished(root, self._faults, {path: first for path, (first, *_) in labels.items()})

    @staticmethod
    def _count_references(holders: Iterable[tuple[DtsNode, DtsProperty]]) -> None:
        count = sum(len(held.value.references) for _, held in holders if held.value)
        if count > MAX_REFERENCES:
            raise _BoundError(f"more than {MAX_REFERENCES} references to nodes")

    def _root(self, labels: Mapping[str, Sequence[str]]) -> SourceNode:
        if self._symbols:
            self._label_by_symbols()
            labelled = [node for node in self._tree.root.walk() if node.given]
            for node in labelled:
                self._phandle(node)
        root = self._written(self._tree.root)
        if self._symbols and labelled:
            added = root.child("__symbols__").properties
            for path, names in labels.items():
                for label in names:
                    added.setdefault(label, _string(path))
        if self._is_plugin:
            self._add_fixups(root)
        return root

    def _checked(self, node: DtsNode) -> Iterator[tuple[DtsNode, DtsProperty]]:
        """The properties with references, names and labels checked (checks.c)."""
        if node.parent is not None and not _NODE_NAME.match(node.name):
            self._fault(f"{node.name!r} is not a name for a node", node, None)
        own = node.get("name")
        if own is not None and (own.value is None or not self._is_own_name(node, own.value)):
            self._fault("the property 'name' is not the node's name", node, own)
        for held in node.kept_properties():
            if "@" in held.name:
                self._fault(f"{held.name!r} is not a name for a property", node, held)
            value = held.value
            if held.labels or (value is not None and value.labels):
                self._take_labels(node, held)
            if value is not None and value.references:
                yield node, held

    def _take_labels(self, node: DtsNode, held: DtsProperty) -> None:
        """A label is there once: on a node, a property, or in a value (duplicate_label)."""
        for label in (*held.labels, *(held.value.labels if held.value else ())):
            nodes = self._tree.labels.get(label)
            if nodes:
                first = next(iter(nodes)).path
            elif label in self._within:
                other, property_of = self._within[label]
                first = f"{property_of.name} of {other.path}"
            else:
                self._within[label] = node, held
                continue
            self._fault(f"the label {label!r} is that of {first} already", node, held)

    def _take_phandle(self, node: DtsNode) -> None:
        numbers = []
        for name in ("phandle", "linux,phandle"):
            held = node.get(name)
            number = 0 if held is None else self._explicit(node, held)
            if held is not None and number:
                numbers.append(number)
                if number != numbers[0]:
                    self._fault("phandle and linux,phandle are different", node, held)
                elif self._phandles.setdefault(number, node) is not node:
                    other = self._phandles[number].path
                    self._fault(f"the phandle {number:#x} is that of {other} already", node, held)
        if numbers:
            self._own[node] = numbers[0]

    def _explicit(self, node: DtsNode, held: DtsProperty) -> int:
        """The phandle that a source gives; 0 for a reference to itself, which asks for one."""
        value = held.value or Value(b"")
        number = int.from_bytes(value.data, "big") if len(value.data) == 4 else 0
        if number and value.references:
            if self._tree.find(value.references[0].name) is not node:
                self._fault(f"{held.name} is a reference to another node", node, held)
            return 0
        if number in _NO_PHANDLE:
            self._fault(f"{held.name} is not a phandle", node, held)
            return 0
        return number

    def _omit(self, nodes: Iterable[DtsNode]) -> None:
        """Delete what is there only if something refers to it (fixup_omit_unused_nodes())."""
        for node in nodes:
            unused = node.omit_if_no_ref and not node.referenced
            if unused and not node.deleted and not (self._symbols and node.given):
                self._tree.delete(node)
                self._tree.has_omitted = True
        kept = self._phandles.items()
        self._phandles = {number: node for number, node in kept if not node.deleted}

    def _fault(self, message: str, node: DtsNode, held: DtsProperty | None) -> None:
        if len(self._faults) < MAX_FAULTS:
            self._faults.append(ReferenceFault(message, node, held))

    def _path(self, node: DtsNode) -> str:
        """The path of a node. Raises :class:`_BoundError` if all together are too long."""
        path = node.path
        self._left -= len(path)
        if self._left < 0:
            message = f"the paths of labelled nodes have more than {MAX_PATHS} characters"
            raise _BoundError(message)
        return path

    def _phandle(self, node: DtsNode) -> int:
        """A node's phandle; it gets the next one that is free (get_node_phandle())."""
        own = self._own.get(node)
        if own is None:
            while self._next in self._phandles:
                self._next += 1
            own = self._own[node] = self._next
            self._phandles[own] = node
            if node.get("phandle") is None:
                held = node.property("phandle")
                # It comes last, also after one that was deleted.
                node.properties["phandle"] = node.properties.pop("phandle")
                held.value, held.deleted = Value(cells(own)), False
        return own

    def _resolve(self, node: DtsNode, held: DtsProperty) -> None:
        value = held.value or Value(b"")
        parts: list[bytes] = []
        done = shift = 0
        for reference in value.references:
            parts.append(value.data[done : reference.offset])
            done = reference.offset
            target = self._tree.find(reference.name)
            if target is None:
                self._unresolved(node, held, reference, shift)
                continue
            target.referenced = True
            if reference.is_path:
                parts.append(_string(self._path(target)))
                shift += len(parts[-1])
            else:
                parts.append(cells(self._phandle(target)))
                self._cells.append((reference.name, node, held, done + shift))
                done += 4
        self._values[held] = b"".join((*parts, value.data[done:]))

    def _unresolved(
        self, node: DtsNode, held: DtsProperty, reference: Reference, shift: int
    ) -> None:
        name = reference.name
        if self._is_plugin and not reference.is_path:
            self._cells.append((name, node, held, reference.offset + shift))
            return
        shown = f"&{{{name}}}" if "/" in name else f"&{name}"
        self._fault(f"{held.name}: no node {shown}{self._tree.meant(name)}", node, held)

    # What dtc adds

    def _labelled_paths(self) -> dict[str, Sequence[str]]:
        """The labels of nodes by path, in the order of the blob."""
        return {self._path(node): node.labels for node in self._tree.root.walk() if node.labels}

    def _label_by_symbols(self) -> None:
        """Label what a source's own ``__symbols__`` lists (generate_labels_from_tree())."""
        held = self._tree.root.child("__symbols__")
        for each in held.kept_properties() if held else ():
            data = self._values.get(each, each.value.data if each.value else b"")
            path = data.partition(b"\0")[0].decode("ascii", "replace")
            node = self._tree.find(f"/{path}")
            if node is not None:
                self._tree.add_label(node, each.name)

    def _add_fixups(self, root: SourceNode) -> None:
        """What an overlay refers to, outside of it and within, after nodes were omitted."""
        outside: dict[str, list[bytes]] = {}
        within: dict[DtsNode, dict[str, list[bytes]]] = {}
        for name, node, held, offset in self._cells:
            if node.deleted:
                continue
            if self._tree.find(name) is not None:
                places = within.setdefault(node, {}).setdefault(held.name, [])
                places.append(cells(offset))
            elif "/" in name:  # the format has no place for a path (add_fixup_entry())
                self._fault(f"{held.name}: no node &{{{name}}} in this overlay", node, held)
            else:
                entry = _string(f"{self._path(node)}:{held.name}:{offset}")
                outside.setdefault(name, []).append(entry)
        if outside:
            fixups = root.child("__fixups__")
            for name, entries in outside.items():
                fixups.append(name, b"".join(entries))
        if within:
            mirror = _Mirror(root.child("__local_fixups__"))
            for node, properties in within.items():
                place = mirror.node(self._path(node))
                for name, entries in properties.items():
                    place.append(name, b"".join(entries))

    def _written(self, top: DtsNode) -> SourceNode:
        root = SourceNode(top.name)
        todo = [(top, root)]
        while todo:
            node, written = todo.pop()
            for held in node.kept_properties():
                data = self._values.get(held)
                if data is None:
                    data = held.value.data if held.value else b""
                if held.name != "name":  # it is known from the node (check_name_properties())
                    written.properties[held.name] = data
            for child in node.kept_children():
                below = SourceNode(child.name)
                written.children.append(below)
                todo.append((child, below))
        return root

    @staticmethod
    def _is_own_name(node: DtsNode, value: Value) -> bool:
        """Whether a ``name`` says what is known (checks.c, check_name_properties())."""
        return value.data == _string(node.name.partition("@")[0]) and not value.references


class _Mirror:
    """The nodes below ``__local_fixups__`` that mean those of the tree."""

    def __init__(self, top: SourceNode) -> None:
        self._top = top
        self._below: dict[int, dict[str, SourceNode]] = {}

    def node(self, path: str) -> SourceNode:
        """The node for a path; it is made if it is missing."""
        node = self._top
        for part in path.strip("/").split("/") if path != "/" else ():
            below = self._below.get(id(node))
            if below is None:
                below = self._below[id(node)] = {each.name: each for each in node.children}
            if part not in below:
                below[part] = SourceNode(part)
                node.children.append(below[part])
            node = below[part]
        return node


def _string(text: str) -> bytes:
    return text.encode("ascii") + b"\0"
