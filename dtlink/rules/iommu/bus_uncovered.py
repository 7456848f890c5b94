"""An iommu-map does not map whole buses of its host.

What it finds: buses in bus-range of which iommu-map covers no function, in a map that covers other
buses by ranges; or buses in the MCFG for which the root complex has no mapping: a note if it maps
less than half of them and none of the others is known to be a root bus (by the MCFG or _BBN), since
the MCFG of many machines has buses that do not exist. (Maps of single functions are not reported:
many boards have them on purpose.)
Why it matters: a device there gets no IOMMU. Its DMA is not translated: it is refused where it
passes through an SMMU that knows no such stream, and unprotected where it does not. A root complex
may also lead to an ITS: then a device there has no MSIs.
What to do: cover the whole of bus-range, or make bus-range as small as the map.
References: Linux, drivers/of/base.c, of_map_id(); drivers/iommu/of_iommu.c, of_iommu_xlate();
drivers/acpi/arm64/iort.c, iort_node_map_id().
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dtlink.links.maps import IdMap
from dtlink.records import NamedTuple
from dtlink.rules.iommu._rows import inputs, span
from dtlink.rules.model import EXAMPLES, Dts, Example, Finding, Severity, Tables, rule
from dtlink.typed import TYPE_CHECKING
from dtlink.wording import listed, noun

if TYPE_CHECKING:
    from dtlink.board.boards import AnyBoard
    from dtlink.firmware.acpi.layout import Struct
    from dtlink.firmware.pci.functions import Function
    from dtlink.firmware.tree import Node


class Words(NamedTuple):
    """The terms of a kind of firmware."""

    map: str
    s: str
    """The ending of the verb after it."""
    buses: str


_WORDS = {Dts: Words("iommu-map", "es", "bus-range"), Tables: Words("mappings", "", "the MCFG")}
_BUS = 0x100
_MASKED = 0xFFFF


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    bad=Dts(
        """
        / {
            smmu: iommu@1000 { compatible = "arm,smmu-v3"; #iommu-cells = <1>; };
            pcie@2000 {
                compatible = "pci-host-ecam-generic";
                device_type = "pci";
                bus-range = <0x0 0x7f>;
                iommu-map = <0x0 &smmu 0x0 0x4000>;
            };
        };
        """,
        finds=("/pcie@2000:iommu-map",),
    ),
    good=Dts(
        """
        / {
            smmu: iommu@1000 { compatible = "arm,smmu-v3"; #iommu-cells = <1>; };
            pcie@2000 {
                compatible = "pci-host-ecam-generic";
                device_type = "pci";
                bus-range = <0x0 0x7f>;
                iommu-map = <0x0 &smmu 0x0 0x8000>;
            };
        };
        """
    ),
    tables=Example(
        bad=Tables(
            """
            IORT
              smmu: smmu-v3 base=0x9050000
              host: root-complex segment=0
                map count=0x3fff output=smmu
            MCFG
              allocation base=0x40000000 segment=0 end_bus=0x7f
            """,
            finds=("host:mappings",),
        ),
        good=Tables(
            """
            IORT
              smmu: smmu-v3 base=0x9050000
              host: root-complex segment=0
                map count=0x7fff output=smmu
            MCFG
              allocation base=0x40000000 segment=0 end_bus=0x7f
            """
        ),
    ),
    needs=("iommu-map", "IORT"),
)
def bus_uncovered(board: AnyBoard) -> Iterator[Finding]:
    """One finding for each host, with all its gaps."""
    for node, table in board.iommu_maps.items():
        ids = board.pci_ids(node)
        if ids is None or table.mask & _MASKED != _MASKED:
            continue
        where = board.graph.firmware[node]
        words = _WORDS[EXAMPLES[board.firmware]]
        has_buses = any(row.length >= _BUS for row in table.entries)
        every = list(_gaps(table, ids)) if table.entries else []
        gaps = [gap for gap in every if len(gap) >= _BUS] if has_buses else []
        there = _functions(board, where, every, gaps)
        if there is None and gaps:
            lost = sum(map(len, gaps))
            is_note = 2 * lost > len(ids) and not _exist(board, where, gaps)
            about, fix = f" of {words.buses}", f"to all buses, or shrink {words.buses}"
        elif there:
            gaps = [gap for gap in every if any(each.rid in gap for each in there)]
            is_note = False
            about = f", which {listed(each.name for each in there)} {_have(there)}"
            fix = "to these functions"
        else:
            continue
        yield bus_uncovered.finding(
            where,
            f"{words.map} of {where.name} do{words.s} not map requester IDs "
            f"{listed(map(span, gaps))}{about}",
            property_name=words.map,
            likely=there is None,
            severity=Severity.INFO if is_note else None,
            effect=_effect(board, table),
            fix=f"Extend {words.map} {fix}.",
        )


def _have(there: Sequence[Function]) -> str:
    return noun(len(there), "has", "have")


def _functions(
    board: AnyBoard, where: Node | Struct, every: Sequence[range], buses: Sequence[range]
) -> list[Function] | None:
    """The functions in the gaps; ``None``: not known.

    IOMMUs and host bridges need no entry; other bridges count where whole buses lack entries, not
    where a map of single functions leaves them out.
    """
    pci, segment = board.seen.pci, _segment(board, where)
    if pci is None or segment is None:
        return None
    from dtlink.links.id_ranges import IdRange, contains

    lost, whole = ([IdRange(gap.start, gap.stop - 1) for gap in gaps] for gaps in (every, buses))
    return [
        each
        for each in pci.requesters(segment)
        if contains(whole if each.is_bridge else lost, each.rid)
    ]


def _segment(board: AnyBoard, where: Node | Struct) -> int | None:
    """The segment of a host; ``None`` for one of several in a devicetree that does not say it."""
    if board.firmware == "tables":
        segment: int | None = getattr(where, "segment", None)
        return segment
    from dtlink.board.tree import TreeBoard

    if not isinstance(board, TreeBoard):
        return None
    domain, pci = board.tree.cell("linux,pci-domain", where.index), board.seen.pci
    if domain is not None or pci is None:
        return domain
    below = f"{board.tree.path(where.index)}/"
    of_node = {each.segment for each in pci.functions if each.node.startswith(below)}
    alone = len(pci.segments) == 1 and len(board.iommu_maps) == 1
    found = of_node or (pci.segments if alone else frozenset())
    return min(found) if len(found) == 1 else None


def _exist(board: AnyBoard, where: Node | Struct, gaps: Sequence[range]) -> bool:
    """Whether one of the buses exists: a bus-range is meant so, of an MCFG's a root bus does."""
    if board.firmware != "tables":
        return True
    from dtlink.board.tables import TablesBoard
    from dtlink.firmware.acpi.iort import RootComplex
    from dtlink.links.hosts import first_buses
    from dtlink.links.requesters import root_buses

    if not isinstance(board, TablesBoard) or not isinstance(where, RootComplex):
        return True
    segment, machine = where.segment, board.machine
    roots = {*first_buses(machine, segment), *root_buses(machine, segment)}
    return any(bus * _BUS in gap for bus in roots for gap in gaps)


def _effect(board: AnyBoard, table: IdMap) -> str:
    """What a device without an entry lacks, by what the entries lead to."""
    if board.firmware == "tables":
        from dtlink.firmware.acpi.iort import ItsGroup

        nodes = board.graph.firmware
        targets = [nodes[row.target] for row in table.entries if row.target >= 0]
        if targets and all(isinstance(each, ItsGroup) for each in targets):
            return (
                "a device on these buses has no MSI controller: its driver falls back to wired "
                "interrupts, or fails where there are none"
            )
    return (
        "a device on these buses gets no IOMMU: its DMA is not translated, and is refused where it "
        "passes through an SMMU"
    )


def _gaps(table: IdMap, ids: range) -> Iterator[range]:
    """The IDs that no entry matches."""
    at = ids.start
    for row in sorted(map(inputs, table.entries), key=lambda row: row.start):
        if at < min(row.start, ids.stop):
            yield range(at, min(row.start, ids.stop))
        at = max(at, row.stop)
    if at < ids.stop:
        yield range(at, ids.stop)
