"""A board that can be changed: what faults are planted in."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TypeVar

from dtlink.board.tree import TreeBoard
from dtlink.facts.binding import Origin, SupplierBinding, Walk
from dtlink.firmware.fdt_write import SourceNode, cells, strings, write
from dtlink.firmware.tree import Tree
from dtlink.links.reference import Flaw, Reference
from dtlink.rules.cycle.supplier_cycle import supplier_cycle
from tests.support.faults.model import Planted

T = TypeVar("T")

Value = bytes | str | int | tuple[int, ...]


def source(tree: Tree) -> list[SourceNode]:
    """A tree as nodes that can be changed and written, numbered as in the tree."""
    nodes = [SourceNode(node.name, dict(node.properties)) for node in tree]
    for index, parent in enumerate(tree.parents):
        if parent >= 0:
            nodes[parent].children.append(nodes[index])
    return nodes


class Bed:
    """One board, to be changed, and what it was.

    ``board``, ``tree`` and the node numbers stay those of the board as it was; nodes that are
    added get the next numbers.
    """

    def __init__(self, board: TreeBoard, seed: str) -> None:
        self.board = board
        self.tree = board.tree
        self.nodes = source(board.tree)
        self.random = random.Random(seed)  # noqa: S311 - repeatable is what it must be
        self._paths: dict[int, str] = {}
        self._next_phandle = max(self.tree.phandles, default=0) + 1

    def blob(self) -> bytes:
        """The board as it is now."""
        return write(self.nodes[0])

    def pick(self, choices: Iterable[T]) -> T | None:
        """One of several, the same for the same seed; ``None`` if there are none."""
        found = list(choices)
        return self.random.choice(found) if found else None

    # What there is

    def path(self, node: int) -> str:
        """The path of a node, as it was."""
        return self._paths[node] if node in self._paths else self.tree.path(node)

    def paths(self, nodes: Iterable[int]) -> frozenset[str]:
        """The paths of several nodes."""
        return frozenset(map(self.path, nodes))

    def has(self, node: int, *names: str) -> bool:
        """Whether a node has all these properties."""
        return all(node in self.tree.holders(name) for name in names)

    def enabled(self, *names: str) -> Iterator[int]:
        """The enabled nodes that have all these properties, in blob order."""
        first, *others = names
        for node in sorted(self.tree.holders(first)):
            if node not in self.tree.disabled and self.has(node, *others):
                yield node

    def devices(self) -> Iterator[int]:
        """The enabled nodes that are plain devices, with registers and interrupts."""
        for node in self.enabled("compatible", "reg", "interrupts"):
            if self.depth(node) and not self.has(node, "iommus"):
                yield node

    def depth(self, node: int) -> int:
        """How many nodes, the root left out, are above a node."""
        return self.path(node).count("/") - 1

    def is_below(self, node: int, above: int) -> bool:
        """Whether a node is another, or below it."""
        while node > above:
            node = self.tree.parents[node]
        return node == above

    def references(self, *bindings: str) -> list[Reference]:
        """The good references of these bindings; of all if none is named."""
        return [
            ref
            for ref in self.board.graph.references
            if ref.flaw is Flaw.NONE and (not bindings or ref.binding.name in bindings)
        ]

    def entries(self) -> list[Reference]:
        """The good entries of phandle lists for which their devices wait."""
        return [ref for ref in self.references() if is_waited_for(ref.binding)]

    @cached_property
    def cycles(self) -> list[frozenset[str]]:
        """The paths of devices that wait for each other before anything is changed."""
        told = supplier_cycle.check(self.board)
        return [frozenset((finding.subject.path, *finding.related)) for finding in told]

    def kernel_entries(self) -> list[Reference]:
        """Those that fw_devlink follows without being told to."""
        return [ref for ref in self.entries() if not self.board.graph.not_followed(ref)]

    def property_name(self, ref: Reference) -> str:
        """The name of the property that a reference stands in."""
        return self.tree.property_name(ref.at)

    def is_last(self, ref: Reference) -> bool:
        """Whether an entry ends its property."""
        return ref.cell + 1 + ref.args == self.tree.words[ref.at + 1] >> 2

    # What can be done to it

    def set(self, node: int, **properties: Value) -> None:
        """Set properties; ``_`` in a name is ``-``, and a leading one ``#``."""
        for name, value in properties.items():
            self.put(node, _spelled(name), value)

    def put(self, node: int, name: str, value: Value) -> None:
        """Set one property: to bytes, a string, a cell or some cells."""
        self.nodes[node].properties[name] = _bytes(value)

    def drop(self, node: int, name: str) -> bytes:
        """Take a property away, and hand it over."""
        return self.nodes[node].properties.pop(name)

    def rename(self, node: int, old: str, new: str) -> None:
        """Give a property another name."""
        self.put(node, new, self.drop(node, old))

    def get(self, node: int, name: str) -> list[int]:
        """The cells of a property as they are now."""
        value = self.nodes[node].properties[name]
        return [int.from_bytes(value[at : at + 4], "big") for at in range(0, len(value), 4)]

    def replace(self, ref: Reference, phandle: int) -> None:
        """Let an entry name another node."""
        name = self.property_name(ref)
        value = self.get(ref.node, name)
        value[ref.cell] = phandle
        self.put(ref.node, name, tuple(value))

    def unused_phandle(self) -> int:
        """A phandle that no node has."""
        self._next_phandle += 1
        return self._next_phandle

    def phandle(self, node: int) -> int:
        """A node's phandle, given to it now if it has none."""
        properties = self.nodes[node].properties
        if node not in self.tree.own_phandle and "phandle" not in properties:
            self.put(node, "phandle", self.unused_phandle())
        name = "phandle" if "phandle" in properties else "linux,phandle"
        return self.get(node, name)[0]

    def add(self, name: str, above: int = 0, /, **properties: Value) -> int:
        """Add a child to the root, or to another node."""
        self.nodes.append(SourceNode(name))
        self.nodes[above].children.append(self.nodes[-1])
        node = len(self.nodes) - 1
        self._paths[node] = f"{self.path(above).rstrip('/')}/{name}"
        self.set(node, **properties)
        return node

    def remove(self, node: int) -> None:
        """Take a node away, and all that is below it."""
        above = self.nodes[self.tree.parents[node]]
        above.children = [child for child in above.children if child is not self.nodes[node]]

    def here(self, ref: Reference) -> Planted:
        """A finding at an entry."""
        return Planted(self.path(ref.node), self.property_name(ref), ref.entry)


def is_waited_for(row: SupplierBinding) -> bool:
    """Whether a phandle list names what its device can't come without."""
    return (
        row.walk is Walk.LIST
        and row.probes_first
        and row.orders_probe
        and row.origin is not Origin.VENDOR
    )


def _spelled(name: str) -> str:
    text = name.lstrip("_").replace("_", "-")
    return f"#{text}" if name.startswith("_") else text


def _bytes(value: Value) -> bytes:
    if isinstance(value, str):
        return strings(value)
    if isinstance(value, int):
        return cells(value)
    return cells(*value) if isinstance(value, tuple) else value
