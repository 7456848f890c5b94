"""The graph of suppliers and consumers, whichever firmware told of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Generic, overload

from dtlink.facts.behaviours import MISSING_CELLS_ARE_ZERO
from dtlink.facts.binding import Walk
from dtlink.facts.kernels import DEFAULT, KernelVersion
from dtlink.firmware.tree import Tree
from dtlink.links.extract import extract
from dtlink.links.reference import Flaw, Link, Reference, Unresolved

if TYPE_CHECKING:
    # With defaults, a plain ``Graph`` is one of devicetree nodes; no Python before 3.13 knows them.
    from typing import Protocol

    from typing_extensions import TypeVar

    from dtlink.firmware.acpi.machine import Machine
    from dtlink.firmware.tree import Node
    from dtlink.links.acpi.graph import AcpiGraph

    class Numbered(Protocol):
        """A node."""

        @property
        def index(self) -> int:
            """Its number."""

    class Referring(Protocol):
        """A link."""

        @property
        def reference(self) -> Reference:
            """What it is a view of."""

    NodeT = TypeVar("NodeT", bound=Numbered, default=Node)
    LinkT = TypeVar("LinkT", bound=Referring, default=Link)
    Node_co = TypeVar("Node_co", covariant=True)

    class Firmware(Protocol[Node_co]):
        """What a graph asks of the description that its nodes are from: a tree, or tables."""

        @property
        def parents(self) -> Sequence[int]:
            """The number of each node's parent; 0 is the root, which is no device."""

        @property
        def disabled(self) -> AbstractSet[int]:
            """The nodes of which the kernel makes no device."""

        def __getitem__(self, index: int) -> Node_co: ...
else:
    from typing import TypeVar

    NodeT, LinkT = TypeVar("NodeT"), TypeVar("LinkT")


class Graph(Generic[NodeT, LinkT]):
    """Who needs whom.

    ``nodes`` are numbered as in the tree, or the tables, they come from. A node's parent is a
    supplier of its own kind: nothing below a bus or a multi-function device comes before it.
    """

    def __init__(
        self,
        firmware: Firmware[NodeT],
        references: Sequence[Reference],
        link: Callable[[Reference], LinkT],
        unresolved: Sequence[Unresolved] = (),
        version: KernelVersion = DEFAULT,
    ) -> None:
        self.firmware = firmware
        self.references = references
        self.link = link
        """The view of a reference as a link."""
        self.unresolved = unresolved
        self.version = version

    @overload
    @staticmethod
    def of(
        firmware: Tree, version: KernelVersion = ..., *, disabled: bool = ..., vendor: bool = ...
    ) -> Graph: ...
    @overload
    @staticmethod
    def of(
        firmware: Machine, version: KernelVersion = ..., *, disabled: bool = ..., vendor: bool = ...
    ) -> AcpiGraph: ...
    @staticmethod
    def of(
        firmware: Tree | Machine,
        version: KernelVersion = DEFAULT,
        *,
        disabled: bool = False,
        vendor: bool = True,
    ) -> Graph[Any, Any]:
        """The graph of a tree as a kernel version reads it (see :func:`extract`), or of tables."""
        if not isinstance(firmware, Tree):
            from dtlink.links.acpi.graph import AcpiGraph

            return AcpiGraph(firmware, version)
        found = extract(firmware, version, disabled=disabled, vendor=vendor)
        link = partial(Link, firmware)
        return Graph(firmware, found.references, link, found.unresolved, version)

    @cached_property
    def links(self) -> Sequence[LinkT]:
        """Every link, ordered by consumer, property and entry as they stand in the blob."""
        ordered = sorted(self.references, key=lambda ref: (ref.node, ref.at, ref.entry))
        return [self.link(ref) for ref in ordered]

    def links_of(self, *bindings: str) -> Iterator[LinkT]:
        """The links made by the bindings of these names, in blob order for each."""
        wanted = frozenset(bindings)
        for ref in self.references:
            if ref.binding.name in wanted:
                yield self.link(ref)

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
            if node in self.firmware.disabled:
                return f"the {end}, or a node above it, is disabled"
        if row.optional and self.version in row.optional:
            return "optional: followed with fw_devlink.strict=1 only"
        return ""

    def _flawed(self, ref: Reference) -> str:
        if ref.flaw is Flaw.BEHIND_HOLE:
            return "behind a zero phandle, where fw_devlink stops reading"
        if ref.binding.strict_cells or not MISSING_CELLS_ARE_ZERO.on(self.version):
            return "the supplier lacks its cells property"
        return ""

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
        off = self.firmware.disabled
        arcs: dict[int, list[int]] = {}
        for ref in self.references:
            if wanted(ref) and ref.supplier not in off and ref.consumer not in off:
                arcs.setdefault(ref.consumer, []).append(ref.supplier)
        if parents:
            self._add_parents(arcs)
        return arcs

    def _add_parents(self, arcs: dict[int, list[int]]) -> None:
        """Let every supplier, and whatever it leads to, need its parent (the root is no device)."""
        above = self.firmware.parents
        todo = {target for targets in arcs.values() for target in targets} | arcs.keys()
        while todo:
            node = todo.pop()
            parent = above[node]
            if parent > 0:
                arcs.setdefault(node, []).append(parent)
                if parent not in arcs or arcs[parent][-1:] != [above[parent]]:
                    todo.add(parent)

    @cached_property
    def suppliers(self) -> Mapping[int, Sequence[LinkT]]:
        """The links of each consumer, by node number."""
        return _group(self.links, lambda link: link.reference.consumer)

    @cached_property
    def consumers(self) -> Mapping[int, Sequence[LinkT]]:
        """The links to each supplier, by node number."""
        return _group(self.links, lambda link: link.reference.supplier)


def _group(links: Iterable[LinkT], key: Callable[[LinkT], int]) -> dict[int, list[LinkT]]:
    groups: dict[int, list[LinkT]] = {}
    for link in links:
        groups.setdefault(key(link), []).append(link)
    return groups
