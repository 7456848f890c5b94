"""The history in lines: the last builds, and what the last one changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dtlink.report.columns import columns, padded
from dtlink.report.layout import BOLD, DIM, STYLES, Line, Span, line, paragraph
from dtlink.typed import TYPE_CHECKING
from dtlink.views.history.view import changes
from dtlink.wording import counted, listed

if TYPE_CHECKING:
    from dtlink.views.history.view import BuildRow, FaultRow, HistoryView

#: How many builds, rules, boards of a fault, and faults of an event are listed unless all are
#: asked for.
_BUILDS, _RULES, _BOARDS, _FAULTS = 20, 12, 8, 20
_HEAD = ("boards", "errors", "warnings", "notes", "new", "regressed", "fixed")
_EVENTS = {
    "new": Span("new      ", "bold yellow"),
    "regressed": Span("regressed", "bold red"),
    "fixed": Span("fixed    ", "green"),
}


def lines(view: HistoryView, width: int | None, *, everything: bool) -> Iterator[Line]:
    """All of it; without ``everything`` the last builds, and the rules with most findings."""
    if not view.builds:
        yield line("no builds")
        return
    yield from _builds(view, everything=everything)
    yield line()
    yield from _last(view, width, everything=everything)
    yield from _rules(view, everything=everything)


def _builds(view: HistoryView, *, everything: bool) -> Iterator[Line]:
    shown = view.builds if everything else view.builds[-_BUILDS:]
    wide = max(len("build"), *(columns(each.name) for each in shown))
    yield line(Span(f"{'build'.ljust(wide)}  {'  '.join(_HEAD)}", DIM))
    before = None
    for each in shown:
        numbers = (each.boards, *_severities(each), each.new, each.regressed, each.fixed)
        cells = (str(value).rjust(len(head)) for value, head in zip(numbers, _HEAD, strict=True))
        made_by = f"dtlink {each.dtlink}, kernel {each.kernel}"
        mark = Span(f"  {made_by}", DIM) if made_by != before else ""
        unread = f"  {each.unreadable:,} not read" if each.unreadable else ""
        yield line(f"{padded(each.name, wide)}  {'  '.join(cells)}{unread}", mark)
        before = made_by
        if each.incomplete:
            rules = listed(list(each.incomplete), _RULES)
            yield line(Span(f"  counts are not exact: not all findings of {rules} are known", DIM))
    if len(shown) < len(view.builds):
        rest = counted(len(view.builds) - len(shown), "earlier build")
        yield line(Span(f"{rest} (--all lists them)", DIM))


def _severities(build: BuildRow) -> tuple[int, int, int]:
    counts = build.findings
    return counts.error, counts.warning, counts.info


def _last(view: HistoryView, width: int | None, *, everything: bool) -> Iterator[Line]:
    """What the last build changed."""
    last = len(view.builds) - 1
    found = changes(view, last)
    name = view.builds[last].name
    if not found:
        same = "the only build" if last == 0 else f"nothing is new, regressed or fixed in {name}"
        yield line(same)
    for event in _EVENTS:
        rows = found.get(event, ())
        shown = rows if everything else rows[:_FAULTS]
        for fault, boards in shown:
            yield from _change(view, event, fault, boards, width, everything=everything)
        if len(shown) < len(rows):
            yield line(Span(f"{len(rows) - len(shown):,} more {event} (--all lists them)", DIM))
    yield line()


def _change(
    view: HistoryView,
    event: str,
    fault: FaultRow,
    boards: Sequence[int],
    width: int | None,
    *,
    everything: bool,
) -> Iterator[Line]:
    """A fault that is new, came back, or is fixed: what is gone needs no message."""
    severity = Span(fault.severity.ljust(8), STYLES[fault.severity])
    yield line(_EVENTS[event], " ", severity, Span(fault.rule, BOLD), f"  {fault.subject}")
    if event != "fixed":
        yield from paragraph("", fault.message, width)
    yield from paragraph(" boards:", _named(view, boards, everything=everything), width)
    if event == "regressed":
        yield from paragraph(" before:", _before(view, fault, boards[0]), width)


def _named(view: HistoryView, boards: Sequence[int], *, everything: bool) -> str:
    names = [view.boards[each].board for each in boards]
    return listed(names, len(names) if everything else _BOARDS)


def _before(view: HistoryView, fault: FaultRow, board: int) -> str:
    """When a finding that came back was there before."""
    row = next(each for each in fault.boards if each.board == board)
    was = row.runs[-2]
    first, last = view.builds[was.from_].name, view.builds[was.to].name
    return f"in {first}" if was.from_ == was.to else f"in {first} to {last}"


def _rules(view: HistoryView, *, everything: bool) -> Iterator[Line]:
    """The rules: their findings in the first and the last build."""
    rows = sorted(view.rules, key=lambda each: (-each.findings[-1], each.rule))
    rows = [each for each in rows if everything or each.findings[0] or each.findings[-1]]
    shown = rows if everything else rows[:_RULES]
    if not shown:
        return
    wide = max(len("rule"), *(len(each.rule) for each in shown))
    head = f"{'rule'.ljust(wide)}  {'first':>7}  {'last':>7}  change"
    yield line(Span(head, DIM))
    ends = view.builds[0], view.builds[-1]
    for each in shown:
        first, last = each.findings[0], each.findings[-1]
        unknown = [each.rule in (build.incomplete or ()) for build in ends]
        change = "?" if any(unknown) else f"{last - first:+,}" if last != first else "0"
        pairs = zip((first, last), unknown, strict=True)
        cells = (f"{'~' * is_unknown}{number:,}".rjust(7) for number, is_unknown in pairs)
        yield line(f"{each.rule.ljust(wide)}  {'  '.join(cells)}  {change:>6}")
    if len(shown) < len(rows):
        yield line(Span(f"{counted(len(rows) - len(shown), 'more rule')} (--all lists them)", DIM))
