"""What fixes propose: the edits that take a finding away, on all boards that have it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from dtlink.firmware.text_edits import EditConflictError, by_file, in_order
from dtlink.records import NamedTuple
from dtlink.rules.catalogue import is_named
from dtlink.typed import TYPE_CHECKING
from dtlink.wording import counted

if TYPE_CHECKING:
    from dtlink.firmware.inputs import Input
    from dtlink.firmware.text_edits import TextEdit
    from dtlink.report.model import InputReport
    from dtlink.rules.model import Finding


class WantedFixes(NamedTuple):
    """Which fixes are made."""

    rules: tuple[str, ...] = ()
    """Rules and families; empty: all of them."""
    unsafe: bool = False
    """Also those that may change what works."""
    shared: bool = False
    """Also in files of boards that do not have the finding."""
    most: int = 250
    """Upper bound on the boards that include a file which is changed; 0: none."""


class Proposal(NamedTuple):
    """Edits, and the findings that they take away.

    Among ``fixed`` of a :class:`FixOutcome`, and in a ``proposal`` of ``left``.
    """

    edits: tuple[TextEdit, ...]
    holders: dict[Input, list[Finding]]
    """The boards that have a finding whose edits are among these."""

    @property
    def finding(self) -> Finding:
        """One of the findings."""
        return next(iter(self.holders.values()))[0]

    @property
    def number(self) -> int:
        """How many findings they are; what boards have from one shared file is one."""
        found = (each.written for rows in self.holders.values() for each in rows)
        return len({each.edits for each in found if each})

    @property
    def paths(self) -> Sequence[str]:
        """The files that it changes."""
        return list(dict.fromkeys(each.path for each in self.edits))

    @property
    def place(self) -> str:
        """The file and the line of the finding, or those of the first edit."""
        found = self.finding.location
        file, line = (found.file, found.line) if found else (self.edits[0].path, self.edits[0].line)
        return f"{file}:{line}"


def unsafe_fixes(number: int) -> str:
    """What to say of findings whose fixes are unsafe and not wanted."""
    has = "has" if number == 1 else "have"
    return f"{counted(number, 'finding')} {has} a fix that may change what works: --unsafe-fixes"


def is_safe(finding: Finding) -> bool:
    """Whether the edits of a finding may be made without a look at them."""
    return finding.fix.safety is not None and finding.fix.safety.is_safe


def is_wanted(finding: Finding, wanted: WantedFixes) -> bool:
    """Whether the fix of a finding is to be made, if it can be."""
    named = not wanted.rules or is_named(finding.rule, wanted.rules, finding.alias)
    return named and (wanted.unsafe or is_safe(finding))


def proposals(reports: Mapping[Input, InputReport], wanted: WantedFixes) -> list[Proposal]:
    """What the findings of boards propose.

    Findings of one rule whose edits are partly the same, as where a board overrides one of the
    nodes that a shared file has, are one proposal.
    """
    found: dict[tuple[TextEdit, ...], Proposal] = {}
    for item, report in reports.items():
        for each in report.findings:
            edits = each.written.edits if each.written else ()
            if edits and is_wanted(each, wanted):
                proposal = found.setdefault(edits, Proposal(edits, {}))
                proposal.holders.setdefault(item, []).append(each)
    return list(_united(found.values()))


def _united(found: Iterable[Proposal]) -> Iterator[Proposal]:
    """The proposals, those of one rule together that have an edit in common."""
    groups: dict[tuple[str, TextEdit], list[Proposal]] = {}
    for each in found:
        keys = [(each.finding.rule, edit) for edit in each.edits]
        joined = list({id(groups[key]): groups[key] for key in keys if key in groups}.values())
        group = [*(one for other in joined for one in other), each]
        for one in group:
            groups |= {(one.finding.rule, edit): group for edit in one.edits}
    for group in {id(group): group for group in groups.values()}.values():
        yield from _one(group)


def _one(group: Sequence[Proposal]) -> Iterator[Proposal]:
    """Proposals as one; apart, if their edits overlap."""
    edits = dict.fromkeys(edit for each in group for edit in each.edits)
    try:
        ordered = [each for rows in by_file(edits).values() for each in in_order(rows)]
    except EditConflictError:
        yield from group
        return
    one = Proposal(tuple(ordered), {})
    for each in group:
        for item, findings in each.holders.items():
            one.holders.setdefault(item, []).extend(findings)
    yield one


def apart(found: Iterable[Proposal]) -> Iterator[Proposal]:
    """The proposals that do not overlap those before them."""
    taken: dict[str, list[TextEdit]] = {}
    for each in found:
        mine = by_file(each.edits)
        try:
            for path, edits in mine.items():
                in_order([*taken.get(path, ()), *edits])
        except EditConflictError:
            continue
        for path, edits in mine.items():
            taken.setdefault(path, []).extend(edits)
        yield each
