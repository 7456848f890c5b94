"""Implausible host address width.

What it finds: a width of less than 12 bits, or more than 64; and an RMRR beyond what the width says
that DMA can reach.
Why it matters: below 12 bits ("Invalid DMAR haw") Linux makes no use of the table. A region beyond
the width cannot be used by its devices, or the width is wrong, and page tables of that size map too
little.
What to do: write the bits of a physical address minus 1, as CPUID 0x80000008 has them.
References: Intel VT-d, 8.1; Linux, drivers/iommu/intel/dmar.c, parse_dmar_table().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.dmar import Dmar, Rmrr
from dtlink.links.acpi.dmar_units import LEAST_WIDTH
from dtlink.rules.dmar._words import OFF, listed
from dtlink.rules.model import Finding, Severity, Tables, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    bad=Tables(
        """
        DMAR width=0
          drhd base=0xfed90000 flags=1
        """,
        finds=("DMAR:width",),
    ),
    good=Tables(
        """
        DMAR width=38
          drhd base=0xfed90000 flags=1
        """
    ),
    needs=("DMAR",),
)
def host_address_width(board: TablesBoard) -> Iterator[Finding]:
    """One finding a table."""
    table = board.machine.dmar
    if table is None:
        return
    if table.width < LEAST_WIDTH:
        yield _finding(
            table, Severity.ERROR, f'"Invalid DMAR haw", "Parse DMAR table failure.": {OFF}'
        )
    elif table.address_bits > 64:
        yield _finding(
            table, Severity.WARNING, "none with Linux; whoever sizes page tables by it may fail"
        )
    elif beyond := [
        each
        for each in table.remappings
        if isinstance(each, Rmrr) and each.last >> table.address_bits
    ]:
        yield _beyond(table, beyond)


def _finding(table: Dmar, severity: Severity, consequence: str) -> Finding:
    return host_address_width.finding(
        table,
        f"the host address width is {table.address_bits} bit(s)",
        property_name="width",
        effect=consequence,
        fix="Set width to the bits of a physical address minus 1: 38 for 39 bits, 45 for 46, 51 "
        "for 52.",
        severity=severity,
    )


def _beyond(table: Dmar, beyond: list[Rmrr]) -> Finding:
    return host_address_width.finding(
        beyond[0],
        f"DMA reaches {table.address_bits} bits, and {listed(each.name for each in beyond)} is "
        "beyond that",
        property_name="last",
        effect="its devices cannot reach the region, or the host address width is wrong",
        fix="Correct the bounds of the region, or the width in the header.",
        severity=Severity.WARNING,
        related=(table, *beyond[1:4]),
    )
