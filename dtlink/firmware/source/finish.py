"""From a live tree to a devicetree: phandles, paths, symbols and fixups, as dtc makes them.

Source: dtc, checks.c (fixup_phandle_references() and its neighbours) and livetree.c
(generate_label_tree(), generate_fixups_tree(), generate_local_fixups_tree()).
"""

from __future__ import annotations

from collections.abc import Iterator
from operator import itemgetter
from typing import NamedTuple

from dtlink.firmware.fdt_write import SourceNode, cells
from dtlink.firmware.source.livetree import DtsNode, DtsProperty, LiveTree
from dtlink.firmware.source.parse import Parsed
from dtlink.firmware.source.values import Reference, Value

_NO_PHANDLE = (0, 0xFFFFFFFF)


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
        self._outside: list[tuple[str, str, str, int]] = []  # label, path, property, offset
        self._within: list[tuple[DtsNode, str, int]] = []

    def run(self) -> Finished:
        nodes = list(self._tree.root.walk())
        for label, (first, *more) in filter(itemgetter(1), self._tree.labels.items()):
            for other in more:
                self._fault(f"the label {label!r} is that of {first.path} already", other, None)
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
        for node in nodes:
            unused = node.omit_if_no_ref and not node.referenced
            if unused and not node.deleted and not (self._symbols and node.labels):
                self._tree.delete(node)
        # What is left is collected before phandles are added by labels, but written after.
        extra = list(self._generated())
        root = self._written(self._tree.root)
        root.children += extra
        return Finished(root, self._faults)

    def _take_phandle(self, node: DtsNode) -> None:
        for name in ("phandle", "linux,phandle"):
            held = node.get(name)
            if held is None:
                continue
            value = held.value or Value(b"")
            if value.references:
                continue  # a reference to the node itself: it gets one like any other
            number = int.from_bytes(value.data, "big") if len(value.data) == 4 else 0
            if number in _NO_PHANDLE:
                self._fault(f"{name} is no phandle", node, held)
            elif self._phandles.setdefault(number, node) is not node:
                other = self._phandles[number].path
                self._fault(f"the phandle {number:#x} is that of {other} already", node, held)
            else:
                self._own[node] = number

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
        if held.name in ("phandle", "linux,phandle"):
            self._resolve_own(node, held, value)
            return
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
                self._within.append((node, held.name, at))
        self._values[held] = bytes(data)

    def _resolve_own(self, node: DtsNode, held: DtsProperty, value: Value) -> None:
        target = self._tree.find(value.references[0].name)
        if target is not node:
            self._fault(f"{held.name} is a reference to another node", node, held)
        self._values[held] = cells(self._phandle(node))

    def _unresolved(
        self, node: DtsNode, held: DtsProperty, reference: Reference, shift: int
    ) -> None:
        name = reference.name
        if self._is_plugin and not reference.is_path:
            self._outside.append((name, node.path, held.name, reference.offset + shift))
            return
        shown = f"&{{{name}}}" if "/" in name else f"&{name}"
        self._fault(f"{held.name}: no node {shown}", node, held)

    # What dtc adds

    def _generated(self) -> Iterator[SourceNode]:
        if self._symbols and any(self._tree.labels.values()):
            yield self._symbol_node()
        if self._is_plugin:
            if self._outside:
                yield self._fixups()
            if self._within:
                yield self._local_fixups()

    def _added(self, name: str) -> SourceNode:
        """A node to add to; one that the source has already is taken over."""
        held = self._tree.root.child(name)
        if held is None:
            return SourceNode(name)
        held.deleted = True
        return self._written(held)

    def _symbol_node(self) -> SourceNode:
        result = self._added("__symbols__")
        for node in self._tree.root.walk():
            for label in node.labels:
                result.properties.setdefault(label, node.path.encode("ascii") + b"\0")
            if node.labels:
                self._phandle(node)
        return result

    def _fixups(self) -> SourceNode:
        result = self._added("__fixups__")
        for label, path, name, offset in self._outside:
            entry = f"{path}:{name}:{offset}".encode("ascii") + b"\0"
            result.properties[label] = result.properties.get(label, b"") + entry
        return result

    def _local_fixups(self) -> SourceNode:
        result = self._added("__local_fixups__")
        for node, name, offset in self._within:
            place = result
            for part in node.path.strip("/").split("/") if node.parent else ():
                place = place.child(part)
            place.properties[name] = place.properties.get(name, b"") + cells(offset)
        return result

    def _written(self, top: DtsNode) -> SourceNode:
        root = SourceNode(top.name)
        todo = [(top, root)]
        while todo:
            node, written = todo.pop()
            for held in node.kept_properties():
                data = self._values.get(held)
                if data is None:
                    data = held.value.data if held.value else b""
                if held.name != "name" or not self._is_own_name(node, data):
                    written.properties[held.name] = data
            for child in node.kept_children():
                below = SourceNode(child.name)
                written.children.append(below)
                todo.append((child, below))
        return root

    @staticmethod
    def _is_own_name(node: DtsNode, data: bytes) -> bool:
        """Whether a ``name`` says what is known (checks.c, check_name_properties())."""
        return data == node.name.partition("@")[0].encode("ascii") + b"\0"
