"""What Linux does with a DMAR.

Source, unless a row has its own: Linux, drivers/iommu/intel/dmar.c.
"""

from __future__ import annotations

from dtlink.facts.behaviours import DMAR_OPTS_OUT
from dtlink.firmware.acpi.dmar import KINDS, Atsr, Dmar, Drhd, Remapping, Sidp
from dtlink.firmware.acpi.table import FrameFaultKind
from dtlink.rules.acpi._effects import Effect, fault, table_of
from dtlink.rules.acpi._rows import (
    DescribedRows,
    FrameRows,
    ReservedBits,
    ReservedRows,
    TableRows,
    UnknownRows,
)
from dtlink.rules.dmar._words import BUG, OFF
from dtlink.rules.model import Severity
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.firmware.acpi.table import FrameFault

_WALK = "dmar_walk_remapping_entries()"
_SCOPES = "dmar_alloc_dev_scope()"


def _has_units(case: FrameFault) -> bool:
    table = table_of(case.where)
    return isinstance(table, Dmar) and bool(table.units)


def _is_unread(case: FrameFault) -> bool:
    """Whether Linux reads no scope of the structure."""
    leftover = case.kind is FrameFaultKind.LEFTOVER
    holder = case.where if leftover else case.where.owner
    all_ports = isinstance(holder, Atsr) and holder.flags & Atsr.ALL_PORTS
    return isinstance(holder, Sidp) or bool(all_ports)


FRAME = FrameRows(
    at_holder=True,
    together=True,
    effects=(
        Effect(
            f'Linux takes them, and what follows the table in memory, for another structure: "{BUG}'
            f'Record passes table end", and {OFF}, unless its length is 0',
            fault(FrameFaultKind.LEFTOVER, what="structure"),
            source=_WALK,
        ),
        Effect(
            f'"{BUG}Record passes table end": {OFF}',
            fault(FrameFaultKind.BEYOND, what="structure"),
            source=_WALK,
        ),
        Effect(
            "what follows is not read, and dmar_acpi_dev_scope_init(), which steps by the length, "
            "loops forever: Linux does not boot",
            fault(what="structure", when=lambda case: not case.length and _has_units(case)),
            source="dmar_acpi_dev_scope_init()",
        ),
        Effect(
            f'Linux stops reading there: "{BUG}No DRHD structure found in DMAR table": {OFF}',
            fault(what="structure", when=lambda case: not case.length),
            source="dmar_walk_remapping_entries(), parse_dmar_table()",
        ),
        Effect(
            "Linux takes bytes within it for the next structure, and then whatever they lead to",
            fault(what="structure", when=lambda case: case.length < Remapping.SIZE),
            source=_WALK,
        ),
        Effect(
            "Linux takes what follows it for its missing fields",
            fault(what="structure"),
            source="dmar_parse_one_drhd()",
        ),
        Effect(
            "Linux does not read this one; a reader that does finds other devices, or none",
            _is_unread,
            source="dmar_parse_one_atsr()",
        ),
        Effect(
            "dmar_alloc_dev_scope(), which steps by the length, loops forever: Linux does not boot",
            fault(when=lambda case: not case.length),
            source=_SCOPES,
        ),
        Effect(
            "Linux takes them, and what follows the structure, for another scope; if that has "
            "length 0, it loops forever",
            fault(FrameFaultKind.LEFTOVER),
            source=_SCOPES,
        ),
        Effect(
            "Linux reads its path on into what follows: the device is not found",
            fault(FrameFaultKind.BEYOND),
            source="dmar_insert_dev_scope()",
        ),
        Effect(
            "Linux finds no device by it, and may take bytes within it for the next scope",
            source=_SCOPES,
        ),
    ),
)

UNKNOWN = UnknownRows(
    kinds=(Remapping,),
    key=lambda _structure: None,
    known=f"0 to {max(KINDS)}",
    effects=(Effect("Linux skips them without a message", severity=Severity.INFO, source=_WALK),),
)

DESCRIBED = DescribedRows(
    suppliers=(Drhd,),
    noun="unit (DRHD)",
    effect=Effect(
        f'"{BUG}No DRHD structure found in DMAR table": {OFF}', source="parse_dmar_table()"
    ),
    fix="Add a DRHD structure for each unit, or install no DMAR if VT-d is off.",
)


def _is_opt_out(case: ReservedBits) -> bool:
    return isinstance(case.where, Dmar) and case.field == "flags" and case.bits == Dmar.OPT_OUT


RESERVED = ReservedRows(
    together=True,
    effects=(
        Effect(
            "Linux takes bit 3 for an opt-out, and uses no unit for DMA, whatever the command line "
            "says: no DMA is translated, no device can be given to a guest",
            _is_opt_out,
            Severity.WARNING,
            "drivers/iommu/intel/iommu.c, intel_iommu_init()",
            given=DMAR_OPTS_OUT,
        ),
        Effect(
            f"none with this kernel; Linux {DMAR_OPTS_OUT.since} and later take bit 3 for an "
            "opt-out, and translate no DMA",
            _is_opt_out,
        ),
    ),
)

ROWS = TableRows(
    frame=FRAME,
    reserved=RESERVED,
    unknown=UNKNOWN,
    described=DESCRIBED,
)
