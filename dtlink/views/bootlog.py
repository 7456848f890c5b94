"""How an explained boot log is told: as JSON data, and as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from dtlink.observed.bootlog.model import CauseKind, DeviceEffect
from dtlink.report.layout import BOLD, DIM, STYLES, Line, Span, line, paragraph
from dtlink.report.rows import SHOWN, counted

if TYPE_CHECKING:
    from dtlink.observed.bootlog.model import (
        Explanation,
        HiddenLines,
        RootCause,
        UndecidedDevice,
        Victim,
    )

Entry = dict[str, Any]

#: So many line numbers of a kind are told with --all.
_NUMBERS = 12


def as_json(told: Explanation, tree: str | None) -> Entry:
    """The member ``log`` of an input of the JSON report; ``tree`` is the path of the tree."""
    return {
        "kernel": told.kernel or None,
        "command_line": told.command_line or None,
        "model": told.model or None,
        "lines": told.lines,
        "tree": tree,
        "harmful": told.harmful,
        "causes": [_cause(cause) for cause in told.causes],
        "open": [_open(item) for item in told.open],
        "own_failures": [_open(item) for item in told.own_failures],
        "put_away": [_put_away(item) for item in told.put_away],
        "told": dict(told.told),
        "notes": list(told.notes),
        "look_at": list(told.look_at),
    }


def _word(item: CauseKind | DeviceEffect) -> str:
    return item.name.lower().replace("_", "-")


def _cause(cause: RootCause) -> Entry:
    origin = cause.origin
    return {
        "root": _word(origin.root),
        "subject": origin.subject,
        "also": list(cause.also),
        "detail": origin.detail or None,
        "confidence": "sure" if cause.sure else "likely",
        "candidates": list(origin.candidates),
        "cure": origin.cure or None,
        "rule": origin.rule or None,
        "victims": [_victim(victim) for victim in cause.victims],
    }


def _victim(victim: Victim) -> Entry:
    return {
        "device": victim.device or None,
        "node": victim.node,
        "effect": _word(victim.effect),
        "words": victim.words or None,
        "note": victim.note or None,
        "line": victim.line,
        "time": victim.time,
        "via": list(victim.via),
        "confidence": "sure" if victim.sure else "likely",
        "lines": victim.lines,
    }


def _open(item: UndecidedDevice) -> Entry:
    return {
        "device": item.device,
        "node": item.node,
        "words": item.words or None,
        "meaning": item.meaning or None,
        "line": item.line,
        "time": item.time,
    }


def _put_away(item: HiddenLines) -> Entry:
    return {
        "kind": item.kind,
        "meaning": item.meaning,
        "lines": list(item.lines),
        "cycles": item.clusters or None,
    }


def lines(
    path: str, told: Explanation, tree: str | None, *, every: bool, width: int | None
) -> Iterator[Line]:
    """What is said to somebody who reads; ``every``: also what is harmless."""
    kernel = f"Linux {told.kernel}" if told.kernel else "kernel unknown"
    model = f" · {told.model}" if told.model else ""
    beside = f" · tree {tree}" if tree else ""
    yield line(Span(path, BOLD), f" · {kernel}{model} · {counted(told.lines, 'line')}{beside}")
    for note in told.notes:
        yield line(Span("note", STYLES["warning"]), f"  {note}")
    for cause in told.causes:
        yield line()
        yield from _cause_lines(cause, every=every, width=width)
    yield from _open_lines("not told how it ended", told.open, every=every)
    yield from _open_lines("failed for reasons of their own", told.own_failures, every=every)
    if every:
        yield from _harmless(told.put_away)
    yield line()
    yield _summary(told, every=every)
    for hint in told.look_at:
        yield from paragraph("look at:", hint, width)


def _cause_lines(cause: RootCause, *, every: bool, width: int | None) -> Iterator[Line]:
    origin = cause.origin
    mild = all(victim.effect.is_mild for victim in cause.victims)
    style = STYLES["warning" if mild else "error"]
    likely = "" if cause.sure else " (likely)"
    yield line(Span(f"{origin.root.value}{likely}", style), "  ", Span(origin.subject, BOLD))
    if origin.detail:
        yield from paragraph("", origin.detail, width)
    if cause.also:
        yield from paragraph("  also:", _few(cause.also, every=every), width)
    if origin.candidates:
        yield from paragraph("  may be:", _few(origin.candidates, every=every), width)
    label = "  board:"
    victims = cause.victims if every else cause.victims[:SHOWN]
    for victim in victims:
        doubt = "likely: " if cause.sure and not victim.sure else ""
        yield from paragraph(label, doubt + _told(victim), width)
        label = ""
    if len(cause.victims) > len(victims):
        more = len(cause.victims) - len(victims)
        yield from paragraph("", f"… and {counted(more, 'device')} more (--all)", width)
    if origin.cure:
        yield from paragraph("  fix:", origin.cure, width)
    if origin.rule:
        yield from paragraph("  rule:", f"dtlink explain {origin.rule}", width)


def _told(victim: Victim) -> str:
    """What became of a device, on one line, with the log's words."""
    who = victim.node or victim.device
    via = f" (through {', '.join(victim.via)})" if victim.via else ""
    number = f", {victim.lines} lines" if victim.lines > 1 and victim.node is None else ""
    where = f"line {victim.line}{number}"
    if victim.time is not None:
        where += f", {victim.time:.1f} s"
    words = f'"{victim.words}"' if victim.words else ""
    said = ", ".join(filter(None, (words, victim.note)))
    return f"{who} {victim.effect.value}{via}: {said} ({where})".lstrip()


