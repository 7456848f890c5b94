"""Which entries of a configuration concern a finding."""

from fnmatch import fnmatchcase

import pytest

from dtlink.config.model import FindingPattern
from dtlink.config.patterns import FindingPatterns
from tests.report.reports import finding

ENTRIES = (
    FindingPattern("phandle/dangling", "/soc/d1"),
    FindingPattern("phandle", "/soc/d*"),
    FindingPattern("phandle/", "*/d[12]"),
    FindingPattern("all"),
    FindingPattern("legacy", "/soc/d1"),
    FindingPattern("phandle/dangling", "/soc"),
    FindingPattern("phandle/dangling", "/soc/d?"),
)


@pytest.mark.parametrize(
    ("subject", "numbers"),
    [
        ("/soc/d1", [0, 1, 2, 3, 6]),
        ("/soc/d12", [1, 3]),
        ("/d2", [2, 3]),
        ("/soc", [3, 5]),
        ("/so", [3]),
    ],
)
def test_the_entries_are_found_in_their_order(subject: str, numbers: list[int]) -> None:
    assert FindingPatterns(ENTRIES).numbers(finding(subject=subject)) == numbers


@pytest.mark.parametrize(
    "pattern", ["*", "?oc", "/s[o]c/*", "*s*o*c*", "*/a-long-name-of-a-node@1*"]
)
def test_patterns_are_those_of_fnmatch(pattern: str) -> None:
    found = FindingPatterns([FindingPattern("phandle/dangling", pattern)])
    for subject in ("", "/", "soc", "/soc/d1", "/soc/a-long-name-of-a-node@100", "/s[o]c/x"):
        expected = [0] if fnmatchcase(subject, pattern) else []
        assert found.numbers(finding(subject=subject)) == expected


def test_an_entry_of_another_rule_is_not_found() -> None:
    assert FindingPatterns(ENTRIES).numbers(finding("legacy/old-name", subject="/soc/d1")) == [3, 4]
