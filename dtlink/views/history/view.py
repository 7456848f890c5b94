"""``dtlink history``: findings over many builds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar

from dtlink.rules.model import Severity
from dtlink.typed import TYPE_CHECKING
from dtlink.views.data import ABSENT, Absent, CommandResult, JsonRow
from dtlink.views.history.builds import names
from dtlink.views.history.timeline import Timeline

if TYPE_CHECKING:
    from dtlink.report.layout import Line
    from dtlink.views.history.model import Build, SavedFinding
    from dtlink.views.history.timeline import BoardTrack, BuildCount, Fault, Track

_SEVERITIES = tuple(each.value for each in Severity)


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class CountsRow(JsonRow):
    """How many findings there are of each severity."""

    error: int
    warning: int
    info: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.error + self.warning + self.info


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class BuildRow(JsonRow):
    """A build. Findings that a baseline or a configuration accepts are counted apart."""

    name: str
    path: str
    number: int
    time: str | Absent
    """When its report was written, if builds are ordered by that."""
    dtlink: str
    kernel: str
    boards: int
    unreadable: int
    findings: CountsRow
    accepted: int
    new: int
    fixed: int
    regressed: int
    incomplete: tuple[str, ...] | Absent = ABSENT
    """Rules that failed, or of which reports lack findings: none of these is called fixed here, or
    new in the next build."""


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class RuleCountsRow(JsonRow):
    """How many findings of a rule each build has."""

    rule: str
    findings: tuple[int, ...]


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class BoardCountsRow(JsonRow):
    """How many findings a board has in each build; ``None``: it was not read there."""

    board: str
    model: str
    findings: tuple[int | None, ...]


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class RunRow(JsonRow):
    """Builds in which a board has a finding; those in which it was not read may be among them."""

    from_: int
    to: int
    severity: str
    accepted: bool


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class EventRow(JsonRow):
    """What happened to a finding in a build."""

    build: int
    event: str


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class BoardFindingRow(JsonRow):
    """A finding of one board."""

    board: int
    status: str
    """``open``, ``accepted``, ``fixed``, or ``unknown``: the last build did not read the board."""
    events: tuple[EventRow, ...]
    runs: tuple[RunRow, ...]


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class FaultRow(JsonRow):
    """A fault, and the boards that have or had it."""

    rule: str
    fingerprint: str
    severity: str
    subject: str
    property_name: str | None
    supplier: str | None
    message: str
    consequence: str
    fix: str
    boards: tuple[BoardFindingRow, ...]


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class UnreadRow(JsonRow):
    """A file of reports that is not in the history."""

    path: str
    message: str


@dataclass(frozen=True, eq=False, kw_only=True, slots=True, repr=False)
class HistoryView(CommandResult):
    """Findings over builds; builds and boards are named by their indexes in the lists.

    Made by :func:`dtlink.history`; ``html()`` is the page.
    """

    member: ClassVar[str] = "history"

    builds: tuple[BuildRow, ...]
    rules: tuple[RuleCountsRow, ...]
    boards: tuple[BoardCountsRow, ...]
    findings: tuple[FaultRow, ...]
    unread: tuple[UnreadRow, ...]

    @classmethod
    def of(
        cls,
        builds: Iterable[Build],
        unread: Sequence[UnreadRow] = (),
        *,
        wants_rule: Callable[[str], bool] = lambda _: True,
        wants_board: Callable[[str], bool] = lambda _: True,
        with_times: bool = False,
    ) -> HistoryView:
        """The history of builds in their order.

        ``unread`` is read when all builds are: their source may still add to it.
        """
        timeline = Timeline(wants_rule, wants_board)
        for each in builds:
            timeline.add(each)
        boards = timeline.close()
        return cls(
            builds=tuple(_builds(timeline.builds, boards, with_times=with_times)),
            rules=tuple(_rules(boards, len(timeline.builds))),
            boards=tuple(_board(each, len(timeline.builds)) for each in boards),
            findings=tuple(_faults(boards, len(timeline.builds) - 1)),
            unread=tuple(unread),
        )

    def text(self, width: int | None = None, *, everything: bool = False) -> Iterator[Line]:
        """The last builds, and what the last one changed; ``everything``: all builds."""
        from dtlink.views.history.text import lines

        return lines(self, width, everything=everything)

    def html(self) -> str:
        """One page."""
        from dtlink.views.history.html import render

        return render(self)


def _builds(
    builds: Sequence[BuildCount], boards: Sequence[BoardTrack], *, with_times: bool
) -> Iterator[BuildRow]:
    short = names([(each.build.path, each.build.number) for each in builds])
    for at, (build, read, unread, accepted, events, incomplete) in enumerate(builds):
        counts = Counter[str]()
        for board in boards:
            counts.update(board.counts.get(at, {}))
        yield BuildRow(
            name=short[at],
            path=build.path,
            number=build.number,
            time=_time(build.time) if with_times else ABSENT,
            dtlink=build.dtlink,
            kernel=build.kernel,
            boards=read,
            unreadable=unread,
            findings=CountsRow(**{name: counts[name] for name in _SEVERITIES}),
            accepted=accepted,
            incomplete=tuple(incomplete) or ABSENT,
            **{name: events.get(name, 0) for name in ("new", "fixed", "regressed")},
        )


def _time(nanoseconds: int) -> str:
    return datetime.fromtimestamp(nanoseconds // 10**9, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _rules(boards: Sequence[BoardTrack], number: int) -> Iterator[RuleCountsRow]:
    """Of each rule, from where its findings begin and end."""
    steps: dict[str, list[int]] = {}
    for board in boards:
        read = sorted(board.counts)
        for (rule, _), track in board.tracks.items():
            counts = steps.setdefault(rule, [0] * number)
            for run in (each for each in track.runs if not each.is_accepted):
                for at in _between(read, run.begin, run.end):
                    counts[at] += 1
    for rule in sorted(steps):
        yield RuleCountsRow(rule=rule, findings=tuple(steps[rule]))


def _between(read: Sequence[int], first: int, last: int) -> Sequence[int]:
    from bisect import bisect_left, bisect_right

    return read[bisect_left(read, first) : bisect_right(read, last)]


def _board(board: BoardTrack, number: int) -> BoardCountsRow:
    sums: dict[int, int] = {}
    found: list[int | None] = [None] * number
    for at, counts in board.counts.items():
        if id(counts) not in sums:
            sums[id(counts)] = sum(counts.values())
        found[at] = sums[id(counts)]
    return BoardCountsRow(board=board.name, model=board.model, findings=tuple(found))


def _faults(boards: Sequence[BoardTrack], last: int) -> Iterator[FaultRow]:
    """The faults: the worst first, then by rule and node."""
    found: dict[Fault, list[tuple[int, BoardTrack, Track]]] = {}
    for number, board in enumerate(boards):
        for fault, track in board.tracks.items():
            found.setdefault(fault, []).append((number, board, track))
    rows = (_fault([*each], last) for each in found.values())
    return iter(sorted(rows, key=_place))


def _place(row: FaultRow) -> tuple[int, str, str, str]:
    return _SEVERITIES.index(row.severity), row.rule, row.subject, row.fingerprint


def _fault(several: Sequence[tuple[int, BoardTrack, Track]], last: int) -> FaultRow:
    finding = _latest([track for *_, track in several])
    severities = {track.finding.severity for *_, track in several}
    return FaultRow(
        rule=finding.rule,
        fingerprint=finding.fingerprint,
        severity=min(severities, key=_SEVERITIES.index),
        subject=finding.subject,
        property_name=finding.property_name,
        supplier=finding.supplier,
        message=finding.message,
        consequence=finding.effect,
        fix=finding.fix,
        boards=tuple(_on_board(each, last) for each in several),
    )


def _latest(tracks: Sequence[Track]) -> SavedFinding:
    """The finding as the last build has it; of several boards the first's."""
    return max(tracks, key=lambda each: each.runs[-1].end).finding


