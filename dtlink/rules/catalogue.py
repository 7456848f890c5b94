"""The rules there are: every module of every family's folder.

A rule's id is its path, so that what is asked for is known without importing any.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from importlib import import_module
from pathlib import Path

from dtlink.rules.model import Dts, Rule, Tables

#: The families that are about ACPI tables alone.
TABLE_FAMILIES = frozenset(("acpi", "dmar", "iort", "ivrs", "rimt", "viot"))

#: A kind of firmware, by the kind of example that a rule gives for it.
Kind = type[Dts] | type[Tables]


@lru_cache(maxsize=1)
def ids() -> Sequence[str]:
    """The ids of all rules, sorted by family and module."""
    here = Path(__file__).parent
    modules = sorted(
        (path.parent.name, path.stem)
        for path in here.glob("*/*.py")
        if not path.stem.startswith("_")
    )
    return tuple(f"{family}/{stem.replace('_', '-')}" for family, stem in modules)


@lru_cache(maxsize=1)
def all_rules() -> Sequence[Rule]:
    """All rules, by id."""
    return tuple(_load(each) for each in ids())


@lru_cache(maxsize=512)
def _load(rule_id: str) -> Rule:
    family, _, name = rule_id.partition("/")
    module = import_module(f"dtlink.rules.{family}.{name.replace('-', '_')}")
    return next(
        value for value in vars(module).values() if isinstance(value, Rule) and value.id == rule_id
    )


def find(rule_id: str) -> Rule | None:
    """The rule of that id."""
    return _load(rule_id) if rule_id in ids() else None


def check_words(words: Iterable[str]) -> None:
    """Raise :class:`ValueError`, naming it, for a word that is neither a rule nor a family."""
    known = {*ids(), *map(_family, ids())}
    for word in words:
        if word.rstrip("/") not in known:
            raise ValueError(f"no rule or family is named {word}")


def choose(
    select: Iterable[str] = (), ignore: Iterable[str] = (), kind: Kind | None = None
) -> list[Rule]:
    """The rules that these ids or families select, less those that they ignore.

    ``kind`` leaves out, mostly without importing them, those that say nothing of such firmware.
    Raises :class:`ValueError` as :func:`check_words` does.
    """
    select, ignore = tuple(select), tuple(ignore)
    check_words((*select, *ignore))
    chosen = [
        _load(each)
        for each in ids()
        if (not select or _is_named(each, select)) and not _is_named(each, ignore)
        # The tables' rules are many, and of no use to a devicetree.
        if kind is not Dts or _family(each) not in TABLE_FAMILIES
    ]
    return [rule for rule in chosen if kind is None or rule.example(kind)]


def _family(rule_id: str) -> str:
    return rule_id.partition("/")[0]


def _is_named(rule_id: str, words: Iterable[str]) -> bool:
    return any(word.rstrip("/") in (rule_id, _family(rule_id)) for word in words)
