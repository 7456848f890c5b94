"""The members of structures that have to be set for a call to be made.

A helper does more for some drivers than for others: ``if (desc->gdscs) gdsc_register(…)``. A member
that no data of a driver sets is zero, and the call is then not made for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from dtlink.kernel.source.functions import Function
from dtlink.kernel.source.macros import arguments
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Final

_BRACE = re.compile(r"[{}]")
#: What ends a statement, or begins a block.
_STOP = re.compile(r"[;{}]")

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


class _Within(NamedTuple):
    """Where members are asked for, and for which places of a body that holds."""

    members: tuple[str, ...]
    start: int
    end: int


def guards(function: Function, place: int) -> Guards:
    """The members that have to be set for what is at a place of a function to be called."""
    body = function.body
    if body.find("->", 0, place) < 0 and body.find("_cap_is", 0, place) < 0:
        return frozenset()
    found = {
        member
        for each in _asked(body)
        if each.start <= place <= each.end
        for member in each.members
    }
    return frozenset(sorted(found)[:MOST])


@lru_cache(maxsize=8)
def _asked(body: str) -> Sequence[_Within]:
    """All that a body asks of members: looked for once, however many calls it has."""
    ends = _block_ends(body)
    return [*_returns(body, ends), *_branches(body, ends)]


def _returns(body: str, ends: Mapping[int, int]) -> Iterator[_Within]:
    """What is left of a block after a return for those without a member."""
    opened: list[int] = []
    braces = iter(_BRACE.finditer(body))
    brace = next(braces, None)
    for match in _WITHOUT.finditer(body):
        while brace is not None and brace.start() < match.end():
            if brace[0] == "{":
                opened.append(brace.start())
            elif opened:
                opened.pop()
            brace = next(braces, None)
        end = ends.get(opened[-1], len(body)) if opened else len(body)
        yield _Within((match[1],), match.end(), end)


def _branches(body: str, ends: Mapping[int, int]) -> Iterator[_Within]:
    """The branches of each ``if`` that asks for members."""
    for match in _IF.finditer(body):
        given = arguments(body, match.end())
        if given is None:
            continue
        condition = body[match.end() + 1 : given[1] - 1]
        terms = condition.split("&&") if "||" not in condition else ()
        matches = (_MEMBER.fullmatch(term) or _CAPABILITY.fullmatch(term) for term in terms)
        if members := tuple(each[1] for each in matches if each):
            yield _Within(members, given[1], _branch_end(body, given[1], ends))


def _branch_end(body: str, start: int, ends: Mapping[int, int]) -> int:
    """The last place of a block, or of one statement, that begins here."""
    stop = _STOP.search(body, start)
    if stop is None:
        return len(body)
    is_block = stop[0] == "{" and not body[start : stop.start()].strip()
    return ends.get(stop.start(), len(body)) if is_block else stop.start()


def _block_ends(body: str) -> Mapping[int, int]:
    """Where the block of each brace ends."""
    ends: dict[int, int] = {}
    opened: list[int] = []
    for brace in _BRACE.finditer(body):
        if brace[0] == "{":
            opened.append(brace.start())
        elif opened:
            ends[opened.pop()] = brace.start()
    return ends
