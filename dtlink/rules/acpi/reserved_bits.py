"""A field has bits set that must be 0.

What it finds: reserved fields and reserved bits that are not 0, in the header, the structures and
the entries of their arrays; only in fields that a structure has, by its length and its revision.
In an IORT also what its revision reserves: identifiers before revision 3, flags of a later revision
of the node, and memory attributes of an RMR without a meaning.
Why it matters: Linux ignores most of them. A later revision may give them a meaning, and a system
that knows it then finds a feature that the platform does not have.
What to do: write 0, or the revision that defines the bits.
References: ACPI specification 6.5, 5.2.34 (VIOT); Arm DEN0049 E.f (IORT); Intel VT-d, 8.1 to 8.8
(DMAR); AMD 48882 (IVRS); RISC-V IO Mapping Table specification (RIMT); Linux,
drivers/acpi/arm64/iort.c.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.table import FrameFaultKind
from dtlink.rules.acpi._effects import MOST_RELATED, Effect, effect_of, listed, place
from dtlink.rules.acpi._rows import CheckedTable, ReservedBits, checked_tables
from dtlink.rules.model import Example, Finding, Fix, Safety, Severity, Tables, rule

_DEFAULT: Effect[ReservedBits] = Effect(
    "none: Linux does not read these bits; a later revision may give them a meaning"
)

#: Faults of the frame after which bytes may be read as something that they are not.
_MISREAD = (FrameFaultKind.SHORT, FrameFaultKind.UNKNOWN, FrameFaultKind.OVERLAP)


@rule(
    __name__,
    __doc__,
    severity=Severity.INFO,
    fix=Safety(True, "the specification requires 0 there, and nothing reads the bits"),
    examples=(
        Example(
            about="IORT",
            bad=Tables(
                """
                IORT
                  its: its-group ids=0
                  smmu: smmu-v3 event_gsiv=74 gerr_gsiv=75 base=0x9050000 node_flags=0x100
                    map count=0xffff output=its
                  root-complex segment=0
                    map count=0xffff output=smmu
                """,
                finds=("smmu:node_flags",),
            ),
            good=Tables(
                """
                IORT
                  its: its-group ids=0
                  smmu: smmu-v3 event_gsiv=74 gerr_gsiv=75 base=0x9050000 node_flags=1
                    map count=0xffff output=its
                  root-complex segment=0
                    map count=0xffff output=smmu
                """
            ),
        ),
        Example(
            about="VIOT",
            bad=Tables(
                """
                VIOT
                  iommu: virtio-iommu-pci function=0x8 reserved=1
                  pci-range bdf_end=0xff output=iommu
                """,
                finds=("iommu:reserved",),
            ),
            good=Tables(
                """
                VIOT
                  iommu: virtio-iommu-pci function=0x8
                  pci-range bdf_end=0xff output=iommu
                """
            ),
        ),
        Example(
            about="DMAR",
            bad=Tables(
                """
                DMAR
                  unit: drhd base=0xfed90000 flags=0x81
                """,
                finds=("unit:flags",),
            ),
            good=Tables(
                """
                DMAR flags=6
                  drhd base=0xfed90000 flags=1
                """
            ),
        ),
        Example(
            about="RIMT",
            bad=Tables(
                """
                RIMT
                  iommu: iommu base=0x3010000 hardware_id="RSCV0004" flags=0x10
                  root-complex segment=0
                    map count=0x10000 output=iommu
                """,
                finds=("iommu:flags",),
            ),
            good=Tables(
                """
                RIMT
                  iommu: iommu base=0x3010000 hardware_id="RSCV0004"
                  root-complex segment=0
                    map count=0x10000 output=iommu
                """
            ),
        ),
    ),
)
def reserved_bits(board: TablesBoard) -> Iterator[Finding]:
    """One finding for each field of each kind of structure, or one a table."""
    for checked in checked_tables(board):
        rows = checked.rows.reserved
        found: dict[object, list[ReservedBits]] = {}
        for each in checked.table.everything():
            for field, bits in each.nonzero_reserved():
                case = ReservedBits(each, field, bits)
                effect = effect_of(rows.effects, case, checked.version, _DEFAULT)
                # A row about some bits makes a finding of its own.
                together = rows.together and effect is _DEFAULT
                key = None if together else (each.WORD, field, effect.text)
                found.setdefault(key, []).append(case)
        for cases in found.values():
            yield _finding(checked, cases)


def _finding(checked: CheckedTable, cases: Sequence[ReservedBits]) -> Finding:
    first = cases[0]
    effect = effect_of(checked.rows.reserved.effects, first, checked.version, _DEFAULT)
    told = [f"{each.bits:#x} in {each.field} of {place(each.where)}" for each in cases]
    return reserved_bits.finding(
        first.where,
        f"reserved bits are set: {listed(told)}",
        property_name=first.field,
        related=dict.fromkeys(each.where for each in cases[1 : MOST_RELATED + 1]),
        effect=effect.of(first),
        fix=_fix(checked, cases),
        severity=effect.severity,
        alias=checked.alias(reserved_bits.id),
    )


def _fix(checked: CheckedTable, cases: Sequence[ReservedBits]) -> Fix:
    """Clear all of the bits; with edits where no other revision of the structure has them, and no
    byte can belong to another structure as well.
    """
    from dtlink.firmware.edits import set_field

    bits = dict.fromkeys(f"bits {each.bits:#x} of {each.field}" for each in cases)
    table = checked.table
    is_sound = not any(
        each.kind in _MISREAD for each in chain(table.frame_faults, table.minor_frame_faults)
    )
    always = is_sound and all(_is_always_reserved(each) for each in cases)
    edits = [
        set_field(each.where, each.field, getattr(each.where, each.field) & ~each.bits)
        for each in (cases if always else ())
    ]
    return Fix(f"Clear {listed(list(bits))}.", tuple(edits))


def _is_always_reserved(case: ReservedBits) -> bool:
    return not case.bits & ~type(case.where).fields()[case.field].reserved
