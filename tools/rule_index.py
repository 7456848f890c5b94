"""The index of what each rule needs (``dtlink/rules/index.py``), from the rules themselves.

``python -m tools.rule_index`` writes it; a test holds it against the rules.
"""

from __future__ import annotations

from pathlib import Path

from dtlink.rules import index
from dtlink.rules.catalogue import all_rules
from dtlink.rules.model import Rule

_HEAD = '''"""What each rule needs of an input to have anything to say: no other rule is imported.

Written by ``python -m tools.rule_index`` from what the rules declare, which a test compares.
"""

from __future__ import annotations

from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Final

#: By rule: :attr:`Rule.needs` and :attr:`Rule.asks`. Rules that have neither are not in it.
# fmt: off
INDEX: Final[dict[str, tuple[tuple[str, ...], str]]] = {
'''


def rendered() -> str:
    """The text of the module."""
    rows = (_row(rule) for rule in all_rules() if rule.needs or rule.asks)
    return _HEAD + "".join(rows) + "}\n"


def _row(rule: Rule) -> str:
    comma = "," if len(rule.needs) == 1 else ""
    needs = ", ".join(f'"{name}"' for name in rule.needs) + comma
    return f'    "{rule.id}": (({needs}), "{rule.asks}"),\n'


if __name__ == "__main__":
    Path(index.__file__).write_text(rendered(), encoding="utf-8")
