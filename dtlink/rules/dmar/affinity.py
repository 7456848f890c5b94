"""A proximity domain is given to a unit that is not there.

What it finds: an RHSA structure whose base address is that of no DRHD before it.
Why it matters: "Your BIOS is broken; RHSA refers to non-existent DMAR unit": the unit that is meant
keeps its tables in any node's memory, so that on a machine with several sockets translations are
slower, and the kernel is marked as tainted.
What to do: the base address of the unit's DRHD; all DRHD structures come before all RHSA ones.
References: Intel VT-d, 8.2 and 8.6; Linux, drivers/iommu/intel/dmar.c, dmar_parse_one_rhsa().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.dmar import Dmar, Drhd, Rhsa
from dtlink.rules.dmar._words import BUG, listed
from dtlink.rules.model import Finding, Fix, Safety, Severity, Tables, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    fix=Safety(False, "which unit is meant follows from the others having one"),
    bad=Tables(
        """
        DMAR
          drhd base=0xfed90000 flags=1
          affinity: rhsa base=0xfed91000 proximity_domain=1
        """,
        finds=("affinity:base",),
    ),
    good=Tables(
        """
        DMAR
          drhd base=0xfed90000 flags=1
          affinity: rhsa base=0xfed90000 proximity_domain=1
        """
    ),
    needs=("DMAR",),
)
def affinity(board: TablesBoard) -> Iterator[Finding]:
    """One finding a table, at the first."""
    table = board.machine.dmar
    seen: set[int] = set()
    lost: list[Rhsa] = []
    for each in table.remappings if table else ():
        if isinstance(each, Drhd):
            seen.add(each.base)
        elif isinstance(each, Rhsa) and each.has("base") and each.base not in seen:
            lost.append(each)
    if lost:
        yield affinity.finding(
            lost[0],
            f"no unit before it is at {listed(f'{each.base:#x}' for each in lost)}",
            property_name="base",
            effect=f'"{BUG}Your BIOS is broken; RHSA refers to non-existent DMAR unit at '
            f"{lost[0].base:x}\": the unit's tables may be in a distant node's memory",
            fix=_fix(lost, _without_affinity(table, lost[0])),
            related=lost[1:4],
        )


def _without_affinity(table: Dmar | None, lost: Rhsa) -> set[int]:
    """The addresses of the units before a structure that no structure is for."""
    those = table.remappings if table else ()
    units = {each.base for each in those if isinstance(each, Drhd) and each.start < lost.start}
    return units - {each.base for each in those if isinstance(each, Rhsa) and each.has("base")}


def _fix(lost: list[Rhsa], units: set[int]) -> Fix | str:
    """With an edit where one unit, of which this is to say it, is left."""
    text = (
        "Set base to that of a DRHD (all DRHDs must precede the RHSA), or remove the RHSA of a "
        "unit that is off."
    )
    return (
        Fix.setting(text, (lost[0], "base", min(units))) if len(lost) == len(units) == 1 else text
    )
