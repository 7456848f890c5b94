"""Whether fixes did what they say: their findings are gone, and no other came."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from dtlink.firmware.edits import SetProperty
from dtlink.rules.model import Severity

if TYPE_CHECKING:
    from dtlink.report.model import InputReport
    from dtlink.rules.model import Finding

    _Key = tuple[str, str, str, str]

#: Rules about what references lead to: a fix that makes the kernel follow some may show more.
_OF_LINKS = ("cycle/", "supplier/unordered-iommu")


class Kind(Enum):
    """What a problem means for the fix."""

    FAULT = "it did not do what it says: a fault of dtlink"
    CONSEQUENCE = "it did, and the board then has another fault, which it hid"
    NOTE = "it did, and what is then worth knowing weighs less than what was wrong"


class Problem(NamedTuple):
    """Why a fix is taken back."""

    reason: str
    kind: Kind = Kind.FAULT


def problem(before: InputReport, after: InputReport, mine: Sequence[Finding]) -> Problem | None:
    """What is wrong with fixes, on a board: the worst."""
    if before.error is not None:
        return None
    if after.error is not None:
        return Problem(f"the source is no longer read: {after.error.message}")
    if after.faults:
        return Problem(f"{after.faults[0].rule}: {after.faults[0].error}")
    found = [*_left(before, after, mine), *_new(before, after, mine)]
    return min(found, key=lambda each: list(Kind).index(each.kind), default=None)


def _left(before: InputReport, after: InputReport, mine: Sequence[Finding]) -> Iterator[Problem]:
    had, has = _counts(before.findings), _counts(after.findings)
    for key, number in _counts(mine).items():
        # What was accepted before may have taken one of several away already.
        if had[key] - has[key] < min(number, had[key]):
            yield Problem(f"{key[0]} is still found at {key[1]}")


def _new(before: InputReport, after: InputReport, mine: Sequence[Finding]) -> Iterator[Problem]:
    more = _counts(after.findings) - _counts(before.findings)
    enabled = tuple(_enabled(mine))
    for each in after.findings:
        key = _key(each)
        if more[key] > 0:
            more[key] -= 1
            reason = f"{each.rule} is found at {each.subject.path} afterwards"
            yield Problem(reason, _kind(each, mine, enabled))


def _kind(new: Finding, mine: Sequence[Finding], enabled: Sequence[str]) -> Kind:
    is_of_links = new.rule.startswith(_OF_LINKS)
    is_note = new.severity is Severity.INFO
    if is_of_links and is_note and any(each.severity is not Severity.INFO for each in mine):
        return Kind.NOTE
    if is_of_links or f"{new.subject.path}/".startswith(tuple(enabled)):
        return Kind.CONSEQUENCE
    return Kind.FAULT


def _enabled(mine: Sequence[Finding]) -> Iterator[str]:
    """The nodes that fixes enable, with what is below them: nothing was checked there before."""
    for edit in (edit for each in mine for edit in each.fix.edits):
        if isinstance(edit, SetProperty) and edit.name == "status":
            yield f"{edit.node.path.rstrip('/')}/"


def _key(each: Finding) -> _Key:
    return each.rule, each.subject.path, each.property_name or "", each.supplier


def _counts(findings: Sequence[Finding]) -> Counter[_Key]:
    return Counter(map(_key, findings))
