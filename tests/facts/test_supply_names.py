"""Names of supplies and GPIOs, and how near misspelt ones are."""

from __future__ import annotations

import pytest

from dtlink.facts.supply_names import is_known, is_near, slip, stem
from dtlink.kernel.source.index import SourceIndex
from tools.supply_names import of_drivers


def test_what_drivers_of_the_shipped_indexes_ask_for_is_known() -> None:
    asked = set(of_drivers([SourceIndex.load()]))
    assert len(asked) > 500
    assert [name for name in sorted(asked) if not is_known(name)] == []


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("vim", "vin", True),
        ("gpoi", "gpio", True),
        ("vmmmc", "vmmc", True),
        ("clock", "clocks", True),
        ("vmmc", "vmmc", False),
        ("vdd", "vcc", False),
        ("gpoix", "gpio", False),
        ("abcd", "badc", False),
        ("", "a", True),
    ],
)
def test_how_near_names_are(one: str, other: str, expected: bool) -> None:  # noqa: FBT001 - a row
    assert is_near(one, other) is expected
    assert is_near(other, one) is expected


def test_two_exchanged_letters_are_more_likely_than_another_one() -> None:
    assert min(["vqmmc", "vmmc"], key=lambda each: slip("vmmmc", each)) == "vmmc"


@pytest.mark.parametrize(
    ("name", "expected"), [("vin-supply", "vin"), ("cd-gpio", "cd"), ("gpios", ""), ("reg", "")]
)
def test_what_is_before_the_suffix(name: str, expected: str) -> None:
    assert stem(name) == expected


def test_numbers_do_not_matter() -> None:
    assert is_known("vdd-l99")
    assert not is_known("vmcc")
