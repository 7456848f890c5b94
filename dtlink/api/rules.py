"""``explain()``: rules and their pages."""

from __future__ import annotations

from dtlink import arguments as taken
from dtlink.rules.aliases import rules_of
from dtlink.rules.catalogue import all_rules, choose, find
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.rules.model import Rule


def explain(*words: str) -> tuple[Rule, ...]:
    """The rules of these ids, aliases and families, as ``dtlink explain``; all if none is given.

    Each has ``id``, ``severity``, ``summary``, ``page`` and ``examples``. Raises
    :class:`ValueError` for a word that is not a rule or family.
    """
    if not words:
        return tuple(all_rules())
    wanted = [taken.text("words", word, "a rule or family, as a string,") for word in words]
    try:
        found = {rule.id: rule for word in wanted for rule in _named(word)}
    except ValueError as error:
        raise ValueError(f"words: {error}") from None
    return tuple(found.values())


def _named(word: str) -> list[Rule]:
    whole = [find(each) for each in rules_of(word)]
    return [rule for rule in whole if rule is not None] or choose((word,))
