"""Which suppliers a driver means by its words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from dtlink.facts.bindings import BINDINGS
from dtlink.facts.resources import RESOURCES
from dtlink.typed import TYPE_CHECKING

#: A shorter name may be any word.
_SHORTEST = 3

if TYPE_CHECKING:
    from dtlink.observed.bootlog.suppliers import Need


def meant(needs: Sequence[Need], words: str) -> list[Need]:
    """The suppliers that a driver's words are about: those that it calls by name, or by kind."""
    if named := called(needs, words):
        needs = named
    for spoken in _log_words():
        if any(word in words for word in spoken):
            found = [need for need in needs if need.resource.log_words == spoken]
            if found:
                return found
    return list(needs) if named else []


def called(needs: Sequence[Need], words: str) -> list[Need]:
    """The suppliers that a driver's words call by name; of several names the longest."""
    named = [need for need in needs if _says(words, need.name)]
    longest = max((len(need.name) for need in named), default=0)
    return [need for need in named if len(need.name) == longest]


def _says(words: str, name: str) -> bool:
    """Whether a driver's words have the name of a supplier, alone or as ``vcc-supply``."""
    pattern = rf"(?<![\w-]){re.escape(name.lower())}(?:[-_](?:supply|gpios?|clk|clock))?(?![\w-])"
    return len(name) >= _SHORTEST and re.search(pattern, words) is not None


@cache
def _log_words() -> tuple[tuple[str, ...], ...]:
    """What drivers call each resource, in the order of the table."""
    rows = (*RESOURCES, *(binding.resource for binding in BINDINGS))
    return tuple(dict.fromkeys(row.log_words for row in rows if row.log_words))
