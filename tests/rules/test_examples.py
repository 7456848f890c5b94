"""Every rule's page and examples: what `dtlink explain` shows is what the rule does."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest

from dtlink.board.settings import Settings
from dtlink.board.tables import TablesBoard
from dtlink.board.tree import TreeBoard
from dtlink.firmware.acpi.machine import Machine
from dtlink.firmware.apply import apply, apply_fields
from dtlink.firmware.errors import InputError
from dtlink.rules.catalogue import all_rules, choose, families, has_notes, ids, is_chosen
from dtlink.rules.defaults import OFF
from dtlink.rules.model import Dts, Example, Finding, Rule, Severity, Tables
from dtlink.rules.run import check
from dtlink.schema.source import SchemaSource
from dtlink.testing.assemble import assemble
from dtlink.testing.seen import seen_by
from dtlink.testing.sketch import sketch
from dtlink.testing.trees import tree_of, write_bases
from tests.rules.edits import WITH_EDITS, left, new, of_table
from tests.support.tables import label_paths

HEADINGS = ("What it finds:", "Why it matters:", "What to do:", "References:")

CASES = [(rule, pair) for rule in all_rules() for pair in rule.examples]
rules = pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.id)
examples = pytest.mark.parametrize(
    ("rule", "pair"),
    CASES,
    ids=[f"{rule.id}-{type(pair.bad).__name__.lower()}" for rule, pair in CASES],
)


def findings(example: Dts | Tables, chosen: list[Rule]) -> list[Finding]:
    checked = check(board_of(example), chosen)
    assert checked.faults == []
    return checked.findings


def need_schemas() -> SchemaSource:
    """dtlink's own schemas; skips the test that asks where dtschema is not installed."""
    source = SchemaSource()
    try:
        source.check()
    except InputError as error:
        pytest.skip(str(error))
    return source


def board_of(example: Dts | Tables, edits: Sequence[Any] = ()) -> TreeBoard | TablesBoard:
    """The board of an example, with edits made to it."""
    facts = sketch(example.kernel) if example.kernel else None
    if isinstance(example, Tables):
        tables = assemble(example.source)
        made = {name: apply_fields(data, of_table(name, edits)) for name, data in tables.items()}
        return TablesBoard(Machine.of(made), facts=facts, seen=seen_by(example))
    tree = tree_of(example)
    tree = apply(tree, edits) if edits else tree
    if example.schema:
        need_schemas()
    bases = write_bases(example, Path(mkdtemp())) if example.bases else ()
    settings = Settings(against=example.against, schema=example.schema, bases=bases)
    return TreeBoard(tree, settings, facts=facts)


def wanted(example: Dts | Tables) -> list[str]:
    """The places that a bad example names; in tables, the labels' structures."""
    if isinstance(example, Dts):
        return sorted(example.finds)
    paths = label_paths(example.source)
    split = (place.partition(":") for place in example.finds)
    return sorted(paths[label] + colon + name for label, colon, name in split)


def places(found: list[Finding], example: Dts | Tables) -> list[str]:
    """Where the findings are, as precisely as the example says it."""
    told = []
    for finding in found:
        whole = f"{finding.subject.path}:{finding.property_name}"
        told.append(whole if whole in wanted(example) else finding.subject.path)
    return sorted(told)


@examples
def test_bad_example_raises_the_rule_where_it_says(rule: Rule, pair: Example) -> None:
    assert pair.bad.finds, "a bad example names what it must raise"
    assert places(findings(pair.bad, [rule]), pair.bad) == wanted(pair.bad), (
        f"{rule.id}: correct finds= of the bad example, or the check"
    )


@examples
def test_good_example_is_fine(rule: Rule, pair: Example) -> None:
    assert findings(pair.good, [rule]) == [], (
        f"{rule.id}: the good example is not good: correct it, or the check"
    )


@examples
def test_good_example_raises_no_other_error(rule: Rule, pair: Example) -> None:
    found = findings(pair.good, choose(kind=type(pair.good)))
    errors = {item.rule for item in found if item.severity is Severity.ERROR}
    assert errors <= {rule.id}, (
        f"{rule.id}: remove the other errors from the good example, which users copy"
    )


