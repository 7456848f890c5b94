"""A device is in the scopes of two units.

What it finds: one PCI path of a segment, one I/O APIC, HPET or ACPI device that the scopes of two
units name.
Why it matters: a device is behind one unit. Linux asks the units from the last to the first and
takes the one where it finds the device; if the device is behind the other, its DMA, or its
interrupts, are refused.
What to do: leave the scope in the unit that the device is behind.
References: Intel VT-d, 8.3; Linux, drivers/iommu/intel/dmar.c, dmar_register_drhd_unit(),
dmar_pci_bus_add_dev(), and irq_remapping.c, map_ioapic_to_iommu().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.dmar import Drhd, PciScope, Scope
from dtlink.links.acpi.dmar_units import Units
from dtlink.rules.dmar._words import listed
from dtlink.rules.model import Finding, Severity, Tables, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    bad=Tables(
        """
        DMAR
          drhd base=0xfed90000
            endpoint hops="02.0"
          drhd base=0xfed91000
            again: endpoint hops="02.0"
          drhd base=0xfed92000 flags=1
        """,
        finds=("again",),
    ),
    good=Tables(
        """
        DMAR
          drhd base=0xfed90000
            endpoint hops="02.0"
          drhd base=0xfed91000 segment=1
            endpoint hops="02.0"
          drhd base=0xfed92000 flags=1
        """
    ),
    needs=("DMAR",),
)
def duplicate_scope(board: TablesBoard) -> Iterator[Finding]:
    """One finding for each unit that later ones repeat scopes of, at the first repeated scope."""
    table = board.machine.dmar
    if table is None:
        return
    units = Units(table)
    first: dict[tuple[object, ...], tuple[Drhd, Scope]] = {}
    both: dict[Drhd, list[tuple[Scope, Scope]]] = {}
    for unit in sorted(units.in_order, key=lambda each: each.start):
        for scope in unit.scopes:
            if isinstance(scope, PciScope) and not scope.hops:
                continue
            holder, other = first.setdefault(scope.key, (unit, scope))
            if holder is not unit:
                both.setdefault(holder, []).append((other, scope))
    for holder, pairs in both.items():
        yield _finding(units, holder, pairs)


def _finding(units: Units, holder: Drhd, pairs: list[tuple[Scope, Scope]]) -> Finding:
    other, scope = pairs[0]
    later = dict.fromkeys(each.owner for _, each in pairs if each.owner)
    taken = units.finds(scope) or holder
    return duplicate_scope.finding(
        scope,
        f"{listed(each.name for each in later)} names "
        f"{listed(dict.fromkeys(each.identity for _, each in pairs))}, which {holder.name} names "
        "too",
        effect=f"Linux looks for {scope.identity} behind {taken.name}; if it is behind the "
        'other, what it sends is refused ("DMAR: [DMA … NO_PASID] Request device …", or '
        '"[INTR-REMAP] Request device …")',
        fix="Keep the scope in the unit that the device is behind.",
        related=(other, holder),
    )
