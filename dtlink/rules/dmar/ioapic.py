"""An I/O APIC is not covered by any DRHD, although the platform remaps interrupts.

What it finds: where the table says INTR_REMAP, an I/O APIC of the MADT that no unit's scopes name;
a table that names none at all; and (worth knowing) a scope for an I/O APIC that the MADT lacks.
Why it matters: "ioapic … has no mapping iommu, interrupt remapping will be disabled": Linux remaps
either all interrupts or none. Without it a device, or a guest that has one, can raise any
interrupt: vfio gives no device to a guest ("No interrupt remapping support"), and x2APIC mode is
left off.
What to do: a scope of type 3 for each I/O APIC in the unit that it is behind, with the id that the
MADT gives it.
References: Intel VT-d, 8.3.1.1; Linux, drivers/iommu/intel/irq_remapping.c,
parse_ioapics_under_ir().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.dmar import Dmar, IoApicScope
from dtlink.links.acpi.dmar_units import Units
from dtlink.rules.dmar._words import BUG, is_whole, listed
from dtlink.rules.model import Finding, Severity, Tables, rule

_OFF = "a device can raise any interrupt, so that vfio gives none to a guest"


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    bad=Tables(
        """
        DMAR flags=1
          drhd base=0xfed90000 flags=1
            ioapic enumeration_id=2 bus=0xf0 hops="1f.0"
        APIC
          ioapic id=2 address=0xfec00000
          ioapic id=3 address=0xfec10000 gsi_base=24
        """,
        finds=("DMAR",),
    ),
    good=Tables(
        """
        DMAR flags=1
          drhd base=0xfed90000 flags=1
            ioapic enumeration_id=2 bus=0xf0 hops="1f.0"
            ioapic enumeration_id=3 bus=0xf0 hops="1f.1"
        APIC
          ioapic id=2 address=0xfec00000
          ioapic id=3 address=0xfec10000 gsi_base=24
        """
    ),
    needs=("DMAR",),
)
def ioapic(board: TablesBoard) -> Iterator[Finding]:
    """One finding for all I/O APICs that are missing, one for all that are too many."""
    table, madt = board.machine.dmar, board.machine.madt
    if table is None or not table.units or not table.remaps_interrupts or not is_whole(table):
        return
    scopes = [each for unit in Units(table).in_order for each in unit.scopes]
    named = {each.enumeration_id: each for each in scopes if isinstance(each, IoApicScope)}
    if madt is None:
        if not named:
            yield _none(table)
        return
    known = {each.id for each in madt.ioapics}
    if missing := sorted(known - named.keys()):
        yield _missing(table, missing, sorted(named))
    extra = [each for ident, each in sorted(named.items()) if ident not in known]
    if extra and not missing:
        yield _extra(extra, sorted(known))


def _missing(table: Dmar, missing: list[int], named: list[int]) -> Finding:
    return ioapic.finding(
        table,
        f"the MADT has the I/O APIC(s) {listed(missing)}, which no unit names (the units name "
        f"{listed(named) or 'none'})",
        effect=f'"{BUG}ioapic {missing[0]} has no mapping iommu, interrupt remapping will be '
        f'disabled": {_OFF}',
        fix=f"Add a scope of type 3 with enumeration_id {missing[0]} to its unit, with the bus, "
        f"device and function of its requests.",
    )


def _none(table: Dmar) -> Finding:
    return ioapic.finding(
        table,
        "the table says that interrupts are remapped (INTR_REMAP), and no unit names an I/O APIC",
        property_name="flags",
        effect=f'"{BUG}ioapic … has no mapping iommu, interrupt remapping will be disabled": '
        f"{_OFF}",
        fix="Add a scope of type 3 for each I/O APIC to its unit.",
        likely=True,
    )


def _extra(extra: list[IoApicScope], known: list[int]) -> Finding:
    return ioapic.finding(
        extra[0],
        f"I/O APIC(s) {listed(each.enumeration_id for each in extra)} have a scope and are not in "
        f"the MADT, which has {listed(known) or 'none'}",
        property_name="enumeration_id",
        effect="none: Linux looks up only those of the MADT",
        fix="Remove the scope of an I/O APIC that is off.",
        severity=Severity.INFO,
        related=extra[1:4],
    )
