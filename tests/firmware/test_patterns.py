"""Regular expressions that mean the same in every version of Python that dtlink supports."""

from __future__ import annotations

import re

from tests.cli.conftest import ROOT

#: A group that is repeated possessively: ``(…)*+``, ``(…)++``, ``(…)?+``, ``(…){2,}+``.
REPEATED = re.compile(r"(?<!\\)\)(?:[*+?]|\{\d*,?\d*\})\+")


def test_no_group_is_repeated_possessively() -> None:
    """Before 3.11.5 Python keeps what the last, failing turn has consumed (gh-106052).

    Debian 12 has 3.11.2. ``(?>(?:…)*)`` is the same, and right in all versions; ``[…]*+``, of a
    single character, is too.
    """
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in sorted((ROOT / "dtlink").rglob("*.py"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if REPEATED.search(line) and ('r"' in line or "r'" in line)
    ]
    assert not found, "write (?>(?:…)*) instead: " + ", ".join(found)


def test_the_search_finds_one() -> None:
    assert REPEATED.search(r"((?:[a-z]+:)*+)")
    assert not REPEATED.search(r"[a-z]*+\)+")
