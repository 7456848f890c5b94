"""The text of ``dtlink diff``: like a unified diff, what to act on first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from dtlink.report.layout import BOLD, DIM, Line, Span, flow, line
from dtlink.report.rows import counted
from dtlink.typed import TYPE_CHECKING
from dtlink.views.diff.compare import KINDS
from dtlink.views.diff.link_text import SIGNS
from dtlink.views.diff.view import LISTED, DiffView

if TYPE_CHECKING:
    from dtlink.report.model import InputReport, Report
    from dtlink.views.diff.rows import IdentityRow

_NOUNS = {
    "findings": "finding",
    "waits": "wait",
    "cycles": "cycle",
    "cycle_lines": "cycle line of the kernel's log",
    "links": "link",
    "properties": "property of a table",
}
_PLURALS = {
    "cycle_lines": "cycle lines of the kernel's log",
    "properties": "properties of tables",
}


def lines(report: Report, width: int | None, *, everything: bool = False) -> Iterator[Line]:
    """Everything that changed, and a line that counts it."""
    views = [(item, item.view) for item in report.inputs if isinstance(item.view, DiffView)]
    for item, view in views:
        if not view.same or view.input != "both":
            kernel = str(item.kernel["version"]) if item.kernel else report.kernel_version
            yield from _head(item, view, kernel, width)
            yield from view.text(width, everything=everything)
            yield line()
    if views:
        yield summary([view for _, view in views], [item.path for item, _ in views])


def _head(item: InputReport, view: DiffView, kernel: str, width: int | None) -> Iterator[Line]:
    """Which two; what the machine is called, and what it was."""
    old, new = view.old, view.new
    if old is None or new is None:
        only = "only in NEW" if old is None else "only in OLD"
        sign = SIGNS[view.input]
        named = Span(sign.text + item.path, sign.style)
        yield from flow([named, Span(only), *_machine(new or old)], width, " · ")
        return
    paths = [item.path] if old.path == new.path else [f"{old.path} →", new.path]
    was, is_now = _machine(old), _machine(new)
    if was and was != is_now:
        is_now = [Span(f"{each.text} →") for each in was] + is_now
    yield from flow([Span(each, BOLD) for each in paths], width, indent=2)
    yield from flow([*is_now, Span(f"· Linux {kernel}", DIM)], width)


def _machine(side: IdentityRow | None) -> list[Span]:
    if side is None:
        return []
    name = [side.model] if side.model else []
    compatible = [f"({side.compatible[0]})"] if side.compatible else []
    return [Span(" ".join(name + compatible))] if name or compatible else []


def summary(views: Sequence[DiffView], paths: Sequence[str]) -> Line:
    """One line that counts; it says so if nothing changed."""
    both = [each for each in views if each.input == "both"]
    differ = sum(not each.same for each in both)
    kinds = [kind for kind in KINDS if any(kind in each.compared for each in both)]
    names = _and([_PLURALS.get(kind, kind) for kind in kinds])
    where = paths[0] if len(views) == 1 else counted(len(both), "input")
    if not differ and len(both) == len(views):
        known = " as far as reports have them" if any(each.incomplete for each in both) else ""
        return line(Span("nothing changed", BOLD), f" in {where}: {names} are the same{known}")
    parts = [] if len(views) == 1 else [f"{differ:,} of {counted(len(both), 'input')} changed"]
    ends: Counter[str] = Counter(each.input for each in views)
    parts += [
        f"{counted(ends[end], 'input')} {word}"
        for end, word in (("gained", "added"), ("lost", "removed"))
        if ends[end]
    ]
    parts += _totals(views)
    return line(Span("; ".join(parts), BOLD))


def _totals(views: Iterable[DiffView]) -> Iterator[str]:
    totals: dict[str, Counter[str]] = {}
    for each in views:
        for kind in LISTED[each.input]:
            for name, number in each.summary.get(kind, {}).items():
                totals.setdefault(name, Counter())[kind] += number
    for name in ("gained", "lost", "changed"):
        told = [_number(total, kind) for kind, total in totals.get(name, {}).items() if total]
        if told:
            yield f"{name} {_and(told)}"


def _number(total: int, kind: str) -> str:
    return counted(total, _NOUNS[kind], _PLURALS.get(kind, ""))


def _and(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))
