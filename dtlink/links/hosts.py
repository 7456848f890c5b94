"""The PCI host bridges that both the devicetree and the ACPI tables of a machine describe."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from dtlink.firmware.errors import InputError
from dtlink.links.address import first_region
from dtlink.links.id_ranges import REQUESTER_IDS, IdRange
from dtlink.links.streams import bus_ids, is_pci
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.firmware.acpi.machine import Machine
    from dtlink.firmware.acpi.mcfg import Allocation
    from dtlink.firmware.tree import Tree


#: Upper bound on hosts; the largest machines have a few dozen.
MAX_HOSTS = 128


class Host(NamedTuple):
    """A PCI host: a devicetree node and its segment in the ACPI tables.

    ``ids`` are the requester IDs of the buses that are both in ``bus-range`` and, if there is an
    MCFG, in its entry.
    """

    node: int
    path: str
    segment: int
    ids: IdRange
    known_by: str
    """How the node and the segment were matched."""


def of_tree(tree: Tree, machine: Machine) -> list[Host]:
    """Return the enabled hosts of a devicetree with their segments.

    A host is matched by the address of its configuration space, else by ``linux,pci-domain``, else
    by its position among the hosts. Raises :class:`InputError` for more than ``MAX_HOSTS`` hosts.
    """
    nodes = [node for node in sorted(tree.holders("device_type")) if _is_host(tree, node)]
    if len(nodes) > MAX_HOSTS:
        raise InputError(f"cannot compare {len(nodes)} PCI hosts: the limit is {MAX_HOSTS}")
    by_base = {entry.base: entry for entry in reversed(_entries(machine))}
    bounds = _bounds(machine)
    hosts = [_host(tree, node, number, by_base, bounds.get) for number, node in enumerate(nodes)]
    return [host for host in hosts if host.ids]


def _host(
    tree: Tree,
    node: int,
    number: int,
    by_base: Mapping[int, Allocation],
    bounds_of: Callable[[int, IdRange], IdRange],
) -> Host:
    """The host of a node; its segment is its position unless the node or the MCFG has one."""
    buses = bus_ids(tree, node)
    ids = IdRange(buses.start, buses.stop - 1) & REQUESTER_IDS
    path = tree.path(node)
    region = first_region(tree, node)
    # The base of an MCFG entry is that of bus 0; the base of a node is that of its first bus.
    entry = None if region is None else by_base.get(region.start - (ids.first >> 8 << 20))
    if entry is not None:
        bounds = IdRange(entry.start_bus << 8, entry.end_bus << 8 | 0xFF)
        return Host(node, path, entry.segment, ids & bounds, "where its configuration space is")
    domain = tree.cell("linux,pci-domain", node)
    known_by = "linux,pci-domain" if domain is not None else "its place among the hosts"
    segment = number if domain is None else domain
    return Host(node, path, segment, ids & bounds_of(segment, REQUESTER_IDS), known_by)


def segments(hosts: Sequence[Host]) -> Mapping[int, int]:
    """Return the segment of each host by node number."""
    return {host.node: host.segment for host in hosts}


def first_buses(machine: Machine, segment: int) -> Sequence[int]:
    """Return the first bus of each MCFG entry of a segment; empty without an MCFG."""
    entries = _entries(machine)
    return sorted({entry.start_bus for entry in entries if entry.segment == segment})


def _is_host(tree: Tree, node: int) -> bool:
    parent = tree.parents[node]
    return node not in tree.disabled and is_pci(tree, node) and not is_pci(tree, parent)


def _bounds(machine: Machine) -> Mapping[int, IdRange]:
    """The requester IDs of each segment in the MCFG."""
    bounds: dict[int, IdRange] = {}
    for entry in _entries(machine):
        first, last = entry.start_bus << 8, entry.end_bus << 8 | 0xFF
        known = bounds.get(entry.segment, IdRange(first, last))
        bounds[entry.segment] = IdRange(min(known.first, first), max(known.last, last))
    return bounds


def _entries(machine: Machine) -> Sequence[Allocation]:
    return machine.mcfg.allocations if machine.mcfg else ()
