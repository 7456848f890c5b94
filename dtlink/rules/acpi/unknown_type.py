"""A structure has an unknown type.

What it finds: nodes, remapping structures and device entries with a type that no specification up
to those below defines.
Why it matters: Linux skips them: what they describe has no effect. Often the type is right, and the
length of a structure before it, or the offset of the first, is wrong. In an IVRS the type decides
the length: for types from 80h on (but F0h) Linux takes it for 0, and the boot hangs.
What to do: check the lengths before it; write one of the known types. Nothing, if a later
specification defines the type.
References: Arm DEN0049 E.f, table of node types; ACPI specification 6.5, 5.2.34; Intel VT-d, 8.2;
AMD 48882, IVHD device entries; RISC-V IO Mapping Table specification 1.0; Linux,
drivers/acpi/arm64/iort.c, iort_scan_node(); drivers/acpi/viot.c, viot_parse_node();
drivers/iommu/intel/dmar.c, dmar_walk_remapping_entries(); drivers/iommu/amd/init.c,
ivhd_entry_length(), init_iommu_from_acpi().
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.layout import Struct
from dtlink.rules.acpi._effects import MOST_RELATED, Effect, effect_of, listed
from dtlink.rules.acpi._rows import CheckedTable, checked_tables
from dtlink.rules.model import Example, Finding, Severity, Tables, rule

_DEFAULT: Effect[Sequence[Struct]] = Effect(
    "a reader that does not know the type skips it: what it describes has no effect"
)


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    examples=(
        Example(
            about="IORT",
            bad=Tables(
                """
                IORT
                  odd: node type=0x40
                  its: its-group ids=0
                  root-complex segment=0
                    map count=0xffff output=its
                """,
                finds=("odd:type",),
            ),
            good=Tables(
                """
                IORT
                  its: its-group ids=0
                  root-complex segment=0
                    map count=0xffff output=its
                """
            ),
        ),
        Example(
            about="VIOT",
            bad=Tables(
                """
                VIOT
                  iommu: virtio-iommu-pci function=0x8
                  pci-range bdf_end=0xff output=iommu
                  other: node type=9 size=16 length=16
                """,
                finds=("other:type",),
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
                  drhd base=0xfed90000 flags=1
                  odd: structure type=9 size=8 length=8
                """,
                finds=("odd:type",),
            ),
            good=Tables(
                """
                DMAR
                  drhd base=0xfed90000 flags=1
                  sidp
                    endpoint hops="02.0"
                """
            ),
        ),
        Example(
            about="IVRS",
            bad=Tables(
                """
                IVRS
                  ivhd-11 base=0xfeb80000
                    all
                    special handle=33 source=0xa0
                    odd: entry type=0xf1 device=0x300
                """,
                finds=("odd",),
            ),
            good=Tables(
                """
                IVRS
                  ivhd-11 base=0xfeb80000
                    all
                    special handle=33 source=0xa0
                    select device=0x300
                """
            ),
        ),
        Example(
            about="RIMT",
            bad=Tables(
                """
                RIMT
                  iommu: iommu base=0x3010000 hardware_id="RSCV0004"
                  root-complex segment=0
                    map count=0x10000 output=iommu
                  odd: node type=9
                """,
                finds=("odd:type",),
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
def unknown_type(board: TablesBoard) -> Iterator[Finding]:
    """One finding for each type, or as the rows of the table group them."""
    for checked in checked_tables(board):
        rows = checked.rows.unknown
        found: dict[object, list[Struct]] = {}
        for each in rows.among(checked.table):
            if isinstance(each, rows.kinds) and _is_unknown(each):
                found.setdefault(rows.key(each), []).append(each)
        for those in found.values():
            if rows.worst:
                those.sort(key=lambda each: not (rows.worst and rows.worst(each)))
            yield _finding(checked, those)


def _is_unknown(each: Struct) -> bool:
    """Whether no class has its type: it is read by the class that all types have in common."""
    kind = type(each)
    return kind.TYPE < 0 and "type" in kind.fields()


def _finding(checked: CheckedTable, those: Sequence[Struct]) -> Finding:
    rows, first = checked.rows.unknown, those[0]
    effect = effect_of(rows.effects, those, checked.version, _DEFAULT)
    told = [f"{getattr(each, 'type', 0):#x} ({each.name})" for each in those]
    what = "type" if len(those) == 1 else "types"
    return unknown_type.finding(
        first,
        f"unknown {what} {listed(told)}",
        property_name="type" if rows.names_field else None,
        related=those[1 : MOST_RELATED + 1],
        effect=effect.of(those),
        fix="Check the lengths before it, or write a known type"
        + (f": {rows.known}." if rows.known else "."),
        severity=effect.severity,
        alias=checked.alias(unknown_type.id),
    )
