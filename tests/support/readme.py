"""The generated part of the README: the index of the rules.

``python tests/support/readme.py`` writes it; a test holds the README against it.
"""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from dtlink.rules.catalogue import all_rules

README = Path(__file__).resolve().parents[2] / "README.md"
BEGIN, END = "<!-- rules -->\n", "<!-- /rules -->\n"


def index() -> str:
    """A table of the rules, family by family."""
    rows = ["| rule | severity | what it finds |", "|---|---|---|"]
    for _, family in groupby(all_rules(), key=lambda rule: rule.family):
        rows += [f"| `{rule.id}` | {rule.severity.value} | {rule.summary} |" for rule in family]
    return "\n".join(rows) + "\n"


def filled(text: str) -> str:
    """The README with the index as it should be."""
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return head + BEGIN + index() + END + tail


if __name__ == "__main__":
    README.write_text(filled(README.read_text(encoding="utf-8")), encoding="utf-8")
