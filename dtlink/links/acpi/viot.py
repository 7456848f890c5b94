"""The links of a VIOT: PCI functions and memory-mapped devices to their virtio-iommu.

Sources: ACPI specification 6.5, 5.2.34; Linux 6.12, drivers/acpi/viot.c, and, for the IORT that is
asked first, drivers/acpi/scan.c, acpi_iommu_configure_id().
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import attrgetter

from dtlink.facts.behaviours import READS_VIOT
from dtlink.facts.kernels import DEFAULT, KernelVersion
from dtlink.firmware.acpi.iort import RootComplex
from dtlink.firmware.acpi.viot import (
    Endpoint,
    MmioEndpoint,
    PciRange,
    Viot,
    VirtioIommu,
    VirtioIommuPci,
)
from dtlink.links.acpi.iort_walk import SMMUS, supplier
from dtlink.links.acpi.link import TableLink, row
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.firmware.acpi.iort import Iort
    from dtlink.firmware.acpi.machine import Machine

IOMMU = row("viot-iommu", "IOMMU")

#: Of a range over more segments than this the endpoint IDs of the first are compared.
_FEW = 16

# Why Linux does not use a node.
ITSELF = "it is the IOMMU itself, which Linux leaves untranslated"
REVERSED = "its first function is after its last: it has none"
LATER = "Linux takes the last node of the table that has the device"
IORT_FIRST = "Linux asks the IORT first, and it gives all of them an SMMU"
STOPPED = "Linux stops reading at a node before it"
NOT_READ = f"Linux reads the VIOT since {READS_VIOT.since} only"


def links(machine: Machine, version: KernelVersion = DEFAULT) -> Iterator[TableLink]:
    """The links of a machine's VIOT."""
    table = machine.viot
    if table is None:
        return
    hidden = _hidden(table)
    translated = _translated(machine.iort)
    stop = stops_at(table)
    unread = "" if READS_VIOT.on(version) else NOT_READ
    for node in table.endpoints:
        iommu = table.iommu_of(node)
        if iommu is None:
            continue
        why_not = unread or (STOPPED if node.start >= stop else "")
        why_not = why_not or _why_not(translated, node, iommu)
        why_not = why_not or (LATER if node.start in hidden else "")
        if isinstance(node, PciRange):
            yield TableLink(
                node, iommu, IOMMU, node, node.functions, node.endpoint_start, None, why_not
            )
        else:
            yield TableLink(node, iommu, IOMMU, node, output=node.endpoint, why_not=why_not)


def stops_at(table: Viot) -> int:
    """The byte offset of the node at which Linux stops reading (viot_parse_node()).

    A served node that is too short ends it; a short IOMMU, or a node of unknown type, does not.
    """
    short = (
        node.start
        for node in table.nodes
        if isinstance(node, PciRange | MmioEndpoint) and node.length < node.SIZE
    )
    return next(short, table.end)


def _why_not(translated: Mapping[int, Sequence[range]], node: Endpoint, iommu: VirtioIommu) -> str:
    if not isinstance(node, PciRange):
        return ""
    if not node.functions or not node.segments:
        return REVERSED
    if len(node.functions) == len(node.segments) == 1 and exempt(node, iommu) is not None:
        return ITSELF
    return IORT_FIRST if _is_taken(node, translated) else ""


def exempt(node: Endpoint, iommu: VirtioIommu) -> int | None:
    """The endpoint ID that a range gives the IOMMU itself, and that Linux never uses.

    That an IOMMU lies within the range that it serves is usual: viot_dev_iommu_init() passes it
    over.
    """
    if not isinstance(node, PciRange) or not isinstance(iommu, VirtioIommuPci):
        return None
    segment, function = iommu.segment, iommu.function
    return node.endpoint_id(segment, function) if node.covers(segment, function) else None


def _translated(iort: Iort | None) -> Mapping[int, Sequence[range]]:
    """The requester IDs that the root complex of each segment sends to an SMMU, without gaps."""
    found: dict[int, list[range]] = {}
    for node in iort.nodes if iort else ():
        if iort and isinstance(node, RootComplex) and node.segment not in found:
            found[node.segment] = _joined(
                mapping.inputs
                for mapping in node.mappings
                if not mapping.single and isinstance(supplier(iort, mapping), SMMUS)
            )
    return found


