"""A device belongs to two IOMMUs.

What it finds: in the blocks that Linux takes, entries of two IOMMUs of one segment that name the
same devices. The alias range over bus ff, which firmware writes where there is no bus behind a
PCI-to-PCI bridge, is left out.
Why it matters: Linux keeps one IOMMU for each device, and the entry that it reads last wins. Only
one of the two is between the device and the memory. If it is the other, Linux never sets the
right one up for the device, whose DMA is then blocked.
What to do: let the ranges of each IOMMU end where those of the next begin.
References: AMD 48882, IVHD device entries; Linux, drivers/iommu/amd/init.c,
set_dev_entry_from_acpi(), amd_iommu_set_rlookup_table().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.facts.pci import bdf
from dtlink.firmware.acpi.ivrs import AliasRange, DeviceEntry, Ivhd
from dtlink.links.acpi.ivrs import spans
from dtlink.records import NamedTuple
from dtlink.rules.ivrs._linux import taken
from dtlink.rules.model import Finding, Severity, Tables, rule

_LAST_BUS = 0xFF00


class _Claim(NamedTuple):
    segment: int
    first: int
    last: int
    entry: DeviceEntry
    block: Ivhd


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    bad=Tables(
        """
        IVRS
          ivhd-11 device=2 base=0xfd000000
            range device=0x8
            range-end device=0x5fff
            special handle=33 source=0xa0
          ivhd-11 device=0x4002 base=0xfd100000
            second: range device=0x4008
            range-end device=0xffff
        """,
        finds=("second",),
    ),
    good=Tables(
        """
        IVRS
          ivhd-11 device=2 base=0xfd000000
            range device=0x8
            range-end device=0x3fff
            special handle=33 source=0xa0
          ivhd-11 device=0x4002 base=0xfd100000
            range device=0x4008
            range-end device=0xffff
        """
    ),
    needs=("IVRS",),
)
def duplicate_device(board: TablesBoard) -> Iterator[Finding]:
    """At most one finding for a pair of IOMMUs; each meets the one that reaches farthest."""
    told: set[frozenset[tuple[int, int]]] = set()
    for one, other in _overlaps(_claims(board)):
        pair = frozenset((one.block.key, other.block.key))
        if pair not in told:
            told.add(pair)
            yield _finding(*sorted((one, other), key=lambda claim: claim.entry.start))


def _claims(board: TablesBoard) -> list[_Claim]:
    """All devices of all IOMMUs, by segment and first device."""
    found = [
        _Claim(block.segment, span.first, span.last, span.entry, block)
        for block in taken(board)
        for span in spans(block)
        if not (isinstance(span.entry, AliasRange) and span.first == _LAST_BUS)
    ]
    return sorted(found, key=lambda claim: claim[:3])


def _overlaps(claims: list[_Claim]) -> Iterator[tuple[_Claim, _Claim]]:
    """Each with the one before it that reaches farthest, of another IOMMU."""
    top: _Claim | None = None
    second: _Claim | None = None
    for claim in claims:
        if top and top.segment != claim.segment:
            top = second = None
        rival = second if top and top.block.key == claim.block.key else top
        if rival and rival.last >= claim.first:
            yield rival, claim
        if top is None or claim.last > top.last:
            second = second if top and top.block.key == claim.block.key else top
            top = claim
        elif claim.block.key != top.block.key and (second is None or claim.last > second.last):
            second = claim


def _finding(first: _Claim, last: _Claim) -> Finding:
    start, end = max(first.first, last.first), min(first.last, last.last)
    devices = bdf(start, last.segment) + (f" to {bdf(end, last.segment)}" if end > start else "")
    return duplicate_device.finding(
        last.entry,
        f"{devices} belong to the IOMMU {first.block.bdf} ({first.entry.name}) and to "
        f"{last.block.bdf} ({last.entry.name})",
        effect=f"Linux attaches these devices to {last.block.bdf}, which it reads last; those "
        f"that are behind {first.block.bdf} have their DMA blocked (IO_PAGE_FAULT)",
        fix="Make the ranges disjoint: list each device in the block of the IOMMU that it is "
        "behind.",
        related=[first.entry, first.block, last.block],
    )