def _few(names: Sequence[str], *, every: bool) -> str:
    shown = names if every else names[:SHOWN]
    more = f" and {len(names) - len(shown)} more" if len(names) > len(shown) else ""
    return ", ".join(shown) + more


def _open_lines(title: str, items: Sequence[UndecidedDevice], *, every: bool) -> Iterator[Line]:
    if not items:
        return
    yield line()
    yield line(Span(title, BOLD), Span(f" ({len(items)})", DIM))
    for item in items if every else items[:SHOWN]:
        said = f'  "{item.words}"' if item.words else ""
        yield line(f"  {item.node or item.device}", Span(f"{said}  line {item.line}", DIM))
        if item.meaning:
            yield line(f"    {item.meaning}")
    if not every and len(items) > SHOWN:
        yield line(Span(f"  … and {len(items) - SHOWN} more (--all)", DIM))


def _harmless(items: Sequence[HiddenLines]) -> Iterator[Line]:
    """Every kind of line that does no harm, and where such lines are."""
    if items:
        yield line()
        yield line(Span("harmless", BOLD))
    for item in items:
        cycles = f", {counted(item.clusters, 'cycle')}" if item.clusters else ""
        yield line(f"  {item.kind}  {counted(len(item.lines), 'line')}{cycles}")
        yield line(f"    {item.meaning}")
        shown = ", ".join(map(str, item.lines[:_NUMBERS]))
        more = " …" if len(item.lines) > _NUMBERS else ""
        yield line(Span(f"    line{'s' if len(item.lines) > 1 else ''} {shown}{more}", DIM))


def _summary(told: Explanation, *, every: bool) -> Line:
    """One line that counts; says how to see what was put away."""
    devices = {victim.node or victim.device for cause in told.causes for victim in cause.victims}
    causes = counted(len(told.causes), "cause")
    first = f"{causes}, {counted(len(devices), 'device')} hit" if told.causes else "nothing harmful"
    unclear = sum(not cause.origin.root.is_known for cause in told.causes)
    first += f", {unclear} unclear" if unclear else ""
    kinds = ", ".join(
        f"{len(item.lines)} {item.kind}"
        for item in sorted(told.put_away, key=lambda item: -len(item.lines))[:3]
    )
    away = told.told["harmless"]
    hint = "" if every or not away else " (--all)"
    rest = f" · {counted(away, 'harmless line')} put away: {kinds} …{hint}" if away else ""
    return line(first, Span(rest, DIM))
