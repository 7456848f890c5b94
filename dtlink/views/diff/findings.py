"""Findings gained, lost and changed."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from dtlink.firmware.names import stable
from dtlink.rules.model import Severity
from dtlink.views.diff.match import by, match
from dtlink.views.diff.rows import FindingChange, FindingChanges, FindingRow, KindChanges

#: Rules whose findings share no node, so that any node in common says that two are one: they are
#: about a whole component of a cycle, or all IOMMUs of a board, and are reported at one of them.
_WHOLE = frozenset(("cycle/supplier-cycle", "supplier/unordered-iommu"))
_NUMBER = re.compile(r"-\d+$")


def findings(
    old: Sequence[FindingRow], new: Sequence[FindingRow], ignored: Collection[str]
) -> FindingChanges:
    """By fingerprint. Nothing but the severity is a change: messages have numbers of one build.

    ``ignored`` are fingerprints that are left out.
    """
    found = match(old, new, _fingerprint, by(("severity", "message"), ("severity",)))
    moved = _moved(found.lost, found.gained)
    changed = [pair for pair in (*found.changed, *moved) if pair[0].severity != pair[1].severity]
    gone = {id(each) for pair in moved for each in pair}
    return KindChanges(
        gained=_sorted((each for each in found.gained if id(each) not in gone), ignored),
        lost=_sorted((each for each in found.lost if id(each) not in gone), ignored),
        changed=tuple(
            FindingChange(old=one, new=other)
            for one, other in changed
            if _fingerprint(other) not in ignored
        ),
    )


def _fingerprint(row: FindingRow) -> str:
    """Without the number that it has where several have it."""
    return _NUMBER.sub("", row.fingerprint)


def _sorted(rows: Iterable[FindingRow], ignored: Collection[str]) -> tuple[FindingRow, ...]:
    kept = [each for each in rows if _fingerprint(each) not in ignored]
    return tuple(sorted(kept, key=lambda each: (each.severity.rank, each.rule, each.subject)))


def _moved(
    lost: Sequence[FindingRow], gained: Sequence[FindingRow]
) -> list[tuple[FindingRow, FindingRow]]:
    """Findings about several nodes that are reported at another of them.

    A rule reports them at the first, and which is first is a matter of order.
    """
    homes: dict[tuple[str, str | None, str], FindingRow] = {}
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


def _kind(row: FindingRow) -> tuple[str, str | None]:
    return row.rule, None if row.rule in _WHOLE else row.property_name


def _is_same(one: FindingRow, other: FindingRow) -> bool:
    """Whether all nodes of one are among those of the other."""
    if one.rule in _WHOLE:
        return True
    before, after = _places(one), _places(other)
    moved = stable(one.subject) != stable(other.subject)
    return moved and (before <= after or after <= before)


def _places(row: FindingRow) -> frozenset[str]:
    return frozenset(map(stable, (row.subject, *row.related)))


def worsened(found: FindingChanges) -> list[Severity]:
    """The severities of the findings that the old side has not, or has milder."""
    worse = [
        each.new.severity
        for each in found.changed
        if each.new.severity.rank < each.old.severity.rank
    ]
    return [*(each.severity for each in found.gained), *worse]
