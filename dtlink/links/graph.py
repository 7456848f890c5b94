"""The graph of suppliers and consumers, of a devicetree or of ACPI tables."""

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
    # With these defaults a plain ``Graph`` has devicetree nodes; Python supports them since 3.13.
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
            """The reference that it is a view of."""

    NodeT = TypeVar("NodeT", bound=Numbered, default=Node)
    LinkT = TypeVar("LinkT", bound=Referring, default=Link)
    Node_co = TypeVar("Node_co", covariant=True)

    class Firmware(Protocol[Node_co]):
        """What a graph requires of the source of its nodes: a tree or tables."""

        @property
        def parents(self) -> Sequence[int]:
            """The number of each node's parent; 0 is the root, which is not a device."""

        @property
        def disabled(self) -> AbstractSet[int]:
            """The nodes for which the kernel creates no device."""

        def __getitem__(self, index: int) -> Node_co: ...
else:
    from typing import TypeVar

    NodeT, LinkT = TypeVar("NodeT"), TypeVar("LinkT")


class Graph(Generic[NodeT, LinkT]):
    """The dependencies of consumers on suppliers.

    Nodes have the numbers of their tree or tables. A parent is an implicit supplier: the children
    of a bus or a multi-function device probe after it.
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
        """Makes the link that is a view of a reference."""
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
        """Return the graph of tables, or of a tree read by ``version`` (:func:`extract`)."""
        if not isinstance(firmware, Tree):
            from dtlink.links.acpi.graph import AcpiGraph

            return AcpiGraph(firmware, version)
        found = extract(firmware, version, disabled=disabled, vendor=vendor)
        link = partial(Link, firmware)
        return Graph(firmware, found.references, link, found.unresolved, version)

    @cached_property
    def links(self) -> Sequence[LinkT]:
        """All links, ordered by node, property and entry as in the blob."""
        ordered = sorted(self.references, key=lambda ref: (ref.node, ref.at, ref.entry))
        return [self.link(ref) for ref in ordered]

    def links_of(self, *bindings: str) -> Iterator[LinkT]:
        """Return the links of the bindings with these names, for each binding in blob order."""
        wanted = frozenset(bindings)
        for ref in self.references:
            if ref.binding.name in wanted:
                yield self.link(ref)

    def not_followed(self, ref: Reference) -> str:
        """Return why this kernel's fw_devlink creates no link for a reference; empty if it does.

        Source: Linux, drivers/of/property.c (of_fwnode_add_links(), of_link_to_phandle()).
        """
        row = ref.binding
        if not row.in_kernel(self.version):
            return "not a binding that this kernel's fw_devlink follows"
        if ref.flaw is not Flaw.NONE and (flawed := self._flawed(ref)):
            return flawed
        for end, node in (("supplier", ref.supplier), ("consumer", ref.node)):
            if node in self.firmware.disabled:
                return f"the {end}, or one of its ancestors, is disabled"
        if row.optional and self.version in row.optional:
            return "optional: followed with fw_devlink.strict=1 only"
        return ""

    def _flawed(self, ref: Reference) -> str:
        if ref.flaw is Flaw.AFTER_HOLE:
            return "after a zero phandle, where fw_devlink stops reading"
        if ref.binding.strict_cells or not MISSING_CELLS_ARE_ZERO.on(self.version):
            return "the supplier lacks its cells property"
        return ""

    def orders(self, ref: Reference) -> bool:
        """Whether a reference requires that its supplier probes before its consumer.

        Graph endpoints do not, since both ends reference each other; nor does a self-reference (an
        interrupt controller that is its own parent, pins that are their own GPIOs).
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
        """Return the suppliers of each consumer, including parents.

        ``wanted`` selects the references; the default is all that order probing. References from or
        to disabled nodes are ignored.
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
        """Make each node that is reached depend on its parent (the root is not a device)."""
        parents = self.firmware.parents
        todo = {target for targets in arcs.values() for target in targets} | arcs.keys()
        while todo:
            node = todo.pop()
            parent = parents[node]
            if parent > 0:
                arcs.setdefault(node, []).append(parent)
                if parent not in arcs or arcs[parent][-1:] != [parents[parent]]:
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
