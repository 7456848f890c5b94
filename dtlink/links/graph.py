"""The graph of suppliers and consumers, of a devicetree or of ACPI tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, partial

from dtlink.facts.binding import Walk
from dtlink.facts.kernels import DEFAULT, KernelVersion
from dtlink.firmware.tree import Tree
from dtlink.links.extract import extract
from dtlink.links.reference import Flaw, Link, Reference, Unresolved
from dtlink.typed import TYPE_CHECKING, Any, Generic, overload

if TYPE_CHECKING:
    # With this default a plain ``Graph`` has links of a devicetree; Python supports it since 3.13.
    from typing_extensions import TypeVar

    from dtlink.facts.binding import SupplierBinding
    from dtlink.firmware.acpi.machine import Machine
    from dtlink.links.acpi.graph import AcpiGraph
    from dtlink.links.acpi.link import AcpiLink
    from dtlink.links.walk import BindingColumn

    #: A version, or its text.
    Version = KernelVersion | str
    LinkT = TypeVar("LinkT", bound=Link | AcpiLink, default=Link)
else:
    from dtlink.typed import TypeVar

    LinkT = TypeVar("LinkT")


class Graph(Generic[LinkT]):
    """The dependencies of consumers on suppliers.

    Nodes have the numbers of their tree or tables. A parent is an implicit supplier: the children
    of a bus or a multi-function device probe after it.
    """

    def __init__(
        self,
        firmware: Tree | Machine,
        references: Sequence[Reference],
        link: Callable[[Reference], LinkT],
        unresolved: Sequence[Unresolved] = (),
        version: KernelVersion = DEFAULT,
        columns: Sequence[BindingColumn] = (),
    ) -> None:
        self.firmware = firmware
        self.references = references
        self.link = link
        """Makes the link that is a view of a reference."""
        self.unresolved = unresolved
        self.version = version
        self.columns = columns
        """The references of a tree by property name, each with the binding, in their order."""

    def __repr__(self) -> str:
        links = f"{len(self.references)} links, kernel {self.version}"
        return f"<{type(self).__name__} of {self.firmware!r}: {links}>"

    @overload
    @staticmethod
    def of(
        firmware: Tree, version: Version = ..., *, disabled: bool = ..., vendor: bool = ...
    ) -> Graph: ...
    @overload
    @staticmethod
    def of(
        firmware: Machine, version: Version = ..., *, disabled: bool = ..., vendor: bool = ...
    ) -> AcpiGraph: ...
    @staticmethod
    def of(
        firmware: Tree | Machine,
        version: Version = DEFAULT,
        *,
        disabled: bool = False,
        vendor: bool = True,
    ) -> Graph[Any]:
        """Return the graph of tables, or of a tree read by ``version`` (:func:`extract`)."""
        version = KernelVersion.of(version)
        if not isinstance(firmware, Tree):
            from dtlink import arguments
            from dtlink.firmware.acpi.machine import Machine
            from dtlink.links.acpi.graph import AcpiGraph

            arguments.instance("firmware", firmware, Machine, "a Tree or a Machine")
            return AcpiGraph(firmware, version)
        found = extract(firmware, version, disabled=disabled, vendor=vendor)
        link = partial(Link, firmware)
        return Graph(firmware, found.references, link, found.unresolved, version, found.columns)

    @cached_property
    def links(self) -> Sequence[LinkT]:
        """All links, ordered by node, property and entry as in the blob."""
        ordered = sorted(self.references, key=lambda ref: (ref.node, ref.at, ref.entry))
        return [self.link(ref) for ref in ordered]

    def to_networkx(self) -> Any:
        """The links as a :class:`networkx.MultiDiGraph`: from each consumer to its supplier.

        Nodes are paths, with what identifies them as attributes; edges have the attributes
        ``binding``, ``kind``, ``entry``, ``followed`` and ``node`` (where the entry is). Raises
        :class:`ImportError` if networkx is not installed.
        """
        from dtlink.links.networkx import to_networkx

        return to_networkx(self)

    def links_of(self, *bindings: str) -> Iterator[LinkT]:
        """Return the links of the bindings with these names, for each binding in blob order."""
        wanted = frozenset(bindings)
        for ref in self.references:
            if ref.binding.name in wanted:
                yield self.link(ref)

    def link_at(self, binding: str, node: int, entry: int) -> LinkT | None:
        """Return the link that a binding makes of an entry of a node's property, if there is one.

        Rules ask for thousands of entries of one property: they are looked up.
        """
        if binding not in self._by_entry:
            found = self._by_entry[binding] = {}
            for ref in self.references:
                if ref.binding.name == binding:
                    found.setdefault((ref.node, ref.entry), ref)
        asked = self._by_entry[binding].get((node, entry))
        return None if asked is None else self.link(asked)

    @cached_property
    def _by_entry(self) -> dict[str, dict[tuple[int, int], Reference]]:
        return {}

    def not_followed(self, ref: Reference) -> str:
        """Return why this kernel's fw_devlink creates no link for a reference; empty if it does.

        Source: Linux, drivers/of/property.c (of_fwnode_add_links(), of_link_to_phandle()).
        """
        if type(ref) is not Reference:
            raise not_a_reference(ref)
        row = ref.binding
        in_kernel, optional = self._rows.get(row) or self._row(row)
        if not in_kernel:
            return "not a binding that this kernel's fw_devlink follows"
        if ref.flaw is not Flaw.NONE and (flawed := self._flawed(ref)):
            return flawed
        for end, node in (("supplier", ref.supplier), ("consumer", ref.node)):
            if node in self.firmware.disabled:
                return f"the {end}, or one of its ancestors, is disabled"
        if optional:
            return "optional: followed with fw_devlink.strict=1 only"
        return ""

    @cached_property
    def _rows(self) -> dict[SupplierBinding, tuple[bool, bool]]:
        """Whether this kernel's fw_devlink follows a row, and whether with strict only."""
        return {}

    def _row(self, row: SupplierBinding) -> tuple[bool, bool]:
        optional = row.optional is not None and self.version in row.optional
        found = self._rows[row] = row.in_kernel(self.version), optional
        return found

    def _flawed(self, ref: Reference) -> str:
        from dtlink.facts.behaviours import MISSING_CELLS_ARE_ZERO

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


def not_a_reference(value: object) -> TypeError:
    """The error for what is not a reference, such as the link that has it."""
    kind = type(value).__name__
    return TypeError(f"ref: a reference is needed, as link.reference is, not {kind}")