def _on_board(place: tuple[int, BoardTrack, Track], last: int) -> BoardFindingRow:
    number, board, track = place
    return BoardFindingRow(
        board=number,
        status=_status(board, track, last),
        events=tuple(EventRow(build=at, event=event) for at, event in track.events),
        runs=tuple(
            RunRow(from_=each.begin, to=each.end, severity=each.severity, accepted=each.is_accepted)
            for each in track.runs
        ),
    )


def _status(board: BoardTrack, track: Track, last: int) -> str:
    if track.finding.fault not in board.current:
        return "fixed"
    if board.last < last:
        return "unknown"
    return "accepted" if track.runs[-1].is_accepted else "open"


def changes(
    view: HistoryView, build: int
) -> Mapping[str, Sequence[tuple[FaultRow, Sequence[int]]]]:
    """What a build changed: by event, the faults with their boards. Accepted ones are left out."""
    found: dict[str, list[tuple[FaultRow, Sequence[int]]]] = {}
    for fault in view.findings:
        for event in ("new", "regressed", "fixed"):
            boards = [each.board for each in fault.boards if _has(each, build, event)]
            if boards:
                found.setdefault(event, []).append((fault, boards))
    return found


def _has(row: BoardFindingRow, build: int, event: str) -> bool:
    if not any((each.build, each.event) == (build, event) for each in row.events):
        return False
    if event == "fixed":
        ended = [run for run in row.runs if run.to < build]
        return bool(ended) and not ended[-1].accepted
    return any(run.from_ == build and not run.accepted for run in row.runs)
