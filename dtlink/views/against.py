"""``dtlink devlink --against``: what one kernel does otherwise than another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from dtlink.boot.devlink.effects import LinkEffect
from dtlink.facts.behaviours import PARAMETERS
from dtlink.report.layout import BOLD, DIM, Line, Span, line
from dtlink.report.rows import SHOWN, by, counted, listing
from dtlink.typed import TYPE_CHECKING
from dtlink.views.data import JsonRow
from dtlink.views.profile import VIEWS, checked, kernel, log_words

if TYPE_CHECKING:
    from dtlink.boot.devlink.compare import (
        ChangedDefault,
        DependencyChange,
        EntryReading,
        KernelComparison,
        ReadingChange,
    )
    from dtlink.boot.devlink.ordering import DeviceDependency, Ends
    from dtlink.report.entries import Json


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class AgainstView(JsonRow):
    """From the other kernel to this one."""

    comparison: KernelComparison

    def to_json(self) -> Json:
        """The changes by kind."""
        found = self.comparison
        return {
            "kernel": kernel(found.before),
            "defaults": [
                {"parameter": item.parameter, "from": item.before, "to": item.after}
                for item in found.defaults
            ],
            "behaviours": [
                {
                    "name": row.name,
                    "meaning": row.meaning,
                    "source": row.source,
                    "from": row.on(found.before.version),
                    "to": row.on(found.after.version),
                }
                for row in found.behaviours
            ],
            "references": [_reference(change) for change in found.reads],
            "links": [_link(change) for change in found.dependencies],
            "cycles": {"gained": _pairs(found.cycles_gained), "lost": _pairs(found.cycles_lost)},
            "waits": {"gained": _pairs(found.waits_gained), "lost": _pairs(found.waits_lost)},
        }

    def text(self, view: str, *, everything: bool = False) -> Iterator[Line]:
        """From one kernel to the other: what changes for the board first."""
        found, limit = self.comparison, None if everything else SHOWN
        doubt = checked(found.before)
        yield line(
            Span(f"from Linux {found.before.release} to {found.after.release}", BOLD),
            Span(f" · view {view}: {VIEWS[view]}{doubt}", DIM),
        )
        yield line()
        yield from _defaults(found.defaults)
        yield from _behaviours(found)
        yield from _waits(found, limit)
        yield from _links(found.dependencies, limit)
        yield from _cycles(found, limit)
        yield from _references(found.reads, limit)


def _reference(change: ReadingChange) -> Json:
    origin = change.origin
    return {
        "node": origin.node,
        "property": origin.property_name,
        "index": origin.entry,
        "from": _read(change.before),
        "to": _read(change.after),
    }


def _read(read: EntryReading | None) -> Json:
    if read is None:
        return None
    return {"consumer": read.consumer, "supplier": read.supplier, "dropped": read.reason or None}


def _link(change: DependencyChange) -> Json:
    return {
        "consumer": change.consumer,
        "supplier": change.supplier,
        "properties": list(change.properties),
        "from": _effect(change.before),
        "to": _effect(change.after),
    }


def _effect(tie: DeviceDependency | None) -> str | None:
    return None if tie is None else tie.effect.name.lower()


def _pairs(pairs: Iterable[Ends]) -> Json:
    return [{"consumer": consumer, "supplier": supplier} for consumer, supplier in pairs]


def _defaults(changes: Sequence[ChangedDefault]) -> Iterator[Line]:
    if not changes:
        yield line("the same parameters on both")
    for change in changes:
        means = PARAMETERS[change.parameter].effect(change.after)
        told = f"{change.parameter}: {change.before} → {change.after}"
        yield line(told, Span(f"  {means}" if means else "", DIM))


def _behaviours(found: KernelComparison) -> Iterator[Line]:
    """What only the newer of the two kernels does, by the first clause of each row's meaning."""
    newer = max(found.before.version, found.after.version)
    for row in found.behaviours:
        meaning = row.meaning.partition(";")[0].partition(" (")[0]
        yield line(f"in {newer} {meaning}", Span(f"  {row.name}", DIM))


