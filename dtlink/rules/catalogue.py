"""The rules there are: every module of every family's folder."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from importlib import import_module
from pathlib import Path

from dtlink.rules.model import Rule


@lru_cache(maxsize=1)
def all_rules() -> Sequence[Rule]:
    """All rules, by id."""
    here = Path(__file__).parent
    names = sorted(
        f"{path.parent.name}.{path.stem}"
        for path in here.glob("*/*.py")
        if not path.stem.startswith("_")
    )
    modules = (import_module(f"dtlink.rules.{name}") for name in names)
    return tuple(
        rule
        for module in modules
        for rule in vars(module).values()
        if _is_own(rule, module.__name__)
    )


def _is_own(value: object, module: str) -> bool:
    if not isinstance(value, Rule):
        return False
    family, _, name = module.removeprefix("dtlink.rules.").partition(".")
    return value.id == f"{family}/{name.replace('_', '-')}"


def find(rule_id: str) -> Rule | None:
    """The rule of that id."""
    return next((rule for rule in all_rules() if rule.id == rule_id), None)


def choose(select: Iterable[str] = (), ignore: Iterable[str] = ()) -> list[Rule]:
    """The rules that these ids or families select, less those that they ignore.

    Raises :class:`ValueError`, naming it, for a word that is neither a rule nor a family.
    """
    select, ignore = tuple(select), tuple(ignore)
    rules = all_rules()
    known = {rule.id for rule in rules} | {rule.family for rule in rules}
    for word in (*select, *ignore):
        if word.rstrip("/") not in known:
            raise ValueError(f"no rule or family is named {word}")
    return [rule for rule in rules if _chosen(rule, select or known) and not _chosen(rule, ignore)]


def _chosen(rule: Rule, words: Iterable[str]) -> bool:
    return any(word.rstrip("/") in (rule.id, rule.family) for word in words)
