"""Edits of tables for faults that no example has: what is set, that it is proved, and where none is
made.
"""

from __future__ import annotations

from ast import literal_eval

import pytest

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.machine import Machine
from dtlink.firmware.apply import apply_fields
from dtlink.rules.catalogue import choose
from dtlink.rules.model import Finding, Tables
from dtlink.rules.run import check
from dtlink.testing.assemble import assemble
from tests.rules.edits import left, new, of_table

V3 = "smmu-v3 base=0x9050000 event_gsiv=74 gerr_gsiv=77"

#: Rule, tables, and the fields that are set, as ``structure.field=value``.
ROWS = (
    (
        "acpi/frame",
        """IORT node_count=3
             its: its-group ids=0
             root-complex segment=0 identifier=1
               map count=0xffff output=its""",
        ["IORT.node_count=2"],
    ),
    (
        "acpi/duplicate",
        """IORT table_revision=5
             its: its-group identifier=7 ids=0
             root-complex identifier=7 segment=0
               map count=0xffff output=its
             root-complex identifier=7 segment=1
               map count=0xffff output=its""",
        ["root-complex.identifier=9", "root-complex.identifier=10"],
    ),
    (
        "acpi/dangling-reference",
        f"""IORT table_revision=0
             smmu: {V3}
             root-complex segment=0
               map count=0xff output=smmu
               map input_base=0x100 count=0xff output_base=0x100 output=5""",
        ["map.output=0x30"],
    ),
    (
        "dmar/include-all",
        """DMAR
             drhd base=0xfed90000 flags=1
               endpoint hops="02.0"
             drhd base=0xfed91000 flags=1""",
        ["drhd.flags=0"],
    ),
    (
        "dmar/reserved-region",
        """DMAR
             drhd base=0xfed90000 flags=1
             rmrr base=0x7b800800 last=0x7b80a7ff
               endpoint hops="02.0" """,
        ["rmrr.base=0x7b800000", "rmrr.last=0x7b80afff"],
    ),
    (
        "dmar/unit-address",
        """DMAR
             drhd base=0xfed90001 flags=1""",
        ["drhd.base=0xfed90000"],
    ),
    (
        "dmar/unit-address",
        """DMAR
             drhd base=0xfed90000 flags=1 register_size=0x10""",
        ["drhd.register_size=0"],
    ),
    (
        "iort/device-id-index",
        f"""IORT table_revision=6
             its: its-group ids=0
             {V3} node_revision=5 node_flags=0x10 device_id_index=0 identifier=1
               map count=0xffff output=its
               map flags=1 output_base=0x10000 output=its""",
        ["smmu-v3.device_id_index=1"],
    ),
    (
        "iort/device-id-index",
        f"""IORT table_revision=6
             its: its-group ids=0
             {V3} node_revision=5 node_flags=0x10 device_id_index=3 identifier=1
               map count=0xffff output=its""",
        ["smmu-v3.node_flags=0"],
    ),
    (
        "iort/device-id-index",
        f"""IORT table_revision=6
             its: its-group ids=0
             {V3} node_revision=4 identifier=1
               map count=0xffff output=its""",
        ["smmu-v3.node_revision=5"],
    ),
    (
        "iort/its-group",
        """IORT
             its: its-group id_count=0 ids=0
             root-complex segment=0
               map count=0xffff output=its""",
        ["its-group.id_count=1"],
    ),
    (
        "iort/null-mapping",
        """IORT table_revision=0
             smmu: smmu-v3 base=0x9050000 event_gsiv=74 gerr_gsiv=77
             root-complex segment=0 mapping_offset=0 mapping_count=1 size=32 length=32""",
        ["root-complex.mapping_count=0"],
    ),
    (
        "iort/rmr-range",
        f"""IORT table_revision=5
             smmu: {V3}
             rmr node_revision=3 identifier=1
               descriptor base=0xf80d1000 length=0x1000
               map flags=1 output_base=1 output=smmu""",
        ["descriptor.base=0xf80d0000", "descriptor.length=0x10000"],
    ),
    (
        "iort/single-mapping",
        f"""IORT
             its: its-group ids=0
             smmu: {V3} pri_gsiv=75 sync_gsiv=76
               map flags=1 count=0xffff output=its
             root-complex segment=0
               map count=0xffff output=smmu""",
        ["map.flags=0"],
    ),
    (
        "iort/single-mapping",
        f"""IORT table_revision=0
             smmu: {V3}
             named-component object_name="\\_SB_.GPU0"
               map flags=1 count=1 output_base=1 output=smmu""",
        ["map.count=0"],
    ),
    (
        "iort/single-mapping",
        f"""IORT table_revision=0
             its: its-group ids=0
             smmu: {V3}
             pmcg base=0x9052000 page1=0x9062000 reference=smmu node_revision=1
               map output_base=5 output=its""",
        ["map.flags=1"],
    ),
    (
        "acpi/device-name",
        f"""IORT table_revision=0
             smmu: {V3}
             named-component object_name="\\_SB.GPU0"
               map flags=1 output_base=1 output=smmu""",
        ['named-component.object_name="\\\\_SB_.GPU0"'],
    ),
    (
        "iort/smmu-model",
        "IORT\n  smmu-v3 base=0x9050000 event_gsiv=74 gerr_gsiv=77 model=3",
        ["smmu-v3.model=0"],
    ),
    (
        "iort/ats-attribute",
        f"""IORT table_revision=0
             smmu: {V3}
             root-complex segment=0 ats=2
               map count=0xffff output=smmu""",
        ["root-complex.ats=0"],
    ),
    (
        "iort/memory-attributes",
        f"""IORT table_revision=0
             smmu: {V3}
             root-complex segment=0 ats=3 memory_flags=0
               map count=0xffff output=smmu""",
        ["root-complex.memory_flags=3"],
    ),
    (
        "ivrs/memory-range",
        """IVRS
             ivhd-11 base=0xfeb80000
               all
               special handle=33 source=0xa0
             ivmd-range flags=7 device=0x3ff aux=0x300 range_start=0x70000000 range_length=4096""",
        ["ivmd-range.device=0x300", "ivmd-range.aux=0x3ff"],
    ),
    (
        "rimt/iommu-in-own-range",
        """RIMT
             iommu: iommu id=0 flags=1 segment=0 function=8 hardware_id="00101400"
             root-complex id=1 segment=0
               map count=8 output=iommu
               map source_base=9 count=0xfff7 output_base=9 output=iommu""",
        ["map.count=7"],
    ),
    (
        "rimt/id-range",
        """RIMT
             iommu: iommu id=0 base=0x3010000 hardware_id="RSCV0004"
             root-complex id=1 segment=0
               map source_base=8 count=0x10000 output_base=8 output=iommu""",
        ["map.count=0xfff8"],
    ),
)

