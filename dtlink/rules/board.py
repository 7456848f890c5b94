"""What the rules look at: one input, with its links."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from dtlink.links.bindings import DEFAULT_KERNEL
from dtlink.links.graph import Graph
from dtlink.links.reference import Failure, Link, Why
from dtlink.links.streams import Maps, Stream, by_iommu, iommu_maps, streams

if TYPE_CHECKING:
    from dtlink.firmware.tree import Node, Tree
    from dtlink.links.binding import Version
    from dtlink.links.reference import Reference


#: Children of the root that Linux, or its driver for them, looks into all the same.
_TENDED = frozenset((b"chosen", b"cpus", b"firmware", b"reserved-memory", b"thermal-zones"))

#: What an overlay may leave open, since the base tree has the rest.
_OPEN = frozenset((Why.DANGLING, Why.NO_CELLS, Why.NO_PARENT))


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
            if raw.why not in _OPEN or not self.tree.is_overlay:
                groups.setdefault(raw.why, []).append(Failure(self.tree, raw))
        return groups

    def failures(self, *why: Why) -> Iterator[Failure]:
        """The entries of supplier properties that do not resolve for one of these reasons.

        What an overlay leaves open, and the base tree may have, is not among them.
        """
        for reason in why:
            yield from self._failures.get(reason, ())

    def links(self, *bindings: str) -> Iterator[Link]:
        """The links made by the bindings of these names (all if none is named)."""
        if bindings:
            yield from self.graph.links_of(*bindings)
        else:
            yield from self.graph.links

    @cached_property
    def masters(self) -> Mapping[int, Sequence[Reference]]:
        """What ``iommus`` and ``iommu-map`` name, and the references that name it."""
        return by_iommu(self.graph)

    @cached_property
    def streams(self) -> Mapping[int, Sequence[Stream]]:
        """The stream IDs of all masters, by IOMMU."""
        return streams(self.tree, self.masters, self.iommu_maps)

    @cached_property
    def iommu_maps(self) -> Maps:
        """The ``iommu-map`` of every enabled node that has one."""
        return iommu_maps(self.tree)

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

    @cached_property
    def passed_over(self) -> frozenset[int]:
        """The nodes with a phandle for which the kernel itself makes no devices.

        It populates the children of the root, and passes over one without ``compatible`` with all
        that is below it (Linux, drivers/of/platform.c, of_platform_bus_create()).
        """
        tree, found = self.tree, list[int]()
        compatible, names = tree.holders("compatible"), tree.layout.names
        top = [node for node, parent in enumerate(tree.parents) if not parent]
        for node, end in zip(top, (*top[1:], len(tree)), strict=True):
            if node not in compatible and names[node].partition(b"@")[0] not in _TENDED:
                found += range(node, end)
        named = [node for node in found if node in tree.own_phandle]
        return frozenset(named if named and not tree.is_overlay else ())

    @cached_property
    def stranded(self) -> Sequence[Reference]:
        """The references to nodes that are :attr:`passed_over`."""
        outside = self.passed_over
        return [ref for ref in self.graph.references if ref[1] in outside] if outside else ()

    def ref(self, node: Node) -> str:
        """A node as DTS names it: ``&label``, or ``&{/path}`` where no label is known."""
        label = self.tree.labels.get(node.path)
        return f"&{label}" if label else f"&{{{node.path}}}"
