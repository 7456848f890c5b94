"""Aliases: the check of one table, by the id that it had as a rule of its own."""

import pytest

from dtlink.board.tables import TablesBoard
from dtlink.firmware.acpi.machine import Machine
from dtlink.firmware.acpi.registry import DESCRIBING, RegisteredTable
from dtlink.report.known import asked
from dtlink.rules.acpi._rows import TableRows, rows_of
from dtlink.rules.aliases import alias_for, alias_ids, aliases, rules_of
from dtlink.rules.catalogue import (
    EVERY_TABLE_FAMILY,
    TABLES_OF,
    TREE_FAMILIES,
    check_words,
    choose,
    families,
    family_of,
    find,
    ids,
)
from dtlink.rules.model import Finding, Severity, Tables
from dtlink.rules.run import check
from dtlink.testing.assemble import assemble

#: One fault of the frame in each of two tables, and reserved bits in one.
TWO = """
IORT table_revision=0
  its: its-group ids=0
  smmu: smmu-v3 event_gsiv=74 gerr_gsiv=75 base=0x9050000 mapping_count=2 node_flags=0x100
    map count=0xffff output=its
  root-complex segment=0
    map count=0xffff output=smmu
VIOT
  iommu: virtio-iommu-pci function=0x8
  range: pci-range bdf_end=0xff output=iommu length=16
"""


def found(select: list[str], ignore: list[str] | None = None) -> set[str]:
    """The identities of what is found, of the rules that hold for every table."""
    return {each.identity for each in findings(select, ignore) if each.alias}


def findings(select: list[str], ignore: list[str] | None = None) -> list[Finding]:
    machine = Machine.of(assemble(TWO))
    rules = choose(select, ignore or [], Tables, frozenset(machine.tables))
    checked = check(TablesBoard(machine), rules)
    assert checked.faults == []
    return checked.findings


FRAMES = {"iort/node-frame", "viot/frame"}
RESERVED = "iort/reserved-bits"


@pytest.mark.parametrize(
    ("select", "ignore", "expected"),
    [
        ([], [], {*FRAMES, RESERVED}),
        (["acpi/frame"], [], FRAMES),
        (["acpi"], [], {*FRAMES, RESERVED}),
        (["iort/node-frame"], [], {"iort/node-frame"}),
        (["viot/"], [], {"viot/frame"}),
        (["iort"], [], {"iort/node-frame", RESERVED}),
        (["acpi"], ["iort/node-frame"], {"viot/frame", RESERVED}),
        (["acpi"], ["iort"], {"viot/frame"}),
        ([], ["acpi/frame"], {RESERVED}),
        (["iort"], ["acpi"], set()),
    ],
)
def test_what_is_selected_and_ignored(
    select: list[str], ignore: list[str], expected: set[str]
) -> None:
    assert found(select, ignore) == expected


def test_a_finding_has_the_rules_id_and_the_fingerprint_of_its_alias() -> None:
    frame = next(each for each in findings(["iort"]) if each.identity == "iort/node-frame")
    assert (frame.rule, frame.alias) == ("acpi/frame", "iort/node-frame")
    assert frame.fingerprint == frame._replace(rule="iort/node-frame", alias="").fingerprint


def test_every_alias_names_rules_that_there_are() -> None:
    for alias in aliases():
        assert alias.rule in ids(), (
            f"{alias}: there is no such rule: correct dtlink/rules/aliases.py"
        )
        assert alias.id.partition("/")[0] == alias.table.lower(), (
            f"{alias}: name it after its table"
        )
        assert alias.id not in ids(), f"{alias}: a rule has this id: give the rule another one"
    check_words(alias_ids())


def test_every_table_has_an_alias_of_every_check() -> None:
    for row in DESCRIBING:
        for rule in ("acpi/frame", "acpi/reserved-bits", "acpi/unknown-type"):
            assert rule in rules_of(alias_for(rule, row.signature)), (
                f"{rule} has no alias for the {row.signature}: see dtlink/rules/aliases.py"
            )


#: The checks that have something to say of a table only where it has rows for them.
BY_ROWS = {
    "references": ("acpi/dangling-reference", "acpi/illegal-target"),
    "described": ("acpi/nothing-described",),
    "ranges": ("acpi/reversed-range",),
    "segments": ("acpi/unknown-segment",),
    "names": ("acpi/device-name",),
    "unique": ("acpi/duplicate",),
}


@pytest.mark.parametrize("row", DESCRIBING, ids=lambda row: row.signature)
def test_a_table_alone_runs_every_check_that_it_has_rows_for(row: RegisteredTable) -> None:
    rows, empty = rows_of(row.module), TableRows()
    chosen = {rule.id for rule in choose(kind=Tables, tables={row.signature})}
    needed = {
        rule
        for member, rules in BY_ROWS.items()
        if getattr(rows, member) != getattr(empty, member)
        for rule in rules
    }
    assert needed <= chosen, (
        f"dtlink/rules/acpi/_{row.module}.py has rows for {sorted(needed - chosen)}, which never "
        f"run for a {row.signature} alone: add an alias of each to _SOME, dtlink/rules/aliases.py"
    )
    known = set(alias_ids())
    unknown = [each.alias for each in rows.unique if each.alias not in known]
    assert not unknown, f"add {unknown} to _SOME, dtlink/rules/aliases.py"


def test_every_kind_of_row_belongs_to_a_check() -> None:
    every = {"frame", "reserved", "unknown"}
    assert set(TableRows._fields) == every | BY_ROWS.keys(), (
        "a new kind of row: add it to BY_ROWS with the rule that reads it, or to these if every "
        "table has an alias of the rule"
    )


def test_an_alias_is_no_rule() -> None:
    assert find("iort/node-frame") is None
    assert rules_of("acpi/frame") == ()
    with pytest.raises(ValueError, match="no rule or family is named iort/nodeframe"):
        check_words(["iort/nodeframe"])


def test_which_aliases_a_run_asks() -> None:
    assert asked()("iort/node-frame", Severity.ERROR)
    assert asked(select=["iort"])("iort/node-frame", Severity.ERROR)
    assert asked(select=["acpi/frame"])("iort/node-frame", Severity.ERROR)
    assert not asked(select=["viot"])("iort/node-frame", Severity.ERROR)
    assert not asked(ignore=["acpi"])("iort/node-frame", Severity.ERROR)
    assert not asked()("iort/no-such-rule", Severity.ERROR)


def test_rules_of_other_tables_are_not_imported_for_one() -> None:
    rules = choose(kind=Tables, tables={"MCFG"})
    assert not {rule.id for rule in rules if rule.family == "acpi"} & {"acpi/frame"}


def test_families_are_about_devicetrees_or_about_one_table_or_every_table() -> None:
    tables = {row.family for row in DESCRIBING} | {EVERY_TABLE_FAMILY} | TABLES_OF.keys()
    assert set(families()) - TREE_FAMILIES == tables, (
        "a new family: name it in TREE_FAMILIES or TABLES_OF (dtlink/rules/catalogue.py), or "
        "register its table in dtlink/firmware/acpi/registry.py"
    )
    assert set(families()) >= TREE_FAMILIES, "take the family that is gone out of TREE_FAMILIES"


def test_only_rules_of_every_table_have_aliases() -> None:
    assert {family_of(alias.rule) for alias in aliases()} == {EVERY_TABLE_FAMILY}
