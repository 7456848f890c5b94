"""From a live tree to a devicetree: phandles, paths, symbols and fixups, as dtc makes them.

Source: dtc, checks.c (fixup_phandle_references() and its neighbours) and livetree.c
(generate_label_tree(), generate_fixups_tree(), generate_local_fixups_tree()).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from dtlink.firmware.fdt_write import SourceNode, cells
from dtlink.firmware.source.livetree import DtsNode, DtsProperty, LiveTree
from dtlink.firmware.source.parse import Parsed
from dtlink.firmware.source.values import Reference, Value

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
        self._cells: list[tuple[str, DtsNode, DtsProperty, int]] = []  # name, place of the cell

    def run(self) -> Finished:
        nodes = list(self._tree.root.walk())
        self._check_names(nodes)
        self._check_labels(nodes)
        for node in nodes:
            self._take_phandle(node)
        holders = [
            (node, held)
            for node in nodes
            for held in list(node.kept_properties())
            if held.value is not None and held.value.references
        ]
        for node, held in holders:
            self._resolve(node, held)
        self._omit(nodes)
        symbols = self._symbol_paths() if self._symbols else None
        root = self._written(self._tree.root)
        if symbols is not None:
            added = root.child("__symbols__").properties
            added |= {label: path for label, path in symbols.items() if label not in added}
        if self._is_plugin:
            self._add_fixups(root)
        return Finished(root, self._faults)

    def _check_names(self, nodes: Iterable[DtsNode]) -> None:
        """Names that dtc refuses (checks.c, node_name_chars and its neighbours)."""
        for node in nodes:
            if node.parent is not None and not _NODE_NAME.match(node.name):
                self._fault(f"{node.name!r} is no name for a node", node, None)
            for held in node.kept_properties():
                if "@" in held.name:
                    self._fault(f"{held.name!r} is no name for a property", node, held)
            own = node.get("name")
            if own is not None and (own.value is None or not self._is_own_name(node, own.value)):
                self._fault("the property 'name' is not the node's name", node, own)

    def _check_labels(self, nodes: Iterable[DtsNode]) -> None:
        """A label is there once: on a node, a property, or in a value."""
        holders: dict[str, str] = {}
        for node in nodes:
            for label in node.labels:
                self._take_label(label, holders, node, None)
        for node in nodes:
            for held in node.kept_properties():
                within = held.value.labels if held.value else ()
                for label in (*held.labels, *within):
                    self._take_label(label, holders, node, held)

    def _take_label(
        self, label: str, holders: dict[str, str], node: DtsNode, held: DtsProperty | None
    ) -> None:
        own = f"{held.name} of {node.path}" if held else node.path
        if (first := holders.setdefault(label, own)) is not own:
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
            self._fault(f"{held.name} is no phandle", node, held)
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
        self._faults.append(ReferenceFault(message, node, held))

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
        data = bytearray(value.data)
        shift = 0
        for reference in value.references:
            target = self._tree.find(reference.name)
            if target is None:
                self._unresolved(node, held, reference, shift)
            elif reference.is_path:
                path = target.path.encode("ascii") + b"\0"
                at = reference.offset + shift
                data[at:at] = path
                shift += len(path)
                target.referenced = True
            else:
                at = reference.offset + shift
                data[at : at + 4] = cells(self._phandle(target))
                target.referenced = True
                self._cells.append((reference.name, node, held, at))
        self._values[held] = bytes(data)

    def _unresolved(
        self, node: DtsNode, held: DtsProperty, reference: Reference, shift: int
    ) -> None:
        name = reference.name
        if self._is_plugin and not reference.is_path:
            self._cells.append((name, node, held, reference.offset + shift))
            return
        shown = f"&{{{name}}}" if "/" in name else f"&{name}"
        self._fault(f"{held.name}: no node {shown}", node, held)

    # What dtc adds

    def _symbol_paths(self) -> dict[str, bytes] | None:
        """The paths of the labelled nodes, each of which gets a phandle; ``None``: no label."""
        self._label_by_symbols()
        nodes = [node for node in self._tree.root.walk() if node.given]
        for node in nodes:
            self._phandle(node)
        if not nodes:
            return None
        return {label: _string(node.path) for node in nodes for label in node.labels}

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
        within = []
        for name, node, held, offset in self._cells:
            if node.deleted:
                continue
            if self._tree.find(name) is not None:
                within.append((node, held.name, offset))
            elif "/" in name:  # the format has no place for a path (add_fixup_entry())
                self._fault(f"{held.name}: no node &{{{name}}} in this overlay", node, held)
            else:
                entry = _string(f"{node.path}:{held.name}:{offset}")
                root.child("__fixups__").append(name, entry)
        for node, name, offset in within:
            place = root.child("__local_fixups__")
            for part in node.path.strip("/").split("/") if node.parent else ():
                place = place.child(part)
            place.append(name, cells(offset))

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


def _string(text: str) -> bytes:
    return text.encode("ascii") + b"\0"
