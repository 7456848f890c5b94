"""How the comparison of a prediction with a running board is told: as text, and as JSON data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from dtlink.report.layout import BOLD, DIM, STYLES, Line, Span, line
from dtlink.report.rows import SHOWN, counted

if TYPE_CHECKING:
    from dtlink.observed.comparison import BoardComparison, ComparedPair, ComparedPairs

Entry = dict[str, Any]

#: The members of the JSON part, and what the text calls them.
_SECTIONS = {
    "links": "device links that order probing",
    "sync_state_links": "device links for sync_state() alone",
    "cycles": "cycles in the log",
    "held_back": "devices held back",
}


def entry(comparison: BoardComparison) -> Entry:
    """The member ``observed`` of an input of the JSON report."""
    sections = {name: _section(getattr(comparison, name)) for name in _SECTIONS}
    return {
        **sections,
        "by_driver": comparison.by_driver,
        "unmapped": list(comparison.unmapped),
        "notes": list(comparison.notes),
    }


def _section(section: ComparedPairs) -> Entry:
    return {
        "observed": section.observed,
        "agreed": [_item(item) for item in section.agreed],
        "missing": [_item(item) for item in section.missing],
        "unforeseen": [_item(item) for item in section.unforeseen],
    }


def _item(item: ComparedPair) -> Entry:
    return {
        "consumer": item.consumer,
        "supplier": item.supplier or None,
        "kind": item.why.name.lower().replace("_", "-") if item.why else None,
        "why": item.why.value if item.why else None,
        "detail": item.detail or None,
    }


def lines(part: Entry, *, every: bool = False) -> Iterator[Line]:
    """Lines of text from the JSON part: a summary for each sort of thing, and the differences.

    ``every``: list all of them, not only the first of each kind.
    """
    yield line(Span("on the board", BOLD))
    for note in part["notes"]:
        yield line("  ", Span("note", STYLES["warning"]), f"  {note}")
    for name, title in _SECTIONS.items():
        yield from _section_lines(title, part[name], every=every)
    if part["by_driver"]:
        count = counted(part["by_driver"], "device link")
        yield line(Span(f"  left out: {count} that drivers made", DIM))
    if part["unmapped"]:
        yield from _unmapped(part["unmapped"], every=every)


def _section_lines(title: str, section: Entry, *, every: bool) -> Iterator[Line]:
    agreed, missing, unforeseen = (section[name] for name in ("agreed", "missing", "unforeseen"))
    if not (section["observed"] or agreed or unforeseen):
        yield line(f"  {title}: ", Span("the board told nothing of them", DIM))
        return
    counts = f"{len(agreed)} as predicted"
    if missing:
        counts += f", {len(missing)} predicted and not there"
    if unforeseen:
        counts += f", {len(unforeseen)} there and not predicted"
    partly = "" if section["observed"] else " (the board did not tell of all)"
    yield line(f"  {title}: ", Span(counts, BOLD), Span(partly, DIM))
    yield from _differences("predicted and not there", missing, every=every)
    yield from _differences("there and not predicted", unforeseen, every=every)


def _differences(label: str, items: Sequence[Entry], *, every: bool) -> Iterator[Line]:
    """The differences by kind, those of which most is known first."""
    kinds = sorted(items, key=lambda item: (item["kind"] == "unknown", item["why"]))
    for why, group in groupby(kinds, key=lambda item: item["why"]):
        alike = list(group)
        yield line(f"    {label}: {why} ", Span(f"({len(alike)})", DIM))
        yield from _few([_difference(item) for item in alike], "      ", every=every)


def _difference(item: Entry) -> Line:
    needs = (Span(" → ", DIM), item["supplier"]) if item["supplier"] else ()
    detail = (Span(f'  "{item["detail"]}"', DIM),) if item["detail"] else ()
    return line("      ", item["consumer"], *needs, *detail)


def _unmapped(names: Sequence[str], *, every: bool) -> Iterator[Line]:
    rows = [line(f"    {name}") for name in names]
    yield line(f"  {counted(len(names), 'name')} of devices whose node can't be told")
    yield from _few(rows, "    ", every=every)


def _few(rows: Sequence[Line], indent: str, *, every: bool) -> Iterator[Line]:
    """The first rows, and how many more there are."""
    shown = rows if every else rows[:SHOWN]
    yield from shown
    if len(rows) > len(shown):
        yield line(Span(f"{indent}… and {len(rows) - len(shown)} more (--all)", DIM))
