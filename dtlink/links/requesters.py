"""The requesters of a PCI host that exist according to the descriptions of the machine.

Neither a devicetree nor ACPI tables list PCI functions, but they imply some of them:

- the host's first bus exists, and so does the bus behind a bridge in the devicetree;
- IDs that a description maps differently from the others exist: if groups of IDs have different
  suppliers, all groups but the largest are singled out (the largest is the default, which may be
  no translation);
- a root bus that the AML of the namespace defines exists (``Name (_BBN, …)``).

Sources for the last: ACPI specification 6.5, 6.5.5 (_BBN) and 20.2 (the encoding of constants).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from dtlink.links.hosts import first_buses
from dtlink.links.id_ranges import IdRange, common, first_match, merged, side_by_side
from dtlink.links.streams import bus_ids, is_pci
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.firmware.acpi.machine import Machine
    from dtlink.firmware.tree import Tree
    from dtlink.links.hosts import Host
    from dtlink.links.translation import Key, Translation

#: ``Name (_BBN, …)`` and ``Name (_SEG, …)`` with a constant: 0, 1, one byte or two bytes.
_NAME = rb"\x08_%b(?:(?P<small>[\x00\x01])|\x0a(?P<byte>.)|\x0b(?P<word>..))"
_ROOT_BUS = re.compile(_NAME % b"BBN", re.DOTALL)
_SEGMENT = re.compile(_NAME % b"SEG", re.DOTALL)

_Suppliers = tuple["Key | None", "Key | None"]


class Evidence(NamedTuple):
    """Requester IDs that exist, and how that is known."""

    span: IdRange
    reason: str


def known(
    tree: Tree, machine: Machine, host: Host, sides: Mapping[str, Translation]
) -> list[Evidence]:
    """Return the requesters of a host that exist; ``sides`` are the descriptions by name."""
    functions = frozenset(_own_functions(host, sides.values()))
    first = _bus(host.ids.first >> 8)
    singled_out: list[Evidence] = []
    listed = False
    for name, side in sides.items():
        spans, alone = _singled_out(side, host.ids, functions)
        singled_out += [Evidence(span, f"singled out by {name}") for span in spans]
        listed |= alone and any(span.size < first.size and first & span for span in spans)
    buses = [Evidence(_bus(bus), reason) for bus, reason in _buses(tree, machine, host)]
    # A description that lists functions one by one excludes the other functions of the bus.
    buses = [item for item in buses if item.span != first or not listed]
    entries = [(item.span & host.ids, item.reason) for item in buses + singled_out]
    pieces = first_match([each for each in entries if each[0]])
    return [Evidence(span, reason) for span, reason in pieces]


def _buses(tree: Tree, machine: Machine, host: Host) -> Iterator[tuple[int, str]]:
    """The buses that exist independently of the mapping of IDs, and how that is known."""
    yield host.ids.first >> 8, "the first bus"
    for bus in first_buses(machine, host.segment):
        yield bus, "a first bus, by the MCFG"
    yield from _bridges(tree, host)
    for bus in root_buses(machine, host.segment):
        yield bus, "a root bus, by _BBN"


def _bus(bus: int) -> IdRange:
    return IdRange(bus << 8, bus << 8 | 0xFF)


def _own_functions(host: Host, sides: Iterable[Translation]) -> Iterator[IdRange]:
    """The functions of the host that are IOMMUs: they are excluded from their own ranges."""
    for side in sides:
        for piece in side.iommu:
            key = piece.value.supplier.key
            if len(key) == 3 and key[1] == host.segment:
                yield IdRange(key[2], key[2])


def _singled_out(
    side: Translation, ids: IdRange, functions: frozenset[IdRange]
) -> tuple[list[IdRange], bool]:
    """The IDs that a description singles out, and whether only they have an IOMMU."""
    groups: dict[_Suppliers, list[IdRange]] = {}
    key: _Suppliers = (None, None)
    for span, (iommu, msi) in side_by_side(side.iommu, side.msi, ids):
        if span not in functions:
            key = (iommu and iommu.supplier.key, msi and msi.supplier.key)
        groups.setdefault(key, []).append(span)
    sizes = Counter({key: sum(span.size for span in spans) for key, spans in groups.items()})
    largest = max(reversed(sizes), key=lambda key: sizes[key], default=(None, None))
    spans = [span for key, some in groups.items() if key != largest for span in merged(some)]
    return [_without_slip(span) for span in spans], largest[0] is None


def _without_slip(span: IdRange) -> IdRange:
    """Without function 0 of the next bus: then the range is one ID too long."""
    slip = span.last & 0xFF == 0 and span.first >> 8 != span.last >> 8
    return IdRange(span.first, span.last - slip)


def _bridges(tree: Tree, host: Host) -> Iterator[tuple[int, str]]:
    """The buses behind the bridges of a host in a devicetree."""
    for node in tree.holders("bus-range"):
        ancestor = tree.parents[node]
        while ancestor >= 0 and ancestor != host.node:
            ancestor = tree.parents[ancestor]
        if ancestor >= 0 and node not in tree.disabled and is_pci(tree, node):
            yield bus_ids(tree, node).start >> 8, f"behind {tree.path(node)}"


def root_buses(machine: Machine, segment: int) -> list[int]:
    """The root buses in the AML of the namespace, if it uses no segment but this one."""
    code = machine.code.values()
    segments = {_constant(match) for aml in code for match in _SEGMENT.finditer(aml)}
    if (segments or {0}) != {segment}:
        return []
    return sorted({_constant(match) for aml in code for match in _ROOT_BUS.finditer(aml)})


def _constant(match: re.Match[bytes]) -> int:
    return int.from_bytes(next(filter(None, match.groups())), "little")


def chosen(spans: Iterable[IdRange], host: Host, reason: str) -> list[Evidence]:
    """Return the requesters that the user gave, limited to the IDs of the host."""
    return [Evidence(span, reason) for span in common(spans, [host.ids])]
