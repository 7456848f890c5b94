"""Running rules over a board."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from dtlink.rules.catalogue import SCHEMA_FAMILY
from dtlink.rules.model import EXAMPLES, Finding, Rule

if TYPE_CHECKING:
    from dtlink.board.tables import AcpiBoard
    from dtlink.board.tree import Board


class RuleFault(NamedTuple):
    """A rule that raised: a fault of dtlink, not of the input."""

    rule: str
    error: str


class Checked(NamedTuple):
    """What the rules said of one board, the worst first."""

    findings: list[Finding]
    faults: list[RuleFault]


def check(board: Board | AcpiBoard, rules: Iterable[Rule]) -> Checked:
    """Run the rules that concern the board. A rule that raises does not stop the others."""
    checked = Checked([], [])
    holdings = board.holdings
    for rule in rules:
        if rule.needs and holdings.isdisjoint(rule.needs):
            continue
        if rule.example(EXAMPLES[board.firmware]) is None:
            continue
        try:
            checked.findings.extend(rule.check(board))
        except Exception as error:  # noqa: BLE001 - whatever it is, the other rules still run
            checked.faults.append(RuleFault(rule.id, f"{type(error).__name__}: {error}"))
    findings = _without_repeats(checked.findings)
    findings.sort(key=lambda finding: finding.severity.rank)
    return checked._replace(findings=findings)


def _without_repeats(findings: list[Finding]) -> list[Finding]:
    """The findings, less what schemas say of a property that another rule has told of."""
    prefix = SCHEMA_FAMILY + "/"
    by_schema = [each for each in findings if each.rule.startswith(prefix)]
    if not by_schema:
        return findings
    from dtlink.schema.suppliers import repeats

    others = [each for each in findings if not each.rule.startswith(prefix)]
    told = {(each.subject, each.property_name or "") for each in others}
    # A rule that gathers all nodes of a board in one finding names the rest of them as related.
    told |= {
        (path, each.property_name or "")
        for each in others
        if each.rule.startswith("legacy/")
        for path in each.related
    }
    # What an entry's supplier lacks is told where the entry is.
    told |= {(each.supplier, "#") for each in others if each.rule.startswith("phandle/")}
    return others + [
        each for each in by_schema if not repeats(told, each.subject, each.property_name or "")
    ]
