"""Which suppliers a driver means by its words."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from dtlink.facts.bindings import BINDINGS
from dtlink.facts.resources import RESOURCES

if TYPE_CHECKING:
    from dtlink.observed.bootlog.suppliers import Need


def meant(needs: Sequence[Need], words: str) -> list[Need]:
    """The suppliers that a driver's words are about."""
    for spoken in _log_words():
        if any(word in words for word in spoken):
            found = [need for need in needs if need.resource.log_words == spoken]
            if found:
                return found
    return []


@cache
def _log_words() -> tuple[tuple[str, ...], ...]:
    """What drivers call each resource, in the order of the table."""
    rows = (*RESOURCES, *(binding.resource for binding in BINDINGS))
    return tuple(dict.fromkeys(row.log_words for row in rows if row.log_words))
