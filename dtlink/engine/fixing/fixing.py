"""Make the fixes of findings: each is tried, and taken back unless its finding goes and none comes.

Nothing is written here: boards are linted anew with the edited files in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from dtlink.engine.fixing.files import LARGEST, ChangedFiles, UnusableError
from dtlink.engine.fixing.outcome import FixOutcome, LeftFix
from dtlink.engine.fixing.proof import Kind, Problem, problem
from dtlink.engine.fixing.proposals import (
    Proposal,
    WantedFixes,
    apart,
    is_safe,
    proposals,
)
from dtlink.engine.written import ExpectedTree
from dtlink.firmware.edits import SetField
from dtlink.firmware.inputs import Input
from dtlink.firmware.storage import DISK, Disk
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING
from dtlink.wording import counted, listed

if TYPE_CHECKING:
    from dtlink.firmware.text_edits import TextEdit
    from dtlink.report.model import InputReport
    from dtlink.rules.model import Finding

#: Upper bound on rounds: what overlaps is fixed one after the other.
_ROUNDS = 30
#: How many boards a reason names.
_NAMED = 3

#: Lints inputs, each with the settings of another, as a storage has their files, and compares
#: their trees.
Lint = Callable[
    [Mapping[Input, Input], Disk, Mapping[Input, ExpectedTree]], Iterator["InputReport"]
]
#: The sources that include a file, directly or not.
Users = Callable[[str], Sequence[str]]


class _Verdict(NamedTuple):
    reports: Mapping[Input, InputReport]
    problem: Problem | None = None


def fix_all(lint: Lint, users: Users, inputs: Sequence[Input], wanted: WantedFixes) -> FixOutcome:
    """Make all fixes that are wanted and prove right."""
    return _Fixing(lint, users, inputs, wanted).run()


class _Fixing:
    def __init__(
        self, lint: Lint, users: Users, inputs: Sequence[Input], wanted: WantedFixes
    ) -> None:
        self._lint = lint
        self._users = users
        self._inputs = inputs
        self._wanted = wanted
        self._by_path = {DISK.real(each.path): each for each in reversed(inputs)}
        self._now: dict[Input, InputReport] = {}
        """The reports with all that was accepted."""
        self._witnesses: dict[Input, Input] = {}
        """Boards that are no inputs but include a file that is changed, and whose settings hold."""
        self._files = ChangedFiles()
        self._accepted: list[Proposal] = []
        """What is accepted of a round."""
        self._fixed: list[Proposal] = []
        self._left: dict[tuple[TextEdit, ...], LeftFix] = {}
        self._affected: dict[str, list[Input]] = {}
        self._blobs: list[Input] = []

    def run(self) -> FixOutcome:
        inputs = {each: each for each in self._inputs}
        self._now = {each.input: each for each in self._lint(inputs, DISK, {})}
        # With its source changed a blob is what it was.
        blobs = self._blobs = [each for each in self._inputs if _is_blob(each)]
        for _ in range(_ROUNDS):
            sources = (each for each in self._inputs if each not in blobs)
            own = {item: self._now[item] for item in sources if item in self._now}
            found = proposals(own, self._wanted)
            todo = [each for each in found if each.edits not in self._left]
            if not todo:
                break
            self._round(list(apart(todo)))
        own = {item: self._now[item] for item in self._inputs if item in self._now}
        left, contents = list(self._left.values()), self._files.contents()
        return FixOutcome(contents, self._fixed, left, own, self._unsafe(own), blobs)

    def _unsafe(self, reports: Mapping[Input, InputReport]) -> int:
        """How many fixes only ``unsafe`` would make."""
        if self._wanted.unsafe:
            return 0
        found = proposals(reports, self._wanted._replace(unsafe=True))
        return sum(not is_safe(each.finding) for each in found)

    def _round(self, batch: Sequence[Proposal]) -> None:
        self._accepted = []
        ready = [each for each in batch if self._is_ready(each)]
        alone = [each for each in ready if self._others(each)]
        self._accept([each for each in ready if each not in alone])
        for each in alone:
            self._accept([each])
        # Offsets of what is left are those of the files before the round.
        self._files.keep(self._accepted)
        self._fixed += self._accepted

    # Boards

    def _is_ready(self, proposal: Proposal) -> bool:
        """Whether all files can be changed, and all boards that include them are known."""
        try:
            for path in proposal.paths:
                self._files.text(path)
                self._know(path, next(iter(proposal.holders)))
            self._find_holders(proposal)
        except UnusableError as error:
            self._left[proposal.edits] = LeftFix(proposal, str(error))
            return False
        return True

    def _know(self, path: str, like: Input) -> None:
        """Find and lint the boards that include a file."""
        if path in self._affected:
            return
        real = DISK.real(path)
        users = [each for each in self._users(path) if DISK.real(each) != real]
        if self._wanted.most and len(users) > self._wanted.most:
            boards = counted(len(users), "board")
            raise UnusableError(f"{boards} include {path}, more than --max-boards")
        found = [self._by_path.get(DISK.real(each)) or Input(each) for each in users]
        own = [self._by_path[real]] if real in self._by_path else []
        # A board on which something else is changed, or that can't be read, is no witness.
        more = {each: like for each in found if each not in self._now}
        self._witnesses |= more
        self._now |= {each.input: each for each in self._lint(more, self._files.disk([]), {})}
        inputs = (each for each in self._inputs if self._has(each, path))
        self._affected[path] = list(dict.fromkeys((*own, *inputs, *found)))

    def _find_holders(self, proposal: Proposal) -> None:
        """Add the boards that have the finding and are no inputs."""
        edits = set(proposal.edits)
        for board in self._others(proposal):
            found = [
                each
                for each in self._now[board].findings
                if each.written and each.written.edits and edits.issuperset(each.written.edits)
            ]
            if found:
                proposal.holders[board] = found

    def _has(self, item: Input, path: str) -> bool:
        """Whether an input's findings lead to a file, which no search for includes may find."""
        if item in self._blobs:
            return False
        written = (each.written for each in self._now[item].findings if each.written)
        return any(edit.path == path for each in written for edit in each.edits)

    def _boards(self, batch: Sequence[Proposal]) -> list[Input]:
        paths = dict.fromkeys(path for each in batch for path in each.paths)
        return list(dict.fromkeys(board for path in paths for board in self._affected[path]))

    def _others(self, proposal: Proposal) -> list[Input]:
        """The boards that include a file that is changed, and do not have the finding."""
        return [each for each in self._boards([proposal]) if each not in proposal.holders]

    # Trials

    def _accept(self, batch: Sequence[Proposal]) -> None:
        """Accept what proves right; what does not is found by halves."""
        if not batch:
            return
        verdict = self._try(batch)
        found = verdict.problem
        if found is None or (len(batch) == 1 and found.kind is Kind.LESS):
            self._now |= verdict.reports
            self._accepted += batch
        elif len(batch) > 1:
            middle = len(batch) // 2
            self._accept(batch[:middle])
            self._accept(batch[middle:])
        else:
            left = LeftFix(batch[0], found.reason, found.kind is Kind.FAULT)
            self._left[batch[0].edits] = left

    def _expected(self, board: Input, findings: Sequence[Finding]) -> ExpectedTree:
        edits = [edit for each in findings for edit in each.fix.edits]
        of_tree = tuple(edit for edit in edits if not isinstance(edit, SetField))
        return ExpectedTree(self._now[board].blob, of_tree)

    def _try(self, batch: Sequence[Proposal]) -> _Verdict:
        boards = self._boards(batch)
        of = {each: self._witnesses.get(each, each) for each in boards}
        storage = self._files.disk([*self._accepted, *batch])
        mine = {
            board: [found for each in batch for found in each.holders.get(board, ())]
            for board in boards
        }
        readable = (board for board in boards if self._now[board].error is None)
        expected = {board: self._expected(board, mine[board]) for board in readable}
        reports = {each.input: each for each in self._lint(of, storage, expected)}
        others: list[str] = []
        note: Problem | None = None
        for board in boards:
            before, after = self._now[board], reports[board]
            if after.differs and not mine[board] and not self._wanted.shared:
                others.append(board.path)
            elif after.differs and mine[board]:
                reason = f"{board}: {after.differs} would change as well"
                return _Verdict(reports, Problem(reason, Kind.CONSEQUENCE))
            elif found := problem(before, after, mine[board]):
                found = found._replace(reason=f"{board}: {found.reason}")
                if found.kind is not Kind.LESS:
                    return _Verdict(reports, found)
                note = found
        if others:
            reason = _disagreement(batch[0], len(boards), others)
            return _Verdict(reports, Problem(reason, Kind.CONSEQUENCE))
        return _Verdict(reports, note)


def _is_blob(item: Input) -> bool:
    data = DISK.read(item.path, LARGEST)
    return isinstance(data, bytes) and data.startswith(b"\xd0\x0d\xfe\xed")


def _disagreement(proposal: Proposal, total: int, others: Sequence[str]) -> str:
    files = listed(proposal.paths, _NAMED)
    return (
        f"{counted(total, 'board')} include {files}, and {len(others)} of them would change "
        f"without having this finding ({listed(others, _NAMED)}): --fix-shared"
    )
