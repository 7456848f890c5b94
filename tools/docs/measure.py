"""How true dtlink is on boards that boot: measured on the corpus, and kept in a file.

``python -m tools.docs.measure`` lints the corpus (the folder in ``DTLINK_SHARED``) and writes
``docs/data/measured.json``. Tests compare the documentation with it, and it with the corpus.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median
from typing import Any

import dtlink

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "docs" / "data" / "measured.json"

#: The sets of devicetrees: the folder in the corpus, and what it is.
SETS: Mapping[str, str] = {
    "arm64": "Debian's kernel 6.12 for arm64",
    "armhf": "Debian's kernel 6.1 for armhf",
    "k72": "Linux 7.2 for arm64, a selection",
    "k510": "Linux 5.10 for arm64, a selection",
}


def shared() -> Path:
    """The folder that has the corpus."""
    return Path(os.environ.get("DTLINK_SHARED", ROOT.parent / "shared"))


def measured(name: str) -> dict[str, Any]:
    """What dtlink reports for one set, by default options."""
    report = dtlink.lint(shared() / "corpus" / name, config=False, jobs=2)
    counts = [
        Counter(finding.severity.value for finding in item.findings)
        for item in report.inputs
        if item.form == "fdt"
    ]
    return {
        "boards": len(counts),
        "errors": sum(each["error"] for each in counts),
        "boards_with_error": sum(each["error"] > 0 for each in counts),
        "boards_with_warning": sum(each["warning"] > 0 for each in counts),
        "most_warnings": max((each["warning"] for each in counts), default=0),
        "median_notes": median(each["info"] for each in counts),
        "unread": sum(item.error is not None for item in report.inputs),
        "found": [
            [Path(item.path).stem, finding.rule, finding.subject.path]
            for item in report.inputs
            for finding in item.findings
            if finding.severity.value == "error"
        ],
    }


def load() -> dict[str, dict[str, Any]]:
    """What was measured last."""
    found: dict[str, dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


def table() -> str:
    """What was measured, as a table in Markdown."""
    return "\n".join(_rows(load()))


def _rows(found: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    yield "| devicetrees | boards | errors | boards with a warning | notes of the median board |"
    yield "|---|---|---|---|---|"
    for name, row in found.items():
        notes = format(row["median_notes"], "g")
        warned = f"{row['boards_with_warning']} (at most {row['most_warnings']} each)"
        yield f"| {SETS[name]} | {row['boards']:,} | {row['errors']} | {warned} | {notes} |"


def errors() -> str:
    """Each error that was found, as a table in Markdown."""
    rows = ["| devicetrees | board | rule | node |", "|---|---|---|---|"]
    for name, row in load().items():
        for board, rule, node in row["found"]:
            rows.append(f"| {SETS[name]} | `{board}` | [`{rule}`](rules/{rule}.md) | `{node}` |")
    return "\n".join(rows)


if __name__ == "__main__":
    FILE.parent.mkdir(exist_ok=True)
    values = {name: measured(name) for name in SETS}
    FILE.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")
