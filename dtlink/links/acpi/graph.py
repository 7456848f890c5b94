"""The supplier-consumer graph of a machine's ACPI tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module

from dtlink.facts.kernels import DEFAULT, KernelVersion
from dtlink.firmware.acpi.registry import DESCRIBING
from dtlink.links.acpi.link import ROWS, AcpiLink, TableLink
from dtlink.links.graph import Graph, not_a_reference
from dtlink.links.reference import Reference
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.firmware.acpi.machine import Machine


class AcpiGraph(Graph[AcpiLink]):
    """The links of all the tables of a machine.

    Made by :meth:`Graph.of` of a :class:`Machine`; ``links`` has an :class:`AcpiLink` for each.
    """

    def __init__(self, machine: Machine, version: KernelVersion = DEFAULT) -> None:
        _ = machine.nodes  # which numbers them
        told = {each.reference: each for each in links(machine, version)}
        super().__init__(machine, list(told), self._link, version=version)
        self.machine = machine
        self._table_links: Mapping[Reference, TableLink] = told

    def _link(self, ref: Reference) -> AcpiLink:
        return AcpiLink(self._table_links[ref], ref)

    def table_link(self, ref: Reference) -> TableLink:
        """What a reference was made of."""
        return self._table_links[ref]

    def orders(self, ref: Reference) -> bool:
        """Whether a consumer needs its supplier first: also one that names itself, which is a loop
        that Linux follows, and not, as in a devicetree, one of its own parts.
        """
        return ref.binding.orders_probe

    def not_followed(self, ref: Reference) -> str:
        """Why Linux does not use an entry; empty if it does."""
        if type(ref) is not Reference:
            raise not_a_reference(ref)
        return self._table_links[ref].why_not


def binding_names() -> frozenset[str]:
    """The names of the rows of all tables."""
    for row in DESCRIBING:
        import_module(f"dtlink.links.acpi.{row.module}")
    return frozenset(ROWS)


def links(machine: Machine, version: KernelVersion = DEFAULT) -> Iterator[TableLink]:
    """Every link of the tables, with whether a kernel version uses it."""
    for row in DESCRIBING:
        if row.signature in machine.tables:
            walker: Callable[[Machine, KernelVersion], Iterator[TableLink]] = import_module(
                f"dtlink.links.acpi.{row.module}"
            ).links
            yield from walker(machine, version)
