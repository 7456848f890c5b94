"""``dtlink log``: a boot log explained."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from dtlink.report.layout import BOLD, DIM, STYLES, Line, Span, line, paragraph
from dtlink.report.rows import SHOWN, counted
from dtlink.typed import TYPE_CHECKING
from dtlink.views.data import CommandResult
from dtlink.wording import and_more, listed, noun

if TYPE_CHECKING:
    from dtlink.board.tree import TreeBoard
    from dtlink.facts.kernels import KernelVersion
    from dtlink.kernel.facts import Facts
    from dtlink.observed.bootlog.model import (
        Explanation,
        HiddenLines,
        RootCause,
        UndecidedDevice,
        Victim,
    )
    from dtlink.observed.bootlog.read import LogLine
    from dtlink.report.entries import Json

#: Upper bound on the line numbers of a kind, with --all.
_NUMBERS = 12


@dataclass(frozen=True, eq=False, kw_only=True, slots=True, repr=False)
class LogView(CommandResult):
    """A boot log explained.

    Made by :func:`dtlink.log`; ``explanation`` has the causes.
    """

    member: ClassVar[str] = "log"
    explanation: Explanation
    tree: str | None
    """The path of the tree that the board booted with."""

    @classmethod
    def of(
        cls,
        lines: Sequence[LogLine],
        board: TreeBoard | None = None,
        *,
        version: KernelVersion | None = None,
        tree: str | None = None,
    ) -> LogView:
        """Explain a log with the board that printed it, or without one.

        ``version`` is the kernel to assume; without it, that of the log. With a board that has a
        kernel, each cause names the driver that this kernel has for it.
        """
        from dtlink.observed.bootlog.explain import explain

        found = explain(lines, None, version, board)
        if found.board is not None and (facts := found.board.facts) is not None:
            from dtlink.views.log_root import explained_root

            _name_drivers(found, found.board)
            causes = explained_root(found.causes, found.board)
            found = replace(found, causes=causes, notes=_notes(facts, found))
        return cls(explanation=found, tree=tree)

    def __repr__(self) -> str:
        return f"<LogView: {self.explanation.lines} lines, {len(self.explanation.causes)} causes>"

    def to_json(self) -> Json:
        """The causes, what is left open, and what does no harm."""
        from dtlink.views.log_json import data

        return data(self.explanation, self.tree)

    def text(
        self, title: str = "", *, width: int | None = None, everything: bool = False
    ) -> Iterator[Line]:
        """The causes with their devices, and a summary; ``everything``: harmless lines too."""
        found = self.explanation
        yield from _head(title, found, self.tree)
        for cause in found.causes:
            yield line()
            yield from _cause_lines(cause, every=everything, width=width)
        yield from _open_lines("outcome not in the log", found.open, every=everything)
        yield from _open_lines("failed for their own reasons", found.own_failures, every=everything)
        if everything:
            yield from _harmless(found.put_away)
        yield line()
        yield _summary(found, every=everything)
        for hint in found.look_at:
            yield from paragraph("hint:", hint, width)


def _notes(facts: Facts, found: Explanation) -> Sequence[str]:
    """The notes, with one if the log is not of the kernel that drivers are looked up in."""
    from dtlink.kernel.facts import version_in

    release, logged = facts.build.release, found.kernel
    if not release or not logged or version_in(release) == version_in(logged):
        return found.notes
    return (*found.notes, f"the log is of {logged}, but drivers are those of {release}")


def _name_drivers(found: Explanation, board: TreeBoard) -> None:
    """Add to each root cause which driver the kernel has for it."""
    from dtlink.views.drivers import driver_of

    for cause in found.causes:
        node = board.tree.by_path.get(cause.origin.subject)
        if node is not None and not cause.origin.is_absent:
            driver = f"in this kernel: {driver_of(board, node.index)}"
            detail = "; ".join(filter(None, (cause.origin.detail, driver)))
            cause.origin = cause.origin._replace(detail=detail)


def _head(title: str, found: Explanation, tree: str | None) -> Iterator[Line]:
    """Which log, kernel and board; what makes the answers doubtful."""
    kernel = f"Linux {found.kernel}" if found.kernel else "kernel unknown"
    model = f" · {found.model}" if found.model else ""
    beside = f" · tree {tree}" if tree else ""
    yield line(Span(title, BOLD), f" · {kernel}{model} · {counted(found.lines, 'line')}{beside}")
    for note in found.notes:
        yield line(Span("note", STYLES["warning"]), f"  {note}")


def _cause_lines(cause: RootCause, *, every: bool, width: int | None) -> Iterator[Line]:
    origin = cause.origin
    mild = all(victim.effect.is_mild for victim in cause.victims)
    style = STYLES["warning" if mild else "error"]
    likely = "" if cause.sure else " (likely)"
    yield line(Span(f"{origin.root.value}{likely}", style), "  ", Span(origin.subject, BOLD))
    if origin.detail:
        yield from paragraph("", origin.detail, width)
    if cause.also:
        yield from paragraph(" also:", _few(cause.also, every=every), width)
    if origin.candidates:
        yield from paragraph(" may be:", _few(origin.candidates, every=every), width)
    label = " effect:"
    victims = cause.victims if every else cause.victims[:SHOWN]
    for victim in victims:
        doubt = "likely: " if cause.sure and not victim.sure else ""
        yield from paragraph(label, doubt + _told(victim), width)
        label = ""
    if len(cause.victims) > len(victims):
        more = len(cause.victims) - len(victims)
        yield from paragraph("", f"… and {counted(more, 'more device')} (--all)", width)
    if origin.cure:
        yield from paragraph(" fix:", origin.cure, width)
    if origin.rule:
        yield from paragraph(" rule:", f"dtlink explain {origin.rule}", width)


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
    return listed(names, len(names) if every else SHOWN)


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
        yield line(Span(f"  … {and_more(len(items) - SHOWN)} (--all)", DIM))


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
        yield line(Span(f"    {noun(len(item.lines), 'line')} {shown}{more}", DIM))


def _without_cause(found: Explanation) -> str:
    """The summary of a log without a cause; what is undecided is no absence of problems."""
    undecided = counted(len(found.open), "undecided case") if found.open else ""
    failed = counted(len(found.own_failures), "failed probe") if found.own_failures else ""
    rest = ", ".join(filter(None, (undecided, failed)))
    return f"no cause found, {rest}" if rest else "no problems found"


def _summary(found: Explanation, *, every: bool) -> Line:
    """One line that counts; says how to see the harmless lines."""
    hidden = found.told["harmless"]
    if not found.causes:
        away = f"{counted(hidden, 'harmless line')} hidden"
        note = away if every else f"{away}, --all shows them"
        return line(_without_cause(found), Span(f" ({note})" if hidden else "", DIM))
    devices = {victim.node or victim.device for cause in found.causes for victim in cause.victims}
    first = f"{counted(len(found.causes), 'cause')}, {counted(len(devices), 'device')} affected"
    unclear = sum(not cause.origin.root.is_known for cause in found.causes)
    first += f", {unclear} unclear" if unclear else ""
    kinds = ", ".join(
        f"{len(item.lines)} {item.kind}"
        for item in sorted(found.put_away, key=lambda item: -len(item.lines))[:3]
    )
    hint = "" if every else " (--all)"
    rest = f" · {counted(hidden, 'harmless line')} hidden: {kinds} …{hint}" if hidden else ""
    return line(first, Span(rest, DIM))