def _references(changes: Sequence[ReadingChange], limit: int | None) -> Iterator[Line]:
    """By property: what is read by one kernel only, or taken for another supplier."""
    kinds: dict[str, list[ReadingChange]] = {}
    for change in changes:
        kinds.setdefault(_kind(change), []).append(change)
    for kind in _KINDS:
        some = kinds.get(kind)
        if some:
            names = Counter(change.origin.property_name for change in some)
            told = ", ".join(f"{name} ({number})" for name, number in names.items())
            yield line()
            yield line(Span(counted(len(some), "reference"), BOLD), f" {kind}: {told}")
            yield from listing([_read_row(change) for change in some], limit and limit // 2)


_KINDS = (
    "newly read",
    "no longer read",
    "now linked, dropped before",
    "now dropped, linked before",
    "read as other devices",
)


def _kind(change: ReadingChange) -> str:
    if change.before is None or change.after is None:
        return _KINDS[0 if change.before is None else 1]
    if bool(change.before.reason) != bool(change.after.reason):
        return _KINDS[2 if change.before.reason else 3]
    return _KINDS[4]


def _read_row(change: ReadingChange) -> Line:
    entry = f"  {change.origin.property_name}[{change.origin.entry}]"
    read = change.after or change.before
    if read is None:
        return line(f"  {change.origin.node}", Span(entry, DIM))
    was = ""
    if change.before and change.after and change.before.devices != change.after.devices:
        was = f"  (was {change.before.consumer} → {change.before.supplier})"
    at = f" at {change.origin.node}" if change.origin.node != read.consumer else ""
    return line(f"  {read.consumer} → {read.supplier}", Span(entry + at + was, DIM))


def _waits(found: KernelComparison, limit: int | None) -> Iterator[Line]:
    for pairs, title, word in (
        (found.waits_gained, "more that wait", "now waits for"),
        (found.waits_lost, "fewer that wait", "no longer waits for"),
    ):
        if pairs:
            yield line()
            yield line(Span(f"{len(pairs)} {title}", BOLD))
            yield from listing([line(f"  {who} {word} {what}") for who, what in pairs], limit)


def _links(changes: Sequence[DependencyChange], limit: int | None) -> Iterator[Line]:
    yield line()
    if not changes:
        yield line(Span("the same links between devices", BOLD))
    groups: tuple[tuple[str, Callable[[DependencyChange], bool]], ...] = (
        ("changed", lambda change: change.before is not None and change.after is not None),
        ("lost", lambda change: change.after is None),
        ("gained", lambda change: change.before is None),
    )
    for word, belongs in groups:
        some = [change for change in changes if belongs(change)]
        if some:
            yield line(Span(f"{counted(len(some), 'link')} {word}", BOLD))
            yield from listing([_link_row(change) for change in some], limit)


def _link_row(change: DependencyChange) -> Line:
    effects = [_WORDS[tie.effect] for tie in (change.before, change.after) if tie is not None]
    entries = [tie.origins for tie in (change.after, change.before) if tie and tie.origins]
    note = f"  {by(entries[0])}" if entries else ""
    if change.supplier.startswith(change.consumer + "/"):
        note += " (a node of its own)"
    return line(f"  {change.consumer} → {change.supplier}: {' → '.join(effects)}", Span(note, DIM))


_WORDS = {
    LinkEffect.ORDERS: "ordered",
    LinkEffect.WAITS: "waits",
    LinkEffect.RELAXED: "part of a cycle, not ordered",
    LinkEffect.IGNORED: "given up",
    LinkEffect.SYNC_STATE_ONLY: "sync_state() only",
}


def _cycles(found: KernelComparison, limit: int | None) -> Iterator[Line]:
    for pairs, title, profile in (
        (found.cycles_gained, "more in the log", found.after),
        (found.cycles_lost, "fewer in the log", found.before),
    ):
        if pairs:
            yield line()
            yield line(Span(f"{counted(len(pairs), 'pair')} of devices {title} as a cycle", BOLD))
            words = log_words(profile)
            yield from listing([line(f"  {one}: {words} {other}") for one, other in pairs], limit)
