"""The index has what the rules declare, and rules that it leaves out have nothing to say."""

from __future__ import annotations

from pathlib import Path

import pytest

from dtlink.board.settings import Settings
from dtlink.board.tree import TreeBoard
from dtlink.firmware.fdt import read
from dtlink.rules import index
from dtlink.rules.catalogue import ChosenRule, all_rules, chosen_rules, ids
from dtlink.rules.model import Dts
from dtlink.rules.screen import may_speak, speaking
from dtlink.testing.trees import tree_of
from tools.rule_index import rendered

CLEAN = Path(__file__).resolve().parents[2] / "fixtures/boards/clean-board.dtb"
ASKING = [rule for rule in all_rules() if rule.asks]


def test_the_index_is_what_the_rules_declare() -> None:
    assert Path(index.__file__).read_text(encoding="utf-8") == rendered(), (
        "a rule was added, or its needs were changed: python -m tools.rule_index"
    )
    held = {rule.id: (rule.needs, rule.asks) for rule in all_rules() if rule.needs or rule.asks}
    assert held == index.INDEX


@pytest.mark.parametrize("rule", ASKING, ids=lambda rule: rule.id)
def test_what_a_rule_asks_for_is_there_where_it_finds_something(rule) -> None:
    for pair in rule.examples:
        if isinstance(pair.bad, Dts):
            board = TreeBoard(tree_of(pair.bad), Settings(against=pair.bad.against))
            assert may_speak(board, rule.needs, rule.asks)


def test_a_rule_that_the_index_lacks_is_always_asked() -> None:
    board = TreeBoard(read(CLEAN.read_bytes()))
    unknown = ChosenRule("tree/unknown")
    assert speaking(board, [unknown]) == [unknown]


def test_what_cannot_be_had_is_for_the_rule_to_fail_on() -> None:
    board = TreeBoard(read(CLEAN.read_bytes()))
    assert may_speak(board, (), "no_such.attribute")


def test_rules_without_anything_to_say_are_left_out(boards: tuple[Path, ...]) -> None:
    for path in boards:
        board = TreeBoard(read(path.read_bytes()))
        spoken = {each.id for each in speaking(board, chosen_rules(("all",), kind=Dts))}
        for rule in ASKING:
            if rule.id not in spoken and rule.example(Dts):
                assert not list(rule.check(board)), rule.id


def test_all_rules_are_chosen_by_all() -> None:
    assert [each.id for each in chosen_rules(("all",))] == list(ids())
