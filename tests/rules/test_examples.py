"""Every rule's page and examples: what `dtlink explain` shows is what the rule does."""

import pytest

from dtlink.firmware import dts
from dtlink.rules.board import Board
from dtlink.rules.catalogue import all_rules, choose
from dtlink.rules.model import Dts, Finding, Rule, Severity
from dtlink.rules.run import check

HEADINGS = ("What it finds:", "Why it matters:", "What to do:", "References:")

rules = pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.id)


def findings(example: Dts, chosen: list[Rule]) -> list[Finding]:
    tree = dts.read_text(example.source, patch=example.patch)
    checked = check(Board(tree, against=example.against), chosen)
    assert checked.faults == []
    return checked.findings


def places(found: list[Finding], example: Dts) -> list[str]:
    """Where the findings are, as precisely as the example says it."""
    told = []
    for finding in found:
        whole = f"{finding.subject}:{finding.property_name}"
        told.append(whole if whole in example.finds else finding.subject)
    return sorted(told)


@rules
def test_bad_example_raises_the_rule_where_it_says(rule: Rule) -> None:
    assert rule.bad.finds, "a bad example names what it must raise"
    assert places(findings(rule.bad, [rule]), rule.bad) == sorted(rule.bad.finds)


@rules
def test_good_example_is_fine(rule: Rule) -> None:
    assert findings(rule.good, [rule]) == []


@rules
def test_good_example_raises_no_other_error(rule: Rule) -> None:
    found = findings(rule.good, list(all_rules()))
    assert [item.rule for item in found if item.severity is Severity.ERROR] == []


@rules
def test_findings_say_what_to_expect_and_what_to_do(rule: Rule) -> None:
    for finding in findings(rule.bad, [rule]):
        assert finding.rule == rule.id
        assert finding.message
        assert not finding.message.endswith(".")
        assert finding.consequence
        assert finding.fix


@rules
def test_page_has_its_headings_and_a_summary_of_one_sentence(rule: Rule) -> None:
    assert [heading for heading in HEADINGS if heading not in rule.page] == []
    assert rule.summary.endswith(".")


def test_choose_by_rule_and_family() -> None:
    family = all_rules()[0].family
    assert {rule.family for rule in choose([family])} == {family}
    assert all_rules()[0] not in choose([], [all_rules()[0].id])


def test_choose_refuses_unknown_names() -> None:
    with pytest.raises(ValueError, match="no rule or family is named nonsense"):
        choose(["nonsense"])
