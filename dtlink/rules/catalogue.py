"""The rules there are: every module of every family's folder.

A rule's id is its path, so that what is asked for is known without importing any.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Container, Iterable, Sequence
from functools import lru_cache
from importlib import import_module

from dtlink import rules
from dtlink.records import NamedTuple
from dtlink.rules.defaults import ALL, DEFAULT, OFF, is_on, off_by_default
from dtlink.rules.model import Dts, Rule, Tables
from dtlink.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from dtlink.rules.aliases import RuleAlias
    from dtlink.typed import TypedDict, Unpack

    class Asked(TypedDict, total=False):
        """Whether the user asks for what only one family has something to say of; they do."""

        kernel: bool
        against: bool
        schema: bool
        overlay: bool


#: The family of the rules that hold for every ACPI table.
EVERY_TABLE_FAMILY = "acpi"

#: The tables of the families that are not about one table of their own name.
TABLES_OF = {"bsa": ("IORT", "APIC")}

#: The families that are about devicetrees. Each other is about ACPI tables alone.
TREE_FAMILIES = frozenset(
    (
        *("cycle", "iommu", "legacy", "module", "overlay", "phandle"),
        *("schema", "source", "supplier", "tree", "version"),
    )
)

#: The family that has something to say only where a kernel's build is named.
KERNEL_FAMILY = "module"

#: The family that has something to say only where a kernel is compared with another.
AGAINST_FAMILY = "version"

#: The family that has something to say only where schemas are asked for.
SCHEMA_FAMILY = "schema"

#: The family that has something to say only of overlays, and of trees with some applied.
OVERLAY_FAMILY = "overlay"

#: The rules that are about both: they need no other family's tables.
COMMON = frozenset(
    (
        "iommu/bus-uncovered",
        "iommu/map-output-overlap",
        "iommu/shared-stream-id",
        "module/iommu-late",
    )
)

#: These families, by the name of what each has something to say of.
_FAMILY_OF = {
    "kernel": KERNEL_FAMILY,
    "against": AGAINST_FAMILY,
    "schema": SCHEMA_FAMILY,
    "overlay": OVERLAY_FAMILY,
}

#: A kind of firmware, by the kind of example that a rule gives for it.
Kind = type[Dts] | type[Tables]


@lru_cache(maxsize=1)
def ids() -> Sequence[str]:
    """The ids of all rules, sorted by family and module."""
    folders = [entry for entry in os.scandir(rules.__path__[0]) if entry.is_dir()]
    modules = sorted(
        (folder.name, entry.name.removesuffix(".py"))
        for folder in folders
        for entry in os.scandir(folder)
        if entry.name.endswith(".py") and not entry.name.startswith("_")
    )
    return tuple(f"{family}/{name.replace('_', '-')}" for family, name in modules)


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


@lru_cache(maxsize=1)
def families() -> Sequence[str]:
    """The families of the rules, sorted."""
    return tuple(dict.fromkeys(map(family_of, ids())))


@lru_cache(maxsize=1)
def known_words() -> frozenset[str]:
    """Every word that a rule, an alias of one, a family or several families go by."""
    from dtlink.rules.aliases import alias_ids

    return frozenset((*ids(), *alias_ids(), *families(), ALL, DEFAULT))


def check_words(words: Iterable[str]) -> None:
    """Raise :class:`ValueError`, naming it, for a word that is no rule, alias or family."""
    for word in words:
        if word.rstrip("/") not in known_words():
            raise ValueError(f"no rule or family is named {word}")


class ChosenRule(NamedTuple):
    """A rule that is chosen, not imported yet."""

    id: str
    only: frozenset[str] | None = None
    """The aliases that are chosen of it; ``None``: all."""

    def load(self) -> Rule:
        """The rule."""
        rule = _load(self.id)
        return rule if self.only is None else rule._replace(only=self.only)


def choose(
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
    kind: Kind | None = None,
    tables: Container[str] | None = None,
    **given: Unpack[Asked],
) -> list[Rule]:
    """The rules that :func:`chosen_rules` has, imported."""
    return [each.load() for each in chosen_rules(select, ignore, kind, tables, **given)]


def chosen_rules(
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
    kind: Kind | None = None,
    tables: Container[str] | None = None,
    **asked: Unpack[Asked],
) -> list[ChosenRule]:
    """The rules that these ids or families select, less those that they ignore.

    Without a selection: the rules that are on by default.
    ``kind`` leaves out those that say nothing of such firmware, ``tables``, the signatures that
    there are, those of other tables, ``kernel=False`` those about a kernel's build,
    ``against=False`` those that compare kernels, ``schema=False`` those that ask schemas, and
    ``overlay=False`` those about overlays: no rule is imported in vain. Raises
    :class:`ValueError` as :func:`check_words` does.
    """
    select, ignore = tuple(select), tuple(ignore)
    check_words((*select, *ignore))
    given = {_FAMILY_OF[name]: value for name, value in asked.items()}
    found = (
        _narrowed(each, select, ignore, tables)
        for each in ids()
        if given.get(family_of(each), True)
        if _concerns(each, kind, tables)
    )
    return [each for each in found if each is not None]


def _narrowed(
    rule_id: str, select: Sequence[str], ignore: Sequence[str], tables: Container[str] | None
) -> ChosenRule | None:
    """The rule, narrowed to the tables that are chosen of it; ``None`` if nothing is."""
    if not (aliases := _aliases(rule_id)):
        return ChosenRule(rule_id) if is_chosen(rule_id, select, ignore) else None
    there = {each.id for each in aliases if tables is None or each.table in tables}
    chosen = frozenset(each for each in there if is_chosen(rule_id, select, ignore, each))
    if not chosen:
        return None
    return ChosenRule(rule_id, None if chosen == there else chosen)


def _concerns(rule_id: str, kind: Kind | None, tables: Container[str] | None) -> bool:
    """Whether a rule may have something to say of such an input."""
    family = family_of(rule_id)
    if kind is None or rule_id in COMMON:
        return True
    if kind is Dts or family in TREE_FAMILIES:
        return kind is Dts and family in TREE_FAMILIES
    if tables is None:
        return True
    if aliases := _aliases(rule_id):
        return any(each.table in tables for each in aliases)
    if family == EVERY_TABLE_FAMILY:
        return True
    return any(each in tables for each in TABLES_OF.get(family, (family.upper(),)))


def _aliases(rule_id: str) -> Sequence[RuleAlias]:
    """The aliases of a rule: only those that check every table have some."""
    if family_of(rule_id) != EVERY_TABLE_FAMILY:
        return ()
    from dtlink.rules.aliases import aliases_of

    return aliases_of(rule_id)


def family_of(rule_id: str) -> str:
    """The family of a rule; a family's own name."""
    return rule_id.partition("/")[0]


