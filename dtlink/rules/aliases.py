"""Names of checks that hold for every ACPI table, as checks of one table.

``acpi/frame`` about the IORT is also called ``iort/node-frame``: an alias. An alias is accepted
wherever a rule or a family can be given, then means the findings about that table alone, and is
what their fingerprints are made of. Up to dtlink 0.1.0 most of them were rules of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from dtlink.firmware.acpi.registry import DESCRIBING
from dtlink.records import NamedTuple


class RuleAlias(NamedTuple):
    """One name of a rule for one table."""

    id: str
    rule: str
    table: str
    """The table's signature."""


#: The rules that check every table that describes suppliers and consumers.
_EVERY = ("acpi/frame", "acpi/reserved-bits", "acpi/unknown-type")
#: The rules that check every table whose structures refer to each other by offset.
_REFERRING = ("acpi/dangling-reference", "acpi/illegal-target")
#: Aliases of these that are not the family of the table and the name of the rule.
_FORMER: Mapping[tuple[str, str], str] = {
    ("acpi/frame", "IORT"): "iort/node-frame",
    ("acpi/unknown-type", "IORT"): "iort/unknown-node-type",
    ("acpi/unknown-type", "IVRS"): "ivrs/unknown-entry",
    ("acpi/dangling-reference", "IORT"): "iort/dangling-output-reference",
    ("acpi/dangling-reference", "RIMT"): "rimt/illegal-target",
    ("acpi/dangling-reference", "VIOT"): "viot/illegal-target",
}
#: The aliases of rules that check what only some tables have.
_SOME: Sequence[RuleAlias] = (
    RuleAlias("dmar/no-unit", "acpi/nothing-described", "DMAR"),
    RuleAlias("ivrs/no-iommu", "acpi/nothing-described", "IVRS"),
    RuleAlias("viot/no-iommu", "acpi/nothing-described", "VIOT"),
    RuleAlias("ivrs/reversed-range", "acpi/reversed-range", "IVRS"),
    RuleAlias("viot/reversed-range", "acpi/reversed-range", "VIOT"),
    RuleAlias("iort/segment-not-in-mcfg", "acpi/unknown-segment", "IORT"),
    RuleAlias("rimt/unknown-segment", "acpi/unknown-segment", "RIMT"),
    RuleAlias("iort/component-name", "acpi/device-name", "IORT"),
    RuleAlias("rimt/device-name", "acpi/device-name", "RIMT"),
    RuleAlias("iort/duplicate-bridge", "acpi/duplicate", "IORT"),
    RuleAlias("iort/duplicate-component", "acpi/duplicate", "IORT"),
    RuleAlias("iort/duplicate-identifier", "acpi/duplicate", "IORT"),
    RuleAlias("iort/duplicate-root-complex", "acpi/duplicate", "IORT"),
    RuleAlias("rimt/duplicate-iommu", "acpi/duplicate", "RIMT"),
    RuleAlias("rimt/duplicate-root-complex", "acpi/duplicate", "RIMT"),
    RuleAlias("viot/duplicate-endpoint", "acpi/duplicate", "VIOT"),
    RuleAlias("viot/duplicate-iommu", "acpi/duplicate", "VIOT"),
)


@lru_cache(maxsize=1)
def aliases() -> Sequence[RuleAlias]:
    """All aliases."""
    return (*_of_registered_tables(), *_SOME)


def _of_registered_tables() -> Iterator[RuleAlias]:
    for row in DESCRIBING:
        for rule in (*_EVERY, *(_REFERRING if row.references else ())):
            name = f"{row.family}/{rule.partition('/')[2]}"
            yield RuleAlias(_FORMER.get((rule, row.signature), name), rule, row.signature)


@lru_cache(maxsize=1)
def alias_ids() -> Sequence[str]:
    """The ids of all aliases, sorted; two rules may share one."""
    return tuple(sorted({each.id for each in aliases()}))


@lru_cache(maxsize=256)
def aliases_of(rule_id: str) -> Sequence[RuleAlias]:
    """The aliases of a rule; none for a rule that is not about several tables."""
    return tuple(each for each in aliases() if each.rule == rule_id)


@lru_cache(maxsize=256)
def rules_of(alias_id: str) -> Sequence[str]:
    """The ids of the rules that an alias stands for; none if it is not an alias."""
    return tuple(each.rule for each in aliases() if each.id == alias_id)


def meaning(alias_id: str) -> str:
    """What an alias stands for, as a sentence; empty if it is not an alias."""
    found = [each for each in aliases() if each.id == alias_id]
    rules = " and ".join(each.rule for each in found)
    return f"{alias_id} is {rules} for the {found[0].table}." if found else ""


def alias_for(rule_id: str, table: str) -> str:
    """The alias of a rule for a table, where the rule has one alias for each."""
    found = (each.id for each in aliases_of(rule_id) if each.table == table)
    return next(found, "")
