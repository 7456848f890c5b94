"""Whether fixes did what they say: their findings are gone, and no other came."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.report.model import InputReport
    from dtlink.rules.model import Finding


def fault(before: InputReport, after: InputReport, mine: Sequence[Finding]) -> str:
    """What is wrong with a fix, on a board; empty: nothing."""
    if before.error is not None:
        return ""
    if after.error is not None:
        return f"the source is no longer read: {after.error.message}"
    if after.faults:
        return f"{after.faults[0].rule}: {after.faults[0].error}"
    had, has = _counts(before.findings), _counts(after.findings)
    for key, number in _counts(mine).items():
        if had[key] - has[key] < number:
            return f"{key[0]} is still found at {key[1]}"
    for key in has - had:
        return f"{key[0]} is found at {key[1]} afterwards"
    return ""


def _counts(findings: Sequence[Finding]) -> Counter[tuple[str, str, str, str]]:
    return Counter(
        (each.rule, each.subject.path, each.property_name or "", each.supplier) for each in findings
    )