def is_chosen(
    rule_id: str, select: Collection[str], ignore: Iterable[str], alias: str = ""
) -> bool:
    """Whether these rules or families select a rule, or an alias, and those do not ignore it."""
    on = DEFAULT in (select or (DEFAULT,)) and is_on(rule_id)
    return (on or is_named(rule_id, select, alias)) and not is_named(rule_id, ignore, alias)


def has_notes(rule_id: str, select: Collection[str], alias: str = "") -> bool:
    """Whether the notes of a rule that is run are reported: not if only they are off by default."""
    off = off_by_default(rule_id)
    return off is None or not off.notes_only or is_named(rule_id, select, alias)


@lru_cache(maxsize=8)
def without_notes(select: tuple[str, ...]) -> frozenset[str]:
    """The rules whose notes are not reported, of those that a selection runs or not."""
    return frozenset(each.rule for each in OFF if not has_notes(each.rule, select))


def is_named(rule_id: str, words: Iterable[str], alias: str = "") -> bool:
    """Whether a rule, its family, or the alias of it that is given is among these."""
    names = words_for(rule_id, alias)
    return any(word.rstrip("/") in names for word in words)


def words_for(rule_id: str, alias: str = "") -> Sequence[str]:
    """The words that a rule, as the alias that is given, goes by; the most exact first."""
    if not alias or alias == rule_id:
        return rule_id, family_of(rule_id), ALL
    return alias, rule_id, family_of(alias), family_of(rule_id), ALL
