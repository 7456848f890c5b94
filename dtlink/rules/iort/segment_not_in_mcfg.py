"""A root complex is of a PCI segment that the MCFG does not have.

What it finds: root complexes whose segment has no entry in the MCFG, where there is an MCFG; and an
MCFG without any entry.
Why it matters: Linux finds the configuration space of a segment in the MCFG, or where the host
bridge gives its address (_CBA). Without either the segment's devices are not found, and the node is
of no use. Often it is the number that is wrong: the mappings are then missing where they are
wanted.
What to do: the segment's number as in the MCFG and in _SEG; an entry in the MCFG for each segment.
References: Arm DEN0049, root complex node, PCI segment number; PCI Firmware specification, 4.1.2;
Linux, drivers/acpi/pci_mcfg.c, pci_mcfg_lookup(); arch/arm64/kernel/pci.c.
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.rules.iort._mappings import root_complexes
from dtlink.rules.iort._nodes import named
from dtlink.rules.model import Finding, Severity, Tables, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    bad=Tables(
        """
        IORT
          its: its-group ids=0
          rc: root-complex segment=1
            map count=0xffff output=its
        MCFG
          allocation base=0x4010000000 segment=0
        """,
        finds=("rc:segment",),
    ),
    good=Tables(
        """
        IORT
          its: its-group ids=0
          rc: root-complex segment=0
            map count=0xffff output=its
        MCFG
          allocation base=0x4010000000 segment=0
        """
    ),
    needs=("IORT",),
)
def segment_not_in_mcfg(board: TablesBoard) -> Iterator[Finding]:
    """One finding for all."""
    table, mcfg = board.machine.iort, board.machine.mcfg
    if table is None or mcfg is None:
        return
    absent = [each for each in root_complexes(table) if each.segment not in mcfg.segments]
    if absent:
        has = f"has {_told(sorted(mcfg.segments))}" if mcfg.segments else "has no entry at all"
        yield segment_not_in_mcfg.finding(
            absent[0],
            f"the segment{'s' * (len(absent) > 1)} of {named(absent)} "
            f"{'are' if len(absent) > 1 else 'is'} not in the MCFG, which {has}",
            property_name="segment",
            related=absent[1:33],
            likely=True,
            consequence="Linux finds no configuration space, and so no device, unless the host "
            "bridge gives its address (_CBA); the mappings are not used",
            fix="the number that the MCFG and _SEG have, or an entry for the segment in the MCFG",
        )


def _told(segments: list[int]) -> str:
    more = len(segments) - 8
    return ", ".join(map(str, segments[:8])) + (f" and {more} more" if more > 0 else "")
