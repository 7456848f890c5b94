"""Fixes of what has no source, a blob or tables: made in a copy, proved, taken back if wrong."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

from dtlink.engine.fixing.proof import Kind, Problem, problem, suspected
from dtlink.engine.fixing.proposals import WantedFixes, is_wanted
from dtlink.firmware.apply import apply, apply_fields
from dtlink.firmware.edits import AddNode, SetField
from dtlink.firmware.errors import InputError
from dtlink.firmware.tree import Tree
from dtlink.records import NamedTuple
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TypeAlias

    from dtlink.firmware.acpi.machine import Machine
    from dtlink.firmware.edits import Edit
    from dtlink.report.model import InputReport
    from dtlink.rules.model import Finding

    Firmware: TypeAlias = Tree | Machine

#: Upper bound on the attempts at one input. Fixes that prove right take one attempt together; one
#: that does not takes as many as the others of its batch can be halved.
_MOST_ATTEMPTS = 32
_ENOUGH = f"not tried: the limit of {_MOST_ATTEMPTS} attempts for one input is reached"

#: Lints what was made.
Lint = Callable[["Firmware"], "InputReport"]
#: Makes edits. Raises :class:`InputError` for what can't be made.
Change = Callable[["Firmware", "Sequence[Edit]"], "Firmware"]


class LeftFinding(NamedTuple):
    """A finding whose fix was not made, and why."""

    finding: Finding
    reason: str
    is_fault: bool
    """Whether it did not do what it says: a fault of dtlink."""


class WholeOutcome(NamedTuple):
    """What became of the fixes of an input."""

    firmware: Firmware
    edits: Sequence[Edit]
    fixed: Sequence[Finding]
    left: Sequence[LeftFinding]
    report: InputReport
    """Of the input with the fixes made."""
    unsafe: int = 0
    """How many findings have a fix that is made only if unsafe ones are wanted."""


class _Attempt(NamedTuple):
    """What became of a batch of fixes."""

    firmware: Firmware
    report: InputReport
    problem: Problem | None
    parts: tuple[Sequence[Finding], Sequence[Finding]]
    """The batch in two, for the next attempts: what nothing points at is the first."""


def fix_whole(lint: Lint, change: Change, firmware: Firmware, wanted: WantedFixes) -> WholeOutcome:
    """Make all fixes that are wanted and prove right."""
    return _Fixing(lint, change, firmware, wanted).run()


def changed(firmware: Firmware, edits: Sequence[Edit]) -> Firmware:
    """A blob, or tables, with edits made. Raises :class:`InputError`."""
    fields = [each for each in edits if isinstance(each, SetField)]
    if isinstance(firmware, Tree):
        return apply(firmware, [each for each in edits if not isinstance(each, SetField)])
    by_table: dict[str, list[SetField]] = defaultdict(list)
    for each in fields:
        by_table[each.table].append(each)
    return firmware.with_tables(
        {word: apply_fields(firmware.tables[word].data, rows) for word, rows in by_table.items()}
    )


class _Fixing:
    def __init__(self, lint: Lint, change: Change, firmware: Firmware, wanted: WantedFixes) -> None:
        self._lint = lint
        self._change = change
        self._original = self._firmware = firmware
        self._wanted = wanted
        self._now = lint(firmware)
        self._fixed: list[Finding] = []
        self._left: list[LeftFinding] = []
        self._attempts = 0

    def run(self) -> WholeOutcome:
        while todo := self._todo():
            before = len(self._fixed) + len(self._left)
            self._accept(todo)
            if before == len(self._fixed) + len(self._left):
                break
        edits = self._edits(self._fixed)
        both = self._wanted._replace(unsafe=True)
        unsafe = sum(
            bool(each.fix.edits) and is_wanted(each, both) and not is_wanted(each, self._wanted)
            for each in self._now.findings
        )
        return WholeOutcome(self._firmware, edits, self._fixed, self._left, self._now, unsafe)

    def _todo(self) -> list[Finding]:
        """The findings of the next round; those whose fixes let more be read are the last."""
        left = [each.finding for each in self._left]
        todo = [
            each
            for each in self._now.findings
            if each.fix.edits and each not in left and is_wanted(each, self._wanted)
        ]
        return list(_apart([each for each in todo if not each.fix.reveals] or todo[:1]))

    @staticmethod
    def _edits(findings: Sequence[Finding]) -> list[Edit]:
        return [edit for each in findings for edit in each.fix.edits]

    def _accept(self, batch: Sequence[Finding]) -> None:
        """Accept what proves right; what does not is found by what is reported, and by halves.

        Where the fixes of a part changed a finding, its own is for the next round.
        """
        batch = [each for each in batch if each in self._now.findings]
        if not batch:
            return
        if self._attempts == _MOST_ATTEMPTS:
            self._left += [LeftFinding(each, _ENOUGH, is_fault=False) for each in batch]
            return
        made = self._attempt(batch)
        if made.problem is None or (len(batch) == 1 and made.problem.kind is Kind.LESS):
            self._firmware, self._now = made.firmware, made.report
            self._fixed += batch
        elif len(batch) > 1:
            for part in made.parts:
                self._accept(part)
        else:
            is_fault = made.problem.kind is Kind.FAULT
            self._left.append(LeftFinding(batch[0], made.problem.reason, is_fault))

    def _attempt(self, batch: Sequence[Finding]) -> _Attempt:
        """Make the fixes of a batch in a copy, with those that were accepted."""
        self._attempts += 1
        middle = len(batch) // 2
        halves = batch[:middle], batch[middle:]
        try:
            made = self._change(self._original, self._edits([*self._fixed, *batch]))
            after = self._lint(made)
        except InputError as error:
            found = Problem(error.message, Kind.CONSEQUENCE)
            return _Attempt(self._firmware, self._now, found, halves)
        if (problems := problem(self._now, after, batch)) is None:
            return _Attempt(made, after, None, halves)
        apart = suspected(self._now, after, batch)
        return _Attempt(made, after, problems, apart if all(apart) else halves)


def _apart(findings: Iterable[Finding]) -> Iterator[Finding]:
    """The findings whose edits do not set what those before them set to something else: the others
    are looked at again when these are made.
    """
    taken: dict[tuple[str, str | int], Edit] = {}
    for each in findings:
        mine = {_target(edit): edit for edit in each.fix.edits}
        if all(taken.get(key, edit) == edit for key, edit in mine.items()):
            taken |= mine
            yield each


def _target(edit: Edit) -> tuple[str, str | int]:
    """What an edit sets."""
    if isinstance(edit, SetField):
        return edit.table, edit.offset
    if isinstance(edit, AddNode):
        return edit.parent.path, edit.name
    return edit.node.path, edit.name
