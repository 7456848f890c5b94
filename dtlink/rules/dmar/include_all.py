"""More than one unit takes all other devices of a segment, or one that is not the last.

What it finds: in one PCI segment, a second DRHD with INCLUDE_PCI_ALL, or a DRHD after the one that
has it.
Why it matters: only one unit can have "all other devices". Linux takes the first such unit, and the
devices that are really behind the second are set up in the wrong unit: their DMA is refused.
Linux sorts units that come in the wrong order; hypervisors are known that end their search at the
first INCLUDE_PCI_ALL, and never ask the units after it.
What to do: set INCLUDE_PCI_ALL in one unit of a segment, and put that unit last; name the devices
of all others.
References: Intel VT-d, 8.3, flags; Linux, drivers/iommu/intel/dmar.c, dmar_register_drhd_unit(),
and iommu.c, device_lookup_iommu(); FreeBSD, sys/amd64/vmm/intel/vtd.c, vtd_device_scope().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.dmar import AcpiScope, Dmar, Drhd, PciScope
from dtlink.rules.dmar._words import listed
from dtlink.rules.model import Finding, Fix, Safety, Severity, Tables, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    fix=Safety(False, "Linux gives devices to another unit"),
    bad=Tables(
        """
        DMAR
          drhd base=0xfed90000 flags=1
          second: drhd base=0xfed91000 flags=1
        """,
        finds=("second:flags",),
    ),
    good=Tables(
        """
        DMAR
          drhd base=0xfed90000
            endpoint hops="02.0"
          drhd base=0xfed91000 flags=1
          drhd base=0xfed92000 segment=1 flags=1
        """
    ),
    needs=("DMAR",),
)
def include_all(board: TablesBoard) -> Iterator[Finding]:
    """One finding a segment."""
    table = board.machine.dmar
    for units in _by_segment(table).values() if table else ():
        including = [unit for unit in units if unit.include_all]
        if len(including) > 1:
            yield _too_many(*including)
        elif including and units[-1] is not including[0]:
            yield _not_last(including[0], units[units.index(including[0]) + 1 :])


def _by_segment(table: Dmar) -> dict[int, list[Drhd]]:
    """The units, without those that another describes already."""
    found: dict[int, dict[int, Drhd]] = {}
    for unit in table.units:
        found.setdefault(unit.segment, {}).setdefault(unit.base, unit)
    return {segment: list(units.values()) for segment, units in found.items()}


def _too_many(first: Drhd, second: Drhd, *more: Drhd) -> Finding:
    return include_all.finding(
        second,
        f"{listed(each.name for each in (second, *more))} has INCLUDE_PCI_ALL, which {first.name} "
        f"has already for segment {first.segment}",
        property_name="flags",
        effect=f"Linux gives all other devices to {first.name}: the DMA of those that are "
        'behind this one is refused ("DMAR: [DMA Read NO_PASID] Request device … fault addr …")',
        fix=_fix([first, second, *more]),
        related=(first, *more[:3]),
    )


def _fix(units: list[Drhd]) -> Fix | str:
    """With edits where all of the units but one list devices, and that one is the last."""
    text = (
        "Keep the flag in the unit that has the rest of the segment; in the other unit, list its "
        "devices in device scopes."
    )
    listing = [unit for unit in units if _lists_devices(unit)]
    if units[-1] in listing or len(listing) != len(units) - 1:
        return text
    return Fix.setting(text, *((unit, "flags", unit.flags & ~1) for unit in listing))


def _lists_devices(unit: Drhd) -> bool:
    return any(isinstance(each, PciScope | AcpiScope) for each in unit.scopes)


def _not_last(unit: Drhd, behind: list[Drhd]) -> Finding:
    return include_all.finding(
        unit,
        f"{unit.name} has INCLUDE_PCI_ALL and is not the last of segment {unit.segment}: "
        f"{listed(each.name for each in behind)} follow(s)",
        property_name="flags",
        effect="Linux sorts them; an operating system that ends its search here (FreeBSD's "
        "bhyve does) gives this unit the devices of those after it, and their DMA is refused",
        fix="Move the unit after all others of its segment.",
        severity=Severity.WARNING,
        related=behind[:3],
    )