def _joined(ranges: Iterable[range]) -> list[range]:
    """Ranges, sorted, of which those that meet or overlap are one."""
    found: list[range] = []
    for each in sorted(ranges, key=lambda each: each.start):
        if found and each.start <= found[-1].stop:
            found[-1] = range(found[-1].start, max(each.stop, found[-1].stop))
        else:
            found.append(each)
    return found


def _is_taken(node: PciRange, translated: Mapping[int, Sequence[range]]) -> bool:
    """Whether an IORT sends all functions of a range to SMMUs."""
    taken = translated.get(node.segment_start, ())
    at = bisect_right(taken, node.bdf_start, key=lambda each: each.start) - 1
    return len(node.segments) == 1 and at >= 0 and node.bdf_end in taken[at]


def _hidden(table: Viot) -> frozenset[int]:
    """The offsets of the nodes that are of no use, as a later one has all of their devices."""
    found = {early.start for early, late in overlaps(table) if _has_all(late, early)}
    last: dict[int, int] = {}
    for node in table.mmio_endpoints:
        if table.iommu_of(node):
            if node.base in last:
                found.add(last[node.base])
            last[node.base] = node.start
    return frozenset(found)


def _has_all(late: PciRange, early: PciRange) -> bool:
    return (
        late.segment_start <= early.segment_start
        and early.segment_end <= late.segment_end
        and late.bdf_start <= early.bdf_start
        and early.bdf_end <= late.bdf_end
    )


def overlaps(table: Viot) -> Iterator[tuple[PciRange, PciRange]]:
    """Pairs of ranges with functions in common: the earlier, and the later, which Linux takes.

    Each range that shares functions with others is in a pair, but where many lie over each other
    not every pair is reported: of those left out, by segment, the newest takes the others' place.
    """
    nodes = table.ranges
    used = [node for node in nodes if node.segments and node.functions and table.iommu_of(node)]
    spans = {node: _Span(node.bdf_start, node.bdf_end, node) for node in used}
    events = sorted(
        [(node.segment_start, 1, node.start, node) for node in used]
        + [(node.segment_end + 1, 0, node.start, node) for node in used]
    )
    kept: list[_Span] = []
    for _, begins, _, node in events:
        span = spans[node]
        # Kept are sorted, and none lies over another: those that share functions are neighbours.
        first = bisect_left(kept, span.first, key=_last)
        last = bisect_right(kept, span.last, key=_first)
        if begins:
            yield from (_ordered(other.node, node) for other in kept[first:last])
            kept[first:last] = [span]
        elif last - first == 1 and kept[first].node is node:
            del kept[first]


class _Span(NamedTuple):
    """The functions of a range."""

    first: int
    last: int
    node: PciRange


_first, _last = attrgetter("first"), attrgetter("last")


def agree(table: Viot, one: PciRange, other: PciRange) -> bool:
    """Whether two ranges say the same of the functions that they share."""
    iommus = [table.iommu_of(node) for node in (one, other)]
    same = len({(each.type, each.identity) for each in iommus if each}) == 1
    return same and one.endpoint_id(0, 0) == other.endpoint_id(0, 0)


def _ordered(one: PciRange, other: PciRange) -> tuple[PciRange, PciRange]:
    return (one, other) if one.start < other.start else (other, one)


def ids_overlap(nodes: Iterable[Endpoint]) -> Iterator[tuple[Endpoint, Endpoint, range]]:
    """Pairs of nodes, of one IOMMU, that give the same endpoint IDs: earlier, later, those IDs."""
    pieces = sorted((ids.start, ids.stop, node.start, node) for node in nodes for ids in _ids(node))
    reach: tuple[int, int, int, Endpoint] | None = None
    for piece in pieces:
        if reach and piece[0] < reach[1]:
            early, late = sorted((reach[3], piece[3]), key=lambda node: node.start)
            yield early, late, range(piece[0], min(piece[1], reach[1]))
        if reach is None or piece[1] > reach[1]:
            reach = piece


def _ids(node: Endpoint) -> Iterator[range]:
    """The endpoint IDs of a node: one piece for each segment, of which few are looked at."""
    if not isinstance(node, PciRange):
        yield range(node.endpoint, node.endpoint + 1)
        return
    count = len(node.functions)
    first = node.endpoint_id(node.segment_start, node.bdf_start)
    for number in range(min(len(node.segments), _FEW) if count else 0):
        start = (first + (number << 16)) & 0xFFFFFFFF
        yield range(start, start + count)
