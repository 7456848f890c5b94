"""A unit translates no DMA, since it names no device that sends any.

What it finds: units (DRHD) without INCLUDE_PCI_ALL and without device scopes. (Units that name I/O
APICs and HPETs alone are legal beside one with INCLUDE_PCI_ALL; dmar/uncovered reports others.)
Why it matters: Linux ignores such a unit for DMA. Where hardware is behind it, the requests of its
devices are looked up in the tables of another unit, or of none, and the unit itself passes or
refuses them as firmware has left it.
What to do: name the devices behind the unit, set INCLUDE_PCI_ALL if it is the last of its segment,
or remove it.
References: Intel VT-d, 8.3; Linux, drivers/iommu/intel/iommu.c, init_no_remapping_devices().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.links.acpi.dmar_units import Units
from dtlink.rules.dmar._words import is_whole
from dtlink.rules.model import Finding, Severity, Tables, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    bad=Tables(
        """
        DMAR
          unit: drhd base=0xfed90000
          drhd base=0xfed91000 flags=1
            ioapic enumeration_id=2 bus=0xf0 hops="1f.0"
        """,
        finds=("unit",),
    ),
    good=Tables(
        """
        DMAR
          drhd base=0xfed90000
            endpoint hops="02.0"
          drhd base=0xfed91000 flags=1
            ioapic enumeration_id=2 bus=0xf0 hops="1f.0"
        """
    ),
    needs=("DMAR",),
)
def ignored_unit(board: TablesBoard) -> Iterator[Finding]:
    """One finding a unit."""
    table = board.machine.dmar
    if table is None or not is_whole(table):
        return  # a scope may be lost
    units = Units(table)
    for unit in table.units:
        if not unit.include_all and not unit.scopes:
            including = units.including(unit.segment)
            yield ignored_unit.finding(
                unit,
                f"{unit.name} names no device, and does not have INCLUDE_PCI_ALL",
                effect="Linux ignores the unit: "
                + (
                    f"devices behind it are given to {including.name}, which does not translate "
                    "for them"
                    if including
                    else "the DMA of devices behind it is not translated"
                ),
                fix="Name the devices behind the unit, or remove it.",
            )
