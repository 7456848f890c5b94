"""What the rules about Arm's system architecture standards share."""

from __future__ import annotations

from dtlink.facts.bsa import Requirement
from dtlink.rules.model import Severity
from dtlink.wording import joined, noun


def severity(requirement: Requirement) -> Severity:
    """Warning for what every base system must have, a note for what only servers must have."""
    return Severity.INFO if requirement.is_for_servers else Severity.WARNING


def breaks(*requirements: Requirement) -> str:
    """The effect of a finding: which rules of which standard the system does not comply with."""
    standard, level = requirements[0].standard, requirements[0].level
    ids = joined(each.id for each in requirements)
    return (
        f"the system does not comply with {noun(len(requirements), 'rule', 'rules')} {ids} of "
        f"{standard.name} ({standard.number}), level {level}"
    )
