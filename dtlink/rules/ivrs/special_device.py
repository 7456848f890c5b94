"""An entry of an I/O APIC or a HPET has an unknown variety, or is a duplicate.

What it finds: in the blocks that Linux takes, special device entries (48h) whose variety is neither
1 (I/O APIC) nor 2 (HPET), and two of one variety and handle with different device IDs.
Why it matters: Linux refuses an unknown variety, and with it the whole table: no IOMMU is set up.
Of two entries of one handle it takes the first: the interrupts of the other device cannot be
remapped.
What to do: write variety 1 or 2; the handle of an I/O APIC is its ID in the MADT, that of a HPET
its number in the HPET table.
References: AMD 48882, IVHD special device entries; Linux, drivers/iommu/amd/init.c,
add_special_device(), get_ioapic_devid().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.facts.pci import bdf
from dtlink.firmware.acpi.ivrs import HPET, IOAPIC, Special
from dtlink.rules.ivrs._ioapics import named, unnamed
from dtlink.rules.ivrs._linux import NO_IOMMU, more, taken
from dtlink.rules.model import Finding, Severity, Tables, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    bad=Tables(
        """
        IVRS
          ivhd-11 base=0xfeb80000
            all
            special handle=33 source=0xa0
            odd: special variety=3 handle=0 source=0xa0
        """,
        finds=("odd",),
    ),
    good=Tables(
        """
        IVRS
          ivhd-11 base=0xfeb80000
            all
            special handle=33 source=0xa0
            special variety=2 handle=0 source=0xa0
        """
    ),
    needs=("IVRS",),
)
def special_device(board: TablesBoard) -> Iterator[Finding]:
    """One finding a block for unknown varieties, one a variety for contradictions."""
    for block in taken(board):
        odd = [
            entry
            for entry in block.entries
            if isinstance(entry, Special) and entry.variety not in (IOAPIC, HPET)
        ]
        for entry in odd[:1]:
            yield special_device.finding(
                entry,
                f"special@{entry.start:#x} of {block.name} has variety {entry.variety}, "
                f"which is neither an I/O APIC (1) nor a HPET (2){more(odd)}",
                effect=NO_IOMMU,
                fix="Set variety to 1 for an I/O APIC or 2 for a HPET, or remove the entry.",
                related=[block],
            )
    if not unnamed(board):
        yield from _twice(board)


def _twice(board: TablesBoard) -> Iterator[Finding]:
    """Where an I/O APIC has no entry of its own, ``ivrs/missing-ioapic`` reports it."""
    for variety in (IOAPIC, HPET):
        contradictions = named(board, variety).contradictions
        for first, second in contradictions[:1]:
            yield special_device.finding(
                second,
                f"{second.what} is at {bdf(second.source, second.segment)} here, but at "
                f"{bdf(first.source, first.segment)} in {first.name}{more(contradictions)}",
                effect="Linux takes the first: interrupts that carry the other device ID are "
                "not remapped as the table says",
                fix="Set the handle of the device that is meant, or remove the second entry.",
                related=[first],
                severity=Severity.WARNING,
            )
