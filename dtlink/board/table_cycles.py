"""Which nodes of ACPI tables lead to themselves, and the order in which the others can come.

The counterpart of :mod:`dtlink.board.device_cycles`; the kernel relaxes no links of tables.
"""

from __future__ import annotations

from collections.abc import Sequence

from dtlink.links.components import shortest_cycle, strong_components, waves
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.firmware.acpi.layout import Struct
    from dtlink.links.acpi.graph import AcpiGraph
    from dtlink.links.acpi.link import AcpiLink


class TableCycle(NamedTuple):
    """A strongly connected component of table nodes."""

    nodes: tuple[Struct, ...]
    """In the order of the tables."""
    chain: tuple[Struct, ...]
    """A short cycle: each node needs the next, the last needs the first."""
    steps: tuple[AcpiLink | None, ...]
    """The link from each node of the chain to the next; ``None``: the next is its parent."""
    links: tuple[AcpiLink, ...]
    """All the links within the component."""


def table_cycles(graph: AcpiGraph) -> Sequence[TableCycle]:
    """The strongly connected components: of several nodes, or of one that needs itself."""
    arcs = graph.arcs()
    components = strong_components(arcs)
    several = {node for component in components for node in component}
    components += [
        [node] for node, targets in arcs.items() if node in targets and node not in several
    ]
    links = _links_within(graph, components)
    return [
        _cycle(graph, shortest_cycle(arcs, component), sorted(component), inside)
        for component, inside in zip(components, links, strict=True)
    ]


def _links_within(graph: AcpiGraph, components: Sequence[Sequence[int]]) -> list[list[AcpiLink]]:
    """The links within each component, found in one pass over all references."""
    home = {node: number for number, nodes in enumerate(components) for node in nodes}
    links: list[list[AcpiLink]] = [[] for _ in components]
    for ref in graph.references if home else ():
        number = home.get(ref.consumer)
        if number is not None and home.get(ref.supplier) == number and graph.orders(ref):
            links[number].append(graph.link(ref))
    return links


def _cycle(
    graph: AcpiGraph, chain: Sequence[int], nodes: Sequence[int], links: Sequence[AcpiLink]
) -> TableCycle:
    steps = zip(chain, (*chain[1:], chain[0]), strict=True)
    first = {(link.reference.consumer, link.reference.supplier): link for link in reversed(links)}
    return TableCycle(
        tuple(graph.machine[node] for node in nodes),
        tuple(graph.machine[node] for node in chain),
        tuple(first.get(step) for step in steps),
        tuple(links),
    )


def table_waves(graph: AcpiGraph) -> list[list[Struct]]:
    """The nodes that take part in a link, by the wave in which they can come at the earliest.

    Cycles are collapsed: their nodes share a wave.
    """
    arcs = graph.arcs()
    return [[graph.machine[node] for node in wave] for wave in waves(arcs, arcs)]
