"""The rules there are: every module of every family's folder.

A rule's id is its path, so that what is asked for is known without importing any.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Sequence
from functools import lru_cache
from importlib import import_module
from pathlib import Path

from dtlink.rules.model import Dts, Rule, Tables

#: The families that are about ACPI tables alone.
TABLE_FAMILIES = frozenset(("acpi", "dmar", "iort", "ivrs", "rimt", "viot"))

#: The family that has something to say only where a kernel's build is named.
KERNEL_FAMILY = "module"

#: The family that has something to say only where a kernel is compared with another.
AGAINST_FAMILY = "version"

#: The family that has something to say only where schemas are asked for.
SCHEMA_FAMILY = "schema"

#: The rules that are about both: they need no other family's tables.
COMMON = frozenset(
    (
        "iommu/bus-uncovered",
        "iommu/map-output-overlap",
        "iommu/shared-stream-id",
        "module/iommu-late",
    )
)

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
    known = {*ids(), *map(family_of, ids())}
    for word in words:
        if word.rstrip("/") not in known:
            raise ValueError(f"no rule or family is named {word}")


def choose(
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
    kind: Kind | None = None,
    tables: Container[str] | None = None,
    *,
    kernel: bool = True,
    schema: bool = True,
) -> list[Rule]:
    """The rules that these ids or families select, less those that they ignore.

    ``kind`` leaves out those that say nothing of such firmware, ``tables``, the signatures that
    there are, those of other tables, ``kernel=False`` those about a kernel's build, and
    ``schema=False`` those that ask schemas: no rule is imported in vain. Raises
    :class:`ValueError` as :func:`check_words` does.
    """
    select, ignore = tuple(select), tuple(ignore)
    check_words((*select, *ignore))
    return [
        _load(each)
        for each in ids()
        if is_chosen(each, select, ignore)
        if _concerns(each, kind, tables)
        if kernel or family_of(each) != KERNEL_FAMILY
        if schema or family_of(each) != SCHEMA_FAMILY
    ]


def _concerns(rule_id: str, kind: Kind | None, tables: Container[str] | None) -> bool:
    """Whether a rule may have something to say of such an input."""
    family = family_of(rule_id)
    if kind is None or rule_id in COMMON:
        return True
    if kind is Dts:
        return family not in TABLE_FAMILIES
    if family not in TABLE_FAMILIES:
        return False
    return tables is None or family == "acpi" or family.upper() in tables


def family_of(rule_id: str) -> str:
    """The family of a rule; a family's own name."""
    return rule_id.partition("/")[0]


def is_chosen(rule_id: str, select: Collection[str], ignore: Iterable[str]) -> bool:
    """Whether these rules or families select a rule, and those do not ignore it."""
    return (not select or is_named(rule_id, select)) and not is_named(rule_id, ignore)


def is_named(rule_id: str, words: Iterable[str]) -> bool:
    """Whether a rule, or its family, is among these."""
    return any(word.rstrip("/") in (rule_id, family_of(rule_id)) for word in words)
