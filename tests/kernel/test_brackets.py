"""The arguments of many calls in a text: its brackets are matched once."""

from __future__ import annotations

import random
import re
from collections import Counter

import pytest

from dtlink.kernel.source import brackets, functions
from dtlink.kernel.source.brackets import arguments_within
from dtlink.kernel.source.functions import Function
from dtlink.kernel.source.macros import arguments

PIECES = ("f(", " (", ")", ")", "[", "]", "{", "}", ",", ", ", "a", '"', "'", '"b(,"', "\\", "\n")


@pytest.mark.parametrize("seed", range(300))
def test_they_are_those_of_each_call_alone(seed: int) -> None:
    source = random.Random(seed)  # noqa: S311 - the same in each run
    text = "".join(source.choice(PIECES) for _ in range(source.randint(0, 60)))
    for start in range(len(text) + 1):
        assert arguments_within(text, start) == arguments(text, start)


@pytest.mark.parametrize("ending", [")", ""])
def test_nested_calls_are_read_once(monkeypatch: pytest.MonkeyPatch, ending: str) -> None:
    count, read = 500, Counter[str]()

    class Counted:
        """A pattern, which counts what it finds."""

        def __init__(self, pattern: re.Pattern[str]) -> None:
            self.pattern = pattern

        def finditer(self, text: str) -> list[re.Match[str]]:
            found = list(self.pattern.finditer(text))
            read["brackets"] += len(found)
            return found

    monkeypatch.setattr(brackets, "BRACKET", Counted(brackets.BRACKET))
    monkeypatch.setattr(functions, "arguments", None)  # which reads to the end of one call
    body = "get(dev, " * count + "1" + ending * count + ";"
    function = Function("probe", (), body, "a.c")
    calls = [function.call("get", at) for at in function.called()["get", False]]
    assert len(calls) == count
    assert [call is None for call in calls] == [not ending] * count
    assert read["brackets"] <= 3 * count
