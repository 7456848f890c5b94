"""Running rules over a board."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from dtlink.records import NamedTuple
from dtlink.rules.model import EXAMPLES, Covers, Finding, Rule
from dtlink.rules.screen import may_speak
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.board.boards import AnyBoard


class RuleFault(NamedTuple):
    """A rule that raised: a fault of dtlink, not of the input."""

    rule: str
    error: str


class Checked(NamedTuple):
    """What the rules said of one board, the worst first."""

    findings: list[Finding]
    faults: list[RuleFault]


def check(board: AnyBoard, rules: Collection[Rule]) -> Checked:
    """:func:`run` the rules that concern the board."""
    kind = EXAMPLES[board.firmware]
    return run(
        board,
        [
            rule
            for rule in rules
            if rule.example(kind) is not None and may_speak(board, rule.needs, rule.asks)
        ],
    )


def run(board: AnyBoard, rules: Collection[Rule]) -> Checked:
    """What the rules say of a board. A rule that raises does not stop the others.

    Where the kernel version reads nothing of a table, its findings say so.
    """
    checked = Checked([], [])
    for rule in rules:
        try:
            checked.findings.extend(_of_version(board, _wanted(rule, rule.check(board))))
        except Exception as error:  # noqa: BLE001 - whatever it is, the other rules still run
            checked.faults.append(RuleFault(rule.id, f"{type(error).__name__}: {error}"))
    findings = _without_repeats(_explained(board, checked.findings), rules)
    findings.sort(key=lambda finding: finding.severity.rank)
    return checked._replace(findings=findings)


def _explained(board: AnyBoard, findings: list[Finding]) -> list[Finding]:
    """The findings, less those about lists that a supplier's wrong ``#…-cells`` misleads."""
    misfits = getattr(board, "misfit_properties", ())  # a TreeBoard's
    if not misfits:
        return findings
    return [each for each in findings if (each.subject.path, each.property_name) not in misfits]


def _wanted(rule: Rule, found: Iterable[Finding]) -> Iterable[Finding]:
    """The findings about the tables that the rule was chosen for."""
    only = rule.only
    return found if only is None else (each for each in found if each.alias in only)


def _of_version(board: AnyBoard, found: Iterable[Finding]) -> Iterable[Finding]:
    if board.firmware != "tables":
        return found
    from dtlink.rules.acpi._unread import as_read

    return (as_read(each, board.version) for each in found)


def yielding(findings: Iterable[Finding], rules: Iterable[Rule]) -> bool:
    """Whether one of the findings is of a rule that yields."""
    yielding = {rule.id for rule in rules if rule.yields}
    return not yielding.isdisjoint(each.rule for each in findings)


def _without_repeats(findings: list[Finding], rules: Iterable[Rule]) -> list[Finding]:
    """The findings, less those of rules that yield where another rule's finding covers them."""
    if not yielding(findings, rules):
        return findings
    from dtlink.schema.suppliers import repeats

    by_id = {rule.id: rule for rule in rules}
    kept = [each for each in findings if not by_id[each.rule].yields]
    covered = {pair for each in kept for pair in _covered(each, by_id[each.rule].covers)}
    return kept + [
        each
        for each in findings
        if by_id[each.rule].yields
        and not repeats(covered, each.subject.path, each.property_name or "")
    ]


def _covered(finding: Finding, covers: Covers) -> Iterator[tuple[str, str]]:
    """The nodes and properties that a finding covers; ``#`` is any cells property of a node."""
    name = finding.property_name or ""
    yield finding.subject.path, name
    if covers is Covers.RELATED:
        yield from ((path, name) for path in finding.related)
    if covers is Covers.SUPPLIER:
        yield finding.supplier, "#"