@examples
def test_a_bad_table_raises_no_other_error(rule: Rule, pair: Example) -> None:
    if isinstance(pair.bad, Tables):
        found = findings(pair.bad, choose(kind=Tables))
        others = {item.rule for item in found if item.severity is Severity.ERROR}
        assert others <= {rule.id}, (
            f"{rule.id}: remove the other errors from the bad example; it shows one fault"
        )


@examples
def test_findings_say_what_to_expect_and_what_to_do(rule: Rule, pair: Example) -> None:
    for finding in findings(pair.bad, [rule]):
        assert finding.rule == rule.id
        assert finding.message, "give the finding a message"
        assert not finding.message.endswith("."), "end the message without a full stop"
        assert finding.effect, 'say what will be seen on the machine; "none" is a fine effect'
        assert finding.fix.text, "say what to do, as an imperative sentence"


@examples
def test_the_edits_of_a_fix_silence_the_rule_and_raise_no_other(rule: Rule, pair: Example) -> None:
    """For each rule that knows edits: bad + edits raises neither these findings nor new ones."""
    edited = [each for each in findings(pair.bad, [rule]) if each.fix.edits]
    edits = [edit for each in edited for edit in each.fix.edits]
    assert not edits or rule.fix, "say whether the fix is safe, and why: @rule(…, fix=Safety(…))"
    assert edits or rule.id not in WITH_EDITS, (
        "this fix had edits: give them again, or take the rule out of WITH_EDITS (edits.py)"
    )
    if edits:
        chosen = choose(kind=type(pair.bad))
        before = check(board_of(pair.bad), chosen).findings
        after = check(board_of(pair.bad, edits), chosen).findings
        assert not left(edited, after), (
            "the edits do not silence the rule: make them do all that the fix says, or give none"
        )
        assert not new(rule.id, before, after), (
            "the edits raise other findings: correct them or, if these are right, add them to "
            "ALLOWED in tests/rules/edits.py"
        )


@rules
def test_page_has_its_headings_and_a_summary_of_one_sentence(rule: Rule) -> None:
    missing = [heading for heading in HEADINGS if heading not in rule.page]
    assert not missing, f"{rule.id}: add {missing} to the docstring of the rule's file"
    assert rule.summary.endswith("."), f"{rule.id}: the docstring's first line is one sentence"


def test_choose_by_rule_and_family() -> None:
    family = all_rules()[0].family
    assert {rule.family for rule in choose([family])} == {family}
    assert all_rules()[0] not in choose([], [all_rules()[0].id])


def test_choose_refuses_unknown_names() -> None:
    with pytest.raises(ValueError, match="no rule or family is named nonsense"):
        choose(["nonsense"])


def test_the_kinds_of_firmware_are_told_apart_without_importing() -> None:
    for kind in (Dts, Tables):
        about = [rule for rule in all_rules() if rule.example(kind)]
        assert choose(("all",), kind=kind) == about


def test_what_is_off_by_default_is_run_where_it_is_named() -> None:
    for off in OFF:
        named = off.rule in ids() or off.rule in families()
        assert named, f"{off.rule} (dtlink/rules/defaults.py) is neither a rule nor a family"
        family = off.rule.partition("/")[0]
        for words in ([off.rule], [family], ["all"], ["default", off.rule]):
            assert is_chosen(off.rule, words, ())
            assert has_notes(off.rule, words)
        assert is_chosen(off.rule, (), ()) is off.notes_only
        assert not has_notes(off.rule, ()) or not off.notes_only
        assert not is_chosen(off.rule, ["all"], [family])


def test_rules_of_other_tables_are_left_out() -> None:
    families = {rule.family for rule in choose(kind=Tables, tables={"IORT"})}
    assert families == {"acpi", "iommu", "iort", "module"}
    without = {rule.family for rule in choose(kind=Tables, tables={"IORT"}, kernel=False)}
    assert without == {"acpi", "iommu", "iort"}
