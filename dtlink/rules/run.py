"""Running rules over a board."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from dtlink.rules.model import Finding, Rule

if TYPE_CHECKING:
    from dtlink.rules.acpi_board import AcpiBoard
    from dtlink.rules.board import Board


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
        if rule.example(board.kind) is None:
            continue
        try:
            checked.findings.extend(rule.check(board))
        except Exception as error:  # noqa: BLE001 - whatever it is, the other rules still run
            checked.faults.append(RuleFault(rule.id, f"{type(error).__name__}: {error}"))
    checked.findings.sort(key=lambda finding: finding.severity.rank)
    return checked
