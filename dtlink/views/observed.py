"""``dtlink devlink --observed``: a prediction compared with a running board."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from dtlink.observed.comparison import DifferenceReason
from dtlink.report.layout import BOLD, DIM, STYLES, Line, Span, line
from dtlink.report.rows import SHOWN, counted
from dtlink.typed import TYPE_CHECKING
from dtlink.views.data import JsonRow
from dtlink.wording import and_more

if TYPE_CHECKING:
    from dtlink.observed.comparison import BoardComparison, ComparedPair, ComparedPairs
    from dtlink.report.entries import Json


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class ObservedView(JsonRow):
    """A prediction compared with what a running board reports."""

    comparison: BoardComparison

    def to_json(self) -> Json:
        """The pairs of each section, and what could not be compared."""
        found = self.comparison
        return {
            **{name: _section(pairs) for name, _, pairs in _sections(found)},
            "by_driver": found.by_driver,
            "unmapped": list(found.unmapped),
            "notes": list(found.notes),
        }

    def text(self, *, everything: bool = False) -> Iterator[Line]:
        """A summary of each section, and the differences: all, or the first of each kind."""
        found = self.comparison
        yield line(Span("on the board", BOLD))
        for note in found.notes:
            yield line("  ", Span("note", STYLES["warning"]), f"  {note}")
        for _, title, pairs in _sections(found):
            yield from _section_lines(title, pairs, every=everything)
        if found.by_driver:
            count = counted(found.by_driver, "device link")
            yield line(Span(f"  left out: {count} that drivers made", DIM))
        if found.unmapped:
            yield from _unmapped(found.unmapped, every=everything)


def _sections(found: BoardComparison) -> Sequence[tuple[str, str, ComparedPairs]]:
    """The sections by their members, with their titles."""
    return (
        ("links", "device links that order probing", found.links),
        ("sync_state_links", "device links for sync_state() alone", found.sync_state_links),
        ("cycles", "cycles in the log", found.cycles),
        ("held_back", "devices held back", found.held_back),
    )


def _section(section: ComparedPairs) -> Json:
    return {
        "observed": section.observed,
        "agreed": [_item(item) for item in section.agreed],
        "missing": [_item(item) for item in section.missing],
        "unforeseen": [_item(item) for item in section.unforeseen],
    }


def _item(item: ComparedPair) -> Json:
    return {
        "consumer": item.consumer,
        "supplier": item.supplier or None,
        "kind": item.why.name.lower().replace("_", "-") if item.why else None,
        "why": item.why.value if item.why else None,
        "detail": item.detail or None,
    }


def _section_lines(title: str, section: ComparedPairs, *, every: bool) -> Iterator[Line]:
    agreed, missing, unforeseen = section.agreed, section.missing, section.unforeseen
    if not (section.observed or agreed or unforeseen):
        yield line(f"  {title}: ", Span("not reported by the board", DIM))
        return
    counts = f"{len(agreed)} as predicted"
    if missing:
        counts += f", {len(missing)} predicted but not found"
    if unforeseen:
        counts += f", {len(unforeseen)} found but not predicted"
    partly = "" if section.observed else " (the board did not report all)"
    yield line(f"  {title}: ", Span(counts, BOLD), Span(partly, DIM))
    yield from _differences("predicted but not found", missing, every=every)
    yield from _differences("found but not predicted", unforeseen, every=every)


def _differences(label: str, items: Sequence[ComparedPair], *, every: bool) -> Iterator[Line]:
    """The differences by kind, those of which most is known first."""
    unknown = DifferenceReason.UNKNOWN
    kinds = sorted(items, key=lambda item: (item.why is unknown, _why(item)))
    for why, group in groupby(kinds, key=_why):
        alike = list(group)
        yield line(f"    {label}: {why} ", Span(f"({len(alike)})", DIM))
        yield from _few([_difference(item) for item in alike], "      ", every=every)


def _why(item: ComparedPair) -> str:
    return item.why.value if item.why else ""


def _difference(item: ComparedPair) -> Line:
    needs = (Span(" → ", DIM), item.supplier) if item.supplier else ()
    detail = (Span(f'  "{item.detail}"', DIM),) if item.detail else ()
    return line("      ", item.consumer, *needs, *detail)


def _unmapped(names: Sequence[str], *, every: bool) -> Iterator[Line]:
    rows = [line(f"    {name}") for name in names]
    yield line(f"  {counted(len(names), 'name')} of devices whose node is unknown")
    yield from _few(rows, "    ", every=every)


def _few(rows: Sequence[Line], indent: str, *, every: bool) -> Iterator[Line]:
    """The first rows, and how many more there are."""
    shown = rows if every else rows[:SHOWN]
    yield from shown
    if len(rows) > len(shown):
        yield line(Span(f"{indent}… {and_more(len(rows) - len(shown))} (--all)", DIM))
