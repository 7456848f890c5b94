"""Findings gained, lost and changed."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from dtlink.firmware.names import stable
from dtlink.rules.model import Severity
from dtlink.views.diff.match import by, match
from dtlink.views.parts import Entry

#: Rules whose findings share no node, so that any node in common says that two are one: they tell a
#: whole component of a cycle, or all IOMMUs of a board, at one of its entries.
_WHOLE = frozenset(("cycle/supplier-cycle", "supplier/unordered-iommu"))
_NUMBER = re.compile(r"-\d+$")


def findings(
    old: Sequence[Entry], new: Sequence[Entry], ignored: Collection[str]
) -> dict[str, list[Entry]]:
    """By fingerprint. Nothing but the severity is a change: messages name numbers of one build.

    ``ignored`` are fingerprints of which nothing is told.
    """
    change = match(old, new, _fingerprint, by(("severity", "message"), ("severity",)))
    moved = _moved(change.lost, change.gained)
    changed = [(one, other) for one, other in (*change.changed, *moved) if _differ(one, other)]
    gone = {id(each) for pair in moved for each in pair}
    return {
        "gained": _told((each for each in change.gained if id(each) not in gone), ignored),
        "lost": _told((each for each in change.lost if id(each) not in gone), ignored),
        "changed": [
            {"old": one, "new": other}
            for one, other in changed
            if _fingerprint(other) not in ignored
        ],
    }


def _fingerprint(entry: Entry) -> str:
    """Without the number that it has where several have it."""
    return _NUMBER.sub("", entry["fingerprint"])


def _differ(one: Entry, other: Entry) -> bool:
    return bool(one["severity"] != other["severity"])


def _told(entries: Iterable[Entry], ignored: Collection[str]) -> list[Entry]:
    told = [each for each in entries if _fingerprint(each) not in ignored]
    return sorted(told, key=lambda each: (severity(each).rank, each["rule"], each["subject"]))


def _moved(lost: Sequence[Entry], gained: Sequence[Entry]) -> list[tuple[Entry, Entry]]:
    """Findings about several nodes that are told at another of them.

    A rule tells them at the first, and who is first is a matter of order.
    """
    homes: dict[tuple[str, str | None, str], Entry] = {}
    for one in lost:
        for place in _places(one):
            homes.setdefault((*_kind(one), place), one)
    pairs, used = [], set()
    for other in gained:
        for place in sorted(_places(other)):
            near = homes.get((*_kind(other), place))
            if near and id(near) not in used and _is_same(near, other):
                pairs.append((near, other))
                used.add(id(near))
                break
    return pairs


def _kind(entry: Entry) -> tuple[str, str | None]:
    return entry["rule"], None if entry["rule"] in _WHOLE else entry["property"]


def _is_same(one: Entry, other: Entry) -> bool:
    """Whether all nodes of one are among those of the other."""
    if one["rule"] in _WHOLE:
        return True
    before, after = _places(one), _places(other)
    moved = stable(one["subject"]) != stable(other["subject"])
    return moved and (before <= after or after <= before)


def _places(entry: Entry) -> frozenset[str]:
    return frozenset(map(stable, (entry["subject"], *entry["related"])))


def severity(finding: Entry) -> Severity:
    """The severity of a finding that is JSON data."""
    return Severity(finding["severity"])


def worsened(told: Mapping[str, Any]) -> list[Severity]:
    """The severities of the findings that the old one has not, or has milder."""
    found = told.get("findings")
    if found is None:
        return []
    worse = [
        severity(each["new"])
        for each in found["changed"]
        if severity(each["new"]).rank < severity(each["old"]).rank
    ]
    return [*map(severity, found["gained"]), *worse]
