"""The text of ``dtlink diff``: like a unified diff, what to act on first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from dtlink.firmware.names import stable
from dtlink.report.layout import BOLD, DIM, STYLES, Line, Span, flow, line, paragraph
from dtlink.report.rows import counted
from dtlink.views.diff.compare import KINDS
from dtlink.views.diff.link_text import SIGNS, links
from dtlink.views.diff.wait_text import cycle_lines, cycles, waits

if TYPE_CHECKING:
    from dtlink.report.model import InputReport, Report
    from dtlink.views.parts import Entry

#: So many rows of a group are shown before the rest is counted.
_SHOWN = 24
#: What is told of an input: what hangs on a board that is gone, or new, is no news.
_TOLD_OF: Mapping[str, Sequence[str]] = {"both": KINDS, "gained": ("findings",), "lost": ()}
_NOUNS = {
    "findings": "finding",
    "waits": "wait",
    "cycles": "cycle",
    "cycle_lines": "cycle line of the kernel's log",
    "links": "link",
}
_PLURALS = {"cycle_lines": "cycle lines of the kernel's log"}


def lines(report: Report, width: int | None, *, everything: bool = False) -> Iterator[Line]:
    """Everything there is to say, and a line that counts it."""
    told = [item for item in report.inputs if item.part is not None]
    for item in told:
        changes = item.part["changes"]
        if not changes["same"] or changes["input"] != "both":
            yield from _input(item, changes, report, width, everything=everything)
    if told:
        yield summary([item.part["changes"] for item in told], [item.path for item in told])


def _input(
    item: InputReport, changes: Entry, report: Report, width: int | None, *, everything: bool
) -> Iterator[Line]:
    kernel = item.kernel["version"] if item.kernel else report.kernel_version
    yield from _head(item, changes, kernel, width)
    limit = None if everything else _SHOWN
    for kind in _TOLD_OF[changes["input"]]:
        told = changes.get(kind)
        if told and any(told.values()):
            yield line()
            counts = changes["summary"][kind]
            yield line(Span(kind.replace("_", " "), BOLD), Span(f"  {_counts(counts)}", DIM))
            yield from _findings(told, width) if kind == "findings" else _GROUPS[kind](told, limit)
    yield line()


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{number:,} {what}" for what, number in counts.items() if number)


def _head(item: InputReport, changes: Entry, kernel: str, width: int | None) -> Iterator[Line]:
    """Which two; what the machine is called, and what it was."""
    old, new = changes["old"], changes["new"]
    if old is None or new is None:
        only = "only in NEW" if old is None else "only in OLD"
        sign = SIGNS[changes["input"]]
        named = Span(sign.text + item.path, sign.style)
        yield from flow([named, Span(only), *_machine(new or old)], width, " · ")
        return
    paths = [item.path] if old["path"] == new["path"] else [f"{old['path']} →", new["path"]]
    was, is_now = _machine(old), _machine(new)
    if was and was != is_now:
        is_now = [Span(f"{each.text} →") for each in was] + is_now
    yield from flow([Span(each, BOLD) for each in paths], width, indent=2)
    yield from flow([*is_now, Span(f"· Linux {kernel}", DIM)], width)


def _machine(side: Entry) -> list[Span]:
    name = [side["model"]] if side["model"] else []
    who = [f"({side['compatible'][0]})"] if side["compatible"] else []
    return [Span(" ".join(name + who))] if name or who else []


def _findings(told: Entry, width: int | None) -> Iterator[Line]:
    for entry in told["gained"]:
        yield _finding(SIGNS["gained"], entry)
        yield from paragraph("", entry["message"], width)
        if entry["consequence"]:
            yield from paragraph("  board:", entry["consequence"], width)
        if entry["fix"]:
            yield from paragraph("  fix:", entry["fix"], width)
    for entry in told["changed"]:
        yield _finding(SIGNS["changed"], entry["new"], was=entry["old"]["severity"])
        yield from paragraph("", entry["new"]["message"], width)
    for entry in told["lost"]:
        yield _finding(SIGNS["lost"], entry)
        yield from paragraph("", entry["message"], width)


def _finding(sign: Span, entry: Entry, was: str = "") -> Line:
    severity = entry["severity"]
    before = (Span(was, STYLES[was]), " → ") if was else ()
    level = severity if was else severity.ljust(8)
    likely = " (likely)" if entry["confidence"] == "likely" else ""
    return line(
        sign,
        *before,
        Span(level, STYLES[severity]),
        " " if was else "",
        Span(entry["rule"], BOLD),
        likely,
        f"  {stable(entry['subject'])}",
    )


def summary(changes: Sequence[Entry], paths: Sequence[str]) -> Line:
    """One line that counts; it says so if nothing changed."""
    both = [each for each in changes if each["input"] == "both"]
    differ = sum(not each["same"] for each in both)
    compared = [kind for kind in KINDS if any(kind in each["compared"] for each in both)]
    names = _and([_PLURALS.get(kind, kind) for kind in compared])
    where = paths[0] if len(changes) == 1 else counted(len(both), "input")
    if not differ and len(both) == len(changes):
        return line(Span("nothing changed", BOLD), f" in {where}: {names} are the same")
    parts = [] if len(changes) == 1 else [f"{differ:,} of {counted(len(both), 'input')} changed"]
    ends = Counter(each["input"] for each in changes)
    parts += [f"{counted(ends[end], 'input')} {end}" for end in ("gained", "lost") if ends[end]]
    parts += _totals(changes)
    return line(Span("; ".join(parts), BOLD))


def _totals(changes: Iterable[Entry]) -> Iterator[str]:
    totals: dict[str, Counter[str]] = {}
    for each in changes:
        for kind in _TOLD_OF[each["input"]]:
            for name, number in each["summary"].get(kind, {}).items():
                totals.setdefault(name, Counter())[kind] += number
    for name in ("gained", "lost", "changed"):
        told = [_number(total, kind) for kind, total in totals.get(name, {}).items() if total]
        if told:
            yield f"{name} {_and(told)}"


def _number(total: int, kind: str) -> str:
    noun = _NOUNS[kind] if total == 1 else _PLURALS.get(kind, _NOUNS[kind] + "s")
    return f"{total:,} {noun}"


def _and(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


_GROUPS: Mapping[str, Callable[[Entry, int | None], Iterator[Line]]] = {
    "waits": waits,
    "cycles": cycles,
    "cycle_lines": cycle_lines,
    "links": links,
}
