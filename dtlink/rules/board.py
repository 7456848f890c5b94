"""What the rules look at: one input, with its links."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from dtlink.links.bindings import DEFAULT_KERNEL
from dtlink.links.graph import Graph
from dtlink.links.reference import Failure, Link, Why

if TYPE_CHECKING:
    from dtlink.firmware.tree import Node, Tree
    from dtlink.links.binding import Version


class Board:
    """One devicetree, as the rules see it.

    ``graph`` holds the links of enabled consumers, without the vendors' own properties.
    """

    def __init__(self, tree: Tree, version: Version = DEFAULT_KERNEL) -> None:
        self.tree = tree
        self.version = version
        self.graph = Graph.of(tree, version, vendor=False)

    @cached_property
    def _failures(self) -> Mapping[Why, list[Failure]]:
        groups: dict[Why, list[Failure]] = {}
        for raw in self.graph.unresolved:
            groups.setdefault(raw.why, []).append(Failure(self.tree, raw))
        return groups

    def failures(self, *why: Why) -> Iterator[Failure]:
        """The entries of supplier properties that do not resolve for one of these reasons."""
        for reason in why:
            yield from self._failures.get(reason, ())

    def links(self, *bindings: str) -> Iterator[Link]:
        """The links made by the bindings of these names (all if none is named)."""
        if bindings:
            yield from self.graph.links_of(*bindings)
        else:
            yield from self.graph.links

    def device(self, node: Node) -> Node:
        """The device that a node is, or is a part of: the nearest with ``compatible``.

        A pin group belongs to its pin controller, a regulator to its PMIC, an NVMEM cell to its
        provider: their drivers serve them (Linux, drivers/base/core.c,
        __fw_devlink_pickup_dangling_consumers()). A node without one stands for itself.
        """
        return self.tree[self.device_index(node.index)]

    def device_index(self, index: int) -> int:
        """:meth:`device` in node numbers."""
        compatible, parents = self.tree.holders("compatible"), self.tree.parents
        cursor = index
        while cursor > 0 and cursor not in compatible:
            cursor = parents[cursor]
        return cursor if cursor > 0 else index

    def ref(self, node: Node) -> str:
        """A node as DTS names it: ``&label``, or ``&{/path}`` where no label is known."""
        label = self.tree.labels.get(node.path)
        return f"&{label}" if label else f"&{{{node.path}}}"
