"""Numbers and lists in sentences: the functions, and that nothing else makes them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import dtlink
from dtlink.wording import and_more, besides, counted, joined, listed, noun

PACKAGE = Path(dtlink.__file__).parent
#: Code that makes "and 3 more" or a plural by itself.
BY_HAND = (r"and \{[^{}]*\} more\b", r"""["']s["'] (?:if|\*)""", r"""else f?["']s["']""")


def test_lists() -> None:
    assert listed(["a", "b", "c"], 3) == "a, b, c"
    assert listed(["a", "b", "c"], 2, "node") == "a, b and 1 more node"
    assert listed(["a", "b", "c"], 1, "node") == "a and 2 more nodes"
    assert joined(["a", "b", "c"]) == "a, b and c"
    assert besides(1) == ""
    assert besides(3) == " (and 2 more)"


@pytest.mark.parametrize(
    ("number", "text"),
    [(1, "and 1 more bus"), (2, "and 2 more buses"), (2000, "and 2,000 more buses")],
)
def test_what_a_list_leaves_out(number: int, text: str) -> None:
    assert and_more(number, "bus", "buses") == text


def test_nouns_agree_with_numbers() -> None:
    assert (noun(1, "node"), noun(0, "node")) == ("node", "nodes")
    assert counted(1204, "input") == "1,204 inputs"


def test_nothing_else_makes_plurals_or_counts_the_rest() -> None:
    pattern = re.compile("|".join(BY_HAND))
    found = [
        f"{path.relative_to(PACKAGE)}:{number}"
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.name != "wording.py"
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if pattern.search(line)
    ]
    assert not found, (
        f"use listed(), and_more(), noun() or counted() of dtlink/wording.py in {', '.join(found)}"
    )
