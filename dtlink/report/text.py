"""The text report of ``dtlink lint``: grouped by input, with what to expect and what to do.

A fault that several inputs share is reported once, at its place in the file that they include;
equal findings of several blobs are, too. Paths are as :func:`~dtlink.report.places.relative`
writes them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from dtlink.firmware.inputs import Input
from dtlink.firmware.tree import Location
from dtlink.records import NamedTuple
from dtlink.report.around import around, placed
from dtlink.report.columns import columns
from dtlink.report.groups import BOARDS_IN_TEXT, Group, ShortNames, boards, groups, short_names
from dtlink.report.layout import BOLD, DIM, STYLES, Line, Span, flow, line, paragraph, rule_name
from dtlink.report.model import BaselineEntry, InputReport, Report, Unmet
from dtlink.report.places import relative, relative_name
from dtlink.report.summary import summary
from dtlink.report.wording import source_of, unused
from dtlink.rules.finding import Finding, Severity, Snippet
from dtlink.wording import RELATED_IN_TEXT, counted, listed

#: Maximum width of a line; longer lines are hard to read.
_WIDEST = 120
#: How many findings of one rule are shown in a section.
_ALIKE = 100
#: How many bases with one reason are named.
_BASES = 4
#: The heading of what several inputs have that no file has which they include.
_EQUAL = "equal findings"
#: How much of a source's line is shown where nothing is wrapped.
_SOURCE_WIDTH = 160


class _Section(NamedTuple):
    """A heading and the faults below it: of one input, or of a file that several include."""

    heading: Sequence[Span]
    groups: Sequence[Group]
    item: InputReport | None
    """The input; ``None``: several have the faults."""
    unmet: Sequence[Unmet] = ()


def lines(
    report: Report, width: int | None, least: Severity, *, everything: bool = False
) -> Iterator[Line]:
    """The whole report; findings below ``least`` are only counted.

    ``everything``: lists are not cut short, and inputs without findings are named.

    ``width`` is the terminal's, in columns; ``None``: nothing is wrapped. Sections with errors come
    first, then those with warnings: the first screen has the worst.
    """
    width = None if width is None else min(width, _WIDEST)
    found, names = groups(report), short_names(report)
    shown = [each for each in found if each.finding.severity.rank <= least.rank]
    for each in sorted(_sections(report, shown, everything=everything), key=_rank):
        yield from _section(each, names, width, everything=everything)
    yield from summary(report, found, width, least)


def _sections(report: Report, found: Sequence[Group], *, everything: bool) -> Iterator[_Section]:
    """What several inputs share, by file, then what is of one input alone.

    Inputs with nothing to report have no section, unless ``everything`` is asked for.
    """
    shared: dict[str, list[Group]] = {}
    own: dict[Input, list[Group]] = {}
    for group in found:
        location = group.finding.location
        if group.is_shared:
            shared.setdefault(relative(location.file) if location else "", []).append(group)
        else:
            own.setdefault(group.item.input, []).append(group)
    unmet = _unmet_by_file(report)
    for file in dict.fromkeys((*shared, *unmet)):
        of = shared.get(file, [])
        inputs = {each.input for group in of for each in group.inputs}
        among = [Span(f"in {len(inputs):,} inputs")] if inputs else []
        heading = [Span(file or _EQUAL, BOLD), *among]
        yield _Section(heading, of, None, unmet.get(file, []))
    for item in report.inputs:
        of = own.pop(item.input, [])
        if item.error is None and (everything or of or item.unmet or item.bases or item.fixed):
            heading = [Span(relative_name(item), BOLD), *_identity(item)]
            rest = [each for each in item.unmet if not _is_elsewhere(each, item)]
            yield _Section(heading, of, item, rest)


def _unmet_by_file(report: Report) -> Mapping[str, Sequence[Unmet]]:
    """What comments of included files expect or allow in vain: no one board is to be blamed."""
    found: dict[str, list[Unmet]] = {}
    for item in report.inputs:
        for each in item.unmet:
            if each.location is not None and _is_elsewhere(each, item):
                found.setdefault(relative(each.location.file), []).append(each)
    return found


def _is_elsewhere(entry: Unmet, item: InputReport) -> bool:
    return entry.location is not None and relative(entry.location.file) != relative(item.path)


def _rank(section: _Section) -> int:
    return min((each.finding.severity.rank for each in section.groups), default=len(Severity))


def _section(
    section: _Section, names: ShortNames, width: int | None, *, everything: bool
) -> Iterator[Line]:
    item = section.item
    bases = bool(item and len(item.bases) > 1)
    if not (section.groups or bases or section.unmet or (item and item.fixed)):
        if everything and item is not None:
            yield from flow([*section.heading, Span("nothing to report", DIM)], width, " · ")
            yield line()
        return
    yield from flow(section.heading, width, " · ")
    yield line()
    counts = Counter(group.finding.rule for group in section.groups)
    for group in section.groups if everything else _first(section.groups):
        most = len(group.finding.related) if everything else RELATED_IN_TEXT
        yield from _finding(group, width, most)
        if group.is_shared:
            most = len(group.inputs) if everything else BOARDS_IN_TEXT
            yield from paragraph(" boards:", boards(group, names, most), width)
        yield line()
    for rule, number in counts.items():
        if number > _ALIKE and not everything:
            text = f"{counted(number - _ALIKE, 'more finding')} of {rule}: --verbose shows all"
            yield from paragraph(" more:", text, width)
            yield line()
    if item is not None and bases:
        yield from _bases(item, width)
    yield from _expected(item.fixed if item else (), section.unmet, width)


def _first(groups: Sequence[Group]) -> Iterator[Group]:
    """The findings without those of a rule that has many already."""
    seen: Counter[str] = Counter()
    for group in groups:
        seen[group.finding.rule] += 1
        if seen[group.finding.rule] <= _ALIKE:
            yield group


def _identity(item: InputReport) -> Iterator[Span]:
    compatible = f" ({item.compatible[0]})" if item.compatible else ""
    if item.model or compatible:
        yield Span(f"{item.model}{compatible}".strip())
    yield Span(f"{counted(item.nodes, 'node')}, {counted(item.references, 'link')}")


def _finding(group: Group, width: int | None, most: int) -> Iterator[Line]:
    """A finding, with a number of its related nodes."""
    finding = group.finding
    severity = finding.severity.value
    likely = " (likely)" if finding.confidence.value == "likely" else ""
    head = [
        Span(severity.ljust(7), STYLES[severity]),
        rule_name(finding.rule, BOLD, f"{likely} "),
        *_place(finding),
    ]
    yield from flow(head, width, indent=9)
    if finding.location:
        yield from _source_line(finding.location, width)
    elif finding.snippet:
        yield from _property(finding.snippet)
    yield from paragraph("", finding.message, width)
    if finding.effect:
        yield from paragraph(" effect:", finding.effect, width)
    if finding.fix.text:
        yield from paragraph(" fix:", finding.fix.text, width)
    if finding.related:
        yield from paragraph(" also:", listed(placed(group), most), width)
    if places := around(group):
        yield from paragraph(" source:", places, width)


def _source_line(location: Location, width: int | None) -> Iterator[Line]:
    """The line of the source, and a mark below the column."""
    text = location.text.expandtabs(8).rstrip()
    if not text or location.column < 1:
        return
    at = columns(location.text[: location.column - 1].expandtabs(8))
    left = len(text) - len(text.lstrip())
    number = str(location.line)
    text = text[left : left + (width or _SOURCE_WIDTH) - len(number) - 4]
    yield line(f" {number} | {text}")
    yield line(f" {' ' * len(number)} | {' ' * (at - left)}^")


def _property(snippet: Snippet) -> Iterator[Line]:
    """The property of a blob, and marks below the entry."""
    yield line(f" | {snippet.text}")
    before, marked = snippet.text[: snippet.start], snippet.text[snippet.start :][: snippet.length]
    yield line(f" | {' ' * columns(before)}{'^' * max(columns(marked), 1)}")


def _place(finding: Finding) -> Iterator[Span]:
    if finding.location:
        file, line, column, *_ = finding.location
        at = f"{relative(file)}:{line}:"
        yield Span(f"{at}{column}:" if column else at)
    yield Span(finding.subject.path)
    if finding.overlay:
        yield Span(f"from {relative(finding.overlay)}", DIM)


def _bases(item: InputReport, width: int | None) -> Iterator[Line]:
    """The bases that an overlay fits, and those that it does not, by reason."""
    reasons: dict[str, list[str]] = {}
    for each in item.bases:
        reasons.setdefault(each.why_not, []).append(each.path)
    total = counted(len(item.bases), "base")
    fitting = reasons.pop("", [])
    yield from paragraph(" fits:", f"{len(fitting):,} of {total}", width)
    yield from (line(f"         {relative(path)}") for path in fitting)
    for why, paths in sorted(reasons.items(), key=lambda row: -len(row[1])):
        yield from paragraph(" not on:", f"{why}: {listed(map(relative, paths), _BASES)}", width)
    yield line()


def _expected(
    fixed: Sequence[BaselineEntry], missing: Sequence[Unmet], width: int | None
) -> Iterator[Line]:
    """Findings that are absent: of a baseline, and expected ones."""
    for gone in fixed:
        yield from paragraph("fixed", f"{gone.rule}  {gone.subject}", width)
    for unmet in missing:
        if unmet.is_expected:
            at = f" at {unmet.node}" if unmet.node else ""
            text = f"{unmet.rule}{at} is expected ({source_of(unmet)}) but missing"
            yield from paragraph("unmet", text, width)
        else:
            yield from paragraph("unused", unused(unmet), width)
    if fixed or missing:
        yield line()
