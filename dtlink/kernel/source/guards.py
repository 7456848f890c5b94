"""The members of structures that have to be set for a call to be made.

A helper does more for some drivers than for others: ``if (desc->gdscs) gdsc_register(…)``. A member
that no data of a driver sets is zero, and the call is then not made for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dtlink.kernel.source.functions import Function
from dtlink.kernel.source.macros import arguments
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Final

Guards = frozenset[str]
"""Members that are all set."""

_IF = re.compile(r"\bif\s*(?=\()")
_MEMBER = re.compile(r"\s*\(*\s*&?\w[\w>.\[\]-]*(?:->|\.)\s*(\w+)\s*(?:>\s*0\s*)?\)*\s*")
#: ``if (!desc->member) return 0;``: what follows is for those that have it.
_WITHOUT = re.compile(
    r"\bif\s*\(\s*(?:![^|&(){};]+\|\|\s*)?!\s*\w[\w>.\[\]-]*(?:->|\.)\s*(\w+)\s*\)\s*\{?\s*"
    r"(?:return(?:\s+0|\s+NULL)?|continue)\s*;\s*\}?"
)
#: ``if (dw_pcie_cap_is(pci, REQ_RES))``: a constant that drivers set by ``…_cap_set()``.
_CAPABILITY = re.compile(r"\s*\w+_cap_is\s*\([^,()]*,\s*([A-Z]\w+)\s*\)\s*")
#: How many are kept on the way from a driver to a request.
MOST: Final = 4


def guards(function: Function, place: int) -> Guards:
    """The members that have to be set for what is at a place of a function to be called."""
    before = function.body[:place]
    if "->" not in before and "_cap_is" not in before:
        return frozenset()
    found = {m[1] for m in _WITHOUT.finditer(before) if _is_around(before[m.end() :])}
    for condition in _enclosing(function.body, place):
        terms = condition.split("&&") if "||" not in condition else ()
        matches = (_MEMBER.fullmatch(term) or _CAPABILITY.fullmatch(term) for term in terms)
        found.update(match[1] for match in matches if match)
    return frozenset(sorted(found)[:MOST])


def _enclosing(body: str, place: int) -> Iterator[str]:
    """The conditions of the ``if`` whose branches a place is in."""
    for match in _IF.finditer(body, 0, place):
        given = arguments(body, match.end())
        if given is None or given[1] > place:
            continue
        between = body[given[1] : place]
        opening = re.match(r"\s*\{", between)
        inside = _is_open(between) if opening else not re.search(r"[;{}]", between)
        if inside:
            yield body[match.end() + 1 : given[1] - 1]


def _is_around(after: str) -> bool:
    """Whether the block that a text begins in is open to its end."""
    depth = 0
    for letter in after:
        depth += (letter == "{") - (letter == "}")
        if depth < 0:
            return False
    return True


def _is_open(between: str) -> bool:
    """Whether the brace that a text begins with is still open at its end."""
    depth = 0
    for letter in between:
        depth += (letter == "{") - (letter == "}")
        if depth == 0 and letter == "}":
            return False
    return depth > 0
