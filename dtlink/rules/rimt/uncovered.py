"""A root complex leaves out functions that its IOMMU could serve.

What it finds: requester IDs of a bus without a mapping, where other functions of that bus have one
by a range of a whole bus or more (the IOMMU itself and the host bridge, 00.0, need none); and whole
buses of the MCFG without a mapping, as a note if there are more of them than of the others. With
--lspci only functions that exist count.
Why it matters: Linux gives a device there no IOMMU, without a message. Its DMA is refused if it
passes through the IOMMU, and reaches all memory if it does not; it cannot be assigned to a guest.
A table that maps only what follows the IOMMU's own function leaves out the devices before it.
What to do: map the IDs before the IOMMU's function, and those after it.
References: RISC-V IO Mapping Table specification, PCIe root complex node; Linux,
drivers/acpi/riscv/rimt.c, rimt_node_map_id(), rimt_iommu_configure_id().
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dtlink.board.tables import TablesBoard
from dtlink.facts.pci import bdf
from dtlink.firmware.acpi.rimt import Iommu, RimtMapping, RimtRootComplex
from dtlink.links.id_ranges import REQUESTER_IDS, IdRange, common, contains, merged, without
from dtlink.rules.model import Finding, Severity, Tables, rule
from dtlink.rules.rimt._nodes import first_of_segments, nodes
from dtlink.typed import TYPE_CHECKING
from dtlink.wording import listed

if TYPE_CHECKING:
    from dtlink.links.pci.hierarchy import PciHierarchy

_BUS = 0x100
#: The functions of a device: those of the host bridge are at the start of the first bus.
_FUNCTIONS = 8
_EFFECT = (
    "Linux gives a device there no IOMMU, without a message: its DMA is not translated, and it "
    "cannot be assigned to a guest"
)


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    since="0.2",
    bad=Tables(
        """
        RIMT
          iommu: iommu id=0 flags=1 segment=0 function=0x28 hardware_id="00101400"
          rc: root-complex id=1 segment=0
            map source_base=0x29 count=0xffd7 output_base=0x29 output=iommu
        """,
        finds=("rc:mappings",),
    ),
    good=Tables(
        """
        RIMT
          iommu: iommu id=0 flags=1 segment=0 function=0x28 hardware_id="00101400"
          rc: root-complex id=1 segment=0
            map count=0x27 output=iommu
            map source_base=0x29 count=0xffd7 output_base=0x29 output=iommu
        """
    ),
    needs=("RIMT",),
)
def uncovered(board: TablesBoard) -> Iterator[Finding]:
    """One finding for the functions of a root complex, and one for its buses."""
    for root in first_of_segments(board):
        ranges = [each for each in root.mappings if each.count >= _BUS]
        if not ranges:
            continue  # Functions one by one: those are meant.
        ids = _buses(board, root)
        # Linux takes the ID after the last as well (rimt_id_map()).
        spans = (_span(each, one_more=True) for each in root.mappings if each.count)
        mapped = merged(filter(None, spans))
        lost = without(ids, merged([*mapped, *_own(board, root, ids)]))
        if board.seen.pci is not None:
            yield from _that_exist(root, lost, board.seen.pci)
            continue
        used = merged(_whole(span) for each in ranges if (span := _span(each)))
        if functions := common(lost, used):
            yield _of_functions(root, functions)
        if board.machine.mcfg and (buses := without(lost, used)):
            yield _of_buses(root, buses, of=ids)


def _span(mapping: RimtMapping, *, one_more: bool = False) -> IdRange:
    """The requester IDs of a mapping that has some."""
    first = mapping.source_base
    return IdRange(first, first + mapping.count - (not one_more)) & REQUESTER_IDS


def _whole(span: IdRange) -> IdRange:
    """All functions of the buses of a span."""
    return IdRange(span.first // _BUS * _BUS, span.last // _BUS * _BUS + _BUS - 1)


def _buses(board: TablesBoard, root: RimtRootComplex) -> list[IdRange]:
    """The requester IDs of the buses that the MCFG has for a segment; all without it."""
    entries = board.machine.mcfg.allocations if board.machine.mcfg else ()
    mine = [each.buses for each in entries if each.segment == root.segment and each.buses]
    spans = [IdRange(each[0] * _BUS, each[-1] * _BUS + _BUS - 1) for each in mine]
    return merged(spans) or [REQUESTER_IDS]


def _own(board: TablesBoard, root: RimtRootComplex, ids: Sequence[IdRange]) -> Iterator[IdRange]:
    """What needs no mapping: the host bridge, and the devices that are IOMMUs."""
    first = ids[0].first
    yield IdRange(first, first + _FUNCTIONS - 1)
    for iommu in nodes(board, Iommu):
        if iommu.is_pcie and iommu.segment == root.segment:
            first = iommu.function & -_FUNCTIONS
            yield IdRange(first, first + _FUNCTIONS - 1)


def _of_functions(root: RimtRootComplex, lost: Sequence[IdRange]) -> Finding:
    places = listed(
        f"{span.first:#x}-{span.last:#x} ({bdf(span.first, root.segment)} to "
        f"{bdf(span.last, root.segment)})"
        for span in lost
    )
    return uncovered.finding(
        root,
        f"requester IDs {places} have no mapping in {root.name}, which maps other functions of "
        "the same buses",
        property_name="mappings",
        likely=True,
        effect=_EFFECT,
        fix="Add a mapping for these IDs; if the IOMMU is a function of the bus, end it before "
        "that function.",
    )


def _that_exist(
    root: RimtRootComplex, lost: Sequence[IdRange], pci: PciHierarchy
) -> Iterator[Finding]:
    there = [each for each in pci.requesters(root.segment) if contains(lost, each.rid)]
    if there:
        yield uncovered.finding(
            root,
            f"{root.name} has no mapping for {listed(each.name for each in there)}, which the "
            "machine has",
            property_name="mappings",
            effect=_EFFECT,
            fix="Add a mapping for these IDs.",
        )


def _of_buses(root: RimtRootComplex, lost: Sequence[IdRange], *, of: Sequence[IdRange]) -> Finding:
    few = 2 * sum(span.size for span in lost) <= sum(span.size for span in of)
    places = listed(f"{span.first >> 8:02x}-{span.last >> 8:02x}" for span in lost)
    return uncovered.finding(
        root,
        f"buses {places} of segment {root.segment}, which the MCFG has, have no mapping in "
        f"{root.name}",
        property_name="mappings",
        severity=None if few else Severity.INFO,
        likely=True,
        effect=_EFFECT,
        fix="Extend the mappings to all buses, or shrink the MCFG.",
    )
