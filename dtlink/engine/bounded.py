"""How many findings of one rule an input may have: the rest is a number, whatever the format.

Rules join what has one cause: of a thousand real boards none has ten findings of a rule. An input
that was made to have ten thousand would make megabytes of every report.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from dtlink.rules.finding import Finding

#: Findings of a rule that are reported of one input, the worst ones.
MOST = 1_000


def bounded(findings: Sequence[Finding]) -> tuple[Sequence[Finding], list[str]]:
    """The findings in their order, without those of a rule beyond :data:`MOST`; what to note."""
    if len(findings) <= MOST:
        return findings, []
    numbers = Counter(each.rule for each in findings)
    over = {rule for rule, number in numbers.items() if number > MOST}
    if not over:
        return findings, []
    left = dict.fromkeys(over, MOST)
    kept = set[int]()
    for at in sorted(range(len(findings)), key=lambda at: findings[at].severity.rank):
        rule = findings[at].rule
        if rule not in left:
            kept.add(at)
        elif left[rule]:
            left[rule] -= 1
            kept.add(at)
    notes = [f"{rule}: {numbers[rule]:,} findings, of which {MOST:,} are reported" for rule in left]
    return [each for at, each in enumerate(findings) if at in kept], sorted(notes)
