"""What the rules about ID mappings share: which nodes lead where, and how IDs are written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dtlink.firmware.acpi.iort import (
    IdMapping,
    Iort,
    IortNode,
    ItsGroup,
    RootComplex,
)
from dtlink.links.acpi.iort_pieces import usable
from dtlink.links.acpi.iort_walk import supplier
from dtlink.links.components import shortest_cycle, strong_components
from dtlink.links.id_ranges import REQUESTER_IDS, IdRange, merged
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING
from dtlink.wording import listed, noun

if TYPE_CHECKING:
    from dtlink.facts.kernels import KernelVersion
    from dtlink.firmware.acpi.machine import Machine

Kinds = tuple[type[IortNode], ...]


class Cycle(NamedTuple):
    """Nodes whose mappings lead back to them."""

    nodes: tuple[IortNode, ...]
    """A short way round: the mappings of each lead to the next, those of the last to the first."""
    first: IdMapping
    """The mapping from the first of them to the next."""
    mappings: tuple[IdMapping, ...]
    """All that lead from one of the nodes, and of those that are not on the short way, to "
    "another."""


def cycles(table: Iort, version: KernelVersion) -> list[Cycle]:
    """The cycles among the nodes, by the mappings that Linux follows."""
    arcs: dict[int, list[int]] = {}
    for node in table.nodes:
        targets = (supplier(table, mapping) for mapping in usable(node, version))
        if found := [target.start for target in targets if target]:
            arcs[node.start] = found
    components = (
        each
        for each in strong_components(arcs, minimum=1)
        if len(each) > 1 or each[0] in arcs.get(each[0], ())
    )
    return [_cycle(table, arcs, component, version) for component in components]


def _cycle(
    table: Iort, arcs: dict[int, list[int]], component: Sequence[int], version: KernelVersion
) -> Cycle:
    chain = shortest_cycle(arcs, component)
    inside = set(component)
    mappings = tuple(
        mapping
        for at in sorted(component)
        for mapping in usable(table.by_offset[at], version)
        if mapping.output in inside
    )
    second = (chain + chain)[1]
    start = usable(table.by_offset[chain[0]], version)
    first = next(mapping for mapping in start if mapping.output == second)
    return Cycle(tuple(table.by_offset[at] for at in chain), first, mappings)


def root_complexes(table: Iort) -> list[RootComplex]:
    """The root complex of each segment: Linux takes the first."""
    found: dict[int, RootComplex] = {}
    for node in table.nodes:
        if isinstance(node, RootComplex) and node.has("segment"):
            found.setdefault(node.segment, node)
    return list(found.values())


def bus_ids(machine: Machine, node: RootComplex) -> list[IdRange]:
    """The requester IDs on the buses that the MCFG has for a segment; all, if it has none."""
    entries = machine.mcfg.allocations if machine.mcfg else ()
    buses = merged(
        IdRange(each.start_bus, each.end_bus)
        for each in entries
        if each.segment == node.segment and each.start_bus <= each.end_bus
    )
    return [IdRange(first << 8, last << 8 | 0xFF) for first, last in buses] or [REQUESTER_IDS]


def loss(node: RootComplex) -> str:
    """What functions without a mapping lack, by where the mappings of their root complex lead."""
    table = node.owner
    targets = [supplier(table, each) for each in node.mappings] if isinstance(table, Iort) else []
    if targets and all(isinstance(each, ItsGroup) for each in targets):
        return "no MSI controller"
    return "neither an IOMMU nor an MSI controller"


def span(ids: IdRange | range) -> str:
    """IDs as a reader writes them."""
    first, last = (ids.first, ids.last) if isinstance(ids, IdRange) else (ids[0], ids[-1])
    return f"{first:#x}" if first == last else f"{first:#x} to {last:#x}"


def spans(ids: Iterable[IdRange], most: int = 3) -> str:
    """The first few of some spans."""
    told = list(ids)
    return ", ".join(map(span, told[:most])) + (", …" if len(told) > most else "")


def entries(mappings: Sequence[IdMapping]) -> str:
    """Mappings of one node: the first, and how many more."""
    return listed((f"{each.MEMBER}[{each.entry}]" for each in mappings), 1)


def verb(mappings: Sequence[object], one: str, several: str) -> str:
    """The form of a verb that agrees with them."""
    return noun(len(mappings), one, several)
