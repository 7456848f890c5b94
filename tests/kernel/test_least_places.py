"""Of the places of a source file, those that ask for more than another does are left out."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterable
from types import FrameType

import pytest

from dtlink.kernel.source import objects
from dtlink.kernel.source.objects import ObjectPlace


def by_definition(places: set[ObjectPlace]) -> set[ObjectPlace]:
    """Each place compared with each other."""

    def is_implied(place: ObjectPlace, other: ObjectPlace) -> bool:
        return other[:2] == place[:2] and set(other.also) < set(place.also)

    return {each for each in places if not any(is_implied(each, other) for other in places)}


def made(source: random.Random) -> ObjectPlace:
    also = tuple(source.sample("ABCDE", source.randint(0, 4)))
    return ObjectPlace(source.choice("mn"), source.choice(["", "S"]), also)


@pytest.mark.parametrize("seed", range(300))
def test_the_least_places_are_those_by_definition(seed: int) -> None:
    source = random.Random(seed)  # noqa: S311
    places = {made(source) for _ in range(source.randint(0, 25))}
    assert objects._least(places) == by_definition(places)


def work(places: Iterable[ObjectPlace]) -> int:
    """How many functions are called, and generators resumed, to find the least."""
    count = 0

    def called(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event == "call"

    given, before = set(places), sys.getprofile()
    sys.setprofile(called)
    try:
        objects._least(given)
    finally:
        sys.setprofile(before)
    return count


MANY = {
    "modules": lambda at: ObjectPlace(f"m{at}", f"A{at}", ()),
    "conditions": lambda at: ObjectPlace("m", "", (f"A{at}=y",)),
    "two conditions": lambda at: ObjectPlace("m", "", ("B", f"A{at}=y")),
}


@pytest.mark.parametrize("name", MANY)
def test_many_places_of_a_file_take_work_by_their_number(name: str) -> None:
    few, many = (work(MANY[name](at) for at in range(count)) for count in (500, 2_000))
    assert few >= 500
    assert many <= 5 * few
