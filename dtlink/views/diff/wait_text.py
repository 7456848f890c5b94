"""The waits and the cycles that changed, in lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dtlink.firmware.names import stable
from dtlink.report.layout import DIM, Line, Span, line
from dtlink.report.rows import counted, listing
from dtlink.typed import TYPE_CHECKING
from dtlink.views.diff.link_text import SIGNS
from dtlink.wording import listed

if TYPE_CHECKING:
    from dtlink.views.cycles import CycleRow
    from dtlink.views.diff.rows import CycleChanges, PairChanges, WaitChanges, WaitRow

#: Upper bound on the steps of a cycle, and on the devices that wait for one supplier.
_STEPS = 8
#: The endings of verbs, for one device and for several.
_ONE = {"s": "s", "es": "es", "are": "is"}
_SEVERAL = {"s": "", "es": "", "are": "are"}


def waits(changes: WaitChanges, limit: int | None) -> Iterator[Line]:
    """By supplier: one that does not come holds many back."""
    groups: dict[tuple[str, str, str], list[WaitRow]] = {}
    for row in changes.gained:
        groups.setdefault(("gained", _how(row), row.supplier), []).append(row)
    for change in changes.changed:
        how = f"{_how(change.old)} ⇒ {_how(change.new)}"
        groups.setdefault(("changed", how, change.new.supplier), []).append(change.new)
    for row in changes.lost:
        groups.setdefault(("lost", _how(row), row.supplier), []).append(row)
    rows = [
        _waiting(SIGNS[name], how, stable(supplier), found, limit)
        for (name, how, supplier), found in groups.items()
    ]
    yield from listing(rows, limit)


def _waiting(
    sign: Span, how: str, supplier: str, rows: Sequence[WaitRow], limit: int | None
) -> Line:
    devices = list(dict.fromkeys(stable(each.device) for each in rows))
    names = listed(devices, len(devices) if limit is None else _STEPS)
    number = _ONE if len(devices) == 1 else _SEVERAL
    notes = sorted({each.binding for each in rows if each.binding})
    if not all(each.sure for each in rows):
        notes.append("if asked for")
    if all(each.if_in_time for each in rows):
        notes.append("if the root filesystem is mounted late")
    note = f"  ({', '.join(notes)})" if notes else ""
    return line(sign, f"{names} ", Span(how.format(**number), DIM), f" {supplier}", Span(note, DIM))


def _how(row: WaitRow) -> str:
    """What it is that the devices do; ``{s}`` and ``{are}`` stand for their number."""
    if row.why == "no device":
        return "wait{s} forever for"
    if row.why == "supplier waits":
        return "depend{s} on the deferred"
    return _OUTCOMES[row.outcome or ""]


_OUTCOMES = {
    "recovers": "wait{s} for the driver of",
    "degraded": "go{es} without",
    "lost until rebound": "{are} lost, until bound again, without",
    "never": "never probe{s} without",
}


def cycles(changes: CycleChanges, limit: int | None) -> Iterator[Line]:
    """Each by a short cycle through it; one that changed also by the nodes that make the change."""
    rows: list[Line] = []
    for name, found in (("gained", changes.gained), ("lost", changes.lost)):
        for cycle in found:
            rows.append(line(SIGNS[name], f"among {counted(len(cycle.nodes), 'device')}:"))
            rows += _chain(cycle, limit)
    for change in changes.changed:
        after = [stable(node) for node in change.new.nodes]
        before = [stable(node) for cycle in change.old for node in cycle.nodes]
        rows.append(
            line(SIGNS["changed"], f"among {len(before)} → {counted(len(after), 'device')}:")
        )
        rows += [line("    ", SIGNS["gained"], node) for node in _without(after, before)]
        rows += [line("    ", SIGNS["lost"], node) for node in _without(before, after)]
        rows += _chain(change.new, limit)
    yield from listing(rows, limit)


def _without(nodes: Sequence[str], others: Sequence[str]) -> list[str]:
    there = set(others)
    return [node for node in nodes if node not in there]


def _chain(cycle: CycleRow, limit: int | None) -> Iterator[Line]:
    """A short cycle, on as many lines as it has steps."""
    for step in cycle.chain if limit is None else cycle.chain[:_STEPS]:
        by = "is a child of " if step.property_name is None else f"{step.property_name} → "
        yield line(f"    {stable(step.consumer)}  ", Span(by, DIM), stable(step.supplier))
    hidden = len(cycle.chain) - _STEPS
    if limit is not None and hidden > 0:
        yield line(Span(f"    … and {counted(hidden, 'more step')} (--all)", DIM))


def cycle_lines(changes: PairChanges, limit: int | None) -> Iterator[Line]:
    """The lines of the kernel's log, as it prints them."""
    rows = [
        line(SIGNS[name], f"{pair.consumer}: Fixed dependency cycle(s) with {pair.supplier}")
        for name, pairs in (("gained", changes.gained), ("lost", changes.lost))
        for pair in pairs
    ]
    yield from listing(rows, limit)
