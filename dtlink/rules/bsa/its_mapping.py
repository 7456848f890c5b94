"""PCI functions have no device ID at an ITS.

What it finds: requester IDs on the buses of a segment (all buses, if the MCFG does not say) that
the IORT leads to no ITS group, on a machine whose MADT has an ITS; segments of the MCFG for which
the IORT has no root complex.
Why it matters: each device that sends MSIs has a device ID, and belongs to one ITS group. Linux
gives a function without one no MSIs.
What to do: map all requester IDs of the segment, by way of its SMMU if it has one. Buses on which
no device can be need no mapping; a smaller range of buses in the MCFG says so.
References: BSA rules ITS_03 and ITS_DEV_5; Arm DEN0049, root complex node; Linux,
drivers/acpi/arm64/iort.c, iort_get_device_domain().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.facts.bsa import GROUP_OF_DEVICE, HAS_DEVICE_ID
from dtlink.firmware.acpi.iort import Iort, RootComplex
from dtlink.links.acpi.its import its_ids
from dtlink.links.id_ranges import IdRange, merged, without
from dtlink.rules.bsa._reach import ways
from dtlink.rules.bsa._words import breaks
from dtlink.rules.iort._mappings import bus_ids, root_complexes, spans
from dtlink.rules.model import Finding, Severity, Tables, rule
from dtlink.wording import listed, noun


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    bad=Tables(
        """
        APIC
          gicd version=3
          its id=0
        IORT
          its: its-group ids=0
          rc: root-complex segment=0
            map count=0x7fff output=its
        """,
        finds=("rc:mappings",),
    ),
    good=Tables(
        """
        APIC
          gicd version=3
          its id=0
        IORT
          its: its-group ids=0
          root-complex segment=0
            map count=0xffff output=its
        """
    ),
    since="0.2",
    needs=("IORT",),
)
def its_mapping(board: TablesBoard) -> Iterator[Finding]:
    """One finding for each root complex, and one for the segments that have none."""
    table, madt = board.machine.iort, board.machine.madt
    if table is None or madt is None or not its_ids(madt, board.version):
        return
    for node, followed in ways(board):
        reached = [way.ids for way in followed if way.group]
        if lost := without(bus_ids(board.machine, node), merged(reached)):
            yield _unmapped(node, lost)
    if absent := _absent(board, {node.segment for node in root_complexes(table)}):
        yield _no_root_complex(table, absent)


def _unmapped(node: RootComplex, lost: list[IdRange]) -> Finding:
    return its_mapping.finding(
        node,
        f"requester IDs {spans(lost)} of {node.name} lead to no ITS group",
        property_name="mappings",
        likely=True,
        effect=f"if functions there send MSIs, {breaks(GROUP_OF_DEVICE, HAS_DEVICE_ID)}; Linux "
        "gives them no MSIs",
        fix="Map them, or limit the MCFG to buses that can have devices.",
    )


def _absent(board: TablesBoard, there: set[int]) -> list[int]:
    mcfg = board.machine.mcfg
    return sorted(mcfg.segments - there) if mcfg else []


def _no_root_complex(table: Iort, absent: list[int]) -> Finding:
    return its_mapping.finding(
        table,
        f"{noun(len(absent), 'segment')} {listed(absent)} of the MCFG "
        f"{noun(len(absent), 'has', 'have')} no root complex here",
        likely=True,
        effect=f"if functions there send MSIs, {breaks(GROUP_OF_DEVICE, HAS_DEVICE_ID)}",
        fix="Add a root complex node for each segment, with mappings to an ITS group.",
    )
