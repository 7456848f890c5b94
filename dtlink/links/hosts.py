"""The PCI hosts of a machine, as its devicetree and its tables tell of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from dtlink.firmware.errors import InputError
from dtlink.links.address import first_region
from dtlink.links.id_ranges import IdRange
from dtlink.links.streams import bus_ids, is_pci
from dtlink.links.translation import REQUESTER_IDS

if TYPE_CHECKING:
    from dtlink.firmware.acpi.machine import Machine
    from dtlink.firmware.acpi.mcfg import Allocation
    from dtlink.firmware.tree import Tree


#: The largest machines have some dozens.
MAX_HOSTS = 128


class Host(NamedTuple):
    """A PCI host: a node of the devicetree, and the segment that the tables call it.

    ``ids`` are the requester IDs of the buses that both bound: ``bus-range`` and, where there is an
    MCFG, its entry.
    """

    node: int
    path: str
    segment: int
    ids: IdRange
    known_by: str
    """How the two were found to be one."""


def of_tree(tree: Tree, machine: Machine) -> list[Host]:
    """The enabled hosts of a devicetree, with their segments.

    The address of the configuration space tells which is which, failing that
    ``linux,pci-domain``, failing that their order. Raises :class:`InputError` for more hosts than
    a machine can have.
    """
    nodes = [node for node in sorted(tree.holders("device_type")) if _is_host(tree, node)]
    if len(nodes) > MAX_HOSTS:
        raise InputError(f"{len(nodes)} PCI hosts: no more than {MAX_HOSTS} are compared")
    by_base = {entry.base: entry for entry in reversed(_entries(machine))}
    bounds = _bounds(machine)
    found = [_host(tree, node, number, by_base, bounds.get) for number, node in enumerate(nodes)]
    return [host for host in found if host.ids]


def _host(
    tree: Tree,
    node: int,
    number: int,
    by_base: Mapping[int, Allocation],
    bounds_of: Callable[[int, IdRange], IdRange],
) -> Host:
    """A host's node. Its place among the hosts is its segment if nothing else tells one."""
    buses = bus_ids(tree, node)
    ids = IdRange(buses.start, buses.stop - 1) & REQUESTER_IDS
    path = tree.path(node)
    region = first_region(tree, node)
    # An entry tells where bus 0 would be, a node where its first bus is.
    entry = None if region is None else by_base.get(region.start - (ids.first >> 8 << 20))
    if entry is not None:
        bounds = IdRange(entry.start_bus << 8, entry.end_bus << 8 | 0xFF)
        return Host(node, path, entry.segment, ids & bounds, "where its configuration space is")
    domain = tree.cell("linux,pci-domain", node)
    known_by = "linux,pci-domain" if domain is not None else "its place among the hosts"
    segment = number if domain is None else domain
    return Host(node, path, segment, ids & bounds_of(segment, REQUESTER_IDS), known_by)


def segments(hosts: Sequence[Host]) -> Mapping[int, int]:
    """The segment of each host's node."""
    return {host.node: host.segment for host in hosts}


def first_buses(machine: Machine, segment: int) -> Sequence[int]:
    """The buses with which the hosts of a segment begin, by the MCFG; none without one."""
    entries = _entries(machine)
    return sorted({entry.start_bus for entry in entries if entry.segment == segment})


def _is_host(tree: Tree, node: int) -> bool:
    above = tree.parents[node]
    return node not in tree.disabled and is_pci(tree, node) and not is_pci(tree, above)


def _bounds(machine: Machine) -> Mapping[int, IdRange]:
    """The requester IDs of each segment that the MCFG has."""
    found: dict[int, IdRange] = {}
    for entry in _entries(machine):
        first, last = entry.start_bus << 8, entry.end_bus << 8 | 0xFF
        before = found.get(entry.segment, IdRange(first, last))
        found[entry.segment] = IdRange(min(before.first, first), max(before.last, last))
    return found


def _entries(machine: Machine) -> Sequence[Allocation]:
    return machine.mcfg.allocations if machine.mcfg else ()
