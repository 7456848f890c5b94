"""The waits and the cycles that changed, in lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from dtlink.firmware.names import stable
from dtlink.report.layout import DIM, Line, Span, line
from dtlink.report.rows import counted, listing
from dtlink.views.diff.link_text import SIGNS

if TYPE_CHECKING:
    from dtlink.views.parts import Entry

#: So many steps of a cycle are shown, and so many devices that wait for one supplier.
_STEPS = 8
#: What stands for the number of devices in the words for what they do.
_ONE = {"s": "s", "es": "es", "are": "is"}
_SEVERAL = {"s": "", "es": "", "are": "are"}


def waits(told: Entry, limit: int | None) -> Iterator[Line]:
    """By supplier: one that does not come holds many back."""
    rows = []
    for name in ("gained", "changed", "lost"):
        groups: dict[tuple[str, str], list[Entry]] = {}
        for entry in told[name]:
            one = entry["new"] if name == "changed" else entry
            groups.setdefault((_how(entry, name), one["supplier"]), []).append(one)
        for (how, supplier), entries in groups.items():
            rows.append(_waiting(SIGNS[name], how, stable(supplier), entries, limit))
    yield from listing(rows, limit)


def _waiting(
    sign: Span, how: str, supplier: str, entries: Sequence[Entry], limit: int | None
) -> Line:
    devices = list(dict.fromkeys(stable(each["device"]) for each in entries))
    shown = devices if limit is None else devices[:_STEPS]
    more = len(devices) - len(shown)
    names = ", ".join(shown) + (f" and {more} more" if more else "")
    number = _ONE if len(devices) == 1 else _SEVERAL
    notes = sorted({each["binding"] for each in entries if each["binding"]})
    if not all(each["sure"] for each in entries):
        notes.append("if asked for")
    note = f"  ({', '.join(notes)})" if notes else ""
    return line(sign, f"{names} ", Span(how.format(**number), DIM), f" {supplier}", Span(note, DIM))


def _how(entry: Entry, name: str) -> str:
    """What it is that the devices do; ``{s}`` and ``{are}`` stand for their number."""
    if name == "changed":
        before, after = (_how(entry[side], "") for side in ("old", "new"))
        return f"{before} ⇒ {after}"
    if entry["why"] == "no device":
        return "wait{s} for ever for"
    if entry["why"] == "supplier waits":
        return "wait{s} behind"
    return _OUTCOMES[entry["outcome"]]


_OUTCOMES = {
    "recovers": "wait{s} for the driver of",
    "degraded": "go{es} without",
    "lost until rebound": "{are} lost, until bound again, without",
    "never": "never probe{s} without",
}


def cycles(told: Entry, limit: int | None) -> Iterator[Line]:
    """Each by a short cycle through it; one that changed also by the nodes that make the change."""
    rows: list[Line] = []
    for name in ("gained", "lost"):
        for cycle in told[name]:
            rows.append(line(SIGNS[name], f"among {counted(len(cycle['nodes']), 'device')}:"))
            rows += _chain(cycle, limit)
    for entry in told["changed"]:
        after = [stable(node) for node in entry["new"]["nodes"]]
        before = [stable(node) for cycle in entry["old"] for node in cycle["nodes"]]
        rows.append(
            line(SIGNS["changed"], f"among {len(before)} → {counted(len(after), 'device')}:")
        )
        rows += [line("    ", SIGNS["gained"], node) for node in after if node not in set(before)]
        rows += [line("    ", SIGNS["lost"], node) for node in before if node not in set(after)]
        rows += _chain(entry["new"], limit)
    yield from listing(rows, limit)


def _chain(cycle: Entry, limit: int | None) -> Iterator[Line]:
    """A short cycle, on as many lines as it has steps."""
    steps = cycle["chain"]
    for step in steps if limit is None else steps[:_STEPS]:
        by = "lies in" if step["property"] is None else step["property"]
        yield line(
            f"    {stable(step['consumer'])}  ", Span(f"{by} → ", DIM), stable(step["supplier"])
        )
    if limit is not None and len(steps) > _STEPS:
        yield line(Span(f"    … and {len(steps) - _STEPS} steps more (--all)", DIM))


def cycle_lines(told: Entry, limit: int | None) -> Iterator[Line]:
    """The lines of the kernel's log, as it prints them."""
    rows = [
        line(
            SIGNS[name], f"{entry['consumer']}: Fixed dependency cycle(s) with {entry['supplier']}"
        )
        for name in ("gained", "lost")
        for entry in told[name]
    ]
    yield from listing(rows, limit)