#: Rule, and tables of which nothing says what is right.
UNDETERMINED = (
    (
        "acpi/device-name",
        f"""IORT table_revision=0
             smmu: {V3}
             named-component object_name="\\_SB.A.GPU0"
               map flags=1 output_base=1 output=smmu""",
    ),
    (
        "acpi/dangling-reference",
        f"""IORT table_revision=0
             one: {V3}
             other: smmu-v3 base=0x9070000 event_gsiv=84 gerr_gsiv=87
             root-complex segment=0
               map count=0xff output=5""",
    ),
    (
        "acpi/frame",
        """IORT
             its: its-group ids=0
             root-complex segment=0 mapping_count=2 size=72 length=72
               map count=0xffff output=its""",
    ),
    (
        "dmar/include-all",
        """DMAR
             drhd base=0xfed90000 flags=1
             drhd base=0xfed91000 flags=1""",
    ),
    (
        "iort/rmr-range",
        f"""IORT table_revision=5
             smmu: {V3}
             rmr node_revision=3
               descriptor base=0xf80d1000 length=0x1000
               descriptor base=0xf80d8000 length=0x1000
               map output_base=1 output=smmu""",
    ),
    (
        "iort/missing-field",
        """IORT table_revision=0
             its: its-group ids=0
             root-complex node_revision=1 ats=2 segment=0 size=32 length=32""",
    ),
    (
        "iort/null-mapping",
        """IORT
             its: its-group ids=0
             root-complex segment=0 mapping_offset=0
               map count=0xffff output=its+4""",
    ),
    (
        "iort/smmu-model",
        """IORT
             smmu base=0x15000000 model=6
               global-interrupts gsiv=97
               context-interrupt gsiv=128""",
    ),
)


def found(tables: dict[str, bytes], rule: str = "") -> list[Finding]:
    board = TablesBoard(Machine.of(tables))
    return [each for each in check(board, choose(kind=Tables)).findings if rule in ("", each.rule)]


def ids(rows: tuple[tuple[str, ...], ...]) -> list[str]:
    return [row[0] for row in rows]


@pytest.mark.parametrize(("rule", "source", "wanted"), ROWS, ids=[row[0] for row in ROWS])
def test_what_the_tables_determine_is_set(rule: str, source: str, wanted: list[str]) -> None:
    tables = assemble(source)
    mine = [each for each in found(tables, rule) if each.fix.edits]
    edits = [edit for each in mine for edit in each.fix.edits]
    assert all(each.fix.safety for each in mine)
    rows = of_table(next(iter(tables)), edits)
    told = [f"{_word(each.structure)}.{each.field}" for each in rows]
    expected = [
        (name, literal_eval(value)) for name, _, value in (row.partition("=") for row in wanted)
    ]
    assert list(zip(told, (each.value for each in rows), strict=True)) == expected
    made = {name: apply_fields(data, of_table(name, edits)) for name, data in tables.items()}
    assert all(sum(data) % 256 == 0 for data in made.values())
    before, after = found(tables), found(made)
    assert not left(mine, after)
    assert not new(rule, before, after)


def _word(path: str) -> str:
    """The word of a structure: of an entry of an array, that of the array's kind."""
    table, _, rest = path.partition("/")
    last = rest.rpartition("/")[2].partition("@")[0] if rest else table
    return table if last == "header" else last


@pytest.mark.parametrize(("rule", "source"), UNDETERMINED, ids=[row[0] for row in UNDETERMINED])
def test_nothing_is_set_where_the_tables_do_not_say_it(rule: str, source: str) -> None:
    mine = found(assemble(source), rule)
    assert mine
    assert not any(each.fix.edits for each in mine)


def test_a_range_of_one_id_is_not_one_too_long() -> None:
    """It begins after the last requester ID, which iort/requester-id-range reports."""
    source = """
    IORT table_revision=0
      its: its-group ids=0
      root-complex segment=0
        map count=0xffff output=its
        map input_base=0x10000 count=0 output_base=0x10000 output=its
    """
    rules = {each.rule for each in found(assemble(source))}
    assert "iort/requester-id-range" in rules
    assert "iort/off-by-one" not in rules


def test_bits_that_another_structure_may_have_are_left() -> None:
    """The global interrupts of the SMMU are where its context interrupt is."""
    source = """
    IORT table_revision=0
      its: its-group ids=0
      smmu base=0x15000000 global_offset=76
        global-interrupts gsiv=97
        context-interrupt gsiv=128 flags=4
        map count=0xffff output=its
    """
    mine = found(assemble(source), "acpi/reserved-bits")
    assert mine
    assert not any(each.fix.edits for each in mine)
