"""What an input has that an earlier state of it did not have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence

from dtlink.report.baseline import accepted
from dtlink.report.known import matched
from dtlink.report.model import CommentEntry, InputReport, Unmet, identified


def without_earlier(item: InputReport, earlier: InputReport) -> InputReport:
    """The report without what was there earlier; such findings are known.

    As against a baseline, lines do not matter, and a finding that is more severe now is new. What
    a baseline knows was there too: it is matched first.
    """
    all_ = [*item.known, *item.findings]
    known = matched(all_, [accepted("", *each) for each in identified(earlier.findings)])
    first = len(item.known)
    return item._replace(
        known=[each for at, each in enumerate(all_) if at < first or at in known],
        findings=[each for at, each in enumerate(all_) if at >= first and at not in known],
        unmet=_more(item.unmet, earlier.unmet),
        comments=_more_comments(item.comments, earlier.comments),
    )


def _more(now: Sequence[Unmet], earlier: Iterable[Unmet]) -> Sequence[Unmet]:
    left: Counter[Hashable] = Counter((each.rule, each.node, each.source) for each in earlier)
    return [each for each in now if not _take(left, (each.rule, each.node, each.source))]


def _more_comments(
    now: Sequence[CommentEntry], earlier: Iterable[CommentEntry]
) -> Sequence[CommentEntry]:
    """The comments without those that were unneeded earlier as well, whatever their lines."""
    left: Counter[Hashable] = Counter(_key(each) for each in earlier if not each.found)
    return [each for each in now if each.found or not _take(left, _key(each))]


def _key(entry: CommentEntry) -> Hashable:
    return entry.location.file, entry.rule, entry.reason, entry.is_expected


def _take(left: Counter[Hashable], key: Hashable) -> bool:
    """Whether there is one more of these; it is used up."""
    left[key] -= 1
    return left[key] >= 0
