"""The graph of suppliers and consumers, whichever firmware told of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from dtlink.links.binding import Version, Walk
from dtlink.links.bindings import DEFAULT_KERNEL
from dtlink.links.components import shortest_cycle, shortest_path, strong_components, waves
from dtlink.links.extract import extract
from dtlink.links.reference import Flaw, Link, Reference, Unresolved

if TYPE_CHECKING:
    from dtlink.firmware.tree import Node, Tree


class Cycle(NamedTuple):
    """A strongly connected component, told by a short cycle through it."""

    nodes: tuple[Node, ...]
    """All the nodes of the component, in blob order."""
    chain: tuple[Node, ...]
    """A short cycle: each node needs the next, the last needs the first."""
    steps: tuple[Link | None, ...]
    """The link from each node of the chain to the next; ``None``: the next is its parent."""
    links: tuple[Link, ...]
    """All the links within the component."""


class Graph:
    """Who needs whom.

    ``nodes`` are numbered as in the tree they come from. A node's parent is a supplier of its
    own kind: nothing below a bus or a multi-function device comes before it.
    """

    def __init__(
        self,
        tree: Tree,
        references: Sequence[Reference],
        unresolved: Sequence[Unresolved] = (),
        version: Version = DEFAULT_KERNEL,
    ) -> None:
        self.tree = tree
        self.references = references
        self.unresolved = unresolved
        self.version = version

    @classmethod
    def of(
        cls,
        tree: Tree,
        version: Version = DEFAULT_KERNEL,
        *,
        disabled: bool = False,
        vendor: bool = True,
    ) -> Graph:
        """The graph of a tree as a kernel version reads it (see :func:`extract`)."""
        found = extract(tree, version, disabled=disabled, vendor=vendor)
        return cls(tree, found.references, found.unresolved, version)

    @cached_property
    def links(self) -> Sequence[Link]:
        """Every link, ordered by consumer, property and entry as they stand in the blob."""
        ordered = sorted(self.references, key=lambda ref: (ref.node, ref.at, ref.entry))
        return [Link(self.tree, ref) for ref in ordered]

    def links_of(self, *bindings: str) -> Iterator[Link]:
        """The links made by the bindings of these names, in blob order for each."""
        wanted = frozenset(bindings)
        for ref in self.references:
            if ref.binding.name in wanted:
                yield Link(self.tree, ref)

    def not_followed(self, ref: Reference) -> str:
        """Why this kernel's fw_devlink makes no link of a reference; empty if it makes one.

        Source: Linux, drivers/of/property.c (of_fwnode_add_links(), of_link_to_phandle()).
        """
        row = ref.binding
        if not row.in_kernel(self.version):
            return "not a binding that this kernel's fw_devlink follows"
        if ref.flaw is not Flaw.NONE and (flawed := self._flawed(ref)):
            return flawed
        for end, node in (("supplier", ref.supplier), ("consumer", ref.node)):
            if node in self.tree.disabled:
                return f"the {end}, or a node above it, is disabled"
        if row.optional and self.version in row.optional:
            return "optional: followed with fw_devlink.strict=1 only"
        return ""

    def _flawed(self, ref: Reference) -> str:
        if ref.flaw is Flaw.BEHIND_HOLE:
            return "behind a zero phandle, where fw_devlink stops reading"
        if ref.binding.strict_cells or not self._assumes_cells:
            return "the supplier lacks its cells property"
        return ""

    @property
    def _assumes_cells(self) -> bool:
        """Whether a missing ``#…-cells`` is taken for 0: 6.1 and 5.10 end the list instead."""
        return self.version not in ((5, 10), (6, 1))

    def orders(self, ref: Reference) -> bool:
        """Whether a reference says that one device comes before another.

        Graph endpoints do not, since each end names the other; nor does a node that names itself
        (an interrupt controller that is its own parent, pins that are their own GPIOs).
        """
        row = ref.binding
        return (
            row.probes_first
            and row.orders_probe
            and row.walk is not Walk.ENDPOINT
            and ref.flaw is Flaw.NONE
            and ref.consumer != ref.supplier
        )

    def arcs(
        self, wanted: Callable[[Reference], bool] | None = None, *, parents: bool = True
    ) -> dict[int, list[int]]:
        """Each consumer's suppliers, the parents of those that take part among them.

        ``wanted`` picks the references, all those that order probing if it is not given.
        Nodes that are disabled, or have a disabled supplier only, take no part.
        """
        wanted = wanted or self.orders
        off = self.tree.disabled
        arcs: dict[int, list[int]] = {}
        for ref in self.references:
            if wanted(ref) and ref.supplier not in off and ref.consumer not in off:
                arcs.setdefault(ref.consumer, []).append(ref.supplier)
        if parents:
            self._add_parents(arcs)
        return arcs

    def _add_parents(self, arcs: dict[int, list[int]]) -> None:
        """Let every supplier, and whatever it leads to, need its parent (the root is no device)."""
        above = self.tree.parents
        todo = {target for targets in arcs.values() for target in targets} | arcs.keys()
        while todo:
            node = todo.pop()
            parent = above[node]
            if parent > 0:
                arcs.setdefault(node, []).append(parent)
                if parent not in arcs or arcs[parent][-1:] != [above[parent]]:
                    todo.add(parent)

    def cycles(self, wanted: Callable[[Reference], bool] | None = None) -> list[Cycle]:
        """The strongly connected components: of several nodes, or of one that needs itself."""
        arcs = self.arcs(wanted)
        components = strong_components(arcs)
        several = {node for component in components for node in component}
        components += [
            [node] for node, targets in arcs.items() if node in targets and node not in several
        ]
        links = self._links_within(components, wanted or self.orders)
        return [self._cycle(arcs, *each) for each in zip(components, links, strict=True)]

    def _links_within(
        self, components: Sequence[Sequence[int]], wanted: Callable[[Reference], bool]
    ) -> list[list[Link]]:
        """The links within each component, found in one pass over all references."""
        home = {node: number for number, nodes in enumerate(components) for node in nodes}
        links: list[list[Link]] = [[] for _ in components]
        for ref in self.references if home else ():
            number = home.get(ref.consumer)
            if number is not None and home.get(ref.supplier) == number and wanted(ref):
                links[number].append(Link(self.tree, ref))
        return links

    def _cycle(
        self, arcs: Mapping[int, Sequence[int]], component: Sequence[int], links: Sequence[Link]
    ) -> Cycle:
        chain = shortest_cycle(arcs, component)
        steps = zip(chain, chain[1:] + chain[:1], strict=True)
        first = {
            (link.reference.consumer, link.reference.supplier): link for link in reversed(links)
        }
        return Cycle(
            tuple(self.tree[node] for node in sorted(component)),
            tuple(self.tree[node] for node in chain),
            tuple(first.get(step) for step in steps),
            tuple(links),
        )

    def waves(self) -> list[list[Node]]:
        """The nodes that take part in a link, by the wave in which they can come at the earliest.

        Cycles are collapsed: their nodes share a wave.
        """
        arcs = self.arcs()
        return [[self.tree[node] for node in wave] for wave in waves(arcs, arcs)]

    def path(self, consumer: Node, supplier: Node) -> list[Node]:
        """A shortest way on which one node needs the other; empty if it does not."""
        found = shortest_path(self.arcs(), consumer.index, supplier.index)
        return [self.tree[node] for node in found]

    @cached_property
    def suppliers(self) -> Mapping[int, Sequence[Link]]:
        """The links of each consumer, by node number."""
        return _group(self.links, lambda link: link.reference.consumer)

    @cached_property
    def consumers(self) -> Mapping[int, Sequence[Link]]:
        """The links to each supplier, by node number."""
        return _group(self.links, lambda link: link.reference.supplier)


def _group(links: Iterable[Link], key: Callable[[Link], int]) -> dict[int, list[Link]]:
    groups: dict[int, list[Link]] = {}
    for link in links:
        groups.setdefault(key(link), []).append(link)
    return groups
