"""What became of each finding of each board, one build after the other.

What is kept grows with what changes, not with the number of builds: as long as a board has the same
findings, only its number of builds goes up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from dtlink.records import NamedTuple
from dtlink.views.history.model import Build, SavedFinding, SavedInput

Fault = tuple[str, str]


class Run:
    """Builds one after the other in which a board has a finding, at one severity."""

    __slots__ = ("begin", "end", "is_accepted", "severity")

    def __init__(self, begin: int, finding: SavedFinding) -> None:
        self.begin: int = begin
        self.end: int = -1
        """The last build; -1 as long as it lasts."""
        self.severity: str = finding.severity
        self.is_accepted: bool = finding.is_accepted


class Track:
    """A finding of one board."""

    __slots__ = ("events", "finding", "runs")

    def __init__(self, finding: SavedFinding) -> None:
        self.finding: SavedFinding = finding
        """As it was last."""
        self.runs: list[Run] = []
        self.events: list[tuple[int, str]] = []
        """What happened in which build: ``first`` (the first build of the board has it, or the one
        before may have had it, since its rule failed there or its report lacks findings), ``new``,
        ``fixed``, ``regressed`` or ``changed`` (its severity, or whether it is accepted)."""

    def go_on(self, build: int, finding: SavedFinding, before: int, *, may_be_old: bool) -> str:
        """The finding is there; ``before`` is the board's build before, -1: none. What it is.

        ``may_be_old``: whether that had it is not known.
        """
        run = self.runs[-1] if self.runs else None
        self.finding = finding
        if run is None or run.end >= 0:
            self.runs.append(Run(build, finding))
            is_new = before >= 0 and not may_be_old
            return self._note(build, "regressed" if run else "new" if is_new else "first")
        if (run.severity, run.is_accepted) == (finding.severity, finding.is_accepted):
            return ""
        run.end = before
        self.runs.append(Run(build, finding))
        return self._note(build, "changed")

    def stop(self, build: int, before: int) -> str:
        """The finding is gone."""
        self.runs[-1].end = before
        return self._note(build, "fixed")

    def _note(self, build: int, event: str) -> str:
        self.events.append((build, event))
        return event


class BoardTrack:
    """A board: in which builds it was, and its findings."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.model: str = ""
        self.last: int = -1
        """The last build in which it was read."""
        self.counts: dict[int, Mapping[str, int]] = {}
        """The findings that count of each severity, of each build in which it was read."""
        self.unread: list[int] = []
        self.tracks: dict[Fault, Track] = {}
        self.current: dict[Fault, Track] = {}
        self._now: tuple[tuple[SavedFinding, ...], tuple[str, ...]] | None = None
        self._failed: tuple[str, ...] = ()
        """The rules of whose findings in the last build not all are known."""
        self._count: Mapping[str, int] = {}
        self.accepted: int = 0
        """How many findings of the last build do not count."""

    def add(self, build: int, item: SavedInput, wanted: Callable[[str], bool]) -> Iterator[str]:
        """Add a build, and yield what happens to findings that count."""
        self.model = item.model or self.model
        now = item.findings, item.failed
        if now != self._now:
            yield from self._change(build, item, wanted)
            runs = [each.runs[-1] for each in self.current.values()]
            self._count = Counter(each.severity for each in runs if not each.is_accepted)
            self.accepted = sum(each.is_accepted for each in runs)
        self._now, self._failed, self.last = now, item.failed, build
        self.counts[build] = self._count

    def _change(self, build: int, item: SavedInput, wanted: Callable[[str], bool]) -> Iterator[str]:
        found = {each.fault: each for each in reversed(item.findings) if wanted(each.rule)}
        there: dict[Fault, Track] = {}
        for fault, finding in reversed(found.items()):
            track = there[fault] = self.tracks.setdefault(fault, Track(finding))
            event = track.go_on(build, finding, self.last, may_be_old=fault[0] in self._failed)
            if event and not finding.is_accepted:
                yield event
        for fault, track in self.current.items():
            if fault in there:
                continue
            if fault[0] in item.failed:
                there[fault] = track  # not known: as before
            elif not track.runs[-1].is_accepted:
                yield track.stop(build, self.last)
            else:
                track.stop(build, self.last)
        self.current = there

    def close(self) -> None:
        """No build follows."""
        for track in self.current.values():
            track.runs[-1].end = self.last


class BuildCount(NamedTuple):
    """A build, and what it changed."""

    build: Build
    boards: int
    unread: int
    accepted: int
    events: Mapping[str, int]
    incomplete: Sequence[str]
    """The rules of whose findings not all are known, of some board."""


class Timeline:
    """Boards with their findings, of builds that are added in their order."""

    def __init__(
        self, wants_rule: Callable[[str], bool], wants_board: Callable[[str], bool]
    ) -> None:
        self._wants_rule, self._wants_board = wants_rule, wants_board
        self.boards: dict[str, BoardTrack] = {}
        self.builds: list[BuildCount] = []

    def add(self, build: Build) -> None:
        """Add the next build. An input that is there twice counts once."""
        at, events = len(self.builds), Counter[str]()
        read, unread, failed, accepted = set[str](), set[str](), set[str](), 0
        for name, item in build.inputs:
            if name in read or not self._wants_board(name):
                continue
            if name not in self.boards:
                self.boards[name] = BoardTrack(name)
            board = self.boards[name]
            if item.error:
                unread.add(name)
                continue
            events.update(board.add(at, item, self._wants_rule))
            read.add(name)
            failed.update(item.failed)
            accepted += board.accepted
        unread -= read
        for name in sorted(unread):
            self.boards[name].unread.append(at)
        without_inputs = build._replace(inputs=())
        wanted = sorted(filter(self._wants_rule, failed))
        self.builds.append(
            BuildCount(without_inputs, len(read), len(unread), accepted, events, wanted)
        )

    def close(self) -> Sequence[BoardTrack]:
        """The boards, by name, once all builds are added."""
        found = [self.boards[name] for name in sorted(self.boards)]
        for each in found:
            each.close()
        return found
