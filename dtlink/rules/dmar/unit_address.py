"""Invalid address of the registers of a unit.

What it finds: a DRHD whose register base address is 0, all ones, or not a multiple of 4 KiB; and
one whose registers would take more pages than its size field can say.
Why it matters: at base 0 Linux makes no use of any unit: "Your BIOS is broken; DMAR reported at
address 0!". Elsewhere it reads registers where there are none, and what it finds there decides.
Firmware often leaves such a structure for a unit that the processor lacks or a setting has off.
What to do: leave out the DRHD of a unit that is off, and the whole table if no unit is on;
otherwise write the address that the unit's base address register holds.
References: Intel VT-d, 8.3; Linux, drivers/iommu/intel/dmar.c, dmar_validate_one_drhd(),
alloc_iommu(), map_iommu().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.dmar import Dmar, Drhd
from dtlink.rules.dmar._words import BUG, OFF
from dtlink.rules.model import Finding, Fix, Safety, Severity, Tables, rule

_ALL_ONES = (1 << 64) - 1
#: The size field has four bits.
_LARGEST = 0xF


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    fix=Safety(False, "the address in the register of the unit may be another"),
    bad=Tables(
        """
        DMAR
          graphics: drhd base=0
            endpoint hops="02.0"
          drhd base=0xfed91000 flags=1
        """,
        finds=("graphics:base",),
    ),
    good=Tables(
        """
        DMAR
          graphics: drhd base=0xfed90000
            endpoint hops="02.0"
          drhd base=0xfed91000 flags=1
        """
    ),
    needs=("DMAR",),
)
def unit_address(board: TablesBoard) -> Iterator[Finding]:
    """One finding a unit."""
    table = board.machine.dmar
    for unit in table.units if table else ():
        if unit.base in (0, _ALL_ONES):
            yield _nowhere(unit)
        elif unit.base & 0xFFF:
            yield _unaligned(unit)
        elif unit.register_size > _LARGEST:
            yield _too_large(unit)


def _nowhere(unit: Drhd) -> Finding:
    told = f'"{BUG}Your BIOS is broken; DMAR reported at address 0!"'
    return unit_address.finding(
        unit,
        f"the unit {unit.name} has its registers at {unit.base:#x}, where no unit can be",
        property_name="base",
        effect=f"{told}: {OFF}" if unit.base == 0 else f"Linux cannot read its registers: {OFF}",
        fix="Set base to the address in the base address register of the unit. If the unit is "
        "off, remove its structure; if all units are off, remove the table.",
    )


def _unaligned(unit: Drhd) -> Finding:
    return unit_address.finding(
        unit,
        f"base of a unit is {unit.base:#x}, not a multiple of 4 KiB",
        property_name="base",
        effect="Linux takes other registers for the unit's capabilities: the unit, or all of "
        "VT-d, is left off, or is set up wrongly",
        fix=_fix(unit),
    )


def _fix(unit: Drhd) -> Fix | str:
    """The page, as the lowest bits of a base address register are flags; no other unit's."""
    page = unit.base & ~0xFFF
    text = (
        f"Set base to the address in the base address register of the unit; {page:#x} is the page."
    )
    units = unit.owner.units if isinstance(unit.owner, Dmar) else ()
    if not page or unit.register_size > _LARGEST or any(each.base == page for each in units):
        return text
    return Fix.setting(text, (unit, "base", page))


def _too_large(unit: Drhd) -> Finding:
    return unit_address.finding(
        unit,
        f"the size of {unit.name} is {unit.register_size:#x}, of which bits 4 to 7 are reserved",
        property_name="register_size",
        effect=f"Linux takes the registers to have 2^{unit.register_size} pages of 4 KiB and "
        f"may find that they run into others': \"Can't reserve memory\": {OFF}",
        fix=Fix.setting(
            "Set register_size to 0 for one page, or to N for 2^N pages.",
            (unit, "register_size", unit.register_size & _LARGEST),
        ),
        likely=True,
    )
