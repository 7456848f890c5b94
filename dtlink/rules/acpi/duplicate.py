"""Two structures describe the same device or segment.

What it finds: named components with one path, root complexes of one segment, and nodes with one
identifier in an IORT; MMIO endpoints with one base address, and virtio-iommus with one PCI function
or base address, in a VIOT; IOMMUs at one place, and root complexes of one segment, in a RIMT.
Why it matters: Linux takes the first structure (of MMIO endpoints the last) and ignores the others:
IDs that only those map have no IOMMU, and devices that are mapped to them wait for an IOMMU that
never probes.
What to do: describe each device once, with all of its mappings.
References: Arm DEN0049, named component and root complex node, E.b, IORT node header; ACPI
specification 6.5, 5.2.34; RISC-V IO Mapping Table specification; Linux, drivers/acpi/arm64/iort.c,
iort_scan_node(); drivers/acpi/viot.c, viot_parse_node(), viot_get_iommu();
drivers/acpi/riscv/rimt.c, rimt_match_node_callback(), rimt_iommu_register().
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.layout import Struct
from dtlink.rules.acpi._effects import MOST_RELATED, Effect, effect_of, listed
from dtlink.rules.acpi._rows import CheckedTable, UniqueRows, checked_tables
from dtlink.rules.model import Example, Finding, Fix, Safety, Severity, Tables, rule

_DEFAULT: Effect[tuple[Struct, Struct]] = Effect(
    "a reader takes one of them, and ignores the other"
)


@rule(
    __name__,
    __doc__,
    severity=Severity.WARNING,
    fix=Safety(False, "other tables may refer to a structure by the value"),
    examples=(
        Example(
            about="IORT",
            bad=Tables(
                """
                IORT table_revision=0
                  smmu: smmu-v3 base=0x9050000
                  root-complex segment=0
                    map count=0xff output=smmu
                  second: root-complex segment=0
                    map input_base=0x100 count=0xfeff output_base=0x100 output=smmu
                """,
                finds=("second:segment",),
            ),
            good=Tables(
                """
                IORT table_revision=0
                  smmu: smmu-v3 base=0x9050000
                  root-complex segment=0
                    map count=0xff output=smmu
                    map input_base=0x100 count=0xfeff output_base=0x100 output=smmu
                """
            ),
        ),
        Example(
            about="IORT",
            bad=Tables(
                """
                IORT table_revision=5
                  its: its-group identifier=1 ids=0
                  second: root-complex identifier=1 segment=0
                    map count=0xffff output=its
                """,
                finds=("second:identifier",),
            ),
            good=Tables(
                """
                IORT table_revision=5
                  its: its-group identifier=1 ids=0
                  second: root-complex identifier=2 segment=0
                    map count=0xffff output=its
                """
            ),
        ),
        Example(
            about="IORT",
            bad=Tables(
                """
                IORT table_revision=0
                  smmu: smmu-v3 event_gsiv=74 gerr_gsiv=75 base=0x9050000
                  named-component object_name="\\_SB_.GPU0"
                    map flags=1 output_base=1 output=smmu
                  second: named-component object_name="\\_SB_.GPU0"
                    map flags=1 output_base=2 output=smmu
                """,
                finds=("second:object_name",),
            ),
            good=Tables(
                """
                IORT table_revision=0
                  smmu: smmu-v3 event_gsiv=74 gerr_gsiv=75 base=0x9050000
                  named-component object_name="\\_SB_.GPU0"
                    map flags=1 output_base=1 output=smmu
                    map flags=1 output_base=2 output=smmu
                """
            ),
        ),
        Example(
            about="VIOT",
            bad=Tables(
                """
                VIOT
                  iommu: virtio-iommu-mmio base=0x1d000000
                  mmio-endpoint base=0x1c000000 endpoint=1 output=iommu
                  two: mmio-endpoint base=0x1c000000 endpoint=2 output=iommu
                """,
                finds=("two",),
            ),
            good=Tables(
                """
                VIOT
                  iommu: virtio-iommu-mmio base=0x1d000000
                  mmio-endpoint base=0x1c000000 endpoint=1 output=iommu
                  two: mmio-endpoint base=0x1c010000 endpoint=2 output=iommu
                """
            ),
        ),
        Example(
            about="VIOT",
            bad=Tables(
                """
                VIOT
                  one: virtio-iommu-pci function=0x8
                  two: virtio-iommu-pci function=0x8
                  pci-range bdf_end=0xff output=one
                  pci-range bdf_start=0x1000 bdf_end=0x10ff endpoint_start=0x1000 output=two
                """,
                finds=("two",),
            ),
            good=Tables(
                """
                VIOT
                  one: virtio-iommu-pci function=0x8
                  two: virtio-iommu-pci function=0x1008
                  pci-range bdf_end=0xff output=one
                  pci-range bdf_start=0x1000 bdf_end=0x10ff endpoint_start=0x1000 output=two
                """
            ),
        ),
        Example(
            about="RIMT",
            bad=Tables(
                """
                RIMT
                  iommu: iommu id=0 base=0x3010000 hardware_id="RSCV0004"
                  again: iommu id=1 base=0x3010000 hardware_id="RSCV0004"
                  root-complex id=2 segment=0
                    map count=0x10000 output=again
                """,
                finds=("again",),
            ),
            good=Tables(
                """
                RIMT
                  iommu: iommu id=0 base=0x3010000 hardware_id="RSCV0004"
                  other: iommu id=1 base=0x3020000 hardware_id="RSCV0004"
                  root-complex id=2 segment=0
                    map count=0x10000 output=other
                """
            ),
        ),
        Example(
            about="RIMT",
            bad=Tables(
                """
                RIMT
                  iommu: iommu id=0 base=0x3010000 hardware_id="RSCV0004"
                  root-complex id=1 segment=0
                    map count=0x8000 output=iommu
                  second: root-complex id=2 segment=0
                    map source_base=0x8000 count=0x8000 output_base=0x8000 output=iommu
                """,
                finds=("second",),
            ),
            good=Tables(
                """
                RIMT
                  iommu: iommu id=0 base=0x3010000 hardware_id="RSCV0004"
                  root-complex id=1 segment=0
                    map count=0x8000 output=iommu
                    map source_base=0x8000 count=0x8000 output_base=0x8000 output=iommu
                """
            ),
        ),
    ),
)
def duplicate(board: TablesBoard) -> Iterator[Finding]:
    """One finding for each later structure, for each key, or for all of a table."""
    for checked in checked_tables(board):
        for rows in checked.rows.unique:
            groups = _later(checked, rows)
            if rows.per == "table":
                groups = [[pair for group in groups for pair in group]]
            for group in groups:
                for pairs in [[pair] for pair in group] if rows.per == "structure" else [group]:
                    if pairs:
                        yield _finding(checked, rows, pairs)


def _later(checked: CheckedTable, rows: UniqueRows) -> list[list[tuple[Struct, Struct]]]:
    """For each key, its first structure with each later one."""
    first: dict[object, Struct] = {}
    groups: dict[object, list[tuple[Struct, Struct]]] = {}
    for each in rows.among(checked.table):
        key = rows.key(each)
        if key is None:
            continue
        earlier = first.setdefault(key, each)
        if earlier is not each and not (rows.same and rows.same(earlier, each)):
            groups.setdefault(key, []).append((earlier, each))
    return list(groups.values())


def _finding(
    checked: CheckedTable, rows: UniqueRows, pairs: Sequence[tuple[Struct, Struct]]
) -> Finding:
    first, later = pairs[0]
    effect = effect_of(rows.effects, (first, later), checked.version, _DEFAULT)
    names = listed([each.name for _, each in pairs])
    has = "has" if len(pairs) == 1 else "have"
    return duplicate.finding(
        later,
        f"{names} {has} the same {rows.noun} as {first.name}",
        property_name=rows.field,
        related=(first, *(each for _, each in pairs[1:MOST_RELATED])),
        effect=effect.of((first, later)),
        fix=_fix(rows, pairs),
        severity=effect.severity,
        alias=rows.alias,
    )


def _fix(rows: UniqueRows, pairs: Sequence[tuple[Struct, Struct]]) -> Fix | str:
    """With edits where any value that no other has will do."""
    text = rows.fix(*pairs[0])
    if rows.unused is None or rows.field is None:
        return text
    values = [(later, rows.field, rows.unused(later)) for _, later in pairs]
    fields = [(later, name, value) for later, name, value in values if value is not None]
    return Fix.setting(text, *fields) if len(fields) == len(pairs) else text
