"""Two units have the same registers.

What it finds: two DRHD structures whose registers overlap, by their base addresses and sizes.
Why it matters: at one address in one segment Linux takes the first and drops the second with all
its device scopes, so that those devices go to another unit or to none. In another segment, or
where they overlap otherwise, it can't reserve the second's registers and gives up on all units.
What to do: describe each unit once: put all its device scopes into one structure.
References: Intel VT-d, 8.3; Linux, drivers/iommu/intel/dmar.c, dmar_find_dmaru(), map_iommu().
"""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.dmar import Drhd
from dtlink.rules.dmar._words import OFF
from dtlink.rules.model import Finding, Severity, Tables, rule


@rule(
    __name__,
    __doc__,
    severity=Severity.ERROR,
    bad=Tables(
        """
        DMAR
          drhd base=0xfed90000
            endpoint hops="02.0"
          again: drhd base=0xfed90000
            endpoint hops="1b.0"
          drhd base=0xfed91000 flags=1
        """,
        finds=("again:base",),
    ),
    good=Tables(
        """
        DMAR
          drhd base=0xfed90000
            endpoint hops="02.0"
            endpoint hops="1b.0"
          drhd base=0xfed91000 flags=1
        """
    ),
    needs=("DMAR",),
)
def duplicate_unit(board: TablesBoard) -> Iterator[Finding]:
    """One finding for each unit that others lie in, or are, at the first of these."""
    table = board.machine.dmar
    placed = [unit for unit in (table.units if table else ()) if unit.base]
    furthest: Drhd | None = None
    alike: dict[tuple[Drhd, bool], list[Drhd]] = {}
    for unit in sorted(placed, key=lambda each: (each.base, each.start)):
        if furthest is not None and unit.base < furthest.registers.stop:
            first, second = sorted((furthest, unit), key=lambda each: each.start)
            alike.setdefault((first, _is_same(first, second)), []).append(second)
        if furthest is None or unit.registers.stop > furthest.registers.stop:
            furthest = unit
    for (first, same), others in alike.items():
        yield _finding(first, others, same=same)


def _is_same(first: Drhd, second: Drhd) -> bool:
    """Whether Linux takes the two for one unit (dmar_find_dmaru())."""
    return (first.base, first.segment) == (second.base, second.segment)


def _finding(first: Drhd, others: list[Drhd], *, same: bool) -> Finding:
    second = others[0]
    more = f"; {len(others) - 1} more are alike" if len(others) > 1 else ""
    dropped = (
        f"Linux drops the second without a message: its {len(second.scopes)} device scope(s) "
        f"have no "
        "effect"
    )
    taken = f"{first.base:#x} to {first.registers.stop - 1:#x}"
    return duplicate_unit.finding(
        second,
        f"the registers of {second.name}, for segment {second.segment}, overlap with those of "
        f"{first.name}, for segment {first.segment}, which are {taken}{more}",
        property_name="base",
        effect=dropped if same else f'"Can\'t reserve memory": {OFF}',
        fix=f"Move its scopes to {first.name} if it is the same unit; otherwise set its own "
        f"address.",
        related=(first, *others[1:4]),
    )
