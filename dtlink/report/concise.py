"""One line for each problem: ``FILE:LINE:COLUMN: SEVERITY RULE MESSAGE``.

What Vim's ``errorformat``, Emacs' ``compilation-mode``, problem matchers and reviewdog read. What
has no line, as in a blob, is at line 1.
"""

from __future__ import annotations

from dtlink.escaping.text import name
from dtlink.report.lines import problems
from dtlink.report.model import Report


def render(report: Report) -> str:
    """The lines, the worst first; empty without problems."""
    return "".join(
        f"{name(each.place.path)}:{each.place.line}:{max(each.place.column, 1)}: "
        f"{each.severity} {each.rule} {each.message}\n"
        for each in problems(report)
    )
