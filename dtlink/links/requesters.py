"""Which requesters of a PCI host exist, as far as the descriptions of the machine tell.

Neither a devicetree nor the tables list the functions. What they say all the same:

- the host's first bus is there, and so is the bus behind a bridge that the devicetree has;
- who treats some IDs otherwise than the rest has seen what is there: of the groups of IDs that a
  description gives different suppliers, all but the largest are singled out. (The rest may be
  translated by default, or by none: either is a way to write what holds for anybody else.)
- a root bus that a program of the namespace names (``Name (_BBN, …)``).

Sources for the last: ACPI specification 6.5, 6.5.5 (_BBN) and 20.2 (the encoding of constants).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from dtlink.links.hosts import first_buses
from dtlink.links.id_ranges import IdRange, common, first_match, merged, side_by_side
from dtlink.links.streams import bus_ids, is_pci

if TYPE_CHECKING:
    from dtlink.firmware.acpi.machine import Machine
    from dtlink.firmware.tree import Tree
    from dtlink.links.hosts import Host
    from dtlink.links.translation import Key, Translation

#: ``Name (_BBN, …)`` and ``Name (_SEG, …)`` with a constant: 0, 1, or of one or two bytes.
_NAME = rb"\x08_%b(?:(?P<small>[\x00\x01])|\x0a(?P<byte>.)|\x0b(?P<word>..))"
_ROOT_BUS = re.compile(_NAME % b"BBN", re.DOTALL)
_SEGMENT = re.compile(_NAME % b"SEG", re.DOTALL)

_Suppliers = tuple["Key | None", "Key | None"]


class Evidence(NamedTuple):
    """Requester IDs that exist, and what says so."""

    span: IdRange
    reason: str


def known(
    tree: Tree, machine: Machine, host: Host, sides: Mapping[str, Translation]
) -> list[Evidence]:
    """The requesters of a host that exist; ``sides`` are the descriptions by their names."""
    functions = frozenset(_own_functions(host, sides.values()))
    first = _bus(host.ids.first >> 8)
    found: list[Evidence] = []
    listed = False
    for name, side in sides.items():
        spans, alone = _singled_out(side, host.ids, functions)
        found += [Evidence(span, f"singled out by {name}") for span in spans]
        listed |= alone and any(span.size < first.size and first & span for span in spans)
    buses = [Evidence(_bus(bus), reason) for bus, reason in _buses(tree, machine, host)]
    # Who lists functions one by one says that there are no others.
    buses = [item for item in buses if item.span != first or not listed]
    entries = [(item.span & host.ids, item.reason) for item in buses + found]
    pieces = first_match([each for each in entries if each[0]])
    return [Evidence(span, reason) for span, reason in pieces]


def _buses(tree: Tree, machine: Machine, host: Host) -> Iterator[tuple[int, str]]:
    """The buses that are there whatever the IDs are given, and what says so."""
    yield host.ids.first >> 8, "the first bus"
    for bus in first_buses(machine, host.segment):
        yield bus, "a first bus, by the MCFG"
    yield from _bridges(tree, host)
    for bus in _root_buses(machine, host.segment):
        yield bus, "a root bus, by _BBN"


def _bus(bus: int) -> IdRange:
    return IdRange(bus << 8, bus << 8 | 0xFF)


def _own_functions(host: Host, sides: Iterable[Translation]) -> Iterator[IdRange]:
    """The functions of the host that are IOMMUs: they are left out of their own ranges."""
    for side in sides:
        for piece in side.iommu:
            key = piece.value.supplier.key
            if len(key) == 3 and key[1] == host.segment:
                yield IdRange(key[2], key[2])


def _singled_out(
    side: Translation, ids: IdRange, functions: frozenset[IdRange]
) -> tuple[list[IdRange], bool]:
    """The IDs that a description singles out, and whether it gives an IOMMU to them alone."""
    groups: dict[_Suppliers, list[IdRange]] = {}
    key: _Suppliers = (None, None)
    for span, (iommu, msi) in side_by_side(side.iommu, side.msi, ids):
        if span not in functions:
            key = (iommu and iommu.supplier.key, msi and msi.supplier.key)
        groups.setdefault(key, []).append(span)
    sizes = Counter({key: sum(span.size for span in spans) for key, spans in groups.items()})
    rest = max(reversed(sizes), key=lambda key: sizes[key], default=(None, None))
    spans = [span for key, some in groups.items() if key != rest for span in merged(some)]
    return [_without_slip(span) for span in spans], rest[0] is None


def _without_slip(span: IdRange) -> IdRange:
    """Without function 0 of one bus more: then the IDs were counted one too many."""
    slip = span.last & 0xFF == 0 and span.first >> 8 != span.last >> 8
    return IdRange(span.first, span.last - slip)


def _bridges(tree: Tree, host: Host) -> Iterator[tuple[int, str]]:
    """The buses behind the bridges that a devicetree has below a host."""
    for node in tree.holders("bus-range"):
        above = tree.parents[node]
        while above >= 0 and above != host.node:
            above = tree.parents[above]
        if above >= 0 and node not in tree.disabled and is_pci(tree, node):
            yield bus_ids(tree, node).start >> 8, f"behind {tree.path(node)}"


def _root_buses(machine: Machine, segment: int) -> list[int]:
    """The root buses that the namespace's programs name; of a single segment, or of none."""
    code = machine.code.values()
    segments = {_constant(found) for each in code for found in _SEGMENT.finditer(each)}
    if (segments or {0}) != {segment}:
        return []
    return sorted({_constant(found) for each in code for found in _ROOT_BUS.finditer(each)})


def _constant(found: re.Match[bytes]) -> int:
    return int.from_bytes(next(filter(None, found.groups())), "little")


def chosen(spans: Iterable[IdRange], host: Host, reason: str) -> list[Evidence]:
    """What the user says exists, as far as the host may have it."""
    return [Evidence(span, reason) for span in common(spans, [host.ids])]
