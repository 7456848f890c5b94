"""The type hints of everything public can be resolved, and of all that they name."""

from __future__ import annotations

import enum
import inspect
import pickle
import subprocess
import sys
import typing
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest

import dtlink
from dtlink.hints import LateAnnotations

ROOT = Path(__file__).resolve().parents[1]


def members(kind: type) -> Iterator[Any]:
    """The functions and classes that a class has."""
    for member in vars(kind).values():
        if isinstance(member, property):
            yield member.fget
        else:
            yield getattr(member, "__func__", getattr(member, "func", member))


def parts(hint: Any) -> Iterator[Any]:
    """What a hint is made of."""
    yield hint
    for part in typing.get_args(hint):
        for each in part if isinstance(part, list) else [part]:
            yield from parts(each)


def reached(start: list[Any]) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Functions and classes of dtlink with their hints, and those that the hints name."""
    seen: set[int] = set()
    while start:
        each = start.pop()
        is_ours = str(getattr(each, "__module__", "")).startswith("dtlink")
        if id(each) in seen or not isinstance(each, type | FunctionType) or not is_ours:
            continue
        seen.add(id(each))
        hints = typing.get_type_hints(each)
        start += [part for hint in hints.values() for part in parts(hint)]
        start += members(each) if isinstance(each, type) else ()
        yield each, hints


def test_hints_of_all_that_is_public_can_be_resolved() -> None:
    found = list(reached([getattr(dtlink, name) for name in dtlink.__all__]))
    assert len(found) > 1000
    functions = [each for each, _ in found if isinstance(each, FunctionType)]
    for function in functions:
        signature = inspect.signature(function, eval_str=True)
        for each in signature.parameters.values():
            assert not isinstance(each.annotation, str), (function, each)


@pytest.mark.parametrize("name", dtlink.__all__[::9])
def test_one_is_resolved_in_a_new_process(name: str) -> None:
    """None waits for another to be looked at first."""
    code = (
        f"import dtlink, typing, inspect\n"
        f"value = dtlink.{name}\n"
        "if callable(value): typing.get_type_hints(value)\n"
        "for each in vars(value).values() if isinstance(value, type) else ():\n"
        "    if inspect.isfunction(each): inspect.signature(each, eval_str=True)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_hints_are_the_types_themselves() -> None:
    hints = typing.get_type_hints(dtlink.lint)
    assert hints["return"] is dtlink.Report
    assert hints["since"] == str | None
    (options,) = typing.get_args(hints["options"])
    assert "select" in typing.get_type_hints(options)
    assert typing.get_type_hints(dtlink.Finding)["severity"] is dtlink.Severity
    assert typing.get_type_hints(dtlink.Board.why)["return"] is dtlink.WhyView
    assert inspect.signature(dtlink.Board.links).return_annotation == "LinksView"


def test_threads_may_ask_at_once() -> None:
    code = (
        "import dtlink, typing\n"
        "from concurrent.futures import ThreadPoolExecutor\n"
        "asked = [dtlink.Board.why, dtlink.lint, dtlink.diff, dtlink.Finding] * 8\n"
        "with ThreadPoolExecutor(8) as pool:\n"
        "    print(len(list(pool.map(typing.get_type_hints, asked))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert done.stdout == "32\n"


def test_annotations_are_dictionaries_of_text() -> None:
    given = dtlink.lint.__annotations__
    assert isinstance(given, LateAnnotations)
    assert given["return"] == "Report" == given.get("return")
    assert dict(given) == {**given} == dict(given.items()) == given.copy() == given
    assert list(given) == list(given.keys())
    assert type(pickle.loads(pickle.dumps(given))) is dict  # noqa: S301


def test_nothing_is_imported_before_annotations_are_read() -> None:
    code = (
        "import sys, dtlink; dtlink.Board; before = set(sys.modules)\n"
        "assert 'dtlink.views.why' not in before and 'ast' not in before\n"
        "dtlink.Board.why.__annotations__.items()\n"
        "assert 'dtlink.views.why' in sys.modules"
    )
    subprocess.run([sys.executable, "-S", "-c", code], cwd=ROOT, check=True)


def test_without_its_source_a_module_has_the_names_that_it_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As in a program that was packed without sources: no error but the one of typing."""
    from dtlink import hints

    def gone(_: object) -> str:
        raise OSError("could not get source code")

    monkeypatch.setattr(inspect, "getsource", gone)
    monkeypatch.setattr(hints, "_left", {})
    assert not hints._left
    hints.complete("dtlink.api.log")
    assert hints._left == {"dtlink.api.log": []}


def test_records_are_named_tuples_to_those_who_look() -> None:
    assert dtlink.Finding.__orig_bases__ == (typing.NamedTuple,)  # type: ignore[attr-defined]
    for name in dtlink.__all__:
        kind = getattr(dtlink, name)
        if isinstance(kind, type) and issubclass(kind, tuple):
            assert set(kind._fields) == set(typing.get_type_hints(kind))  # type: ignore[attr-defined]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_rule_is_hashed_and_pickled(protocol: int) -> None:
    rule, other = dtlink.explain("phandle/dangling", "phandle/leftover-cells")
    again = pickle.loads(pickle.dumps(rule, protocol))  # noqa: S301
    assert again == rule
    assert {rule: 1}[again] == 1
    assert rule != other
    assert isinstance(again.severity, enum.Enum)
