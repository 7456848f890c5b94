"""The generated parts of the README: the families of rules, what was measured, and what it costs.

``python tests/support/readme.py`` writes them; a test holds the README against them.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
sys.path.insert(0, str(ROOT))  # run as a program, only this folder is there

from tools.docs import measure, performance, rules  # noqa: E402 - after the path


def families() -> str:
    """What each family of rules is about."""
    rows = (f"| `{name}/` | {about} |\n" for name, about in rules.FAMILIES.items())
    return "| rules | about |\n|---|---|\n" + "".join(rows)


def measured() -> str:
    """What dtlink reports on boards that boot."""
    return measure.table() + "\n"


#: What stands between ``<!-- name -->`` and ``<!-- /name -->``.
PARTS = {"families": families, "measured": measured, "fast": performance.summary}


def filled(text: str) -> str:
    """The README with the generated parts as they should be."""
    for name, part in PARTS.items():
        begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->\n"
        head, found, rest = text.partition(begin)
        _, closed, tail = rest.partition(end)
        if not (found and closed):
            raise ValueError(f"the README has no {begin.strip()} … {end.strip()}")
        text = head + begin + "\n" + part() + "\n" + end + tail
    return text


if __name__ == "__main__":
    README.write_text(filled(README.read_text(encoding="utf-8")), encoding="utf-8")
