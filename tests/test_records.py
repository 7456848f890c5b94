"""Our named tuples are what typing's are; only the making of their classes differs."""

from __future__ import annotations

import copy
import pickle
import sys
import typing
from typing import Any, Generic, TypeVar

import pytest

from dtlink import records

T = TypeVar("T")


def _made(base: Any) -> Any:
    class Pair(base):
        first: int
        second: str = "two"
        """What follows a field is not kept."""
        third: tuple[NotThere, ...] = ()  # noqa: F821 - annotations are never evaluated

        @property
        def both(self) -> str:
            return f"{self.first} {self.second}"

        @classmethod
        def of(cls, first: int) -> Any:
            return cls(first)

    return Pair


def _fails(call: Any) -> tuple[type[Exception], str]:
    with pytest.raises((TypeError, ValueError, AttributeError)) as caught:
        call()
    return caught.type, str(caught.value)


OURS, THEIRS = _made(records.NamedTuple), _made(typing.NamedTuple)


@pytest.mark.parametrize(
    "use",
    [
        lambda c: repr(c(1)),
        lambda c: repr(c(first=1, third=(2,))),
        lambda c: c.of(1).both,
        lambda c: c(1)._replace(second="2"),
        lambda c: copy.replace(c(1), second="2") if sys.version_info >= (3, 13) else None,
        lambda c: c(1)._asdict(),
        lambda c: c._make([1, 2, 3]),
        lambda c: (c._fields, c._field_defaults, c.__match_args__, c.__bases__[-1].__mro__[-2]),
        lambda c: (c(1) == (1, "two", ()), hash(c(1)), c(2) > c(1), c(1)[1:], len(c(1))),
        lambda c: (copy.copy(c(1)), copy.deepcopy(c([1]))),
        lambda c: (c.__name__, c.__module__, c.__slots__, c.__new__.__defaults__),
    ],
)
def test_they_do_the_same(use: Any) -> None:
    assert use(OURS) == use(THEIRS)


@pytest.mark.parametrize(
    "use",
    [
        lambda c: c(),
        lambda c: c(1, 2, 3, 4),
        lambda c: c(1, fourth=4),
        lambda c: c(1)._replace(fourth=4),
        lambda c: c._make([1]),
        lambda c: setattr(c(1), "first", 2),
        lambda c: setattr(c(1), "fourth", 2),
    ],
)
def test_they_refuse_the_same(use: Any) -> None:
    assert _fails(lambda: use(OURS)) == _fails(lambda: use(THEIRS))


class Kept(records.NamedTuple):
    first: int
    second: str = ""


class Held(records.NamedTuple, Generic[T]):
    value: T


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_they_go_to_other_processes(protocol: int) -> None:
    kept = pickle.loads(pickle.dumps(Kept(1, "a"), protocol))  # noqa: S301
    assert (type(kept), kept) == (Kept, Kept(1, "a"))


def test_they_match_and_may_be_generic() -> None:
    match Kept(1, "a"):
        case Kept(first, second):
            assert (first, second) == (1, "a")
    assert Held[int](1).value == 1


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="they have __annotate__")
def test_annotations_stay_text() -> None:
    assert Kept.__annotations__ == {"first": "int", "second": "str"}


def test_classes_of_as_many_fields_share_a_constructor() -> None:
    class Other(records.NamedTuple):
        third: int
        fourth: int

    assert Other.__new__.__code__.co_code == Kept.__new__.__code__.co_code
    assert Other.__new__.__code__.co_varnames != Kept.__new__.__code__.co_varnames
