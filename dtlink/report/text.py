"""The text report of ``dtlink lint``: grouped by input, with what to expect and what to do."""

from __future__ import annotations

from collections.abc import Iterator

from dtlink.report.layout import BOLD, DIM, STYLES, Line, Span, line, paragraph
from dtlink.report.model import InputReport, Report
from dtlink.rules.model import Finding, Severity

#: How many related nodes are named before the rest is counted.
_RELATED = 4


def lines(report: Report, width: int | None, least: Severity) -> Iterator[Line]:
    """Everything there is to say; findings below ``least`` are only counted."""
    for item in report.inputs:
        if item.error is None:
            yield from _input(item, width, least)
    if any(report.counts().values()):
        yield summary(report, least)


def _input(item: InputReport, width: int | None, least: Severity) -> Iterator[Line]:
    shown = [finding for finding in item.findings if finding.severity.rank <= least.rank]
    if not shown:
        return
    yield line(Span(item.path, BOLD), _identity(item))
    yield line()
    for finding in shown:
        yield from _finding(finding, width)
        yield line()


def _identity(item: InputReport) -> str:
    name = f" · {item.model}" if item.model else ""
    who = f" ({item.compatible[0]})" if item.compatible else ""
    return f"{name}{who} · {item.nodes:,} nodes, {item.references:,} links"


def _finding(finding: Finding, width: int | None) -> Iterator[Line]:
    severity = finding.severity.value
    where = f"{finding.location.file}:{finding.location.line}: " if finding.location else ""
    likely = " (likely)" if finding.confidence.value == "likely" else ""
    yield line(
        Span(severity.ljust(8), STYLES[severity]),
        Span(finding.rule, BOLD),
        likely,
        "  ",
        where,
        finding.subject,
    )
    yield from paragraph("", finding.message, width)
    if finding.consequence:
        yield from paragraph("  board:", finding.consequence, width)
    if finding.fix:
        yield from paragraph("  fix:", finding.fix, width)
    if finding.related:
        yield from paragraph("  also:", _related(finding.related), width)


def _related(paths: tuple[str, ...]) -> str:
    rest = len(paths) - _RELATED
    return ", ".join(paths[:_RELATED]) + (f" and {rest} more" if rest > 0 else "")


def summary(report: Report, least: Severity) -> Line:
    """One line that counts; says how to see what was not shown."""
    counts = report.counts()
    words = [
        f"{counts['error']} error{_s(counts['error'])}",
        f"{counts['warning']} warning{_s(counts['warning'])}",
        f"{counts['info']} note{_s(counts['info'])}",
    ]
    inputs = len(report.inputs)
    hidden = counts["info"] and least is not Severity.INFO
    hints = ["--show info lists the notes"] if hidden else []
    if any(counts.values()):
        hints.append("dtlink explain RULE tells more")
    tail = f" ({'; '.join(hints)})" if hints else ""
    return line(f"{', '.join(words)} in {inputs} input{_s(inputs)}", Span(tail, DIM))


def _s(count: int) -> str:
    return "" if count == 1 else "s"
