"""``--statistics``: how many findings each rule has, and in how many inputs, instead of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from dtlink.report.groups import groups
from dtlink.report.layout import DIM, STYLES, Line, Span, line, rule_name
from dtlink.report.model import Report
from dtlink.report.summary import summary
from dtlink.rules.model import Severity


def lines(report: Report, width: int | None) -> Iterator[Line]:
    """A line for each rule and severity, the worst and most frequent first; then the summary.

    The columns are findings, inputs, severity and rule; what several boards share counts once.
    Notes are counted too, whatever is shown.
    """
    found = groups(report)
    counts: Counter[tuple[Severity, str]] = Counter()
    inputs = defaultdict[tuple[Severity, str], set[str]](set)
    for each in found:
        key = each.finding.severity, each.finding.rule
        counts[key] += 1
        inputs[key].update(item.name for item in each.inputs)
    counts.update(report.totals.omitted)
    if counts:
        yield line(Span("findings   inputs  severity  rule", DIM))
    for key in sorted(counts, key=lambda key: (key[0].rank, -counts[key], key[1])):
        severity, rule = key[0].value, key[1]
        numbers = f"{counts[key]:>8,} {len(inputs[key]):>8,}  "
        yield line(numbers, Span(severity.ljust(10), STYLES[severity]), rule_name(rule))
    if counts:
        yield line()
    yield from summary(report, found, width, Severity.INFO, by_rule=False)
