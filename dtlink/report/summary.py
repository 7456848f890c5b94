"""The end of the text report, which a terminal still shows after a long report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from dtlink.report.groups import Group, repeats
from dtlink.report.groups import counts as counts_of
from dtlink.report.layout import DIM, STYLES, Line, Span, flow, line
from dtlink.report.model import Report
from dtlink.report.places import relative_name
from dtlink.rules.model import Severity
from dtlink.wording import and_more, counted

#: Number of findings that fit on a screen; with more, rules and inputs are counted.
_SCREEN = 6
#: Maximum number of rules, and of inputs, that are listed.
_NAMED = 5


def summary(
    report: Report,
    groups: Sequence[Group],
    width: int | None,
    least: Severity,
    *,
    by_rule: bool = True,
) -> Iterator[Line]:
    """The numbers of faults and their rules, and the options that show more.

    ``groups`` are the report's; one that several inputs share counts once. ``by_rule``: with the
    rules that have most.
    """
    counts = counts_of(groups, report)
    beside = list(aside(report))
    if not any(counts.values()) and not beside:
        return
    shown = [each for each in Severity if each.rank <= least.rank]
    if by_rule and sum(counts[each.value] for each in shown) > _SCREEN:
        yield from _by_rule(report, groups, shown, width)
    total = ", ".join(counted(counts[name], word) for name, word in _WORDS.items())
    if report.is_compared:
        total = f"new: {total}" if any(counts.values()) else "no new findings"
    each_input = repeats(groups, report)
    several = f" ({each_input})" if each_input else ""
    parts = [f"{total} in {counted(report.totals.inputs, 'input')}{several}", *beside]
    yield from flow([Span("; ".join(parts)), *_hints(counts, least)], width, indent=0)
    for kernel in dict.fromkeys(_kernels(report)):
        yield from flow([Span(kernel, DIM)], width, indent=0)


def _kernels(report: Report) -> Iterator[str]:
    """The kernels that the user named, each with the index of its source."""
    for kernel in (each or report.kernel or {} for each in report.totals.kernels):
        if "index_release" in kernel:
            what = kernel["release"] or kernel["path"]
            model = f"fw_devlink of {kernel['version']}"
            yield f"kernel {what}: {model}, source index of {kernel['index_release']}"


_WORDS = {"error": "error", "warning": "warning", "info": "note"}


def _by_rule(
    report: Report, groups: Sequence[Group], shown: list[Severity], width: int | None
) -> Iterator[Line]:
    """A line per severity with its rules, and one with the inputs, the most frequent first."""
    found = [each for each in groups if each.finding.severity in shown]
    for severity in shown:
        rules = Counter(each.finding.rule for each in found if each.finding.severity is severity)
        for (_, rule), number in _omitted(report, severity):
            rules[rule] += number
        if rules:
            label = Span(severity.value.ljust(8), STYLES[severity.value])
            yield from flow([label, *_most(rules, "rule")], width, indent=9)
    inputs = Counter(relative_name(each.item) for group in found for each in group.members)
    if len(inputs) > 1 and max(inputs.values()) > 1:
        yield from flow([Span("most findings:", DIM), *_most(inputs, "input")], width, indent=9)
    yield line()


def _omitted(report: Report, severity: Severity) -> Iterator[tuple[tuple[Severity, str], int]]:
    """The numbers of findings of a severity that the report lacks."""
    return (each for each in report.totals.omitted.items() if each[0][0] is severity)


def _most(counted: Counter[str], what: str) -> Iterator[Span]:
    rest = len(counted) - _NAMED
    last = and_more(rest, what) if rest > 0 else ""
    named = [f"{name} ({count:,})" for name, count in counted.most_common(_NAMED)]
    for name in named[: None if last else -1]:
        yield Span(name + ",")
    yield Span(last or named[-1])


def aside(report: Report) -> Iterator[str]:
    """Findings that do not count, and inputs that could not be read."""
    totals = report.totals
    if totals.known:
        where = "known" if report.since else "in baseline"
        yield f"{totals.known:,} {where}"
    if totals.fixed:
        yield f"{totals.fixed:,} fixed"
    if totals.ignored:
        yield f"{totals.ignored:,} ignored"
    if totals.unmet:
        yield f"{totals.unmet:,} expected but missing"
    if totals.unused:
        yield f"{totals.unused:,} allowed but unused"
    if totals.unreadable:
        yield f"{totals.unreadable:,} not read"


def _hints(counts: dict[str, int], least: Severity) -> Iterator[Span]:
    hints = ["dtlink explain RULE for details"] if any(counts.values()) else []
    if counts["info"] and least is not Severity.INFO:
        hints.insert(0, "--show info to list notes")
    if hints:
        yield Span(f"({'; '.join(hints)})", DIM)
